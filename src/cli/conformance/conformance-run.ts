import type { ConformanceTally } from '../../model/wire-conformance-report.js'
import type { CaseResult } from './run-cases.js'
import type { ExpectedFailures } from './expected-failures.js'

/** A run that came to its end: what every report is made of. */
export interface ConformanceRun {
  /** URL of the adapter, or name and version of this library. */
  readonly implementation: string
  readonly startedAt: Date
  readonly durationMs: number
  readonly results: readonly CaseResult[]
  /** Where a list was given. */
  readonly expectedFailures?: ExpectedFailures
}

/** Whether everything is as expected, the list of expected failures included. */
export function isAsExpected({ results, expectedFailures }: ConformanceRun): boolean {
  return results.every(({ outcome }) => outcome === 'pass' || outcome === 'expected-failure') && problemsOfList(expectedFailures).length === 0
}

/** What is wrong with the list itself, by the id that is. */
export function problemsOfList(list: ExpectedFailures | undefined): readonly { readonly id: string; readonly problem: string }[] {
  if (list === undefined) return []
  return [
    ...[...list.unknown].map(([id, meant]) => ({ id, problem: `listed as an expected failure, and no vector has this id${meant === undefined ? '' : `; did you mean ${meant}?`}` })),
    ...list.duplicate.map((id) => ({ id, problem: 'listed as an expected failure more than once' })),
  ]
}

export function tally(results: readonly CaseResult[]): ConformanceTally {
  const counts: ConformanceTally = { cases: results.length, pass: 0, fail: 0, 'expected-failure': 0, 'unexpected-pass': 0, wronglyAdmitted: 0 }
  for (const { outcome, isWronglyAdmitted } of results) {
    counts[outcome]++
    if (isWronglyAdmitted) counts.wronglyAdmitted++
  }
  return counts
}

/** Results by a name, or by several, that each has; sorted by name. */
export function groupResults(results: readonly CaseResult[], namesOf: (result: CaseResult) => readonly string[]): ReadonlyMap<string, readonly CaseResult[]> {
  const groups = new Map<string, CaseResult[]>()
  for (const result of results) {
    for (const name of namesOf(result)) {
      const group = groups.get(name) ?? []
      group.push(result)
      groups.set(name, group)
    }
  }
  return new Map([...groups].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true })))
}

/** What to say of a result that is not as expected. */
export function complaintsOf({ outcome, problems }: CaseResult): readonly string[] {
  return outcome === 'unexpected-pass' ? ['it passes, and is listed as an expected failure: take it off the list'] : problems
}
