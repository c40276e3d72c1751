import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { authorizationFrom, parsedFrom, type Members } from '../claims/answers.js'
import { decisionRecord } from '../../src/audit/decision-record.js'
import { guarding, requestBy } from '../guard/guarding.js'
import type { VerifiedToken } from '../../src/token/verify-token.js'

const schema = JSON.parse(readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'))
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

/** The record of a request by an agent whose token was introspected. */
function recordOf(members: Members): Record<string, unknown> {
  const { delegationDenial } = parsedFrom(members)
  const verified = { facts: { kind: 'opaque', issuer: 'https://as.example.com', id: 'token-1', expiresAt: 1, scopes: [] }, compiled: { authorization: authorizationFrom(members), isDelegationRead: delegationDenial === undefined } } as unknown as VerifiedToken
  const record = decisionRecord({ outcome: 'allow', correlationId: 'c-1', request: { method: 'GET', url: '/', headers: {} }, verified }, 0)
  validate(record)
  expect(validate.errors).toBeNull()
  return record as unknown as Record<string, unknown>
}

describe('INT-6, AUD-1: an agent token in the audit record', () => {
  it('has the names of a JWT, and its own for what no JWT says', () => {
    expect(recordOf({
      agent_type: 'supervised', organization_id: 'org:example', orchestrator_id: 'orchestrator-3', environment: 'production',
      delegation_depth: 1, delegation_chain: ['user-42', 'agent-7'], task_type: 'research', max_operations: 3,
    })).toEqual({
      kind: 'decision', time: '1970-01-01T00:00:00.000Z', outcome: 'allow', correlation_id: 'c-1', method: 'GET', path: '/', issuer: 'https://as.example.com', token_id: 'token-1',
      agent_id: 'agent-7', agent_type: 'supervised', agent_operator: 'org:example', agent_organization: 'org:example', agent_orchestrator: 'orchestrator-3', agent_environment: 'production',
      task_id: 'task-123', task_purpose: 'research_and_draft_article', task_type: 'research', delegation_depth: 1, delegation_chain: ['user-42', 'agent-7'], delegated_by: 'user-42',
    })
  })

  it('says nothing that the answer does not', () => {
    const record = recordOf({ delegated_by: undefined, task_id: undefined, intent_description: undefined })
    for (const name of ['agent_organization', 'agent_orchestrator', 'agent_environment', 'task_id', 'task_purpose', 'task_type', 'delegated_by', 'delegation_chain', 'subject']) expect(record).not.toHaveProperty(name)
  })

  it('still says who authorized the agent where the chain is malformed', () => {
    const record = recordOf({ delegation_depth: 'deep' })
    expect(record).toMatchObject({ delegated_by: 'user-42' })
    expect(record).not.toHaveProperty('delegation_depth')
  })
})

it('AUD-1: agent_environment is a JWT\'s as well', async () => {
  const { guard, records } = guarding()
  await guard.authorize(requestBy({ aap_agent: { id: 'a', type: 't', operator: 'o', runtime_context: { environment: 'staging' } } }), 'a')
  expect(records).toMatchObject([{ outcome: 'allow', agent_environment: 'staging' }])
  validate(records[0])
  expect(validate.errors).toBeNull()
})
