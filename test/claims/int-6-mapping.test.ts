import { describe, expect, it } from 'vitest'
import { authorizationFrom, parsedFrom, refusalOf, type Members } from './answers.js'
import { checkDelegation } from '../../src/checks/delegation.js'
import { checkPurpose } from '../../src/checks/task.js'
import { isSupervised } from '../../src/claims/is-supervised.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'
import { exampleClaims } from '../../src/testing/example-claims.js'

const absent = { sub: undefined, client_id: undefined, organization_id: undefined, delegated_by: undefined }

it('INT-6: everything an answer can say, in the one model', () => {
  expect(parsedFrom({
    scope: 'search.web cms.draft cms.publish', task_scopes: 'cms.draft search.web', agent_type: 'supervised', organization_id: 'org:example', orchestrator_id: 'orchestrator-3', environment: 'production',
    delegated_by: 'user-42', delegation_depth: 1, delegation_chain: ['user-42', 'agent-7'], task_type: 'research', max_operations: 10, operations_remaining: 4, expires_on_completion: true,
  }, { localMaxDepth: 3 })).toEqual({
    authorization: {
      agent: { id: 'agent-7', type: 'supervised', operator: 'org:example', organization: 'org:example', orchestrator: 'orchestrator-3', runtime: { environment: 'production' } },
      task: { id: 'task-123', purpose: 'research_and_draft_article', type: 'research' },
      capabilities: [{ action: 'search.web', constraints: {} }, { action: 'cms.draft', constraints: {} }],
      delegation: { depth: 1, maxDepth: 3, chain: [{ sub: 'user-42' }, { sub: 'agent-7' }], chainIncludesOrigin: true, actors: [], delegatedBy: 'user-42' },
      budget: { maxOperations: 10, remaining: 4, expiresOnCompletion: true },
    },
    delegationDenial: undefined,
  })
})

it('INT-6: an answer that says as little as it can', () => {
  expect(parsedFrom({ ...absent, client_id: 'client-1', scope: undefined, jti: undefined, task_id: undefined, intent_description: undefined })).toEqual({
    authorization: { agent: { id: 'client-1', type: 'autonomous', operator: 'client-1' }, task: {}, capabilities: [], delegation: { depth: 0, maxDepth: 10, chain: [], chainIncludesOrigin: false, actors: [] } },
    delegationDenial: undefined,
  })
})

describe('INT-6: who the agent and the operator are', () => {
  it.each<[string, Members, readonly [id: string, operator: string]]>([
    ['all of them', { sub: 's', client_id: 'c', organization_id: 'o', delegated_by: 'd' }, ['s', 'o']],
    ['no organization', { sub: 's', client_id: 'c', delegated_by: 'd' }, ['s', 'd']],
    ['neither organization nor person', { sub: 's', client_id: 'c' }, ['s', 'c']],
    ['a client', { client_id: 'c' }, ['c', 'c']],
    ['a client of an organization', { client_id: 'c', organization_id: 'o' }, ['c', 'o']],
    ['a subject without client', { sub: 's', delegated_by: 'd' }, ['s', 'd']],
  ])('%s', (_, members, [id, operator]) => {
    expect(authorizationFrom({ ...absent, ...members }).agent).toMatchObject({ id, operator })
  })

  it.each<[string, Members]>([['nobody', {}], ['an organization without agent', { organization_id: 'o' }], ['a subject without operator', { sub: 's' }]])('%s is invalid_token', (_, members) => {
    expect(refusalOf({ ...absent, ...members })).toBe('invalid_token INT-6')
  })

  it('one that is malformed does not give way to the next', () => {
    expect(refusalOf({ sub: '', client_id: 'c' })).toBe('invalid_token TOK-8')
    expect(refusalOf({ organization_id: 5 })).toBe('invalid_token INT-2')
  })
})

describe('INT-6: the task', () => {
  it.each<[string, Members, object]>([
    ['an intent', { task_id: 't', intent_description: 'i' }, { id: 't', purpose: 'i' }],
    ['a type', { task_id: 't', task_type: 'x' }, { id: 't', purpose: 'x', type: 'x' }],
    ['both', { task_id: 't', intent_description: 'i', task_type: 'x' }, { id: 't', purpose: 'i', type: 'x' }],
    ['an intent alone', { intent_description: 'i' }, { purpose: 'i' }],
    ['nothing', {}, {}],
  ])('%s', (_, members, task) => {
    expect(authorizationFrom({ task_id: undefined, intent_description: undefined, ...members }).task).toEqual(task)
  })

  it('TSK-2: without a purpose, a route that names purposes denies', () => {
    const { task } = authorizationFrom({ intent_description: undefined })
    expect(checkPurpose(task, ['research'])).toMatchObject({ code: 'aap_task_mismatch', rule: 'TSK-2' })
  })
})

describe('INT-6, DEL-1, DEL-2: the delegation', () => {
  const judge = (members: Members, localMaxDepth?: number) => {
    const { authorization, delegationDenial } = parsedFrom(members, { localMaxDepth })
    const denial = delegationDenial ?? checkDelegation(authorization.delegation, noPolicy.delegation)
    return denial === undefined ? undefined : `${denial.code} ${denial.rule}`
  }
  const names = ['origin', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
  const subjects = (length: number) => names.slice(0, length)
  const hops = (length: number) => subjects(length).map((sub, i) => ({ sub, delegated_at: i }))

  it('for every depth: a chain of depth or of depth + 1, in either form, and no other', () => {
    for (let depth = 0; depth <= 10; depth++) {
      for (let length = 0; length <= 12; length++) {
        const expected = length === depth || length === depth + 1 ? undefined : 'aap_invalid_delegation_chain DEL-2'
        for (const chain of [subjects(length), hops(length)]) expect([depth, length, judge({ delegation_depth: depth, delegation_chain: chain })]).toEqual([depth, length, expected])
      }
      expect(judge({ delegation_depth: depth })).toBe(depth === 0 ? undefined : 'aap_invalid_delegation_chain DEL-2')
    }
  })

  it('the longer chain begins with the origin', () => {
    expect(authorizationFrom({ delegation_depth: 1, delegation_chain: ['a', 'b'] }).delegation).toMatchObject({ depth: 1, chainIncludesOrigin: true })
    expect(authorizationFrom({ delegation_depth: 1, delegation_chain: ['b'] }).delegation).toMatchObject({ depth: 1, chainIncludesOrigin: false })
    expect(authorizationFrom({ delegation_depth: 1, delegation_chain: [{ sub: 'b', delegated_at: 5 }] }).delegation).toMatchObject({ chain: [{ sub: 'b', delegatedAt: 5 }], chainIncludesOrigin: false })
  })

  it('deeper than the local limit is excessive, before the chain is looked at', () => {
    expect(judge({ delegation_depth: 2, delegation_chain: ['a', 'b'] }, 2)).toBeUndefined()
    expect(judge({ delegation_depth: 3 }, 2)).toBe('aap_excessive_delegation DEL-1')
    expect(judge({ delegation_depth: 1, delegation_chain: ['a'] }, 0)).toBe('aap_excessive_delegation DEL-1')
    expect(judge({}, 0)).toBeUndefined()
  })

  it.each<[string, Members, string]>([
    ...[-1, 11, 0.5, 1e300, '1', '', true, [1], {}].map((delegation_depth): [string, Members, string] => [`depth ${JSON.stringify(delegation_depth)}`, { delegation_depth, delegation_chain: ['a'] }, 'DEL-1']),
    ['an empty chain', { delegation_depth: 1, delegation_chain: [] }, 'DEL-2'],
    ['a chain as a text', { delegation_depth: 1, delegation_chain: 'a' }, 'DEL-2'],
    ['a chain of numbers', { delegation_depth: 1, delegation_chain: [1] }, 'DEL-2'],
    ['a mixed chain', { delegation_depth: 1, delegation_chain: ['a', { sub: 'b' }] }, 'DEL-2'],
    ['a chain at depth 0 that is none', { delegation_chain: 'a' }, 'DEL-2'],
    ['an object at depth 0', { delegation_chain: {} }, 'DEL-2'],
    ['an entry without name', { delegation_depth: 1, delegation_chain: [{ delegated_at: 1 }] }, 'DEL-2'],
    ['times that decrease', { delegation_depth: 2, delegation_chain: [{ sub: 'a', delegated_at: 2 }, { sub: 'b', delegated_at: 1 }] }, 'DEL-2'],
    ['act at depth 0', { act: { sub: 'agent-7' } }, 'DEL-3'],
    ['act that is a text', { act: 'agent-7' }, 'DEL-3'],
    ['act of somebody else', { delegation_depth: 1, delegation_chain: ['a', 'b'], act: { sub: 'a' } }, 'DEL-3'],
  ])('%s is aap_invalid_delegation_chain, and who the agent is stays known', (_, members, rule) => {
    expect(judge(members)).toBe(`aap_invalid_delegation_chain ${rule}`)
    expect(authorizationFrom(members).agent.id).toBe('agent-7')
  })

  it('TOK-8: entries are at most 128 characters', () => {
    expect(judge({ delegation_depth: 1, delegation_chain: ['x'.repeat(128)] })).toBeUndefined()
    expect(judge({ delegation_depth: 1, delegation_chain: ['x'.repeat(129)] })).toMatch(/^aap_invalid_delegation_chain /)
  })

  it('DEL-3: act that agrees', () => {
    expect(authorizationFrom({ delegation_depth: 2, delegation_chain: ['a', 'b', 'c'], act: { sub: 'c', act: { sub: 'b' } } }).delegation.actors).toEqual(['c', 'b'])
    expect(judge({ delegation_depth: 2, delegation_chain: ['a', 'b', 'c'], act: { sub: 'c', act: { sub: 'b' } } })).toBeUndefined()
  })
})

describe('OVS-4: who is supervised', () => {
  it.each([['supervised', true], ['autonomous', false], ['ephemeral', false]])('agent_type %s', (agent_type, supervised) => {
    expect(isSupervised(authorizationFrom({ agent_type }))).toBe(supervised)
  })

  it.each<[string, Members, boolean]>([
    ['a level', { aap_oversight: { level: 'supervised' } }, true],
    ['a type', { aap_agent: { id: 'a', type: 'supervised', operator: 'o' } }, true],
    ['another level', { aap_oversight: { level: 'Supervised' } }, false],
    ['nothing', {}, false],
  ])('AAP claims: %s', (_, claims, supervised) => {
    expect(isSupervised((parseAuthorization(exampleClaims(claims), undefined) as ParsedAuthorization).authorization)).toBe(supervised)
  })
})
