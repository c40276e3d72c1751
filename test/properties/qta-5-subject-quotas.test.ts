import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Admission } from '../../src/model/store.js'
import type { Policy, PolicyDemands, PolicyLimits, PolicyQuotas } from '../../src/model/wire-policy.js'
import type { Ruling } from '../../src/decision/authorize.js'
import { decideFor, tokenOf, type Holder } from '../decision/holders.js'
import { deciding, nowMs, outcomeOf, request, type Deciding } from '../decision/decisions.js'
import { guarding, requestBy } from '../guard/guarding.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { checkProperty } from '../support/check-property.js'

const full = 'quota_exceeded CON-1'
const subjects = ['perAgent', 'perTask', 'perOperator'] as const

interface Serving extends Deciding {
  /** What the store was asked. */
  readonly asked: Admission[]
  readonly pass: (milliseconds: number) => void
}

/** One server with one store and a clock that can be moved. */
function serving(policy: Policy): Serving {
  let now = nowMs
  const store = memoryStore({ now: () => now })
  const asked: Admission[] = []
  const server = deciding({ policy, rules: { store: { name: 's', admit: (admission) => { asked.push(admission); return store.admit(admission) } } } })
  return { ...server, asked, pass: (milliseconds) => { now += milliseconds } }
}

const capabilitiesWith = (constraints: object, ...actions: string[]) => actions.map((action) => ({ action, constraints }))

/** How many requests of a holder are still admitted. */
function room(server: Deciding, holder: Holder = {}, action = 'a', facts: Readonly<Record<string, unknown>> = {}): number {
  let admitted = 0
  while (admitted < 50 && outcomeOf(decideFor(server, holder, action, facts)).startsWith('allow')) admitted++
  return admitted
}

describe('QTA-5: whom a quota counts by', () => {
  // What differs between two tokens, and which quotas they share all the same.
  const rows: [string, Holder, Holder, readonly (typeof subjects)[number][]][] = [
    ['nothing', {}, {}, ['perAgent', 'perTask', 'perOperator']],
    ['the token id: a fresh one resets nothing', {}, { id: 'fresh' }, ['perAgent', 'perTask', 'perOperator']],
    ['the subject', {}, { subject: 'other', id: 'fresh' }, ['perAgent', 'perTask', 'perOperator']],
    ['what else the token says', {}, { id: 'fresh', claims: { client_id: 'x', scope: 'y', aap_agent: { id: 'a', type: 'other', operator: 'o', model: 'm' }, aap_task: { id: 't', purpose: 'q' } } }, ['perAgent', 'perTask', 'perOperator']],
    ['the capability', {}, { id: 'fresh', capabilities: [{ action: 'b' }, { action: 'a', constraints: { allowed_methods: ['GET'] } }] }, ['perAgent', 'perTask', 'perOperator']],
    ['how deep it was delegated', {}, { id: 'fresh', claims: { aap_delegation: { depth: 1, max_depth: 1, chain: ['x', 'y'] } } }, ['perAgent', 'perTask', 'perOperator']],
    ['the task', {}, { id: 'fresh', task: 'u' }, ['perAgent', 'perOperator']],
    ['the agent', {}, { id: 'fresh', agent: 'b' }, ['perTask', 'perOperator']],
    ['agent and task', {}, { id: 'fresh', agent: 'b', task: 'u' }, ['perOperator']],
    ['the operator of an agent of the same name', {}, { id: 'fresh', operator: 'p' }, []],
    ['the issuer of the same names', {}, { issuer: 'k' }, []],
    ['the case of the agent', {}, { id: 'fresh', agent: 'A' }, ['perTask', 'perOperator']],
    ['the case of the operator', {}, { id: 'fresh', operator: 'O' }, []],
    ['what is agent and what is task', { agent: 'x', task: 'y' }, { id: 'fresh', agent: 'y', task: 'x' }, ['perOperator']],
    ['where operator ends and agent begins', { operator: 'ab', agent: 'c' }, { id: 'fresh', operator: 'a', agent: 'bc' }, []],
  ]

  it.each(rows)('two tokens that differ in %s', (_, one, other, shared) => {
    for (const per of subjects) {
      const server = serving({ quotas: { [per]: { max_requests_per_hour: 3 } } })
      expect([per, room(server, one)]).toEqual([per, 3])
      expect([per, room(server, other)]).toEqual([per, shared.includes(per) ? 0 : 3])
    }
  })

  it('QTA-1: a quota of the token itself is reset by a fresh one, as before', () => {
    const server = serving({ quotas: { perAgent: { max_requests_per_hour: 5 } } })
    const capabilities = capabilitiesWith({ max_requests_per_hour: 2 }, 'a')
    expect([{ id: '1' }, { id: '1' }, { id: '2' }, { id: '3' }, { id: '4' }].map((holder) => room(server, { ...holder, capabilities }))).toEqual([2, 0, 2, 1, 0])
  })

  it('and so is one that policy adds under constraints (CAP-7)', () => {
    const server = serving({ constraints: { max_requests_per_hour: 2 } })
    expect([{ id: '1' }, { id: '1' }, { id: '2' }].map((holder) => room(server, holder))).toEqual([2, 0, 2])
  })

  it('through the guard, with tokens that are signed', async () => {
    const { guard, records, pass } = guarding({ policy: { quotas: { perOperator: { max_requests_per_hour: 2 } } } })
    const ask = async (jti: string, claims: object = {}) => guard.authorize(requestBy({ jti, ...claims }), 'a')
    expect([(await ask('1')).status, (await ask('2')).status]).toEqual([200, 200])
    expect(await ask('3')).toMatchObject({ status: 429, error: 'aap_constraint_violation', retryAfterSeconds: 3_600, reason: { rule: 'CON-1', detail: 'no room in local policy, max_requests_per_hour per operator 2' } })
    expect(records.at(-1)).toMatchObject({ outcome: 'deny', status: 429, rule: 'CON-1', token_id: '3' })
    expect((await ask('4', { aap_agent: { id: 'other', type: 't', operator: 'org:other' } })).status).toBe(200)
    pass(240_000)
    expect((await ask('5')).retryAfterSeconds).toBe(3_360)
  })
})

describe('QTA-5: which actions a quota counts', () => {
  const twoActions = { capabilities: [{ action: 'a' }, { action: 'b' }] }

  it.each(subjects)('%s of everyone: all actions together', (per) => {
    const server = serving({ quotas: { [per]: { max_requests_per_hour: 4 } } })
    const outcomes = ['a', 'b', 'a', 'b', 'a', 'b'].map((action) => outcomeOf(decideFor(server, twoActions, action)))
    expect(outcomes).toEqual(['allow 0', 'allow 1', 'allow 0', 'allow 1', full, full])
  })

  it.each(subjects)('%s of an action: that action alone, apart from everyone\'s', (per) => {
    const server = serving({ quotas: { [per]: { max_requests_per_hour: 5 } }, actions: { a: { quotas: { [per]: { max_requests_per_hour: 2 } } }, b: { quotas: { [per]: { max_requests_per_hour: 9 } } } } })
    expect([room(server, twoActions, 'a'), room(server, twoActions, 'b')]).toEqual([2, 3])
    const other = serving({ actions: { a: { quotas: { [per]: { max_requests_per_hour: 2 } } } } })
    expect([room(other, twoActions, 'b'), room(other, twoActions, 'a')]).toEqual([50, 2])
  })

  it('several limits of one subject, and several subjects, all hold', () => {
    const server = serving({ quotas: { perAgent: { max_requests_per_hour: 4, max_requests_per_minute: 3 }, perOperator: { max_requests_per_day: 5 } } })
    expect(room(server)).toBe(3)
    server.pass(60_000)
    expect(room(server)).toBe(1)
    expect(room(server, { agent: 'b', id: 'k' })).toBe(1)
    server.pass(3_600_000)
    expect(room(server)).toBe(0)
  })

  it('those of unknown actors are counted for them alone, and apart', () => {
    const server = serving({ quotas: { perAgent: { max_requests_per_hour: 6 } }, delegation: { knownActors: ['x'], unknownActors: { quotas: { perAgent: { max_requests_per_hour: 2 } } } } })
    const stranger = { id: 'k', claims: { aap_delegation: { depth: 1, max_depth: 1, chain: ['x', 'z'] } } }
    expect([room(server, stranger), room(server)]).toEqual([2, 4])
  })

  it('what is counted per request by option is so here too; other things need their quantity (CAP-6)', () => {
    const server = serving({ quotas: { perAgent: { max_drafts_per_hour: 2 } }, actions: { b: { quotas: { perTask: { max_emails_per_hour: 10 } } } } })
    expect(room(server, twoActions)).toBe(2)
    const mails = serving({ quotas: { perAgent: { max_emails_per_hour: 10 } } })
    const send = (emails: unknown) => outcomeOf(decideFor(mails, {}, 'a', { quantities: { emails } }))
    expect([4, 7, 6, 1].map(send)).toEqual(['allow 0', full, 'allow 0', full])
    for (const quantities of [undefined, {}, { letters: 1 }, { emails: -1 }, { emails: 0.5 }, { emails: '1' }]) {
      expect(outcomeOf(decideFor(serving({ quotas: { perAgent: { max_emails_per_hour: 10 } } }), {}, 'a', { quantities }))).toBe('aap_constraint_violation CON-1')
    }
  })

  it('CAP-6: the record and the operator hear what is missing, and for whom', async () => {
    const { guard, messages } = guarding({ policy: { quotas: { perAgent: { max_emails_per_hour: 10 } } } })
    const { reason } = await guard.authorize(requestBy(), 'a')
    expect(reason?.detail).toBe('local policy, max_emails_per_hour per agent: the route must supply how much the request takes, in `quantities`')
    expect(messages).toEqual([expect.stringContaining('must supply `quantities`')])
  })

  it.each(subjects)('%s: 0 admits nothing, and nor does any quantity over the limit', (per) => {
    expect(room(serving({ quotas: { [per]: { max_requests_per_hour: 0 } } }))).toBe(0)
    expect(room(serving({ quotas: { [per]: { max_emails_per_hour: 3 } } }), {}, 'a', { quantities: { emails: 4 } })).toBe(0)
  })
})

describe('QTA-2 and QTA-5: taken together with the token\'s own windows, whole or not at all', () => {
  const capabilities = capabilitiesWith({ max_requests_per_hour: 2 }, 'a')
  const policy = { quotas: { perAgent: { max_requests_per_hour: 5 } } }

  it('a token that has no room takes nothing from its agent', () => {
    const server = serving(policy)
    expect(room(server, { capabilities })).toBe(2)
    for (let i = 0; i < 10; i++) expect(outcomeOf(decideFor(server, { capabilities }))).toBe(full)
    expect(room(server, { id: 'k' })).toBe(3)
  })

  it('an agent that has no room takes nothing from its token', () => {
    const server = serving({ quotas: { perAgent: { max_requests_per_minute: 1 } } })
    expect(room(server, { capabilities })).toBe(1)
    for (let i = 0; i < 10; i++) expect(outcomeOf(decideFor(server, { capabilities }))).toBe(full)
    server.pass(60_000)
    expect(room(server, { capabilities })).toBe(1)
    server.pass(60_000)
    expect(room(server, { capabilities })).toBe(0)
  })

  it('an operator that has no room takes nothing from its agents', () => {
    const server = serving({ quotas: { perAgent: { max_requests_per_day: 2 }, perOperator: { max_requests_per_hour: 3 } } })
    expect([room(server), room(server, { id: 'k', agent: 'b' })]).toEqual([2, 1])
    for (let i = 0; i < 10; i++) void decideFor(server, { id: 'k', agent: 'b' })
    server.pass(1_800_000)
    expect(room(server, { id: 'k', agent: 'b' })).toBe(1)
  })

  it('a refusal by another constraint counts for the agent where all windows have room', () => {
    const post = { request: { ...request, method: 'POST' } }
    const list = [{ action: 'a', constraints: { allowed_methods: ['GET'], max_requests_per_hour: 3 } }]
    const server = serving(policy)
    for (let i = 0; i < 2; i++) expect(outcomeOf(decideFor(server, { capabilities: list }, 'a', {}, post))).toBe('aap_constraint_violation CON-5')
    expect(server.asked.map(({ alternatives, chargeOnly }) => [alternatives.length, chargeOnly?.map(({ limit, quantity }) => [limit, quantity])])).toEqual([[0, [[3, 1], [5, 1]]], [0, [[3, 1], [5, 1]]]])
    expect(room(server, { capabilities: list })).toBe(1)
    // The token is full: a refusal takes nothing from the agent any more.
    for (let i = 0; i < 10; i++) void decideFor(server, { capabilities: list }, 'a', {}, post)
    expect(room(server, { id: 'k' })).toBe(2)
  })

  it('what comes before capabilities takes nothing', () => {
    const strict: Policy = { ...policy, purposes: ['q'], agents: { allowedIds: ['a'] } }
    const server = serving(strict)
    for (const holder of [{}, { agent: 'b' }, { claims: { aap_delegation: { depth: 1, max_depth: 0, chain: ['x', 'y'] } } }]) expect(outcomeOf(decideFor(server, holder))).toMatch(/TSK-2|AGT-1/)
    expect(outcomeOf(decideFor(serving(policy), {}, 'c'))).toBe('aap_invalid_capability CAP-2')
    expect(server.asked).toEqual([])
  })

  it('what was admitted for this request already is not taken again (QTA-2)', () => {
    const server = serving(policy)
    const { taken = [] } = decideFor(server, {}, 'a') as Ruling
    for (let i = 0; i < 10; i++) expect(outcomeOf(decideFor(server, {}, 'a', {}, { admittedBy: () => ({ index: 0, taken }) }))).toBe('allow 0')
    expect(room(server)).toBe(4)
  })

  it.each<[string, Policy, object, number]>([
    ['the agent\'s hour', { quotas: { perAgent: { max_requests_per_hour: 0 } } }, {}, 1_800],
    ['the operator\'s day', { quotas: { perOperator: { max_requests_per_day: 0 } } }, {}, 48_600],
    ['the task\'s minute', { quotas: { perTask: { max_requests_per_minute: 0 } } }, {}, 60],
    ['the task\'s second', { quotas: { perTask: { max_requests_per_second: 0 } } }, {}, 1],
    ['the later of two, the agent\'s', { quotas: { perAgent: { max_requests_per_hour: 0 } } }, { max_requests_per_minute: 0 }, 1_800],
    ['the later of two, the token\'s', { quotas: { perAgent: { max_requests_per_minute: 0 } } }, { max_requests_per_day: 0 }, 48_600],
  ])('CON-1: Retry-After is for %s', (_, strict, constraints, seconds) => {
    const ruling = decideFor(serving(strict), { capabilities: capabilitiesWith(constraints, 'a') }) as Ruling
    expect([ruling.denial?.code, ruling.denial?.retryAfterSeconds]).toEqual(['quota_exceeded', seconds])
  })

  it('CAP-3: the next alternative is no way around what counts for the agent, and Retry-After is for the first that opens', () => {
    const list = [{ action: 'a', constraints: { max_requests_per_minute: 1 } }, { action: 'a' }]
    const server = serving({ quotas: { perAgent: { max_requests_per_hour: 3 } } })
    expect(Array.from({ length: 4 }, () => outcomeOf(decideFor(server, { capabilities: list })))).toEqual(['allow 0', 'allow 1', 'allow 1', full])
    expect((decideFor(server, { capabilities: list }) as Ruling).denial?.retryAfterSeconds).toBe(1_800)
  })
})

describe('QTA-5: where the counters of a request can be kept', () => {
  const scopeOf = (policy: Policy, holder: Holder): string => {
    const server = serving(policy)
    void decideFor(server, { capabilities: capabilitiesWith({ max_requests_per_hour: 5 }, 'a'), ...holder })
    expect(server.asked).toHaveLength(1)
    return server.asked[0]!.scope
  }
  const other = { token: { id: 'k' }, agent: { id: 'k', agent: 'b' }, task: { id: 'k', task: 'u' }, operator: { id: 'k', operator: 'p' }, issuer: { issuer: 'k' } }

  it.each<[string, Policy, readonly (keyof typeof other)[]]>([
    ['no policy: by token', {}, ['token', 'agent', 'task', 'operator', 'issuer']],
    ['a policy without quotas: by token', { constraints: { max_requests_per_hour: 3 }, actions: { a: { quotas: { perAgent: {} } } } }, ['token', 'agent', 'task', 'operator', 'issuer']],
    ['per agent', { quotas: { perAgent: { max_requests_per_hour: 3 } } }, ['agent', 'operator', 'issuer']],
    ['per agent, for another action', { actions: { z: { quotas: { perAgent: { max_requests_per_hour: 3 } } } } }, ['agent', 'operator', 'issuer']],
    ['per agent, for unknown actors', { delegation: { knownActors: [], unknownActors: { quotas: { perAgent: { max_requests_per_hour: 3 } } } } }, ['agent', 'operator', 'issuer']],
    ['per task', { quotas: { perTask: { max_requests_per_hour: 3 } } }, ['operator', 'issuer']],
    ['per operator', { quotas: { perOperator: { max_requests_per_hour: 3 } } }, ['operator', 'issuer']],
    ['per agent, and per operator in another place', { quotas: { perAgent: { max_requests_per_hour: 3 } }, actions: { z: { quotas: { perOperator: { max_requests_per_day: 3 } } } } }, ['operator', 'issuer']],
  ])('%s', (_, policy, apart) => {
    const own = scopeOf(policy, {})
    expect(own).toMatch(/^[\w-]{43}$/)
    for (const [what, holder] of Object.entries(other)) expect([what, scopeOf(policy, holder) !== own]).toEqual([what, apart.includes(what as keyof typeof other)])
  })

  const name = fc.constantFrom('a', 'b', '1', '1:a', 'agent', 'task', 'operator')
  const some = fc.constantFrom('a', 'b', '1:a')
  const limits = fc.constantFrom<PolicyLimits>({}, { max_requests_per_hour: 9 }, { max_requests_per_hour: 9, max_emails_per_day: 9 })
  const quotas: fc.Arbitrary<PolicyQuotas> = fc.record({ perAgent: limits, perTask: limits, perOperator: limits }, { requiredKeys: [] })
  const demands: fc.Arbitrary<PolicyDemands> = fc.record({ quotas }, { requiredKeys: [] })
  const policies: fc.Arbitrary<Policy> = fc.tuple(demands, demands, demands).map(([everyone, ofAction, unknown]) => ({ ...everyone, actions: { a: ofAction }, delegation: { knownActors: ['x'], unknownActors: unknown } }))
  const holders = fc.array(fc.record({ issuer: some, agent: some, operator: some, task: some, isStrange: fc.boolean() }), { minLength: 2, maxLength: 8 })

  it('whenever two requests share a counter, their counters are kept in the same place', () => {
    let shared = 0
    checkProperty(
      fc.property(policies, holders, (policy, list) => {
        const server = serving(policy)
        for (const [i, { isStrange, ...holder }] of list.entries()) {
          // TOK-9: a token id is one token, so that every other holder has another.
          const claims = isStrange ? { aap_delegation: { depth: 1, max_depth: 1, chain: ['x', 'y'] } } : {}
          for (const action of ['a', 'b']) void decideFor(server, { ...holder, id: `${i}`, claims, capabilities: capabilitiesWith({ max_requests_per_hour: 9 }, 'a', 'b') }, action, { quantities: { emails: 1 } })
        }
        const places = new Map<string, string>()
        for (const { scope, alternatives } of server.asked) {
          for (const { key } of alternatives.flatMap((alternative) => alternative.quotas)) {
            if (places.has(key)) shared++
            expect(places.get(key) ?? scope).toBe(scope)
            places.set(key, scope)
          }
        }
      }),
      { runs: 300 },
    )
    expect(shared).toBeGreaterThan(300)
  })

  it('QTA-1: one key for one counter, whatever the names are', () => {
    const text = fc.oneof(name, fc.string({ unit: fc.constantFrom('1', '2', ':', 'a', '.', '/', ' '), minLength: 1, maxLength: 4 }))
    const action = fc.constantFrom('a', 'a1', 'a.a', 'actions.a', 'delegation.unknownActors', 'agent')
    const quotaName = fc.constantFrom('max_requests_per_hour', 'max_a_per_hour', 'max_a1_per_day')
    const limitsOf = fc.dictionary(quotaName, fc.constant(9), { maxKeys: 2 })
    const quotasOf = fc.record({ perAgent: limitsOf, perTask: limitsOf, perOperator: limitsOf })
    const policy: fc.Arbitrary<Policy> = fc.tuple(quotasOf, fc.dictionary(action, quotasOf.map((drawn) => ({ quotas: drawn })), { maxKeys: 2 }), quotasOf).map(([everyone, actions, unknown]) => ({ quotas: everyone, actions, delegation: { knownActors: [], unknownActors: { quotas: unknown } } }))
    const token = fc.record({ issuer: text, id: text, agent: text, operator: text, task: text, isStrange: fc.boolean(), capabilities: fc.array(fc.record({ action, constraints: limitsOf }), { minLength: 1, maxLength: 3 }) })
    let compared = 0
    checkProperty(
      fc.property(policy, fc.array(token, { minLength: 2, maxLength: 5 }), (local, tokens) => {
        const { rules } = deciding({ policy: local })
        const countersByKey = new Map<string, string>()
        const keysByCounter = new Map<string, string>()
        for (const { isStrange, ...holder } of tokens) {
          const { compiled } = tokenOf(rules, { ...holder, claims: isStrange ? { aap_delegation: { depth: 1, max_depth: 1, chain: ['x', 'y'] } } : {} })
          for (const { capability, index, charges } of compiled.candidates) {
            for (const [i, quota] of capability.quotas.entries()) {
              const { issuer, id, agent, operator, task } = holder
              const whose = { token: [id, capability.action, index], agent: [operator, agent], task: [operator, task], operator: [operator] }[quota.subject]
              const counter = JSON.stringify([quota.subject, issuer, whose, quota.subject === 'token' ? 'own' : quota.place, quota.name])
              const key = `${charges[i]!.key} ${charges[i]!.name}`
              expect([counter, countersByKey.get(key) ?? counter]).toEqual([counter, counter])
              expect([counter, keysByCounter.get(counter) ?? key]).toEqual([counter, key])
              countersByKey.set(key, counter)
              keysByCounter.set(counter, key)
              compared++
            }
          }
        }
      }),
      { runs: 300 },
    )
    expect(compared).toBeGreaterThan(1_000)
  })
})

describe('QTA-5: against an account that knows of no keys', () => {
  const limit = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 20, arbitrary: fc.integer({ min: 1, max: 9 }) })
  const limits: fc.Arbitrary<PolicyLimits> = fc.uniqueArray(fc.constantFrom('max_requests_per_hour', 'max_requests_per_day', 'max_emails_per_hour'), { maxLength: 2 }).chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, name.includes('emails') ? limit.map((most) => 2 * most) : limit]))))
  const quotas: fc.Arbitrary<PolicyQuotas> = fc.record({ perAgent: limits, perTask: limits, perOperator: limits }, { requiredKeys: [] })
  const demands: fc.Arbitrary<PolicyDemands> = fc.record({ constraints: limits, quotas }, { requiredKeys: [] })
  const holders = [{ id: 'j', agent: 'a', operator: 'o', task: 't' }, { id: 'k', agent: 'a', operator: 'o', task: 't' }, { id: 'l', agent: 'b', operator: 'o', task: 't' }, { id: 'm', agent: 'a', operator: 'o', task: 'u' }, { id: 'n', agent: 'a', operator: 'p', task: 't' }] as const
  const asking = fc.record({ who: fc.constantFrom(...holders), action: fc.constantFrom('a', 'b'), emails: fc.integer({ min: 1, max: 3 }), isPost: fc.constantFrom(false, false, true) })

  it('exactly what has room everywhere is admitted, and every refusal by another constraint takes what it finds room for', () => {
    const seen = { admitted: 0, full: 0, refused: 0 }
    checkProperty(
      fc.property(demands, demands, limits, fc.array(asking, { minLength: 4, maxLength: 24 }), (everyone, ofAction, own, sequence) => {
        const server = serving({ ...everyone, actions: { a: ofAction } })
        const taken = new Map<string, number>()
        for (const { who, action, emails, isPost } of sequence) {
          const applied = [['everyone', everyone] as const, ...(action === 'a' ? [['a', ofAction] as const] : [])]
          // Every limit that is written somewhere, with what it counts by.
          const windows: [counter: string, name: string, limit: number][] = []
          const write = (by: string, all: object | undefined): void => { for (const [name, value] of Object.entries(all ?? {})) windows.push([`${by} ${name}`, name, value as number]) }
          write(`token by ${who.id} ${action}`, own)
          for (const [place, { constraints, quotas: local }] of applied) {
            write(`token by ${who.id} ${action}`, constraints)
            write(`agent in ${place} ${who.operator} ${who.agent}`, local?.perAgent)
            write(`task in ${place} ${who.operator} ${who.task}`, local?.perTask)
            write(`operator in ${place} ${who.operator}`, local?.perOperator)
          }
          const quantityOf = (name: string): number => (name.includes('emails') ? emails : 1)
          const hasRoom = windows.every(([counter, name, most]) => (taken.get(counter) ?? 0) + quantityOf(name) <= most)
          // The token's constraint and the policy's of one name have one counter.
          if (hasRoom) for (const [counter, name] of new Map(windows.map(([key, of]) => [key, of]))) taken.set(counter, (taken.get(counter) ?? 0) + quantityOf(name))

          const capabilities = [{ action, constraints: { ...own, allowed_methods: ['GET'] } }]
          const outcome = outcomeOf(decideFor(server, { ...who, capabilities }, action, { quantities: { emails } }, { request: { ...request, method: isPost ? 'POST' : 'GET' } }))
          expect(outcome).toBe(isPost ? 'aap_constraint_violation CON-5' : hasRoom ? 'allow 0' : full)
          seen[isPost ? 'refused' : hasRoom ? 'admitted' : 'full']++
        }
      }),
      { runs: 400 },
    )
    for (const [what, count] of Object.entries(seen)) expect([what, count > 200]).toEqual([what, true])
  })
})
