// Runs the vectors against the example in Python, whose failures have to be those in its list, exactly.
// With --write the list is written anew. In both cases nothing may be admitted that has to be denied.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'examples/python-adapter')
const list = join(folder, 'expected-failures.txt')

const python = ['/usr/bin/python3', 'python3'].find((command) => spawnSync(command, ['-c', 'import cryptography']).status === 0)
if (python === undefined) {
  console.error('No python3 here has the package "cryptography", which the adapter needs: apt-get install python3-cryptography, or pip install cryptography')
  process.exit(1)
}

const workshop = mkdtempSync(join(tmpdir(), 'aap-guard-python-'))
const adapter = spawn(python, ['-B', join(folder, 'adapter.py')], { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const url = await firstLine(adapter)
  const reports = { json: join(workshop, 'report.json'), junit: join(workshop, 'report.xml') }
  const compared = process.argv.includes('--write') ? '--write-expected-failures' : '--expected-failures'
  const { status } = await run(process.execPath, [join(root, 'dist/cli/main.js'), 'conformance', '--url', url, compared, list, '--json', reports.json, '--junit', reports.junit])
  process.exitCode = status
  if (status !== 2) checkReports(reports)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  adapter.kill()
  rmSync(workshop, { recursive: true, force: true })
}

function checkReports({ json, junit }) {
  const { cases, summary } = JSON.parse(readFileSync(json, 'utf8'))
  const wrong = cases.filter(({ answer, expected }) => answer === undefined || answer.status === 500 || (answer.outcome === 'allow' && expected.outcome === 'deny'))
  if (wrong.length > 0) complain(`the adapter has to deny what it cannot decide, and to answer: ${wrong.map(({ id }) => id).join(', ')}`)
  // A parser that is not ours has to read the report for CI systems, with as many cases as the other one has.
  const counting = 'import sys, xml.etree.ElementTree as tree; root = tree.parse(sys.argv[1]).getroot(); print(len(root.findall("testsuite/testcase")), len(root.findall("testsuite/testcase/skipped")))'
  const { stdout, stderr } = spawnSync(python, ['-c', counting, junit], { encoding: 'utf8' })
  if (stdout.trim() !== `${cases.length} ${summary['expected-failure']}`) complain(`the JUnit report cannot be read: ${stderr || stdout}`)
}

function complain(message) {
  console.error(message)
  process.exitCode = 1
}

async function firstLine({ stdout }) {
  for await (const line of createInterface({ input: stdout })) return line
  throw new Error('the adapter ended before it printed its URL')
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: 'inherit' }).on('error', reject).on('exit', (status) => { resolve({ status: status ?? 1 }) })
  })
}
