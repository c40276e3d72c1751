import { groupResults, isAsExpected, tally, type ConformanceRun } from './conformance-run.js'
import type { ConformanceReport } from '../../model/wire-conformance-report.js'

/** The report of `--json`, whose form is `schemas/conformance-report.schema.json`. */
export function jsonReport(run: ConformanceRun): string {
  const { implementation, startedAt, durationMs, results, expectedFailures } = run
  const rules = groupResults(results, ({ loaded }) => loaded.vector.verifies)
  const report: ConformanceReport = {
    version: 1,
    implementation,
    startedAt: startedAt.toISOString(),
    durationSeconds: seconds(durationMs),
    ok: isAsExpected(run),
    summary: tally(results),
    rules: Object.fromEntries([...rules].map(([rule, group]) => [rule, tally(group)])),
    ...(expectedFailures !== undefined && { expectedFailures: { unknown: [...expectedFailures.unknown.keys()], duplicate: [...expectedFailures.duplicate] } }),
    cases: results.map(({ loaded: { file, vector: { id, title, verifies, flags, expect } }, outcome, problems, answer, durationMs: caseMs }) => ({
      id, title, file, verifies, flags, outcome, problems: [...problems], expected: { ...expect }, ...(answer !== undefined && { answer }), durationSeconds: seconds(caseMs),
    })),
  }
  return `${JSON.stringify(report, undefined, 2)}\n`
}

const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000
