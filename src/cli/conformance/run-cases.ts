import type { Answer } from './answer-case.js'
import type { ConformanceOutcome } from '../../model/wire-conformance-report.js'
import { CannotRun } from '../cannot-run.js'
import { compare } from './compare.js'
import { describeError } from '../../model/describe-error.js'
import type { LoadedCase } from './vector-files.js'
import { NoAnswer } from './ask-adapter.js'

export interface CaseResult {
  readonly loaded: LoadedCase
  readonly outcome: ConformanceOutcome
  /** What is not as expected, one line each. */
  readonly problems: readonly string[]
  /** Absent where none could be read. */
  readonly answer?: Answer
  /** Whether it was admitted and had to be denied. */
  readonly isWronglyAdmitted: boolean
  /** Whether the implementation was asked at all. */
  readonly isAsked: boolean
  readonly durationMs: number
}

/** So many cases in a row without any answer, and the adapter is not asked again. */
const maxUnanswered = 3

/**
 * Asks one case after the other, so that an adapter may set a clock that is global in its process.
 *
 * @throws CannotRun where nothing ever answered
 */
export async function runCases(
  cases: readonly LoadedCase[],
  ask: (loaded: LoadedCase) => Promise<Answer>,
  expectedFailures: ReadonlySet<string>,
  onResult: (result: CaseResult) => void,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  let isReached = false
  let unanswered = 0
  for (const loaded of cases) {
    const result = unanswered < maxUnanswered
      ? await runCase(loaded)
      : resultOf(loaded, { problems: [`not asked: the ${maxUnanswered} cases before got no answer`], isAsked: false })
    results.push(result)
    onResult(result)
  }
  return results

  async function runCase(loaded: LoadedCase): Promise<CaseResult> {
    const startedMs = performance.now()
    const durationMs = (): number => performance.now() - startedMs
    try {
      const answer = await ask(loaded)
      isReached = true
      unanswered = 0
      return resultOf(loaded, { problems: compare(loaded.vector.expect, answer), answer, durationMs: durationMs() })
    } catch (error) {
      const problem = describeError(error)
      if (error instanceof NoAnswer) unanswered++
      else {
        isReached = true
        unanswered = 0
      }
      if (unanswered === Math.min(maxUnanswered, cases.length) && !isReached) throw new CannotRun(`the adapter cannot be reached: ${problem}`, { cause: error })
      return resultOf(loaded, { problems: [problem], durationMs: durationMs() })
    }
  }

  function resultOf(loaded: LoadedCase, { problems, answer, durationMs = 0, isAsked = true }: { problems: readonly string[]; answer?: Answer; durationMs?: number; isAsked?: boolean }): CaseResult {
    const { id, expect } = loaded.vector
    const isWronglyAdmitted = expect.outcome === 'deny' && answer?.outcome === 'allow'
    return { loaded, outcome: outcomeOf(problems.length === 0, expectedFailures.has(id) && isAsked), problems, ...(answer !== undefined && { answer }), isWronglyAdmitted, isAsked, durationMs }
  }
}

function outcomeOf(isPass: boolean, isListed: boolean): ConformanceOutcome {
  if (isPass) return isListed ? 'unexpected-pass' : 'pass'
  return isListed ? 'expected-failure' : 'fail'
}
