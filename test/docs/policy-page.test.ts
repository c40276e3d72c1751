import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/model/wire-policy.js'
import policySchema from '../../schemas/policy.schema.json' with { type: 'json' }
import { answerTo, recordOf } from '../guard/policy-answers.js'
import { guarding, requestBy } from '../guard/guarding.js'

const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8')
const policies = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text]) => JSON.parse(text!) as Policy)
const [whole] = policies as [Policy]

const agent = (more: object = {}) => ({ aap_agent: { id: 'agent-researcher-01', type: 'bot', operator: 'org:example', model: 'good-model', ...more } })
const chain = (...subs: string[]) => ({ aap_delegation: { depth: subs.length - 1, max_depth: 10, chain: subs, parent_jti: 'parent' } })
const capabilities = { aap_capabilities: [{ action: 'search.web' }, { action: 'cms.publish' }, { action: 'a' }] }
/** Requests of the example are GETs: they have no body. */
const good = { ...agent(), ...capabilities }
const target = { target: 'https://example.org/' }

describe('the policy of docs/policy.md', () => {
  it('is one policy, which the schema and start-up take', () => {
    expect(policies).toHaveLength(1)
    expect(new Ajv2020({ strict: true }).compile(policySchema)(whole)).toBe(true)
    expect(() => guarding({ policy: whole })).not.toThrow()
  })

  it.each<[string, object, string, object, string]>([
    ['a good request', good, 'search.web', target, 'allow'],
    ['AGT-1: another operator', { ...good, ...agent({ operator: 'org:other' }) }, 'search.web', target, 'aap_agent_not_recognized AGT-1'],
    ['AGT-1: a denied model', { ...good, ...agent({ model: { provider: 'acme', id: 'experimental' } }) }, 'search.web', target, 'aap_agent_not_recognized AGT-1'],
    ['AGT-1: no model', { ...good, ...agent({ model: undefined }) }, 'search.web', target, 'aap_agent_not_recognized AGT-1'],
    ['DEL-1: handed on three times', { ...good, ...chain('orchestrator-01', 'agent-researcher-01', 'agent-writer-01', 'agent-researcher-01') }, 'search.web', target, 'aap_excessive_delegation DEL-1'],
    ['handed on twice, by those who are known', { ...good, ...chain('orchestrator-01', 'agent-writer-01', 'agent-researcher-01') }, 'search.web', target, 'allow'],
    ['DEL-2: without a parent', { ...good, aap_delegation: { depth: 1, max_depth: 1, chain: ['orchestrator-01', 'agent-writer-01'] } }, 'search.web', target, 'aap_invalid_delegation_chain DEL-2'],
    ['DEL-4: by somebody else: a human for everything', { ...good, ...chain('stranger', 'agent-researcher-01') }, 'search.web', target, 'aap_approval_required OVS-1'],
    ['CAP-7: the intranet', good, 'search.web', { target: 'https://x.intranet.example.com/' }, 'aap_domain_not_allowed CON-2'],
    ['CAP-6: a route without target', good, 'search.web', {}, 'aap_domain_not_allowed CON-2'],
    ['an action that policy says nothing of', good, 'a', {}, 'allow'],
    ['TSK-2: publishing for another purpose', { ...good, aap_task: { id: 't', purpose: 'summarize' } }, 'cms.publish', {}, 'aap_task_mismatch TSK-2'],
    ['OVS-1: publishing', good, 'cms.publish', {}, 'aap_approval_required OVS-1'],
    ['CAP-2: it permits nothing', { ...good, aap_capabilities: [{ action: 'a' }] }, 'search.web', target, 'aap_invalid_capability CAP-2'],
  ])('%s', async (_, claims, action, facts, expected) => {
    expect(await answerTo(whole, claims, facts, action)).toBe(expected)
  })

  it.each<[string, object, Policy, number]>([
    ['QTA-5: 100 searches an hour for a task', {}, whole, 100],
    ['40 for a token', { jti: 'same' }, whole, 40],
    ['500 of all actions for an agent', { action: 'a', tasks: 7 }, { ...whole, constraints: {} }, 500],
    ['20,000 a day for an operator: scaled down, as are the agents', { action: 'a', tasks: 7, agents: 5 }, { ...whole, constraints: {}, quotas: { ...whole.quotas, perOperator: { max_requests_per_day: 600 } } }, 600],
  ])('%s', async (_, { jti, action = 'search.web', tasks = 1, agents = 1 }: { jti?: string; action?: string; tasks?: number; agents?: number }, policy, expected) => {
    const { guard } = guarding({ policy })
    // Of several tokens in turn, so that none of them is what is used up.
    const requests = Array.from({ length: 35 }, (_token, i) => requestBy({ ...capabilities, ...agent({ id: `agent-${i % agents}` }), aap_task: { id: `task-${i % tasks}`, purpose: 'p' }, jti: jti ?? `token-${i}` }))
    let admitted = 0
    for (let i = 0; i < expected + 35; i++) {
      if ((await guard.authorize(requests[i % requests.length]!, action, action === 'search.web' ? target : {})).outcome === 'allow') admitted++
    }
    expect(admitted).toBe(expected)
  })
})

describe('what docs/policy.md says of audit records', () => {
  const rows = [...page.slice(page.indexOf('## In audit records')).matchAll(/^\| ([A-Z]{3}-\d+) \| `(.*)` \|$/gm)].map(([, rule, detail]) => [rule!, detail!] as const)

  it('stands in them', async () => {
    const made: (readonly [string | undefined, string | undefined])[] = []
    const note = async (policy: Policy, claims: object = {}, action = 'a', facts: object = {}): Promise<void> => {
      const { rule, detail } = await recordOf(policy, { ...good, ...claims }, facts, action)
      made.push([rule, detail])
    }
    await note(whole, agent({ operator: 'org:other' }))
    await note(whole, agent({ model: { provider: 'acme', id: 'experimental' } }))
    await note(whole, agent({ model: undefined }))
    await note({ agents: { allowedTrustDomains: ['example.com'] } }, { sub: 'spiffe://other.example/x' })
    await note(whole, { aap_task: { id: 't', purpose: 'summarize' } }, 'cms.publish')
    await note(whole, chain('a', 'b', 'c', 'd'))
    await note(whole, { aap_delegation: { depth: 1, max_depth: 1, chain: ['orchestrator-01', 'agent-writer-01'] } })
    await note({ delegation: { knownActors: [] } }, chain('stranger', 'x'))
    await note(whole, {}, 'search.web', { target: 'https://intranet.example.com/' })
    await note({ constraints: { require_approval_threshold: 5 } }, {}, 'a', { amount: 6 })
    await note(whole, {}, 'cms.publish')
    for (const [policy, limit] of [[{ quotas: { perAgent: { max_requests_per_hour: 500 } } }, 500], [{ constraints: { max_requests_per_hour: 40 } }, 40]] as const) {
      const { guard } = guarding({ policy })
      const request = requestBy({ ...good })
      for (let i = 0; i < limit; i++) await guard.authorize(request, 'a')
      const { reason } = await guard.authorize(request, 'a')
      made.push([reason?.rule, reason?.detail])
    }
    expect(made).toEqual(rows)
  })
})

it('every key of the schema is in the table of docs/policy.md, and no other', () => {
  const { properties, $defs } = policySchema
  const keys = Object.keys(properties).filter((key) => key !== '$schema').flatMap((key) => (key === 'agents' || key === 'delegation' ? Object.keys($defs[key].properties).map((name) => `${key}.${name}`) : [key]))
  const table = page.slice(page.indexOf('## What each key demands'), page.indexOf('## How constraints hold together'))
  expect([...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key).sort()).toEqual(keys.sort())
})
