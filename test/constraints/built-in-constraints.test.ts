import { describe, expect, it } from 'vitest'
import { compileAll, factsOf, judge, nowMs } from './compiled.js'

const violation = 'aap_constraint_violation'
const notAllowed = 'aap_domain_not_allowed'
const expired = 'aap_capability_expired'
const excessive = 'aap_excessive_delegation'
const tooLarge = 'request_too_large'

interface Case {
  readonly name: string
  readonly rule: string
  readonly code: string
  /** Value, facts. */
  readonly passes: readonly (readonly [value: unknown, facts: Record<string, unknown>])[]
  readonly denies: readonly (readonly [value: unknown, facts: Record<string, unknown>])[]
  /** Values of the wrong type or form. */
  readonly malformed: readonly unknown[]
  /** A value, and facts without the one that it needs. */
  readonly missing?: readonly [value: unknown, ...facts: Record<string, unknown>[]]
}

const notLists = ['GET', 1, true, {}, { 0: 'GET', length: 1 }, [1], ['GET', 1], [['GET']], [{}], null, undefined]
const notCounts = [-1, 0.5, '1', true, [1], {}, NaN, Infinity, 2 ** 53, 1e300, null, undefined]
const window = { start: '2025-01-01T00:00:00Z', end: '2025-01-01T01:00:00+01:00' }

const cases: readonly Case[] = [
  {
    name: 'allowed_methods', rule: 'CON-5', code: violation,
    passes: [[['GET'], { method: 'GET' }], [['POST', 'DELETE'], { method: 'DELETE' }]],
    denies: [[['POST'], { method: 'GET' }], [['GET'], { method: 'get' }], [['GET'], { method: 'HEAD' }], [['GET'], { method: '' }], [[], { method: 'GET' }], [['get'], { method: 'GET' }], [['GET '], { method: 'GET' }], [['*'], { method: 'GET' }], [['GET,POST'], { method: 'GET' }]],
    malformed: notLists,
  },
  {
    name: 'require_encryption', rule: 'CON-12', code: violation,
    passes: [[true, { encrypted: true }], [false, { encrypted: false }], [false, {}], [false, { encrypted: true }]],
    denies: [[true, { encrypted: false }], [true, { encrypted: 'true' }]],
    malformed: ['true', 1, 0, 'false', [], {}, null, undefined],
    missing: [true, {}],
  },
  {
    name: 'domains_blocked', rule: 'CON-2', code: notAllowed,
    passes: [[['evil.example'], { target: 'https://example.org/' }], [[], { target: 'https://example.org/' }], [['evil.example'], { target: 'https://notevil.example/' }]],
    denies: [[['evil.example'], { target: 'https://evil.example/' }], [['evil.example'], { target: 'https://a.b.EVIL.example.:8443/' }], [['*'], { target: 'https://example.org/' }], [[''], { target: 'https://example.org/' }], [['.evil.example'], { target: 'https://example.org/' }], [['evil.example', 'https://x/'], { target: 'https://example.org/' }], [['x:443'], { target: 'https://example.org/' }]],
    malformed: notLists,
    missing: [['evil.example'], {}, { target: undefined }, { target: null }, { target: ['https://example.org/'] }, { target: 'example.org' }, { target: 'ftp://example.org/' }, { target: 'https://user@example.org/' }],
  },
  {
    name: 'domains_allowed', rule: 'CON-2', code: notAllowed,
    passes: [[['example.org'], { target: 'https://example.org/' }], [['example.org'], { target: 'http://www.example.org:8080/a?b' }], [['192.0.2.1'], { target: 'http://192.0.2.1/' }], [['*', 'example.org'], { target: 'https://example.org/' }]],
    denies: [[['example.org'], { target: 'https://example.com/' }], [['example.org'], { target: 'https://badexample.org/' }], [[], { target: 'https://example.org/' }], [['*'], { target: 'https://example.org/' }], [['.org'], { target: 'https://example.org/' }], [['2.1'], { target: 'http://192.0.2.1/' }], [['https://example.org'], { target: 'https://example.org/' }]],
    malformed: notLists,
    missing: [['example.org'], {}, { target: null }, { target: ['https://example.org/', 'https://example.org/'] }, { target: 'https:\\\\example.org/' }, { target: 'https://example.org/ ' }],
  },
  {
    name: 'ip_ranges_allowed', rule: 'CON-3', code: violation,
    passes: [
      [['192.0.2.0/24'], { target: 'http://192.0.2.9/' }],
      [['2001:db8::/32'], { target: 'http://[2001:db8::1]/' }],
      [['192.0.2.0/24'], { target: 'https://example.org/', addresses: ['192.0.2.1', '192.0.2.2'] }],
      [['192.0.2.0/24', '2001:db8::/32'], { target: 'https://example.org/', addresses: ['192.0.2.1', '2001:db8::1'] }],
      [['192.0.2.0/24'], { target: 'https://example.org/', addresses: ['::ffff:192.0.2.1'] }],
      // A literal is its own address, whatever is supplied beside it.
      [['192.0.2.0/24'], { target: 'http://192.0.2.9/', addresses: ['198.51.100.1'] }],
    ],
    denies: [
      [['192.0.2.0/24'], { target: 'http://198.51.100.1/' }],
      [['192.0.2.0/24'], { target: 'http://198.51.100.1/', addresses: ['192.0.2.1'] }],
      [['192.0.2.0/24'], { target: 'https://example.org/', addresses: ['192.0.2.1', '198.51.100.1'] }],
      [['192.0.2.0/24'], { target: 'https://example.org/', addresses: ['192.0.2.1', 'localhost'] }],
      [['::/0'], { target: 'http://192.0.2.9/' }],
      [['0.0.0.0/0'], { target: 'http://[2001:db8::1]/' }],
      [[], { target: 'http://192.0.2.9/' }],
    ],
    malformed: [...notLists, ['192.0.2.0'], ['192.0.2.0/33'], ['192.0.2.0/24', 'x'], ['192.0.2.0/24', ''], ['::ffff:0:0/95'], ['192.0.2/24'], ['*']],
    missing: [['192.0.2.0/24'], {}, { addresses: ['192.0.2.1'] }, { target: 'https://example.org/' }, { target: 'https://example.org/', addresses: [] }, { target: 'https://example.org/', addresses: '192.0.2.1' }, { target: 'https://example.org/', addresses: null }, { target: 'https://example.org/', addresses: ['192.0.2.1', null] }],
  },
  {
    name: 'time_window', rule: 'CON-4', code: expired,
    passes: [[{ ...window, end: '2025-01-01T00:00:00.001Z' }, { nowMs }], [{ start: '2024-12-31T00:00:00Z', end: '2025-01-02T00:00:00Z' }, { nowMs }]],
    denies: [[{ start: '2025-01-01T00:00:00.001Z', end: '2025-01-02T00:00:00Z' }, { nowMs }], [{ start: '2024-01-01T00:00:00Z', end: '2025-01-01T00:00:00Z' }, { nowMs }]],
    malformed: ['2025', 1, [], {}, window, { start: window.start }, { end: window.end }, { start: nowMs / 1000, end: nowMs }, { start: '2025-01-01T00:00:00', end: '2025-01-02T00:00:00' }, { start: '2025-02-30T00:00:00Z', end: '2026-01-01T00:00:00Z' }, { start: '2024-12-31T23:59:60Z', end: '2026-01-01T00:00:00Z' }, { start: '2025-01-02T00:00:00Z', end: '2025-01-01T00:00:00Z' }, { start: '2024-12-31T00:00:00Z', end: '2025-01-02T00:00:00Z', days: ['Mon'] }, null, undefined],
  },
  {
    name: 'allowed_regions', rule: 'CON-8', code: violation,
    passes: [[['DE'], { region: 'DE' }], [['FR', 'DE'], { region: 'DE' }]],
    denies: [[['DE'], { region: 'US' }], [['DE'], { region: 'de' }], [['de'], { region: 'de' }], [['DE'], { region: '' }], [['DE'], { region: ['DE'] }], [[], { region: 'DE' }], [['DE'], { country: 'DE' }]],
    malformed: notLists,
    missing: [['DE'], {}, { region: null }, { region: undefined }],
  },
  {
    name: 'data_classification_max', rule: 'CON-9', code: violation,
    passes: [['public', { classification: 'public' }], ['confidential', { classification: 'internal' }], ['restricted', { classification: 'restricted' }], ['personal', { classification: 'confidential' }]],
    denies: [['public', { classification: 'internal' }], ['restricted', { classification: 'personal' }], ['personal', { classification: 'restricted' }], ['personal', { classification: 'secret' }], ['personal', { classification: ['public'] }]],
    malformed: ['secret', 'Public', '', 'toString', '__proto__', 1, ['public'], {}, null, undefined],
    missing: ['personal', {}, { classification: null }, { classification: '' }],
  },
  {
    name: 'max_request_size', rule: 'CON-6', code: tooLarge,
    passes: [[10, { bodyBytes: 10 }], [10, { bodyBytes: 0 }], [0, { bodyBytes: 0 }], [2 ** 53 - 1, { bodyBytes: 1e9 }]],
    denies: [[10, { bodyBytes: 11 }], [0, { bodyBytes: 1 }]],
    malformed: notCounts,
    missing: [10, {}, { bodyBytes: undefined }],
  },
  {
    name: 'max_response_size', rule: 'CON-7', code: violation,
    passes: [[0, { limitsResponse: true }], [10, { limitsResponse: true }], [2 ** 53 - 1, { limitsResponse: true }]],
    denies: [],
    malformed: notCounts,
    missing: [10, {}, { limitsResponse: false }],
  },
]

describe.each(cases)('$rule: $name', ({ name, rule, code, passes, denies, malformed, missing }) => {
  it.each(passes)('%j passes with %j', (value, facts) => {
    expect(judge(name, value, facts)).toBe('pass')
  })

  it.each(denies)('%j denies with %j', (value, facts) => {
    expect(judge(name, value, facts)).toBe(code)
  })

  if (missing !== undefined) {
    const [value, ...without] = missing
    it.each(without)('CAP-6: a missing fact denies with its own code: %j', (facts) => {
      expect(judge(name, value, facts)).toBe(code)
    })
  }

  it.each(malformed.map((value) => [value]))('TOK-10: with the value %j the capability cannot hold', (value) => {
    const [, facts = {}] = passes[0] ?? []
    expect(judge(name, value, facts)).toBe(violation)
  })

  it('gives its rule and its name to the audit record', () => {
    for (const value of [passes[0]?.[0], malformed[0]]) expect(compileAll({ [name]: value })).toMatchObject([{ name, rule }])
  })
})

describe('CON-6, CON-7: what is left to enforce while bodies stream', () => {
  it.each([
    [{ max_request_size: 10 }, { requestBytes: 10 }], [{ max_request_size: 0 }, { requestBytes: 0 }],
    [{ max_response_size: 10 }, { responseBytes: 10 }], [{ max_response_size: 0 }, { responseBytes: 0 }],
  ])('%j', (constraints, limits) => {
    expect(compileAll(constraints)).toMatchObject([{ compiled: { kind: 'body-limit', ...limits } }])
  })

  it('CAP-6: a response that nobody limits is a missing fact, which the operator is told', () => {
    const [constraint] = compileAll({ max_response_size: 10 })
    if (typeof constraint?.compiled !== 'object' || constraint.compiled.kind !== 'body-limit') throw new Error('no limit')
    expect(constraint.compiled.check(factsOf())).toMatchObject({ outcome: 'deny', missingFact: 'limitsResponse' })
  })
})

describe('CON-10: max_depth', () => {
  it.each([[0, 0, 'pass'], [0, 1, excessive], [2, 2, 'pass'], [2, 3, excessive], [10, 10, 'pass'], [3, 0, 'pass']])('%i at depth %i: %s', (value, depth, expected) => {
    expect(judge('max_depth', value, {}, depth)).toBe(expected)
    expect(compileAll({ max_depth: value })).toMatchObject([{ rule: 'CON-10' }])
  })

  it.each(notCounts.map((value) => [value]))('TOK-10: with the value %j the capability cannot hold', (value) => {
    expect(judge('max_depth', value)).toBe(violation)
  })
})

describe('CON-11: require_approval_threshold', () => {
  const isNeeded = (value: unknown, facts: Record<string, unknown>) => {
    const [constraint] = compileAll({ require_approval_threshold: value })
    if (typeof constraint?.compiled !== 'object' || constraint.compiled.kind !== 'approval') throw new Error('not an approval')
    return constraint.compiled.isNeeded(factsOf(facts))
  }

  it.each([
    [100, { amount: 100 }, false], [100, { amount: 99.99 }, false], [100, { amount: 0 }, false], [0, { amount: 0 }, false], [100, { amount: -5 }, false],
    [100, { amount: 100.01 }, true], [0, { amount: 0.01 }, true], [100, { amount: Infinity }, true],
  ])('%d with %j needs approval: %s', (value, facts, expected) => {
    expect(isNeeded(value, facts)).toBe(expected)
  })

  it.each([{}, { amount: null }, { amount: undefined }, { amount: NaN }, { amount: '50' }, { amount: [50] }, { amount: true }, { amount: {} }])('an amount nobody can compare needs approval: %j', (facts) => {
    expect(isNeeded(100, facts)).toBe(true)
  })

  it.each([['100'], [true], [null], [undefined], [[100]], [{}]])('TOK-10: with the value %j the capability cannot hold', (value) => {
    expect(judge('require_approval_threshold', value, { amount: 1 })).toBe(violation)
  })
})

