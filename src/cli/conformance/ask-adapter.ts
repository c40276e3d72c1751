import type { Answer } from './answer-case.js'
import type { TestVectorCase } from '../../model/wire-test-vector.js'
import { describeFailure } from '../../token/describe-failure.js'
import { fetchJson } from '../../token/fetch-json.js'
import { withDeadline } from '../../token/deadline.js'

/** The adapter gave no HTTP answer at all, or none in time. */
export class NoAnswer extends Error {}

const maxNesting = 32

/**
 * Asks another implementation, by the adapter contract of the vectors' README: one POST, status 200, a JSON object of at
 * most 64 KB, no redirects.
 *
 * @throws NoAnswer where there is no whole answer
 * @throws Error where it is not one by the contract
 */
export async function askAdapter(url: string, vector: TestVectorCase, timeoutMs: number): Promise<Answer> {
  let isAnswered = false as boolean
  const body = JSON.stringify({ ...vector, expect: undefined })
  const post = async (address: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(address, { ...init, method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body })
    isAnswered = true
    return response
  }
  const startedMs = performance.now()
  let value: unknown
  try {
    value = (await withDeadline(timeoutMs, (signal) => fetchJson(url, post, signal))).value
  } catch (error) {
    const reason = describeFailure(causeOf(error))
    throw isAnswered && performance.now() - startedMs < timeoutMs ? againstContract(reason) : new NoAnswer(`no answer from ${url}: ${reason}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw againstContract('not a JSON object')
  if (isNestedDeeper(value, maxNesting)) throw againstContract(`nested over ${maxNesting} levels`)
  return value as Answer
}

const againstContract = (reason: string): Error => new Error(`no answer by the contract: ${reason}`)

/** `fetch` says that it failed and keeps the reason to itself. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error && error.cause.message !== '' ? error.cause : error
}

/** What is nested deeper than a stack can be neither compared nor reported. */
function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isNestedDeeper(member, levels - 1))
}
