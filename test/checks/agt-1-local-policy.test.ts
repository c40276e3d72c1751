import { describe, expect, it } from 'vitest'
import type { PolicyAgents } from '../../src/model/wire-policy.js'
import { answerTo, recordOf } from '../guard/policy-answers.js'
import { guarding, requestBy } from '../guard/guarding.js'

const refused = 'aap_agent_not_recognized AGT-1'
const answer = (agents: PolicyAgents, agent: object = {}) => answerTo({ agents }, { aap_agent: { id: 'agent-1', type: 'bot', operator: 'org:example', ...agent } })

describe('AGT-1: agents by their ids', () => {
  it.each<[readonly string[], string, string]>([
    [['agent-1'], 'agent-1', 'allow'],
    [['x', 'agent-1', 'y'], 'agent-1', 'allow'],
    [[], 'agent-1', refused],
    [['agent-2'], 'agent-1', refused],
    [['Agent-1'], 'agent-1', refused],
    [['agent-1 '], 'agent-1', refused],
    [['agent-10'], 'agent-1', refused],
    [['agent'], 'agent-1', refused],
    [['*'], 'agent-1', refused],
    [['agent-*'], 'agent-1', refused],
    [['*'], '*', 'allow'],
    [['é'], 'e\u0301', refused],
    [['e\u0301'], 'e\u0301', 'allow'],
    [['agent-1'], 'agent-1\u0000', refused],
    [['constructor'], '__proto__', refused],
  ])('allowedIds %j, %j: %s', async (allowedIds, id, expected) => {
    expect(await answer({ allowedIds: [...allowedIds] }, { id })).toBe(expected)
  })
})

describe('AGT-1: operators', () => {
  it.each<[readonly string[], string, string]>([
    [['org:example'], 'org:example', 'allow'],
    [['org:other', 'org:example'], 'org:example', 'allow'],
    [[], 'org:example', refused],
    [['org:other'], 'org:example', refused],
    [['ORG:example'], 'org:example', refused],
    [['org'], 'org:example', refused],
    [['org:*'], 'org:example', refused],
    // An operator is no agent.
    [['agent-1'], 'org:example', refused],
  ])('allowedOperators %j, %j: %s', async (allowedOperators, operator, expected) => {
    expect(await answer({ allowedOperators: [...allowedOperators] }, { operator })).toBe(expected)
  })

  it('both lists have to hold', async () => {
    for (const [id, operator, expected] of [['agent-1', 'org:example', 'allow'], ['agent-1', 'x', refused], ['x', 'org:example', refused], ['x', 'x', refused]] as const) {
      expect(await answer({ allowedIds: ['agent-1'], allowedOperators: ['org:example'] }, { id, operator })).toBe(expected)
    }
  })
})

describe('AGT-1: models', () => {
  it.each<[readonly string[], unknown, string]>([
    [['gpt-4'], 'gpt-4', refused],
    [['gpt-4'], { id: 'gpt-4' }, refused],
    [['gpt-4'], { provider: 'openai', id: 'gpt-4' }, refused],
    [['gpt-4'], { provider: 'openai', id: 'gpt-4', version: '0613' }, refused],
    [['openai/gpt-4'], { provider: 'openai', id: 'gpt-4' }, refused],
    [['openai/gpt-4'], 'openai/gpt-4', refused],
    [['openai/gpt-4'], { id: 'openai/gpt-4' }, refused],
    [['x', 'y', 'openai/gpt-4'], { provider: 'openai', id: 'gpt-4' }, refused],
    [['a/b/c'], { provider: 'a/b', id: 'c' }, refused],
    [['a/b/c'], { provider: 'a', id: 'b/c' }, refused],
    [['openai/gpt-4'], { id: 'gpt-4' }, 'allow'],
    [['openai/gpt-4'], { provider: '', id: 'gpt-4' }, 'allow'],
    [['openai/gpt-4'], { provider: 'azure', id: 'gpt-4' }, 'allow'],
    [['openai'], { provider: 'openai', id: 'gpt-4' }, 'allow'],
    [['gpt-4'], 'gpt-4o', 'allow'],
    [['gpt-4'], 'openai/gpt-4', 'allow'],
    [['0613', 'gpt-4/0613', 'openai/gpt-4/0613'], { provider: 'openai', id: 'gpt-4', version: '0613' }, 'allow'],
    [[], 'gpt-4', 'allow'],
    // A token that names no model may run any.
    [['gpt-4'], undefined, refused],
    [[], undefined, refused],
  ])('deniedModels %j, model %j: %s', async (deniedModels, model, expected) => {
    expect(await answer({ deniedModels: [...deniedModels] }, model === undefined ? {} : { model })).toBe(expected)
  })

  it.each([{ id: '' }, '', {}, { provider: 'openai' }, { provider: 'openai', version: '1' }, 5, null])('a model %j is malformed, and no way around the list', async (model) => {
    expect(await answer({ deniedModels: ['gpt-4'] }, { model })).toMatch(/^invalid_token TOK-/)
  })
})

describe('AGT-1: attested runtimes', () => {
  it.each<[object, string]>([
    [{ runtime: { attested: true } }, 'allow'],
    [{ runtime_context: { attested: true } }, 'allow'],
    [{ runtime: { attested: true, environment: 'production' } }, 'allow'],
    [{}, refused],
    [{ runtime: {} }, refused],
    [{ runtime: { attested: false } }, refused],
    [{ runtime: { environment: 'attested' } }, refused],
    [{ runtime: { attested: false }, runtime_context: { attested: true } }, refused],
    [{ runtime: {}, runtime_context: { attested: true } }, refused],
    [{ attested: true }, refused],
    [{ runtime: { attested: 'true' } }, 'invalid_token TOK-10'],
    [{ runtime: { attested: 1 } }, 'invalid_token TOK-10'],
    [{ runtime: { attested: null } }, 'invalid_token TOK-7'],
  ])('%j: %s', async (agent, expected) => {
    expect(await answer({ attestedRuntime: 'required' }, agent)).toBe(expected)
  })

  it('without the demand, no runtime has to be attested', async () => {
    expect(await answer({}, { runtime: { attested: false } })).toBe('allow')
  })
})

describe('AGT-1: what the answer and the record say', () => {
  it('in the order of the rule, each with its own detail', async () => {
    const agents: PolicyAgents = { allowedIds: ['x'], allowedOperators: ['x'], deniedModels: ['gpt-4'], attestedRuntime: 'required', allowedTrustDomains: ['example.com'] }
    const repairs = [{}, { id: 'x' }, { operator: 'x' }, { model: 'other' }, { runtime: { attested: true } }]
    const details: (string | undefined)[] = []
    for (const [i] of repairs.entries()) {
      const aap_agent = Object.assign({ id: 'agent-1', type: 'bot', operator: 'o', model: 'gpt-4' }, ...repairs.slice(0, i + 1))
      details.push((await recordOf({ agents }, { aap_agent, sub: 'spiffe://other.example/x' })).detail)
    }
    expect(details).toEqual([
      'agent "agent-1" is not in allowedIds', 'operator "o" is not in allowedOperators', 'model "gpt-4" is in deniedModels', 'the runtime is not attested', 'trust domain other.example is not in allowedTrustDomains',
    ])
  })

  it('AGT-1: it is the same for a token that was seen before, and holds for every action', async () => {
    const { guard, records } = guarding({ policy: { agents: { allowedIds: ['x'] } } })
    const request = requestBy()
    for (const action of ['a', 'a', 'b', 'not a name']) expect(await guard.authorize(request, action)).toMatchObject({ status: 403, error: 'aap_agent_not_recognized', reason: { rule: 'AGT-1' } })
    expect(records).toHaveLength(4)
  })

  it('AUD-4: an id that would break a line of the log is quoted', async () => {
    const { detail } = await recordOf({ agents: { allowedIds: ['x'] } }, { aap_agent: { id: 'a\n{"outcome":"allow"}', type: 't', operator: 'o' } })
    expect(detail).not.toContain('\n')
  })

  it('an operator that policy does not name is not asked of any token', async () => {
    expect(await answerTo({ agents: {} }, { sub: 'not a SPIFFE ID' })).toBe('allow')
  })
})
