import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './answer-case.js'
import type { TestVectorExpectation } from '../../model/wire-test-vector.js'

const longest = 300

/**
 * What in an answer is not as expected, one line each; empty where all is. Types count: `"403"` is not 403, and `null`
 * is not absent.
 */
export function compare({ outcome, status, error, retryAfterSeconds, audit = {} }: TestVectorExpectation, answer: Answer): readonly string[] {
  const compared: [name: string, expected: unknown, actual: unknown][] = [
    ['outcome', outcome, own(answer, 'outcome')],
    ['status', status, own(answer, 'status')],
    ['error', error, own(answer, 'error')],
  ]
  if (retryAfterSeconds !== undefined) compared.push(['retryAfterSeconds', retryAfterSeconds, own(answer, 'retryAfterSeconds')])
  const record = own(answer, 'audit')
  if (isObject(record)) for (const [name, expected] of Object.entries(audit)) compared.push([`audit.${name}`, expected, own(record, name)])
  const problems = compared.filter(([, expected, actual]) => !isDeepStrictEqual(expected, actual)).map(([name, expected, actual]) => `${name}: expected ${written(expected)}, got ${written(actual)}`)
  return record === undefined || isObject(record) ? problems : [...problems, `audit: expected an object, got ${written(record)}`]
}

const isObject = (value: unknown): value is Answer => typeof value === 'object' && value !== null && !Array.isArray(value)
const own = (object: Answer, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined)

function written(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
