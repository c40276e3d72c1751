import { describe, expect, it } from 'vitest'
import type { Admission } from '../../src/model/store.js'
import type { Policy } from '../../src/model/wire-policy.js'
import type { Ruling } from '../../src/decision/authorize.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { deciding, nowMs, outcomeOf, request, type Deciding } from './decisions.js'

const post = { ...request, method: 'POST' }

/** How many requests of a kind are still admitted. */
function room({ decide }: Deciding, action = 'a', facts: Record<string, unknown> = {}, more: object = {}): number {
  let admitted = 0
  while (admitted < 100 && outcomeOf(decide(action, facts, more)).startsWith('allow')) admitted++
  return admitted
}

describe('QTA-2: an attempt counts once, on every window of exactly one capability', () => {
  it('exactly N are admitted (QTA-4)', () => {
    expect(room(deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 5, max_requests_per_day: 7 } }] }))).toBe(5)
    expect(room(deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 9, max_requests_per_minute: 3 } }] }))).toBe(3)
  })

  it('the one that admits it, and no other', () => {
    const deciders = deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 2 } }, { action: 'a', constraints: { max_requests_per_hour: 3 } }, { action: 'b', constraints: { max_requests_per_hour: 1 } }] })
    expect(room(deciders)).toBe(5)
    expect(room(deciders, 'b')).toBe(1)
  })

  it('quantities that the route supplies', () => {
    const deciders = deciding({ capabilities: [{ action: 'a', constraints: { max_emails_per_day: 10, max_requests_per_day: 4 } }] })
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 7 } }))).toBe('allow 0')
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 4 } }))).toBe('quota_exceeded CON-1')
    expect(room(deciders, 'a', { quantities: { emails: 1 } })).toBe(3)
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 0 } }))).toBe('quota_exceeded CON-1')
  })

  it('CAP-6: a quantity that nobody supplied denies with CON-1\'s own error', () => {
    const { decide } = deciding({ capabilities: [{ action: 'a', constraints: { max_emails_per_day: 10 } }] })
    for (const quantities of [undefined, {}, { emails: -1 }, { emails: '1' }, { letters: 1 }]) expect(outcomeOf(decide('a', { quantities }))).toBe('aap_constraint_violation CON-1')
  })

  /** As an adapter passes it on: what the ruling before counted. */
  const after = (ruling: ReturnType<Deciding['decide']>) => {
    const { capability, taken = [] } = ruling as Ruling
    return { admittedBy: () => ({ index: capability!.index, taken }) }
  }

  it('what was admitted already for this request is not counted again, and its other rules still hold', () => {
    const deciders = deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 2, allowed_methods: ['GET'] } }] })
    const again = after(deciders.decide())
    for (let i = 0; i < 5; i++) expect(outcomeOf(deciders.decide('a', {}, again))).toBe('allow 0')
    expect(outcomeOf(deciders.decide('a', {}, { ...again, request: post }))).toBe('aap_constraint_violation CON-5')
    expect(room(deciders)).toBe(1)
  })

  it('and it is the capability that admitted it which has to hold: no other takes its place uncounted', () => {
    const deciders = deciding({ capabilities: [{ action: 'a' }, { action: 'a', constraints: { allowed_methods: ['POST'] } }] })
    const again = { admittedBy: () => ({ index: 1, taken: [] }) }
    expect(outcomeOf(deciders.decide('a', {}, { ...again, request: post }))).toBe('allow 1')
    expect(outcomeOf(deciders.decide('a', {}, again))).toBe('aap_constraint_violation CON-5')
  })

  it('a capability that this guard does not know counts like any request', () => {
    const deciders = deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1 } }] })
    const again = { admittedBy: () => ({ index: 7, taken: [] }) }
    expect(outcomeOf(deciders.decide('a', {}, again))).toBe('allow 0')
    expect(outcomeOf(deciders.decide('a', {}, again))).toBe('quota_exceeded CON-1')
  })

  it('more of a quantity is counted by what it is more', () => {
    const deciders = deciding({ capabilities: [{ action: 'a', constraints: { max_emails_per_hour: 5 } }] })
    const first = deciders.decide('a', { quantities: { emails: 2 } })
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 1 } }, after(first)))).toBe('allow 0')
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 6 } }, after(first)))).toBe('quota_exceeded CON-1')
    expect(outcomeOf(deciders.decide('a', { quantities: { emails: 4 } }, after(first)))).toBe('allow 0')
    expect(room(deciders, 'a', { quantities: { emails: 1 } })).toBe(1)
  })

  it.each<[string, Policy, readonly string[]]>([
    ['CAP-7: a lower limit of the same quota', { constraints: { max_requests_per_hour: 2 } }, ['allow 0', 'allow 0', 'quota_exceeded CON-1']],
    ['CAP-7: one that admits nothing', { constraints: { max_requests_per_hour: 0 } }, ['quota_exceeded CON-1']],
    ['CAP-7: a higher one', { constraints: { max_requests_per_hour: 9 } }, ['allow 0', 'allow 0', 'allow 0', 'allow 0']],
    ['CAP-7: another window', { constraints: { max_requests_per_day: 2 } }, ['allow 0', 'allow 0', 'quota_exceeded CON-1']],
    ['QTA-5: a quota of the agent', { quotas: { perAgent: { max_requests_per_hour: 1 } } }, ['allow 0', 'quota_exceeded CON-1']],
    ['QTA-5: one of the operator that admits nothing', { quotas: { perOperator: { max_requests_per_day: 0 } } }, ['quota_exceeded CON-1']],
  ])('what another guard on the same store demands holds as well: %s', (_, policy, expected) => {
    const store = memoryStore({ now: () => nowMs })
    const capabilities = [{ action: 'a', constraints: { max_requests_per_hour: 4 } }]
    const [outer, inner] = [deciding({ capabilities, rules: { store } }), deciding({ capabilities, policy, rules: { store } })]
    const outcomes = expected.map(() => outcomeOf(inner.decide('a', {}, after(outer.decide()))))
    expect(outcomes).toEqual(expected)
    expect(room(outer)).toBe(4 - expected.length)
  })
})

describe('QTA-2: a refusal by another constraint', () => {
  const capabilities = [{ action: 'a', constraints: { allowed_methods: ['GET'], max_requests_per_hour: 5, max_requests_per_day: 8 } }]

  it('counts where all windows have room, and keeps its own code', () => {
    const deciders = deciding({ capabilities })
    expect(outcomeOf(deciders.decide('a', {}, { request: post }))).toBe('aap_constraint_violation CON-5')
    expect(outcomeOf(deciders.decide('a', {}, { request: post }))).toBe('aap_constraint_violation CON-5')
    expect(room(deciders)).toBe(3)
  })

  it('keeps its own code also when the quota is used up', () => {
    const deciders = deciding({ capabilities })
    for (let i = 0; i < 20; i++) expect(outcomeOf(deciders.decide('a', {}, { request: post }))).toBe('aap_constraint_violation CON-5')
    expect(outcomeOf(deciders.decide())).toBe('quota_exceeded CON-1')
  })

  it('where any window is full, nothing is counted in any', () => {
    let now = nowMs
    const deciders = deciding({ capabilities, rules: { store: memoryStore({ now: () => now }) } })
    expect(room(deciders)).toBe(5)
    for (let i = 0; i < 20; i++) outcomeOf(deciders.decide('a', {}, { request: post }))
    // The hour is over; of the day's eight only the five are gone.
    now += 3_600_000
    expect(room(deciders)).toBe(3)
  })

  it('is charged to the first capability that matches the action, and to no other', () => {
    const list = [1, 2].map((index) => ({ action: 'a', constraints: { allowed_methods: ['GET'], max_requests_per_hour: 3 * index } }))
    const deciders = deciding({ capabilities: list })
    for (let i = 0; i < 2; i++) void deciders.decide('a', {}, { request: post })
    expect(room(deciders)).toBe(1 + 6)
  })

  it.each<[string, object, string]>([
    ['no capability', {}, 'aap_invalid_capability CAP-2'],
    ['a task that expired', { aap_task: { id: 't', purpose: 'p', expires_at: 1 } }, 'aap_task_mismatch TSK-1'],
    ['another context', { aap_context: { network_zone: 'z' } }, 'aap_invalid_context CTX-1'],
    ['a delegation that is too deep', { aap_delegation: { depth: 1, max_depth: 0, chain: ['a', 'b'] } }, 'aap_excessive_delegation DEL-1'],
  ])('what comes before capabilities does not count: %s', (_, claims, expected) => {
    const admissions: Admission[] = []
    const { decide } = deciding({ capabilities, claims: claims as Record<string, unknown>, rules: { store: { name: 's', admit: (admission) => { admissions.push(admission); return { outcome: 'admitted', alternative: 0 } } } } })
    expect(outcomeOf(decide(expected.includes('CAP-2') ? 'b' : 'a'))).toBe(expected)
    expect(admissions).toEqual([])
  })
})

describe('QTA-2: a refusal for a missing approval does not count', () => {
  it.each<[string, object, Record<string, unknown>, string]>([
    ['by the token', { claims: { aap_oversight: { requires_human_approval_for: ['a'] } } }, {}, 'aap_approval_required OVS-1'],
    ['by the token\'s alias', { claims: { aap_oversight: { requires_approval_for: ['a'] } } }, {}, 'aap_approval_required OVS-1'],
    ['by the route', {}, { approval: 'required' }, 'aap_approval_required OVS-1'],
    ['by the threshold', { constraints: { require_approval_threshold: 10 } }, { amount: 11 }, 'aap_approval_required CON-11'],
    ['by an amount nobody knows', { constraints: { require_approval_threshold: 10 } }, {}, 'aap_approval_required CON-11'],
  ])('%s', (_, { claims = {}, constraints = {} }: any, facts, expected) => {
    const asked: Admission[] = []
    const store = memoryStore({ now: () => nowMs })
    const { decide } = deciding({ claims, capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1, ...constraints } }], rules: { store: { name: 's', admit: (admission) => { asked.push(admission); return store.admit(admission) } } } })
    for (let i = 0; i < 3; i++) expect(outcomeOf(decide('a', facts))).toBe(expected)
    expect(asked).toEqual([])
  })

  it('an action that needs none is not held up by a list for others', () => {
    const { decide } = deciding({ claims: { aap_oversight: { requires_human_approval_for: ['A', 'b', 'a.b', '*'] } } })
    expect(outcomeOf(decide())).toBe('allow 0')
  })
})

describe('one admission a decision', () => {
  const seen = (setting: Parameters<typeof deciding>[0], more: object = {}) => {
    const admissions: Admission[] = []
    const { decide } = deciding({ ...setting, rules: { store: { name: 's', admit: (admission) => { admissions.push(admission); return { outcome: 'admitted', alternative: 0 } } } } })
    void decide('a', {}, more)
    return admissions
  }
  const quota = (limit: number, more: object = {}) => ({ action: 'a', constraints: { max_requests_per_hour: limit, ...more } })

  it('holds the capabilities that passed, in order, and the scope of the token', () => {
    const [admission, ...others] = seen({ capabilities: [quota(1), quota(2, { allowed_methods: ['POST'] }), quota(3)] })
    expect(others).toEqual([])
    expect(admission?.alternatives.map(({ quotas }) => quotas.map(({ limit }) => limit))).toEqual([[1], [3]])
    expect(admission?.chargeOnly).toBeUndefined()
    expect(admission?.scope).toMatch(/^[\w-]{43}$/)
  })

  it('or, where none passed, what the first is charged', () => {
    const [admission, ...others] = seen({ capabilities: [quota(1, { allowed_methods: ['POST'] }), quota(2, { allowed_methods: ['POST'] })] })
    expect(others).toEqual([])
    expect(admission).toMatchObject({ alternatives: [], chargeOnly: [{ limit: 1, quantity: 1, window: 'hour' }] })
  })
})
