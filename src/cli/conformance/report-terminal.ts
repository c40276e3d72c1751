import { complaintsOf, groupResults, isAsExpected, problemsOfList, tally, type ConformanceRun } from './conformance-run.js'
import type { CaseResult } from './run-cases.js'
import { areaOf } from './vector-files.js'
import { escapeUnprintable } from '../../audit/printable.js'

/** The report on standard output: what is not as expected, tables, and one line that sums it up. */
export function terminalReport(run: ConformanceRun, { hasColours }: { readonly hasColours: boolean }): string {
  const { results, expectedFailures } = run
  const paint = hasColours ? (code: number, text: string) => `\u001b[${code}m${text}\u001b[39m` : (_code: number, text: string) => text
  const red = (text: string): string => paint(31, text)
  const green = (text: string): string => paint(32, text)

  const wrong = results.filter(({ outcome, isAsked }) => isAsked && (outcome === 'fail' || outcome === 'unexpected-pass'))
  const failing = groupResults(results.filter(({ problems }) => problems.length > 0), ({ loaded }) => loaded.vector.verifies)
  const byRule = groupResults(results, ({ loaded }) => loaded.vector.verifies)
  const sections = [
    ...wrong.map((result) => failure(result, red)),
    ...problemsOfList(expectedFailures).map(({ id, problem }) => [`${red('LIST')} ${escapeUnprintable(id)}: ${problem}`]),
    notAsked(results, red),
    flagsOf(wrong),
    table('area', groupResults(results, ({ loaded }) => [areaOf(loaded)])),
    failing.size === 0 ? [] : table('rule that fails', new Map([...failing.keys()].map((rule) => [rule, byRule.get(rule) ?? []]))),
    [isAsExpected(run) ? green(summary(run)) : red(summary(run))],
  ]
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function failure(result: CaseResult, red: (text: string) => string): readonly string[] {
  const { loaded: { file, vector: { id, title, verifies, flags } }, isWronglyAdmitted } = result
  return [
    `${red('FAIL')} ${id} (${[file, verifies.join(', '), ...flags].join('; ')}): ${escapeUnprintable(title)}`,
    ...complaintsOf(result).map((complaint) => `     ${escapeUnprintable(complaint)}`),
    ...(isWronglyAdmitted ? [`     ${red('admitted, and has to be denied')}`] : []),
  ]
}

/** What the flags of these cases mean, each once. */
function flagsOf(results: readonly CaseResult[]): readonly string[] {
  const byFlag = groupResults(results, ({ loaded }) => loaded.vector.flags)
  return [...byFlag].map(([flag, group]) => `${flag} (${group.length}): ${escapeUnprintable(group[0]?.loaded.explanations[flag] ?? '')}`)
}

function notAsked(results: readonly CaseResult[], red: (text: string) => string): readonly string[] {
  const rest = results.filter(({ isAsked }) => !isAsked)
  const last = results.findLast(({ isAsked }) => isAsked)
  if (rest.length === 0 || last === undefined) return []
  return [`${red('STOP')} the adapter gave no answer any more: ${rest.length} cases after ${last.loaded.vector.id} were not asked, and count as failed`]
}

function table(name: string, groups: ReadonlyMap<string, readonly CaseResult[]>): readonly string[] {
  const rows = [...groups].map(([group, results]) => ({ group, ...tally(results) }))
  const hasExpected = rows.some((row) => row['expected-failure'] > 0)
  const head = [name, 'cases', 'pass', 'fail', ...(hasExpected ? ['expected to fail'] : [])]
  const cells = rows.map((row) => [escapeUnprintable(row.group), row.cases, row.pass, row.fail + row['unexpected-pass'], ...(hasExpected ? [row['expected-failure']] : [])].map(String))
  const widths = head.map((title, column) => Math.max(...[head, ...cells].map((line) => line[column]?.length ?? 0), title.length))
  return [head, ...cells].map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '))
}

function summary({ results, expectedFailures, implementation, durationMs }: ConformanceRun): string {
  const { cases, pass, fail, 'expected-failure': expected, 'unexpected-pass': unexpected, wronglyAdmitted } = tally(results)
  const listed = problemsOfList(expectedFailures).length
  return [
    `${cases} vectors: ${pass} pass, ${fail} fail`,
    ...(expectedFailures === undefined ? [] : [`${expected} fail as expected`, `${unexpected} pass unexpectedly`]),
    ...(listed === 0 ? [] : [`${listed} wrong in the list of expected failures`]),
    ...(wronglyAdmitted === 0 ? [] : [`${wronglyAdmitted} of the failing admit what has to be denied`]),
  ].join(', ') + ` (${escapeUnprintable(implementation)}, ${(durationMs / 1000).toFixed(1)} s)`
}
