import type { CommandIo, ExitCode } from '../output.js'
import { conformanceUsage, parseOptions, type ConformanceOptions } from './options.js'
import { isAsExpected, type ConformanceRun } from './conformance-run.js'
import { loadCases, type LoadedCase } from './vector-files.js'
import { readExpectedFailures, type ExpectedFailures } from './expected-failures.js'
import { runCases, type CaseResult } from './run-cases.js'
import { answerHere } from './answer-case.js'
import { askAdapter } from './ask-adapter.js'
import { createProgress } from './progress.js'
import { openReportFiles } from './report-files.js'
import { packagedVectors, packageVersion } from '../package-files.js'
import { selectCases } from './select-cases.js'
import { terminalReport } from './report-terminal.js'

/** What an adapter has for one case; the contract in the README of the vectors states it. */
const adapterTimeoutMs = 30_000

/** @throws CannotRun where there is no result */
export async function runConformance(args: readonly string[], io: CommandIo, { timeoutMs = adapterTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<ExitCode> {
  const options = parseOptions(args)
  if (options === 'help') {
    io.stdout.write(conformanceUsage)
    return 0
  }
  const all = await loadCases(options.vectors ?? packagedVectors())
  const cases = selectCases(all, options.only)
  const expectedFailures = options.expectedFailures === undefined ? undefined : await readExpectedFailures(options.expectedFailures, all.map(({ vector }) => vector.id))

  const files = await openReportFiles(options)
  try {
    const finished = await run(cases, expectedFailures, options, io, timeoutMs)
    await files.write(finished)
    io.stdout.write(terminalReport(finished, { hasColours: isTerminal(io.stdout, io) && (io.env.NO_COLOR ?? '') === '' }))
    return isAsExpected(finished) ? 0 : 1
  } catch (error) {
    await files.discard()
    throw error
  }
}

async function run(cases: readonly LoadedCase[], expectedFailures: ExpectedFailures | undefined, { url, writeExpectedFailures }: ConformanceOptions, io: CommandIo, timeoutMs: number): Promise<ConformanceRun> {
  const startedAt = new Date()
  const startedMs = performance.now()
  const progress = createProgress(io.stderr, cases.length, { isInteractive: isTerminal(io.stderr, io), nowMs: () => performance.now() })
  let done = 0
  let failed = 0
  const ask = ({ vector }: LoadedCase) => (url === undefined ? answerHere(vector) : askAdapter(url, vector, timeoutMs))
  try {
    const results = await runCases(cases, ask, expectedFailures?.ids ?? new Set(), ({ outcome }) => {
      done++
      if (outcome === 'fail' || outcome === 'unexpected-pass') failed++
      progress.update(done, failed)
    })
    const common = { implementation: url ?? `aap-guard ${packageVersion()}`, startedAt, durationMs: performance.now() - startedMs }
    return writeExpectedFailures === undefined
      ? { ...common, results, ...(expectedFailures !== undefined && { expectedFailures }) }
      : { ...common, ...expectingWhatFailed(results) }
  } finally {
    progress.end()
  }
}

/** The results as the list will have them that is written from them. */
function expectingWhatFailed(results: readonly CaseResult[]): Pick<ConformanceRun, 'results' | 'expectedFailures'> {
  const expected = results.map((result) => (result.outcome === 'fail' && result.isAsked ? { ...result, outcome: 'expected-failure' as const } : result))
  const ids = new Set(expected.filter(({ outcome }) => outcome === 'expected-failure').map(({ loaded }) => loaded.vector.id))
  return { results: expected, expectedFailures: { ids, unknown: new Map(), duplicate: [] } }
}

function isTerminal(output: CommandIo['stdout'], { env }: CommandIo): boolean {
  return output.isTTY === true && env.TERM !== 'dumb'
}
