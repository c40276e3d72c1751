import { describe, expect, it } from 'vitest'
import { defineConstraint } from '../../src/constraints/constraint-definition.js'
import { guarding, requestBy } from './guarding.js'
import { pass } from '../../src/model/verdict.js'
import type { ResourceRequest } from '../../src/model/resource-request.js'

const capability = (...constraints: object[]) => ({ aap_capabilities: constraints.map((each) => ({ action: 'a', constraints: each })) })
const decide = (constraints: object | object[], parts: Partial<ResourceRequest> = {}, options = {}) => {
  const made = guarding(options)
  return { ...made, decision: made.guard.authorize(requestBy(capability(...[constraints].flat()), { method: 'POST', ...parts }), 'a') }
}
const chunked = { 'transfer-encoding': 'chunked' }
const authorized = (parts: Partial<ResourceRequest>, headers: Record<string, string>) => {
  const { headers: known } = requestBy(capability({ max_request_size: 10 }))
  return { ...parts, headers: { ...known, ...headers } }
}

describe('CON-6: a caller who counts the body states what it has', () => {
  it.each<[string, Partial<ResourceRequest>, number]>([
    ['nothing so far', { receivedBytes: 0 }, 200], ['the limit', { receivedBytes: 10 }, 200], ['one byte more', { receivedBytes: 11 }, 413], ['nothing at all', {}, 413],
    ['less than it announced', { receivedBytes: 0, contentLength: 11 }, 413], ['more than it announced', { receivedBytes: 11, contentLength: 5 }, 413], ['what it announced', { receivedBytes: 10, contentLength: 10 }, 200],
    ['chunks, counted', authorized({ receivedBytes: 10 }, chunked), 200], ['chunks, one too many', authorized({ receivedBytes: 11 }, chunked), 413], ['chunks that nobody counts', authorized({}, chunked), 413],
    ['chunks beside a length of its own', authorized({ contentLength: 0 }, chunked), 413],
  ])('%s', async (_what, parts, status) => {
    const decision = await decide({ max_request_size: 10 }, parts).decision
    expect(decision.status).toBe(status)
    expect(decision.limits).toEqual(status === 200 ? { requestBytes: 10 } : undefined)
  })
})

describe('CON-7: a caller who limits the response says so', () => {
  it('and is told how much it may be', async () => {
    const decision = await decide({ max_response_size: 10 }, { limitsResponse: true }).decision
    expect(decision).toMatchObject({ outcome: 'allow', limits: { responseBytes: 10 } })
    expect(Object.isFrozen(decision.limits)).toBe(true)
  })

  it.each([[{}], [{ limitsResponse: false }], [{ limitsResponse: undefined }]])('CAP-6: where nobody does it denies, and the operator is told: %j', async (parts) => {
    const { decision, messages } = decide({ max_response_size: 10 }, parts)
    expect(await decision).toMatchObject({ status: 403, error: 'aap_constraint_violation', reason: { rule: 'CON-7' } })
    expect(await decision).not.toHaveProperty('limits')
    expect(messages).toEqual([expect.stringContaining('`limitsResponse`')])
  })
})

describe('what a decision says of limits', () => {
  const carried = { receivedBytes: 0, limitsResponse: true }

  it.each<[string, object | object[], object | undefined]>([
    ['none', {}, undefined], ['both', { max_request_size: 5, max_response_size: 6 }, { requestBytes: 5, responseBytes: 6 }], ['0', { max_request_size: 0, max_response_size: 0 }, { requestBytes: 0, responseBytes: 0 }],
    ['of the alternative that admits, and no other', [{ allowed_methods: ['GET'], max_request_size: 5 }, { max_response_size: 7 }], { responseBytes: 7 }],
    ['the lowest of several', { max_request_size: 5, own_limit: { requestBytes: 4, responseBytes: 9 }, max_response_size: 20 }, { requestBytes: 4, responseBytes: 9 }],
    ['the lowest of several, the other way round', { max_request_size: 3, own_limit: { requestBytes: 4 }, another_limit: { requestBytes: 5, responseBytes: 8 } }, { requestBytes: 3, responseBytes: 8 }],
  ])('%s', async (_what, constraints, limits) => {
    const own = (name: string) => defineConstraint<object>({ name, compile: (value) => ({ kind: 'body-limit', check: () => pass, ...value }) })
    const decision = await decide(constraints, carried, { constraints: [own('own_limit'), own('another_limit')] }).decision
    expect(decision.outcome).toBe('allow')
    expect(decision.limits).toEqual(limits)
  })

  it.each<[string, Record<string, unknown>]>([
    ['a negative count', { receivedBytes: -1 }], ['a fraction', { receivedBytes: 0.5 }], ['text', { receivedBytes: '0' }], ['NaN', { receivedBytes: NaN }], ['null', { receivedBytes: null }], ['too much to count', { receivedBytes: 2 ** 53 }],
    ['a length that is none', { contentLength: -1 }], ['a yes that is none', { limitsResponse: 'yes' }], ['1', { limitsResponse: 1 }], ['null for an answer', { limitsResponse: null }],
  ])('ERR-2: %s is no request', async (_what, parts) => {
    expect(await decide({}, parts).decision).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2' } })
  })
})
