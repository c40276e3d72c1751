import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Admission } from '../../src/model/store.js'
import { counterOf } from '../state/clocked-store.js'
import type { Policy, PolicyDemands } from '../../src/model/wire-policy.js'
import { deny } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'
import { decideFor, tokenOf, type Holder } from '../decision/holders.js'
import { deciding, nowMs, outcomeOf, request, type Deciding } from '../decision/decisions.js'
import { memoryStore } from '../../src/state/memory-store.js'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import type { Ruling } from '../../src/decision/authorize.js'
import { checkProperty } from '../support/check-property.js'

type Constraints = Readonly<Record<string, unknown>>

const capability = (constraints: Constraints = {}) => ({ action: 'a', constraints })

/** The answer where token and policy say these constraints: `allow`, or code and rule. */
function merged(own: Constraints, policy: Constraints, facts: Readonly<Record<string, unknown>> = {}, more: Partial<ResourceRequest> = {}): string {
  const { decide } = deciding({ capabilities: [capability(own)], policy: { constraints: policy } })
  return outcomeOf(decide('a', facts, { request: { ...request, ...more } })).replace('allow 0', 'allow')
}

describe('CAP-7: numbers take the lower', () => {
  it.each([[5, 3, 3], [3, 5, 3], [4, 4, 4], [0, 5, 0], [5, 0, 0]])('max_requests_per_hour %i in the token, %i in the policy: exactly %i are admitted, by one counter', (own, local, expected) => {
    const asked: Admission[] = []
    const store = memoryStore({ now: () => nowMs })
    const { decide } = deciding({ capabilities: [capability({ max_requests_per_hour: own })], policy: { constraints: { max_requests_per_hour: local } }, rules: { store: { name: 's', admit: (admission) => { asked.push(admission); return store.admit(admission) } } } })
    const outcomes = Array.from({ length: 8 }, () => outcomeOf(decide()))
    expect(outcomes).toEqual(outcomes.map((_, i) => (i < expected ? 'allow 0' : 'quota_exceeded CON-1')))
    for (const { alternatives } of asked) expect(alternatives.map(({ quotas }) => quotas.map(({ limit }) => limit))).toEqual([[expected]])
  })

  it('of everyone, the action and unknown actors the lowest holds', () => {
    for (const [everyone, ofAction, unknown] of [[3, 4, 5], [5, 3, 4], [4, 5, 3]]) {
      const policy: Policy = {
        constraints: { max_requests_per_day: everyone },
        actions: { a: { constraints: { max_requests_per_day: ofAction } } },
        delegation: { knownActors: [], unknownActors: { constraints: { max_requests_per_day: unknown } } },
      }
      const { decide } = deciding({ policy, capabilities: [capability({ max_requests_per_day: 100 })], claims: { aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'b'] } } })
      const admitted = Array.from({ length: 10 }, () => outcomeOf(decide())).filter((outcome) => outcome === 'allow 0')
      expect(admitted).toHaveLength(3)
    }
  })

  it('quotas over different windows or of different things are different quotas', () => {
    const admitted = (own: Constraints, local: Constraints, facts = {}): number => {
      const { decide } = deciding({ capabilities: [capability(own)], policy: { constraints: local } })
      return Array.from({ length: 12 }, () => outcomeOf(decide('a', facts))).filter((outcome) => outcome === 'allow 0').length
    }
    expect(admitted({ max_requests_per_hour: 5 }, { max_requests_per_day: 3 })).toBe(3)
    expect(admitted({ max_requests_per_hour: 3 }, { max_requests_per_day: 5 })).toBe(3)
    expect(admitted({ max_requests_per_hour: 5 }, { max_emails_per_hour: 8 }, { quantities: { emails: 2 } })).toBe(4)
    expect(admitted({ max_emails_per_hour: 8 }, { max_emails_per_hour: 4 }, { quantities: { emails: 2 } })).toBe(2)
    expect(admitted({}, { max_emails_per_hour: 8 })).toBe(0)
  })

  it('a quota of the token that is malformed denies, and the policy\'s does not mend it', () => {
    expect(merged({ max_requests_per_hour: '5' }, { max_requests_per_hour: 3 })).toBe('aap_constraint_violation CON-1')
  })

  it.each<[string, (limit: number) => unknown, Record<string, unknown>, Partial<ResourceRequest>, string]>([
    ['max_request_size', (limit) => limit, {}, { method: 'POST', headers: { 'content-length': '6' } }, 'request_too_large CON-6'],
    ['require_approval_threshold', (limit) => limit, { amount: 6 }, {}, 'aap_approval_required CON-11'],
  ])('%s', (name, value, facts, more, denied) => {
    for (const [own, local, expected] of [[5, 10, denied], [10, 5, denied], [6, 6, 'allow'], [10, 6, 'allow'], [6, 10, 'allow']] as const) {
      expect(merged({ [name]: value(own) }, { [name]: value(local) }, facts, more)).toBe(expected)
    }
  })

  it('max_depth', () => {
    for (const [own, local, expected] of [[1, 2, 'aap_excessive_delegation CON-10'], [2, 1, 'aap_excessive_delegation CON-10'], [2, 2, 'allow 0'], [3, 2, 'allow 0']] as const) {
      const { decide } = deciding({ capabilities: [capability({ max_depth: own })], policy: { constraints: { max_depth: local } }, claims: { aap_delegation: { depth: 2, max_depth: 2, chain: ['a', 'b', 'c'] } } })
      expect(outcomeOf(decide())).toBe(expected)
    }
  })
})

describe('CAP-7: allow-lists intersect, block-lists unite', () => {
  it.each<[string[], string[], string, string]>([
    [['example.org'], ['docs.example.org'], 'https://docs.example.org/', 'allow'],
    [['example.org'], ['docs.example.org'], 'https://a.docs.example.org/', 'allow'],
    [['example.org'], ['docs.example.org'], 'https://example.org/', 'denied'],
    [['example.org'], ['docs.example.org'], 'https://www.example.org/', 'denied'],
    [['docs.example.org'], ['example.org'], 'https://docs.example.org/', 'allow'],
    [['docs.example.org'], ['example.org'], 'https://example.org/', 'denied'],
    [['example.org', 'example.com'], ['example.com', 'example.net'], 'https://example.com/', 'allow'],
    [['example.org', 'example.com'], ['example.com', 'example.net'], 'https://example.org/', 'denied'],
    [['example.org', 'example.com'], ['example.com', 'example.net'], 'https://example.net/', 'denied'],
    [['example.org'], ['example.com'], 'https://example.org/', 'denied'],
    [['example.org'], [], 'https://example.org/', 'denied'],
    [[], ['example.org'], 'https://example.org/', 'denied'],
    [['*', 'example.org'], ['example.org'], 'https://example.org/', 'allow'],
    [['*'], ['example.org'], 'https://example.org/', 'denied'],
  ])('domains_allowed %j and %j, %s: %s', (own, local, target, expected) => {
    expect(merged({ domains_allowed: own }, { domains_allowed: local }, { target })).toBe(expected === 'allow' ? 'allow' : 'aap_domain_not_allowed CON-2')
  })

  it.each<[string[], string[], string, string]>([
    [['a.example.org'], ['b.example.org'], 'https://a.example.org/', 'denied'],
    [['a.example.org'], ['b.example.org'], 'https://b.example.org/', 'denied'],
    [['a.example.org'], ['b.example.org'], 'https://c.example.org/', 'allow'],
    [[], ['example.org'], 'https://x.example.org/', 'denied'],
    [['example.org'], [], 'https://x.example.org/', 'denied'],
    [[], [], 'https://x.example.org/', 'allow'],
    [['*'], [], 'https://example.org/', 'denied'],
  ])('domains_blocked %j and %j, %s: %s', (own, local, target, expected) => {
    expect(merged({ domains_blocked: own }, { domains_blocked: local }, { target })).toBe(expected === 'allow' ? 'allow' : 'aap_domain_not_allowed CON-2')
  })

  it('what policy blocks it blocks also where the token allows it by name', () => {
    expect(merged({ domains_allowed: ['example.org'] }, { domains_blocked: ['a.example.org'] }, { target: 'https://a.example.org/' })).toBe('aap_domain_not_allowed CON-2')
    expect(merged({ domains_blocked: ['a.example.org'] }, { domains_allowed: ['a.example.org'] }, { target: 'https://a.example.org/' })).toBe('aap_domain_not_allowed CON-2')
  })

  it.each<[string, unknown, unknown, Record<string, unknown>, boolean]>([
    ['ip_ranges_allowed', ['192.0.2.0/24'], ['192.0.2.128/25'], { target: 'http://192.0.2.200/' }, true],
    ['ip_ranges_allowed', ['192.0.2.0/24'], ['192.0.2.128/25'], { target: 'http://192.0.2.1/' }, false],
    ['ip_ranges_allowed', ['192.0.2.128/25'], ['192.0.2.0/24'], { target: 'http://192.0.2.1/' }, false],
    ['ip_ranges_allowed', ['192.0.2.0/24', '198.51.100.0/24'], ['192.0.2.0/24'], { target: 'https://x.example/', addresses: ['192.0.2.1', '198.51.100.1'] }, false],
    ['allowed_regions', ['DE', 'FR'], ['FR', 'US'], { region: 'FR' }, true],
    ['allowed_regions', ['DE', 'FR'], ['FR', 'US'], { region: 'DE' }, false],
    ['allowed_regions', ['DE', 'FR'], ['FR', 'US'], { region: 'US' }, false],
    ['allowed_methods', ['GET', 'HEAD'], ['GET', 'POST'], {}, true],
    ['allowed_methods', ['GET'], ['POST'], {}, false],
    ['allowed_methods', ['POST'], ['GET'], {}, false],
  ])('%s %j and %j, %j: %s', (name, own, local, facts, isAllowed) => {
    expect(merged({ [name]: own }, { [name]: local }, facts) === 'allow').toBe(isAllowed)
  })
})

describe('CAP-7: time windows intersect', () => {
  const window = (start: number, end: number) => ({ time_window: { start: new Date(nowMs + start * 1_000).toISOString(), end: new Date(nowMs + end * 1_000).toISOString() } })

  it.each<[string, [number, number], [number, number], boolean]>([
    ['both hold', [-10, 10], [-5, 20], true],
    ['only the token\'s', [-10, 10], [5, 20], false],
    ['only the policy\'s', [5, 20], [-10, 10], false],
    ['they only touch, now', [-10, 0], [0, 10], false],
    ['they share one instant, now', [-10, 0.001], [0, 10], true],
    ['disjoint, before and after now', [-10, -5], [5, 10], false],
  ])('%s', (_, own, local, isAllowed) => {
    expect(merged(window(...own), window(...local))).toBe(isAllowed ? 'allow' : 'aap_capability_expired CON-4')
  })
})

describe('CAP-7: data classes, encryption', () => {
  it('restricted and personal admit what is below both, and neither of them', () => {
    for (const [own, local] of [['restricted', 'personal'], ['personal', 'restricted']]) {
      for (const [classification, isAllowed] of [['public', true], ['internal', true], ['confidential', true], ['restricted', false], ['personal', false]] as const) {
        expect(merged({ data_classification_max: own }, { data_classification_max: local }, { classification }) === 'allow').toBe(isAllowed)
      }
    }
  })

  it('require_encryption: false takes nothing away from true', () => {
    for (const [own, local] of [[true, false], [false, true], [true, true]]) {
      expect(merged({ require_encryption: own }, { require_encryption: local }, {}, { encrypted: false })).toBe('aap_constraint_violation CON-12')
      expect(merged({ require_encryption: own }, { require_encryption: local }, {}, { encrypted: true })).toBe('allow')
    }
  })
})

describe('CAP-7: what the record says', () => {
  const detailOf = (own: Constraints, local: Constraints, facts = {}): string | undefined => (deciding({ capabilities: [capability(own)], policy: { constraints: local } }).decide('a', facts) as Ruling).denial?.detail

  it('whose constraint it was; the token\'s comes first', () => {
    const facts = { target: 'https://example.com/' }
    expect(detailOf({ domains_allowed: ['example.org'] }, { domains_allowed: ['example.net'] }, facts)).toBe('domains_allowed: example.com is not in domains_allowed')
    expect(detailOf({ domains_allowed: ['example.com'] }, { domains_allowed: ['example.net'] }, facts)).toBe('local policy, domains_allowed: example.com is not in domains_allowed')
    expect(detailOf({}, { max_response_size: 5 })).toBe('local policy, max_response_size: the route must supply `limitsResponse`')
    expect(detailOf({ max_requests_per_hour: 0 }, { max_requests_per_hour: 5 })).toBe('no room in max_requests_per_hour 0')
    expect(detailOf({ max_requests_per_hour: 5 }, { max_requests_per_hour: 0 })).toBe('no room in local policy, max_requests_per_hour 0')
    expect(detailOf({}, { max_emails_per_hour: 1 })).toBe('local policy, max_emails_per_hour: the route must supply how much the request takes, in `quantities`')
  })
})

describe('CAP-7: registered constraints merge by both holding', () => {
  it('of quotas that say their window and quantity themselves, each has a counter of its own', () => {
    let now = nowMs
    const own = { name: 'own_quota', compile: ({ window, limit, each }: any) => ({ kind: 'quota' as const, window, limit, quantity: () => each, countsRequests: false }) }
    const perDay = { window: 'day', limit: 3, each: 1 }
    const perMinute = { window: 'minute', limit: 2, each: 1 }
    const heavy = { window: 'day', limit: 100, each: 50 }
    const admittedInADay = (value: unknown, demanded: unknown): number => {
      now = Date.UTC(2025, 0, 1)
      const { decide } = deciding({ registered: [own], capabilities: [capability({ own_quota: value })], policy: { constraints: { own_quota: demanded } }, rules: { store: memoryStore({ now: () => now }) } })
      let admitted = 0
      for (; now < Date.UTC(2025, 0, 1, 1); now += 20_000) if (outcomeOf(decide()) === 'allow 0') admitted++
      return admitted
    }
    expect(admittedInADay(perDay, perMinute)).toBe(3)
    expect(admittedInADay(perMinute, perDay)).toBe(3)
    expect(admittedInADay(perDay, perDay)).toBe(3)
    expect(admittedInADay(perDay, heavy)).toBe(2)
    expect(admittedInADay(heavy, perDay)).toBe(2)
    expect(admittedInADay(perMinute, perMinute)).toBe(120)
  })
})

describe('CAP-3 and CAP-7: each alternative is merged', () => {
  const get = { allowed_methods: ['GET'] }

  it('the first that holds together with the policy is used', () => {
    const capabilities = [{ allowed_regions: ['DE'] }, { allowed_regions: ['FR'] }, {}].map(capability)
    const { decide } = deciding({ capabilities, policy: { constraints: { allowed_regions: ['FR', 'US'] } } })
    expect(['DE', 'FR', 'US'].map((region) => outcomeOf(decide('a', { region })))).toEqual(['aap_constraint_violation CON-8', 'allow 1', 'allow 2'])
  })

  it('each has the policy\'s quota for itself, as it would have the token\'s own', () => {
    const { decide } = deciding({ capabilities: [capability(get), capability()], policy: { constraints: { max_requests_per_hour: 2 } } })
    expect(Array.from({ length: 5 }, () => outcomeOf(decide()))).toEqual(['allow 0', 'allow 0', 'allow 1', 'allow 1', 'quota_exceeded CON-1'])
  })

  it('and a quota of the agent is one for all of them', () => {
    const { decide } = deciding({ capabilities: [capability(get), capability()], policy: { quotas: { perAgent: { max_requests_per_hour: 3 } } } })
    expect(Array.from({ length: 4 }, () => outcomeOf(decide()))).toEqual(['allow 0', 'allow 0', 'allow 0', 'quota_exceeded CON-1'])
  })

  it('a demand on one action leaves the others alone', () => {
    const { decide } = deciding({ capabilities: [{ action: 'a' }, { action: 'a.b' }, { action: 'A' }], policy: { actions: { a: { constraints: { allowed_methods: [] } } } } })
    expect(['a', 'a.b', 'A'].map((action) => outcomeOf(decide(action)))).toEqual(['aap_constraint_violation CON-5', 'allow 1', 'allow 2'])
  })
})

describe('CAP-7: tokens that say the same share what is compiled, and no more than that', () => {
  const chain = (...subs: string[]) => ({ aap_delegation: { depth: subs.length - 1, max_depth: 10, chain: subs } })
  const same = [{ action: 'a', constraints: { allowed_methods: ['GET'], own_shared: 'x' } }]

  it('whether actors are known or not, and however deep, in any order', () => {
    const depthOf = { name: 'own_shared', compile: (_: unknown, { delegationDepth }: { delegationDepth: number }) => ({ expected }: Record<string, unknown>) => (expected === delegationDepth ? pass : deny('aap_constraint_violation', `compiled for ${delegationDepth}`)) }
    const policy: Policy = { delegation: { knownActors: ['a', 'b', 'c'], unknownActors: { approval: 'required', constraints: { max_depth: 1 } } }, constraints: { max_depth: 2 } }
    const holders: [Holder, number, string][] = [
      [{}, 0, 'allow 0'],
      [{ claims: chain('a', 'b') }, 1, 'allow 0'],
      [{ claims: chain('a', 'x') }, 1, 'aap_approval_required OVS-1'],
      [{ claims: chain('a', 'b', 'c') }, 2, 'allow 0'],
      [{ claims: chain('a', 'b', 'x') }, 2, 'aap_excessive_delegation CON-10'],
      [{ claims: chain('a', 'b', 'c', 'a') }, 3, 'aap_excessive_delegation CON-10'],
    ]
    checkProperty(
      fc.property(fc.shuffledSubarray(holders, { minLength: 1 }), fc.boolean(), (order, again) => {
        const deciders = deciding({ registered: [depthOf], policy })
        for (const [holder, expected, outcome] of again ? [...order, ...order] : order) {
          expect(outcomeOf(decideFor(deciders, { ...holder, capabilities: same }, 'a', { expected }))).toBe(outcome)
        }
      }),
      { runs: 200 },
    )
  })

  it('two servers with different policies share nothing of it', () => {
    const capabilities = [{ action: 'a', constraints: { allowed_regions: ['DE', 'FR'] } }]
    const servers = [undefined, { constraints: { allowed_regions: ['FR'] } }, { actions: { a: { approval: 'required' as const } } }, { quotas: { perAgent: { max_requests_per_hour: 0 } } }].map((policy) => deciding(policy === undefined ? {} : { policy }))
    for (let round = 0; round < 2; round++) {
      const outcomes = servers.map((server) => outcomeOf(decideFor(server, { capabilities }, 'a', { region: 'DE' })))
      expect(outcomes).toEqual(['allow 0', 'aap_constraint_violation CON-8', 'aap_approval_required OVS-1', 'quota_exceeded CON-1'])
    }
  })

  it('and what a handler sees of a capability is the token\'s own', () => {
    const { rules } = deciding({ policy: { constraints: { max_depth: 1 } } })
    const { compiled } = tokenOf(rules, { capabilities: [capability({ allowed_methods: ['GET'] })] })
    expect(compiled.authorization.capabilities).toEqual([{ action: 'a', constraints: { allowed_methods: ['GET'] } }])
  })
})

// From here on: whatever the constraints are.

const boolean = [true, false]
const universe: Readonly<Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  allowed_methods: { good: [[], ['GET'], ['POST'], ['GET', 'POST']], bad: ['GET', ['']] },
  require_encryption: { good: boolean, bad: ['true'] },
  domains_blocked: { good: [[], ['example.org'], ['a.example.org'], ['192.0.2.1']], bad: [['*'], 'x'] },
  domains_allowed: { good: [[], ['example.org'], ['a.example.org', 'example.com'], ['192.0.2.1']], bad: [['*'], 'x'] },
  ip_ranges_allowed: { good: [[], ['192.0.2.0/24'], ['192.0.2.0/31', '198.51.100.0/24'], ['0.0.0.0/0']], bad: [['x'], 'x'] },
  time_window: { good: [{ start: '2020-01-01T00:00:00Z', end: '2030-01-01T00:00:00Z' }, { start: '2025-01-01T10:30:00Z', end: '2025-01-01T10:31:00Z' }, { start: '2025-01-01T00:00:00Z', end: '2025-01-01T10:30:00Z' }], bad: [{}, { start: '2020-01-01T00:00:00Z', end: '2030-01-01T00:00:00Z', more: 1 }] },
  allowed_regions: { good: [[], ['DE'], ['FR'], ['DE', 'FR']], bad: [['de'], 'DE'] },
  data_classification_max: { good: ['public', 'internal', 'confidential', 'restricted', 'personal'], bad: ['secret'] },
  max_depth: { good: [0, 1, 2], bad: [-1, '1'] },
  max_request_size: { good: [0, 5, 10], bad: [-1, '1'] },
  max_response_size: { good: [5], bad: [-1] },
  require_approval_threshold: { good: [0, 5, 10], bad: ['5'] },
  own_limit: { good: [1, 2, 3], bad: ['1'] },
  own_late: { good: [1, 2], bad: ['1'] },
  own_throws: { good: [1, 2], bad: ['1'] },
}
const unknownToAll = { unheard_of: { good: [] as unknown[], bad: [1] } }

const number = (value: unknown): number => { if (typeof value !== 'number') throw new TypeError('must be a number'); return value }
const registered = [
  { name: 'own_limit', compile: (value: unknown) => { const limit = number(value); return ({ pages }: any) => (pages <= limit ? pass : deny('aap_constraint_violation', 'pages')) } },
  { name: 'own_late', compile: (value: unknown) => { const limit = number(value); return async ({ pages }: any) => (pages <= limit ? pass : deny('aap_constraint_violation', 'pages')) } },
  { name: 'own_throws', compile: (value: unknown) => { const limit = number(value); return ({ pages }: any) => { if (pages > limit) throw new Error('pages'); return pass } } },
]

/** Constraints drawn from the universe: few of them, or nothing would ever be allowed. */
function constraintsOf(names: readonly string[], kind: 'good' | 'any', mostly: number): fc.Arbitrary<Constraints> {
  const all = { ...universe, ...unknownToAll } as typeof universe
  const value = (name: string): fc.Arbitrary<unknown> => {
    const { good, bad } = all[name]!
    if (kind === 'good' || bad.length === 0) return fc.constantFrom(...good)
    return good.length === 0 ? fc.constantFrom(...bad) : fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) })
  }
  return fc.uniqueArray(fc.constantFrom(...names), { maxLength: mostly }).chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, value(name)]))))
}

const names = Object.keys(universe)
const tokenConstraints = constraintsOf([...names, 'unheard_of'], 'any', 3)
const policyConstraints = constraintsOf(names, 'good', 3)
const withMost = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 8 })

const factsArbitrary = fc.record({
  target: withMost(fc.constantFrom('https://example.org/', 'https://a.example.org/', 'https://example.com/', 'http://192.0.2.1/')),
  addresses: withMost(fc.constantFrom(['192.0.2.1'], ['192.0.2.1', '198.51.100.7'], ['203.0.113.1'])),
  region: withMost(fc.constantFrom('DE', 'FR', 'US')),
  classification: withMost(fc.constantFrom('public', 'internal', 'confidential', 'restricted', 'personal')),
  amount: withMost(fc.constantFrom(0, 5, 7, 10, 11)),
  pages: withMost(fc.constantFrom(1, 2, 3)),
})
const requestArbitrary: fc.Arbitrary<ResourceRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST'),
  url: fc.constant('/'),
  headers: fc.constantFrom({}, { 'content-length': '5' }, { 'content-length': '11' }),
  encrypted: fc.constantFrom(true, true, false, undefined),
})
const chains = fc.constantFrom<string[] | undefined>(undefined, ['a', 'b'], ['a', 'x'], ['a', 'b', 'c'], ['a', 'x', 'c'])
const claimsOf = (chain: readonly string[] | undefined) => (chain === undefined ? {} : { aap_delegation: { depth: chain.length - 1, max_depth: 10, chain } })

/** Code, rule and detail of a refusal; `undefined` where it is allowed. A check that throws denies as well (ERR-2). */
async function refusalBy(decide: () => ReturnType<Deciding['decide']>): Promise<string | undefined> {
  try {
    const { denial } = await decide()
    return denial === undefined ? undefined : `${denial.code} ${denial.rule}`
  } catch {
    return 'internal_error ERR-2'
  }
}

describe('CAP-7: for any constraints of token and policy', () => {
  const demandsArbitrary = fc.record({ constraints: policyConstraints })
  const policyArbitrary = fc.record({ everyone: policyConstraints, ofAction: withMost(policyConstraints), ofOther: policyConstraints, unknown: withMost(policyConstraints) })

  it('merging never loosens, and never refuses what both allow', async () => {
    const seen = { allowed: 0, refusedByToken: 0, refusedByPolicy: 0 }
    await checkProperty(
      fc.asyncProperty(fc.array(tokenConstraints, { minLength: 1, maxLength: 3 }), policyArbitrary, factsArbitrary, requestArbitrary, chains, async (list, { everyone, ofAction, ofOther, unknown }, facts, asked, chain) => {
        const policy: Policy = {
          constraints: everyone,
          actions: { ...(ofAction !== undefined && { a: { constraints: ofAction } }), b: { constraints: ofOther } },
          delegation: { knownActors: ['a', 'b', 'c'], unknownActors: unknown === undefined ? {} : { constraints: unknown } },
        }
        const applied = [everyone, ofAction, chain?.includes('x') === true ? unknown : undefined].filter((constraints) => constraints !== undefined)
        const claims = claimsOf(chain)
        const by = (capabilities: readonly object[], local?: Policy) => {
          const { decide } = deciding({ registered, claims, capabilities, ...(local !== undefined && { policy: local }) })
          return refusalBy(() => decide('a', facts, { request: asked }))
        }
        const byToken = await by(list.map(capability))
        const byPolicy = (await Promise.all(applied.map((constraints) => by([capability(constraints)])))).filter((refusal) => refusal !== undefined)
        const both = await by(list.map(capability), policy)
        expect(both === undefined).toBe(byToken === undefined && byPolicy.length === 0)
        if (both === undefined) seen.allowed++
        else if (byToken !== undefined) seen.refusedByToken++
        else seen.refusedByPolicy++
        // Where the token allows it, it is one of the policy's reasons that answers.
        if (byToken === undefined && byPolicy.length > 0 && list.length === 1) expect(byPolicy).toContain(both)
      }),
      { runs: 800 },
    )
    for (const [what, count] of Object.entries(seen)) expect([what, count > 15]).toEqual([what, true])
  })

  it('and nor does one more demand, wherever it stands', async () => {
    const list = (...items: string[][]): fc.Arbitrary<unknown> => fc.constantFrom(...items)
    const one: readonly (readonly [place: readonly string[], value: fc.Arbitrary<unknown>])[] = [
      ...[[], ['actions', 'a'], ['delegation', 'unknownActors']].flatMap((place) => [
        [[...place, 'constraints'], policyConstraints] as const,
        [[...place, 'purposes'], list(['p'], ['q'], ['p', 'q'])] as const,
        [[...place, 'approval'], fc.constant('required')] as const,
      ]),
      [['agents', 'allowedIds'], list(['a'], ['b'], ['a', 'b'])],
      [['agents', 'allowedOperators'], list(['o'], ['x'])],
      [['agents', 'deniedModels'], list(['m'], ['n'])],
      [['agents', 'attestedRuntime'], fc.constant('required')],
      [['delegation', 'maxDepth'], fc.nat(2)],
      [['delegation', 'parentJti'], fc.constant('required')],
      [['delegation', 'knownActors'], list(['a', 'b', 'c'], ['a'])],
    ]
    const demand = fc.constantFrom(...one).chain(([place, value]) => value.map((drawn) => ({ place, drawn })))
    /** Without knownActors nobody is unknown; with strangers held to demands alone, nothing is refused for them. */
    const policyOf = (all: readonly { place: readonly string[]; drawn: unknown }[]): Policy => {
      const policy = all.reduce<unknown>((before, { place, drawn }) => withMember(before, place, drawn), {}) as Policy
      const { delegation } = policy
      return delegation?.unknownActors === undefined ? policy : { ...policy, delegation: { knownActors: ['a', 'b', 'c'], ...delegation } }
    }
    let loosenedAnswers = 0
    await checkProperty(
      fc.asyncProperty(fc.array(demand, { maxLength: 3 }), demand, tokenConstraints, factsArbitrary, requestArbitrary, chains, async (others, more, own, facts, asked, chain) => {
        // Unknown actors are refused, unless there are demands for them: the first such demand does loosen.
        fc.pre(more.place[1] !== 'unknownActors' || others.some(({ place }) => place[1] === 'unknownActors'))
        // More, and not another in its place.
        fc.pre(!others.some(({ place }) => place.join() === more.place.join()))
        const by = (local: Policy) => {
          const { decide } = deciding({ registered, claims: claimsOf(chain), capabilities: [capability(own)], policy: local })
          return refusalBy(() => decide('a', facts, { request: asked }))
        }
        const [strict, loose] = await Promise.all([by(policyOf([...others, more])), by(policyOf(others))])
        if (strict === undefined) expect(loose).toBeUndefined()
        else if (loose === undefined) loosenedAnswers++
      }),
      { runs: 1_500 },
    )
    expect(loosenedAnswers).toBeGreaterThan(20)
  })

  it('no constraint of an action, or for unknown actors, is felt by others', async () => {
    await checkProperty(
      fc.asyncProperty(tokenConstraints, demandsArbitrary, demandsArbitrary, factsArbitrary, requestArbitrary, async (own, ofOther, unknown, facts, asked) => {
        const policy: Policy = { actions: { b: ofOther }, delegation: { knownActors: ['a', 'b'], unknownActors: unknown } }
        const by = (local: Policy) => {
          const { decide } = deciding({ registered, claims: claimsOf(['a', 'b']), capabilities: [capability(own)], policy: local })
          return refusalBy(() => decide('a', facts, { request: asked }))
        }
        expect(await by(policy)).toBe(await by({}))
      }),
      { runs: 300 },
    )
  })
})

/** A copy with one member more, or another value for it. */
function withMember(value: unknown, [name, ...rest]: readonly string[], member: unknown): unknown {
  if (name === undefined) return member
  const object = (value ?? {}) as Record<string, unknown>
  return { ...object, [name]: withMember(object[name], rest, member) }
}

/** A copy without one member. */
function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || name === undefined) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (key !== name ? [[key, member]] : rest.length > 0 ? [[key, without(member, rest)]] : [])))
}

describe('CAP-7 and QTA-5: through sequences of requests', () => {
  const limit = fc.integer({ min: 0, max: 8 })
  const limits = fc.record({ max_requests_per_hour: limit, max_requests_per_day: limit, max_emails_per_hour: fc.integer({ min: 0, max: 16 }) }, { requiredKeys: [] })
  const quotas = fc.record({ perAgent: limits, perTask: limits, perOperator: limits }, { requiredKeys: [] })
  const methods = fc.record({ allowed_methods: fc.constantFrom(['GET'], ['GET', 'POST']), max_requests_per_hour: limit, max_emails_per_hour: fc.integer({ min: 0, max: 16 }), require_approval_threshold: fc.integer({ min: 5, max: 10 }) }, { requiredKeys: [] })
  const demands: fc.Arbitrary<PolicyDemands> = fc.record({ constraints: methods, quotas }, { requiredKeys: [] })
  const holders: readonly Holder[] = [{}, { id: 'k' }, { id: 'l', agent: 'b' }, { id: 'm', task: 'u' }, { id: 'n', operator: 'p' }]
  const requests = fc.array(fc.record({ holder: fc.nat(holders.length - 1), method: fc.constantFrom('GET', 'GET', 'POST'), action: fc.constantFrom('a', 'b'), emails: fc.option(fc.nat(3), { nil: undefined, freq: 12 }), amount: fc.nat(10) }), { minLength: 1, maxLength: 14 })
  const places: readonly (readonly string[])[] = [['quotas'], ['quotas', 'perAgent'], ['quotas', 'perTask'], ['quotas', 'perOperator'], ['constraints'], ['constraints', 'allowed_methods'], ['constraints', 'max_requests_per_hour'], ['constraints', 'require_approval_threshold'], ['actions'], ['actions', 'a', 'quotas'], ['actions', 'a', 'constraints']]

  /** A server whose store starts with what others took from theirs. */
  function serverWith(policy: Policy, taken: readonly Admission[]): Deciding & { readonly asked: Admission[] } {
    const store = memoryStore({ now: () => nowMs })
    for (const admission of taken) void store.admit(admission)
    const asked: Admission[] = []
    const server = deciding({ policy, rules: { store: { name: 's', admit: (admission) => { asked.push(admission); return store.admit(admission) } } } })
    return { ...server, asked }
  }

  // Not "whoever was refused is refused": what a stricter policy refuses takes nothing, and leaves room for later.
  it('with the same counters, a policy with one demand more admits nothing that the other refuses', () => {
    const seen = { both: 0, onlyLooser: 0, neither: 0 }
    checkProperty(
      fc.property(demands, demands, fc.array(methods, { minLength: 1, maxLength: 2 }), requests, fc.constantFrom(...places), (everyone, ofAction, own, sequence, place) => {
        const strict: Policy = { ...everyone, actions: { a: ofAction } }
        const loose = without(strict, place) as Policy
        const capabilities = own.flatMap((constraints) => ['a', 'b'].map((action) => ({ action, constraints })))
        const server = serverWith(strict, [])
        const ask = (of: Deciding, { holder, method, action, emails, amount }: (typeof sequence)[number]): boolean =>
          outcomeOf(decideFor(of, { ...holders[holder], capabilities }, action, { amount, ...(emails !== undefined && { quantities: { emails } }) }, { request: { ...request, method } })).startsWith('allow')
        for (const one of sequence) {
          const other = ask(serverWith(loose, server.asked), one)
          const isAdmitted = ask(server, one)
          if (isAdmitted) expect(other).toBe(true)
          seen[isAdmitted ? 'both' : other ? 'onlyLooser' : 'neither']++
        }
      }),
      { runs: 250 },
    )
    for (const [what, count] of Object.entries(seen)) expect([what, count > 15]).toEqual([what, true])
  })

  it('no more is ever admitted than any one limit says, of the token or of the policy', () => {
    let full = 0
    checkProperty(
      fc.property(demands, demands, methods, requests, (everyone, ofAction, own, sequence) => {
        const policy: Policy = { ...everyone, actions: { a: ofAction } }
        const server = serverWith(policy, [])
        const taken = new Map<string, number>()
        for (const { holder, method, action, emails, amount } of sequence) {
          const who = { id: 'j', agent: 'a', operator: 'o', task: 't', ...holders[holder] }
          const capabilities = ['a', 'b'].map((name) => ({ action: name, constraints: own }))
          const ruling = decideFor(server, { ...who, capabilities }, action, { amount, ...(emails !== undefined && { quantities: { emails } }) }, { request: { ...request, method } })
          if (!outcomeOf(ruling).startsWith('allow')) continue
          const take = (of: string, name: string, limit: unknown): void => {
            const counted = (taken.get(of) ?? 0) + (name.includes('emails') ? (emails ?? NaN) : 1)
            taken.set(of, counted)
            expect([of, name, limit, counted <= (limit as number)]).toEqual([of, name, limit, true])
            if (counted === limit) full++
          }
          // The limits as they are written, subject by subject: an account of its own, which knows of no key.
          for (const [name, limit] of Object.entries(own)) if (name.includes('_per_')) take(`token ${who.id} ${action} ${name}`, name, limit)
          for (const [where, { constraints, quotas: local }] of [['everyone', everyone], ...(action === 'a' ? [['a', ofAction] as const] : [])] as const) {
            for (const [name, limit] of Object.entries(constraints ?? {})) if (name.includes('_per_')) take(`token by ${where} ${who.id} ${action} ${name}`, name, limit)
            for (const [subject, whose] of [['perAgent', `${who.operator} ${who.agent}`], ['perTask', `${who.operator} ${who.task}`], ['perOperator', who.operator]] as const) {
              for (const [name, limit] of Object.entries(local?.[subject] ?? {})) take(`${subject} ${where} ${whose} ${name}`, name, limit)
            }
          }
        }
      }),
      { runs: 400 },
    )
    expect(full).toBeGreaterThan(15)
  })

  it('QTA-2: what is charged is whole: every quota of one alternative, once', () => {
    checkProperty(
      fc.property(demands, methods, requests, (everyone, own, sequence) => {
        const server = serverWith(everyone, [])
        for (const { holder, method, action } of sequence) {
          void decideFor(server, { ...holders[holder], capabilities: [{ action, constraints: own }] }, action, { amount: 0, quantities: { emails: 1 } }, { request: { ...request, method } })
        }
        for (const { alternatives, chargeOnly } of server.asked) {
          for (const charge of [...alternatives.map(({ quotas: list }) => list), ...(chargeOnly === undefined ? [] : [chargeOnly])]) {
            expect(new Set(charge.map(counterOf)).size).toBe(charge.length)
          }
        }
      }),
      { runs: 200 },
    )
  })
})
