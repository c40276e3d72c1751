import { describe, expect, it } from 'vitest'
import type { Admission } from '../../src/model/store.js'
import type { Policy } from '../../src/model/wire-policy.js'
import { answerTo, recordOf } from '../guard/policy-answers.js'
import { deciding, nowMs, outcomeOf } from './decisions.js'
import { guarding, requestBy } from '../guard/guarding.js'
import { memoryStore } from '../../src/state/memory-store.js'

const approval = { approval: 'required' } as const
const needed = 'aap_approval_required OVS-1'

describe('OVS-1: approval by local policy', () => {
  it.each<[string, Policy, string, string]>([
    ['of every action', approval, 'a', needed],
    ['of one', { actions: { a: approval } }, 'a', needed],
    ['of another', { actions: { b: approval } }, 'a', 'allow'],
    ['of an action that is written otherwise', { actions: { A: approval, 'a.b': approval } }, 'a', 'allow'],
    ['of tokens with unknown actors, which this one is not', { delegation: { knownActors: [], unknownActors: approval } }, 'a', 'allow'],
    ['not for what the token may not do anyway', approval, 'c', 'aap_invalid_capability CAP-2'],
  ])('%s', async (_, policy, action, expected) => {
    expect(await answerTo(policy, {}, {}, action)).toBe(expected)
  })

  it('the token\'s list comes first, the policy before the route, and the record says whose demand it is', async () => {
    const claims = { aap_oversight: { requires_human_approval_for: ['a'] } }
    const facts = { approval: 'required' }
    const details = await Promise.all([recordOf(approval, claims, facts), recordOf(approval, {}, facts), recordOf({}, {}, facts)])
    expect(details.map(({ detail }) => detail)).toEqual(['the token wants a human to approve the action', 'local policy wants a human to approve the action', 'the route wants a human to approve the action'])
  })

  it('the answer has a reference to ask at: the token\'s, or the decision itself', async () => {
    const { guard } = guarding({ policy: approval })
    const own = await guard.authorize(requestBy(), 'a')
    expect(own).toMatchObject({ status: 403, error: 'aap_approval_required', approvalReference: `urn:uuid:${own.correlationId}` })
    const theirs = await guard.authorize(requestBy({ aap_oversight: { approval_reference: 'https://approvals.example.com/1' } }), 'a')
    expect(theirs.approvalReference).toBe('https://approvals.example.com/1')
  })

  it('no fact of the request takes it away', async () => {
    for (const facts of [{ approval: undefined }, { amount: 0 }, { purposes: true }]) expect(await answerTo(approval, {}, facts)).toBe(needed)
  })

  it('constraints come before it, quotas after it (ORD-1)', async () => {
    const claims = (constraints: object) => ({ aap_capabilities: [{ action: 'a', constraints }] })
    expect(await answerTo(approval, claims({ allowed_methods: ['POST'] }))).toBe('aap_constraint_violation CON-5')
    expect(await answerTo({ ...approval, constraints: { allowed_methods: ['POST'] } })).toBe('aap_constraint_violation CON-5')
    expect(await answerTo(approval, claims({ max_requests_per_hour: 0 }))).toBe(needed)
    expect(await answerTo({ ...approval, quotas: { perOperator: { max_requests_per_hour: 0 } } })).toBe(needed)
  })

  it('of the thresholds of token and policy the lower one holds (CON-11, CAP-7)', async () => {
    const token = (limit: number) => ({ aap_capabilities: [{ action: 'a', constraints: { require_approval_threshold: limit } }] })
    const policy = (limit: number): Policy => ({ constraints: { require_approval_threshold: limit } })
    for (const [own, local, amount, expected] of [[10, 5, 5, 'allow'], [10, 5, 6, 'CON-11'], [5, 10, 5, 'allow'], [5, 10, 6, 'CON-11'], [0, 10, 0.5, 'CON-11'], [10, -1, 0, 'CON-11']] as const) {
      expect((await answerTo(policy(local), token(own), { amount })).split(' ').at(-1)).toBe(expected)
    }
    expect(await recordOf(policy(5), token(10), { amount: 6 })).toMatchObject({ detail: 'local policy, require_approval_threshold: the amount is above it or not known' })
    expect(await recordOf(policy(10), token(5), { amount: 6 })).toMatchObject({ detail: 'require_approval_threshold: the amount is above it or not known' })
    expect(await answerTo(policy(5))).toBe('aap_approval_required CON-11')
  })
})

describe('QTA-2: a refusal for an approval that local policy wants does not count', () => {
  it.each<[string, Policy, Record<string, unknown>]>([
    ['of every action', approval, {}],
    ['of one action', { actions: { a: approval } }, {}],
    ['by a threshold', { constraints: { require_approval_threshold: 10 } }, { amount: 11 }],
    ['by a threshold and an amount that nobody knows', { constraints: { require_approval_threshold: 10 } }, {}],
  ])('%s: polling for it asks no store', (_, policy, facts) => {
    const asked: Admission[] = []
    const store = memoryStore({ now: () => nowMs })
    const quotas = { perAgent: { max_requests_per_hour: 1 }, perTask: { max_requests_per_hour: 1 }, perOperator: { max_requests_per_hour: 1 } }
    const { decide } = deciding({ policy: { ...policy, quotas }, capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1 } }], rules: { store: { name: 's', admit: (admission) => { asked.push(admission); return store.admit(admission) } } } })
    for (let i = 0; i < 5; i++) expect(outcomeOf(decide('a', facts))).toMatch(/^aap_approval_required/)
    expect(asked).toEqual([])
  })

  it('so that another action of the same agent still has the whole quota', () => {
    const { decide } = deciding({ policy: { actions: { a: approval }, quotas: { perAgent: { max_requests_per_hour: 2 } } }, capabilities: [{ action: 'a' }, { action: 'b' }] })
    const outcomes = ['a', 'a', 'a', 'b', 'a', 'b', 'b'].map((action) => outcomeOf(decide(action)))
    expect(outcomes).toEqual([needed, needed, needed, 'allow 1', needed, 'allow 1', 'quota_exceeded CON-1'])
  })
})
