import { describe, expect, it } from 'vitest'
import { requireCapability, type GuardOptions, type Policy } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi, type Api } from '../support/api.js'

const issuer = useTestIssuer()
expectHealthyProcess()

/** The same app in both ways to write it: everything on one page, and a guard with a route behind it. */
const ways = ['routes', 'two steps'] as const

async function apiWith(way: (typeof ways)[number], policy: Policy, more: GuardOptions = {}): Promise<Api> {
  const options = { issuer: issuer.trusted, audience: issuer.audience, policy, ...more }
  if (way === 'routes') {
    const routes = { 'GET /search': { action: 'search.web', target: (req: any) => req.query.url }, 'POST /drafts': 'cms.draft' }
    return startApi('Express 5', { ...options, routes }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/search', run: [handler('search')] }, { method: 'POST', path: '/drafts', run: [handler('draft')] }] }))
  }
  return startApi('Express 5', options, ({ guard, handler }) => ({
    use: [guard],
    routes: [
      { path: '/search', run: [requireCapability('search.web', { target: (req) => req.query.url }), handler('search')] },
      { method: 'POST', path: '/drafts', run: [requireCapability('cms.draft'), handler('draft')] },
    ],
  }))
}

const delegated = { aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'stranger'] } }

/** One of each code that a policy answers with. Values that must not leave say so. */
const cases: [string, Policy, object, string, [status: number, error: string, rule: string]][] = [
  ['AGT-1: an agent that is not listed', { agents: { allowedIds: ['secret-agent'] } }, {}, '/search', [403, 'aap_agent_not_recognized', 'AGT-1']],
  ['AGT-2: another trust domain', { agents: { allowedTrustDomains: ['secret.example'] } }, {}, '/search', [403, 'aap_agent_not_recognized', 'AGT-2']],
  ['TSK-2: another purpose', { purposes: ['secret-purpose'] }, {}, '/search', [403, 'aap_task_mismatch', 'TSK-2']],
  ['TSK-2: another purpose for the action', { actions: { 'search.web': { purposes: ['secret-purpose'] } } }, {}, '/search', [403, 'aap_task_mismatch', 'TSK-2']],
  ['DEL-1: too deep', { delegation: { maxDepth: 0 } }, delegated, '/search', [403, 'aap_excessive_delegation', 'DEL-1']],
  ['DEL-2: no parent', { delegation: { parentJti: 'required' } }, delegated, '/search', [403, 'aap_invalid_delegation_chain', 'DEL-2']],
  ['DEL-4: an unknown actor', { delegation: { knownActors: ['a', 'secret-actor'] } }, delegated, '/search', [403, 'aap_invalid_delegation_chain', 'DEL-4']],
  ['DEL-4: an unknown actor who needs an approval', { delegation: { knownActors: ['a'], unknownActors: { approval: 'required' } } }, delegated, '/search', [403, 'aap_approval_required', 'OVS-1']],
  ['CAP-7: a domain', { constraints: { domains_allowed: ['secret.example'] } }, {}, '/search?url=https://example.org/', [403, 'aap_domain_not_allowed', 'CON-2']],
  ['CAP-7: a region that nobody supplies', { actions: { 'search.web': { constraints: { allowed_regions: ['DE'] } } } }, {}, '/search', [403, 'aap_constraint_violation', 'CON-8']],
  ['CAP-7: a time', { constraints: { time_window: { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } } }, {}, '/search', [403, 'aap_capability_expired', 'CON-4']],
  ['CAP-7: a depth', { constraints: { max_depth: 0 } }, delegated, '/search', [403, 'aap_excessive_delegation', 'CON-10']],
  ['OVS-1: an approval', { actions: { 'search.web': { approval: 'required' } } }, {}, '/search', [403, 'aap_approval_required', 'OVS-1']],
  ['QTA-5: a quota', { quotas: { perAgent: { max_requests_per_hour: 0 } } }, {}, '/search', [429, 'aap_constraint_violation', 'CON-1']],
]

describe.each(ways)('local policy over HTTP, with %s', (way) => {
  it.each(cases)('%s', async (_, policy, claims, path, [status, error, rule]) => {
    const { server, audit, handled } = await apiWith(way, policy)
    const answer = await server.call(path, { token: await issuer.sign({ aap_capabilities: capabilities('search.web', 'cms.draft'), ...claims }) })
    expect([answer.status, answer.json.error]).toEqual([status, error])
    expect(handled).toEqual([])
    const record = audit.takeDecision()
    expect(record).toMatchObject({ outcome: 'deny', status, error, rule, correlation_id: answer.json.error_correlation_id })
    // ERR-1: neither the policy nor the rule leaves.
    const visible = [answer.text, ...answer.headers.flat()].join('\n')
    expect(visible).not.toMatch(/secret|policy|knownActors|allowed(?:Ids|TrustDomains)|max_requests|perAgent|stranger/)
    expect(visible).not.toContain(rule)
    if (status === 403) expect(answer.header('www-authenticate')).toContain(`error="${error}"`)
    expect(answer.json.approval_reference).toBe(error === 'aap_approval_required' ? `urn:uuid:${record.correlation_id}` : undefined)
    if (status === 429) expect(Number(answer.header('retry-after'))).toBeGreaterThanOrEqual(1)
  })

  it('what policy lets through reaches the handler, and the other action is not held to it', async () => {
    const { server, audit, handled } = await apiWith(way, { agents: { allowedOperators: ['org:example'] }, actions: { 'cms.draft': { approval: 'required' } }, constraints: { domains_blocked: ['evil.example'] } })
    const token = await issuer.sign({ aap_capabilities: capabilities('search.web', 'cms.draft') })
    expect((await server.call('/search?url=https://example.org/', { token })).status).toBe(200)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'allow', action: 'search.web' })
    // Blocked domains are demanded of everyone: a route without target lacks its fact (CAP-6).
    expect((await server.call('/drafts', { token, method: 'POST' })).json.error).toBe('aap_domain_not_allowed')
    expect(handled).toEqual(['search'])
  })

  it('QTA-5: a fresh token does not reset what its agent used up, over every route', async () => {
    const now = Date.parse('2030-05-06T12:15:00Z')
    const { server, handled } = await apiWith(way, { quotas: { perAgent: { max_requests_per_hour: 3 } } }, { now: () => now })
    const fresh = (claims: Readonly<Record<string, unknown>> = {}) => issuer.sign({ aap_capabilities: capabilities('search.web', 'cms.draft'), iat: now / 1_000, exp: now / 1_000 + 60, ...claims })
    for (const [path, method] of [['/search', 'GET'], ['/drafts', 'POST'], ['/search', 'GET']] as const) expect((await server.call(path, { method, token: await fresh() })).status).toBe(200)
    const refused = await server.call('/drafts', { method: 'POST', token: await fresh() })
    expect([refused.status, refused.json.error, refused.header('retry-after')]).toEqual([429, 'aap_constraint_violation', '2700'])
    expect((await server.call('/search', { token: await fresh({ aap_agent: { id: 'another', type: 't', operator: 'org:example' } }) })).status).toBe(200)
    expect(handled).toEqual(['search', 'draft', 'search', 'search'])
  })

  it('CON-6 by policy: 413 before the handler', async () => {
    const { server, handled } = await apiWith(way, { actions: { 'cms.draft': { constraints: { max_request_size: 5 } } } })
    const token = await issuer.sign({ aap_capabilities: capabilities('cms.draft') })
    const answer = await server.call('/drafts', { token, method: 'POST', body: '123456' })
    expect([answer.status, answer.json.error]).toEqual([413, 'request_too_large'])
    expect((await server.call('/drafts', { token, method: 'POST', body: '12345' })).status).toBe(200)
    expect(handled).toEqual(['draft'])
  })
})

describe('the guard alone, without a decision', () => {
  it.each<[string, Policy, Readonly<Record<string, unknown>>, string]>([
    ['AGT-1', { agents: { allowedIds: [] } }, {}, 'aap_agent_not_recognized'],
    ['TSK-2', { purposes: ['x'] }, {}, 'aap_task_mismatch'],
    ['DEL-4', { delegation: { knownActors: [] } }, delegated, 'aap_invalid_delegation_chain'],
    ['TSK-2 for unknown actors', { delegation: { knownActors: [], unknownActors: { purposes: [] } } }, delegated, 'aap_task_mismatch'],
  ])('holds to what needs no action to be known: %s', async (_, policy, claims, error) => {
    const { server, handled } = await startApi('Express 5', { issuer: issuer.trusted, audience: issuer.audience, policy }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [requireCapability.none('test'), handler('open')] }] }))
    expect((await server.call('/', { token: await issuer.sign(claims) })).json.error).toBe(error)
    expect(handled).toEqual([])
  })

  it('what belongs to an action is not asked where there is none', async () => {
    const policy: Policy = { actions: { 'search.web': { purposes: ['x'], approval: 'required' } }, quotas: { perAgent: { max_requests_per_hour: 0 } }, approval: 'required' }
    const { server, handled } = await startApi('Express 5', { issuer: issuer.trusted, audience: issuer.audience, policy }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [requireCapability.none('test'), handler('open')] }] }))
    expect((await server.call('/', { token: await issuer.sign() })).status).toBe(200)
    expect(handled).toEqual(['open'])
  })

  it('a public route asks for no token, and for no policy', async () => {
    const { server } = await startApi('Express 5', { issuer: issuer.trusted, audience: issuer.audience, policy: { agents: { allowedIds: [] }, approval: 'required' }, routes: { 'GET /health': { public: true } } }, ({ guard, handler }) => ({ use: [guard, handler('health')], routes: [] }))
    expect((await server.call('/health')).status).toBe(200)
  })
})
