import { complaintsOf, groupResults, isAsExpected, problemsOfList, tally, type ConformanceRun } from './conformance-run.js'
import type { CaseResult } from './run-cases.js'
import { xmlText } from './xml-text.js'

interface Suite {
  readonly name: string
  readonly tests: number
  readonly failures: number
  readonly skipped: number
  readonly durationMs: number
  readonly testcases: readonly string[]
}

/**
 * The report of `--junit`: a suite for each file of vectors, and one for a list of expected failures that is wrong. An
 * expected failure is `skipped`, as other runners report what is known to fail.
 */
export function junitReport(run: ConformanceRun): string {
  const suites = [...groupResults(run.results, ({ loaded }) => [loaded.file])].map(([file, results]) => suiteOf(file, results))
  const listed = problemsOfList(run.expectedFailures)
  if (listed.length > 0) suites.push(suiteOfList(listed))
  const sum = (count: (suite: Suite) => number): number => suites.reduce((total, suite) => total + count(suite), 0)
  const counts = { tests: sum(({ tests }) => tests), failures: sum(({ failures }) => failures), errors: 0, skipped: sum(({ skipped }) => skipped), time: time(run.durationMs) }
  const properties = { implementation: run.implementation, result: isAsExpected(run) ? 'as expected' : 'not as expected' }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="aap-guard conformance"${attributes(counts)}>`,
    ...suites.flatMap(({ name, tests, failures, skipped, durationMs, testcases }) => [
      `  <testsuite${attributes({ name, tests, failures, errors: 0, skipped, time: time(durationMs), timestamp: run.startedAt.toISOString() })}>`,
      '    <properties>',
      ...Object.entries(properties).map(([property, value]) => `      <property${attributes({ name: property, value })}/>`),
      '    </properties>',
      ...testcases,
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n')
}

function suiteOf(file: string, results: readonly CaseResult[]): Suite {
  const { fail, 'unexpected-pass': unexpectedPass, 'expected-failure': skipped } = tally(results)
  const classname = `aap.${file.replace(/\.json$/, '').replaceAll('/', '.')}`
  const testcases = results.map((result) => {
    const { loaded: { vector: { id, title, verifies } }, outcome, durationMs } = result
    const opening = `    <testcase${attributes({ classname, name: `${id}: ${title}`, time: time(durationMs) })}`
    const complaints = complaintsOf(result)
    switch (outcome) {
      case 'pass': return `${opening}/>`
      case 'expected-failure': return `${opening}><skipped${attributes({ message: `expected failure: ${complaints.join('; ')}` })}/></testcase>`
      case 'fail':
      case 'unexpected-pass': return `${opening}><failure${attributes({ type: verifies.join(' '), message: complaints.join('; ') })}>${complaints.map(xmlText).join('\n')}</failure></testcase>`
    }
  })
  return { name: file, tests: results.length, failures: fail + unexpectedPass, skipped, durationMs: results.reduce((sum, { durationMs }) => sum + durationMs, 0), testcases }
}

function suiteOfList(problems: readonly { readonly id: string; readonly problem: string }[]): Suite {
  const testcases = problems.map(({ id, problem }) => `    <testcase${attributes({ classname: 'aap.expected-failures', name: id, time: '0.000' })}><failure${attributes({ type: 'expected-failures', message: problem })}>${xmlText(problem)}</failure></testcase>`)
  return { name: 'expected failures', tests: problems.length, failures: problems.length, skipped: 0, durationMs: 0, testcases }
}

const time = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)
const attributes = (values: Readonly<Record<string, string | number>>): string => Object.entries(values).map(([name, value]) => ` ${name}="${xmlText(String(value))}"`).join('')
