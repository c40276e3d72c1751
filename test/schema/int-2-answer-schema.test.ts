import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { answerWith, readAnswer, type Members } from '../claims/answers.js'
import { checkDelegation } from '../../src/checks/delegation.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { validateIntrospectionAnswer } from '../../src/schema/claim-validators.js'

const schema = JSON.parse(readFileSync(new URL('../../schemas/introspection-answer.schema.json', import.meta.url), 'utf8'))
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

/** Whether the answer is read, and all it says about delegation holds together. */
function isRead(answer: Members): boolean {
  const parsed = readAnswer(answer, { maxLifetimeSeconds: Infinity })
  return !('code' in parsed) && (parsed.delegationDenial ?? checkDelegation(parsed.authorization.delegation, noPolicy.delegation)) === undefined
}

/** The answer of `answerWith`, which nothing is wrong with but for these members. */
const good: readonly [string, Members][] = [
  ['what every answer of this issuer says', {}],
  ['everything', {
    iss: 'https://as.example.com', aud: ['https://api.example.com'], nbf: 1, cnf: { jkt: 'A'.repeat(43) }, agent_type: 'supervised', organization_id: 'o', orchestrator_id: 'x', environment: 'production', delegated_by: 'u',
    delegation_depth: 2, delegation_chain: ['a', 'b', 'c'], act: { sub: 'c', act: { sub: 'b' } }, task_type: 'x', task_scopes: ['search.web'], max_operations: 5, operations_remaining: 5, expires_on_completion: true,
  }],
  ['a chain of hops', { delegation_depth: 1, delegation_chain: [{ sub: 'a', delegated_at: 5, via: 'x' }] }],
  ['an empty chain at depth 0', { delegation_depth: 0, delegation_chain: [] }],
  ['task_scopes as a text', { task_scopes: 'search.web cms.draft' }],
  ['an ephemeral agent with its task', { agent_type: 'ephemeral' }],
  ['an aud that is a text', { aud: 'https://api.example.com' }],
  ['unknown members', { token_type: 'Bearer', username: 'u', nested: { any: [1] } }],
]

const bad: readonly [string, Members][] = [
  ['an inactive token', { active: false }],
  ['active as a text', { active: 'true' }],
  ['no exp', { exp: undefined }],
  ['exp as a text', { exp: '1735689900' }],
  ['another agent_type', { agent_type: 'robot' }],
  ['an ephemeral agent without task', { agent_type: 'ephemeral', task_id: undefined }],
  ['scope as a list', { scope: ['search.web'] }],
  ['task_scopes of numbers', { task_scopes: [1] }],
  ['a mixed chain', { delegation_depth: 2, delegation_chain: ['a', { sub: 'b' }] }],
  ['a negative depth', { delegation_depth: -1 }],
  ['a depth above 10', { delegation_depth: 11 }],
  ['a depth as a text', { delegation_depth: '1', delegation_chain: ['a'] }],
  ['a negative max_operations', { max_operations: -1 }],
  ['a fraction of operations', { max_operations: 5, operations_remaining: 0.5 }],
  ['more operations than are counted exactly', { max_operations: 2 ** 53 }],
  ['expires_on_completion as a text', { max_operations: 5, expires_on_completion: 'true' }],
  ['a long task_id', { task_id: 'x'.repeat(129) }],
  ['a long intent', { intent_description: 'x'.repeat(257) }],
  ['an actor without sub', { act: {} }],
]

const asSent = (members: Members): unknown => JSON.parse(JSON.stringify(answerWith(members)))

describe('INT-2: the schema of introspection answers and the reader agree', () => {
  it.each(good)('accepted: %s', (_, members) => {
    expect([validate(asSent(members)), isRead(members)]).toEqual([true, true])
    expect(validateIntrospectionAnswer(asSent(members))).toBeUndefined()
  })

  it.each(bad)('refused: %s', (_, members) => {
    expect([validate(asSent(members)), isRead(members)]).toEqual([false, false])
    expect(validateIntrospectionAnswer(asSent(members))).toEqual(expect.stringMatching(/\S/))
  })

  it('names every member of SPEC\'s list', () => {
    const named = 'active, scope, client_id, sub, exp, iat, jti, aud, cnf, agent_type, delegated_by, delegation_chain, delegation_depth, task_id, task_type, task_scopes, max_operations, operations_remaining, expires_on_completion, intent_description, orchestrator_id, environment, organization_id'
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(named.split(', ')))
  })
})
