import { describe, expect, it } from 'vitest'
import type { QuotaRequirement } from '../../src/constraints/constraint-definition.js'
import { isQuotaName, quotaDefinition } from '../../src/constraints/quota.js'
import { compileAll, factsOf, judge } from './compiled.js'

/** A quota that compiled, `undefined` where the name is none. */
function quota(name: string, value: unknown = 1, countedPerRequest: readonly string[] = ['drafts']): QuotaRequirement | undefined {
  return quotaDefinition(name, new Set(countedPerRequest))?.compile(value, { action: 'a', delegationDepth: 0 }) as QuotaRequirement | undefined
}

describe('CON-1: the name says what is counted and over which window', () => {
  it.each([
    ['max_requests_per_second', 'second'],
    ['max_requests_per_minute', 'minute'],
    ['max_requests_per_hour', 'hour'],
    ['max_requests_per_day', 'day'],
    ['max_drafts_per_day', 'day'],
    ['max_e_per_day', 'day'],
    ['max_api_calls_per_hour', 'hour'],
    ['max_v2_calls_per_hour', 'hour'],
    ['max_requests_per_hour_per_day', 'day'],
    ['max_per_per_day', 'day'],
  ])('%s', (name, window) => {
    expect(isQuotaName(name)).toBe(true)
    expect(quota(name)).toMatchObject({ kind: 'quota', window, limit: 1 })
    expect(compileAll({ [name]: 1 })).toMatchObject([{ name, rule: 'CON-1', compiled: { kind: 'quota' } }])
  })

  it.each([
    'max_requests_per_week', 'max_requests_per_month', 'max_requests_per_hours', 'max_requests_per_Hour', 'Max_requests_per_hour', 'MAX_REQUESTS_PER_HOUR',
    'max_requests_per_', 'max_per_hour', 'max__per_hour', 'max_requests_hour', 'requests_per_hour', 'min_requests_per_hour', 'max_requests_per_hour ', ' max_requests_per_hour',
    'max_requests_per_hour\n', 'max_requests_per_hour_', 'xmax_requests_per_hour', 'max_requests per_hour', 'max-requests-per-hour', 'max_re quests_per_hour', 'max_requ\u00eates_per_hour', 'max_*_per_hour',
  ])('%j has another form, and is unknown (CAP-5)', (name) => {
    expect(isQuotaName(name)).toBe(false)
    expect(quota(name)).toBeUndefined()
    expect(compileAll({ [name]: 1 })).toMatchObject([{ rule: 'CAP-5' }])
    expect(judge(name, 1)).toBe('aap_constraint_violation')
  })

  it('a name is judged in time that grows with its length only', () => {
    expect(isQuotaName(`max_${'a_'.repeat(20_000)}per_hours`)).toBe(false)
    expect(isQuotaName(`max_${'per_hour_'.repeat(20_000)}`)).toBe(false)
    expect(isQuotaName(`max_${'a_'.repeat(20_000)}a_per_hour`)).toBe(true)
  })
})

describe('CON-1: the limit is an integer from 0 to 2^53 - 1', () => {
  it.each([0, 1, 2 ** 53 - 1])('%d', (limit) => {
    expect(quota('max_requests_per_hour', limit)?.limit).toBe(limit)
  })

  it.each([[-1], [0.5], ['1'], [true], [null], [undefined], [[1]], [{}], [2 ** 53], [1e300], [NaN], [Infinity]])('%j cannot hold (TOK-10)', (value) => {
    expect(judge('max_requests_per_hour', value)).toBe('aap_constraint_violation')
  })
})

describe('CON-1: how much a request takes', () => {
  it.each([
    ['max_requests_per_hour', ['drafts'], true],
    ['max_requests_per_hour', [], true],
    ['max_drafts_per_day', ['drafts'], true],
    ['max_drafts_per_day', [], false],
    ['max_drafts_per_day', ['emails'], false],
    ['max_emails_per_day', ['emails'], true],
    ['max_emails_per_day', ['drafts'], false],
    ['max_api_calls_per_day', ['api_calls'], true],
  ])('%s with countedPerRequest %j counts 1 an attempt: %s', (name, countedPerRequest, countsRequests) => {
    const compiled = quota(name, 5, countedPerRequest)
    expect(compiled?.countsRequests).toBe(countsRequests)
    expect(compiled?.quantity(factsOf())).toBe(countsRequests ? 1 : undefined)
  })

  it('what counts 1 an attempt counts 1 whatever a route supplies', () => {
    expect(quota('max_requests_per_hour')?.quantity(factsOf({ quantities: { requests: 0 } }))).toBe(1)
    expect(quota('max_drafts_per_day')?.quantity(factsOf({ quantities: { drafts: 99 } }))).toBe(1)
  })

  it.each<[unknown, number | undefined]>([
    [{ emails: 3 }, 3],
    [{ emails: 0 }, 0],
    [{ emails: 2 ** 53 - 1, letters: 1 }, 2 ** 53 - 1],
    [undefined, undefined],
    [null, undefined],
    [3, undefined],
    [{}, undefined],
    [{ letters: 3 }, undefined],
    [{ Emails: 3 }, undefined],
    [{ emails: undefined }, undefined],
    [{ emails: null }, undefined],
    [{ emails: -1 }, undefined],
    [{ emails: 0.5 }, undefined],
    [{ emails: '3' }, undefined],
    [{ emails: NaN }, undefined],
    [{ emails: Infinity }, undefined],
    [{ emails: 2 ** 53 }, undefined],
    [{ emails: [3] }, undefined],
    [Object.create({ emails: 3 }), undefined],
    [[3], undefined],
  ])('for any other thing the route supplies the integer: %j gives %s', (quantities, expected) => {
    expect(quota('max_emails_per_day')?.quantity(factsOf({ quantities }))).toBe(expected)
  })

  it.each(['constructor', 'to_string', 'length'])('%s is no thing that an object has by itself', (thing) => {
    expect(quota(`max_${thing}_per_day`)?.quantity(factsOf({ quantities: {} }))).toBeUndefined()
  })
})
