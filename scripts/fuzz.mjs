// Runs the properties of test/properties for longer than `npm test` does, with a fresh seed, and says what each of them saw.
//
//   npm run fuzz                            all of them, 20,000 runs or 10 seconds each, whichever is first
//   npm run fuzz -- domain-list ip-range    only files with these words in their names
//   npm run fuzz -- --seconds 60            a minute each, however many runs that are
//   npm run fuzz -- --runs 500              500 runs each, however long that takes
//   npm run fuzz -- --seed 42               the same again; a property that fails prints the whole command
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

const root = join(import.meta.dirname, '..')
const usage = 'usage: npm run fuzz -- [name…] [--seed <integer>] [--runs <number>] [--seconds <number>] [--path <path>] [--test <name of the test>]'
const { names, seed, runs, seconds, path, test } = readArguments()
const folder = mkdtempSync(join(tmpdir(), 'aap-guard-fuzz-'))
const report = join(folder, 'report.json')

try {
  const vitest = ['run', ...names, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, `--testTimeout=${seconds === undefined ? 0 : (Number(seconds) + 60) * 1_000}`]
  // A name is all of a pattern for vitest, which has a space where a name has ` > `.
  if (test !== undefined) vitest.push('-t', `^${test.replaceAll(' > ', ' ').replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`)
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...vitest], { cwd: root, stdio: 'inherit', env: environment() })
  process.exitCode = status ?? 1
  // Where a file cannot even be loaded there is none, and vitest has said why.
  if (existsSync(report)) summarize(JSON.parse(readFileSync(report, 'utf8')))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'string' }, runs: { type: 'string' }, seconds: { type: 'string' }, path: { type: 'string' }, test: { type: 'string' } },
    })
    const names = positionals.map((name) => (name.includes('/') ? name : `test/properties/${name}`))
    // Who names one bound means that one alone.
    const bounds = values.runs === undefined && values.seconds === undefined ? { runs: '20000', seconds: '10' } : {}
    return { ...values, ...bounds, names: names.length > 0 ? names : ['test/properties/'] }
  } catch (error) {
    console.error(`${error.message}\n${usage}`)
    process.exit(2)
  }
}

function environment() {
  const variables = { AAP_FUZZ_SEED: seed, AAP_FUZZ_RUNS: runs ?? '1000000000', AAP_FUZZ_SECONDS: seconds, AAP_FUZZ_PATH: path }
  return { ...process.env, ...Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined)) }
}

function summarize({ testResults }) {
  const properties = testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status, meta }) => status === 'failed' || (status === 'passed' && meta?.property !== undefined))
  console.log()
  for (const { status, fullName, duration, meta } of properties) {
    const { runs: made, shares = {} } = meta?.property ?? {}
    const seen = Object.entries(shares).map(([label, share]) => `${label} ${(share * 100).toFixed(0)} %`).join(', ')
    console.log([status === 'passed' ? 'ok    ' : 'FAILED', `${made ?? '?'} runs`.padStart(13), `${((duration ?? 0) / 1_000).toFixed(1)} s`.padStart(8), '', fullName, seen && `(${seen})`].join(' ').trimEnd())
  }
  const total = properties.reduce((sum, { meta }) => sum + (meta?.property?.runs ?? 0), 0)
  const failed = properties.filter(({ status }) => status === 'failed').length
  console.log(`\n${properties.length} properties, ${total} runs, ${failed} failed`)
}
