import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './answer-case.js'
import type { TestVectorExpectation } from '../../model/wire-test-vector.js'

/** What in an answer is not as expected, one line each; empty where all is. */
export function compare({ outcome, status, error, retryAfterSeconds, audit = {} }: TestVectorExpectation, answer: Answer): readonly string[] {
  const compared: [name: string, expected: unknown, actual: unknown][] = [
    ['outcome', outcome, answer.outcome],
    ['status', status, answer.status],
    ['error', error, answer.error ?? undefined],
  ]
  if (retryAfterSeconds !== undefined) compared.push(['retryAfterSeconds', retryAfterSeconds, answer.retryAfterSeconds])
  if (answer.audit !== undefined) for (const [name, expected] of Object.entries(audit)) compared.push([`audit.${name}`, expected, answer.audit[name]])
  return compared.filter(([, expected, actual]) => !isDeepStrictEqual(expected, actual)).map(([name, expected, actual]) => `${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
}
