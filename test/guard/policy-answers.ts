import { expect } from 'vitest'
import type { DecisionRecord } from '../../src/model/wire-audit-record.js'
import type { Policy } from '../../src/model/wire-policy.js'
import { expectValidRecord } from '../support/audit.js'
import { guarding, requestBy } from './guarding.js'

/**
 * What a server with this policy answers to an agent that may do `a` and `b`: `allow`, or the code, with the rule that the
 * audit record gives.
 */
export async function answerTo(policy: Policy, claims: object = {}, facts: object = {}, action = 'a'): Promise<string> {
  const { error, rule } = await recordOf(policy, claims, facts, action)
  return error === undefined ? 'allow' : `${error} ${rule}`
}

/** The one decision record that it leaves, which says the same as the answer. */
export async function recordOf(policy: Policy, claims: object = {}, facts: object = {}, action = 'a'): Promise<DecisionRecord> {
  const { guard, records } = guarding({ policy })
  const decision = await guard.authorize(requestBy({ aap_capabilities: [{ action: 'a' }, { action: 'b' }], ...claims }), action, facts)
  expect(records).toHaveLength(1)
  const [record] = records as [DecisionRecord]
  expectValidRecord(record)
  expect({ outcome: record.outcome, error: record.error, rule: record.rule, detail: record.detail }).toEqual({ outcome: decision.outcome, error: decision.error, rule: decision.reason?.rule, detail: decision.reason?.detail })
  return record
}
