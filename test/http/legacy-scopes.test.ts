import { describe, expect, it } from 'vitest'
import { aapOf, requireCapability, type GuardOptions } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { createProofMaker } from '../support/dpop.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { sendJson, startApi, type Api } from '../support/api.js'
import { serverKinds } from '../support/servers.js'
import { stoppedClock } from '../support/stopped-clock.js'

const issuer = useTestIssuer()
expectHealthyProcess()

/** What an ordinary OAuth server signs. */
const legacy = (claims: Readonly<Record<string, unknown>> = {}) => issuer.sign({ aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, sub: 'user-1', client_id: 'client-1', scope: 'read search', ...claims })

const legacyScopes = { read: 'posts.read', search: { action: 'search.web', constraints: { domains_allowed: ['example.org'], max_requests_per_hour: 2 } } }

function apiWith(kind: (typeof serverKinds)[number], options: GuardOptions): Promise<Api> {
  return startApi(kind, { issuer: issuer.trusted, audience: issuer.audience, ...stoppedClock(), ...options }, ({ guard, handler }) => ({
    use: [guard],
    routes: [
      { path: '/posts', run: [requireCapability('posts.read'), handler('posts', (req, res) => { const { agent, task } = aapOf(req); sendJson(res, { agent, task }) })] },
      { path: '/search', run: [requireCapability('search.web', { target: (req: any) => new URL(req.url, 'http://x').searchParams.get('url') }), handler('search')] },
      { path: '/research', run: [requireCapability('posts.read', { purposes: ['research'] }), handler('research')] },
    ],
  }))
}

describe.each(serverKinds)('DIA-5 on %s', (kind) => {
  it('without legacyScopes a token without AAP claims is 401, whatever its scopes', async () => {
    const { server, audit, handled, operator } = await apiWith(kind, {})
    const answer = await server.call('/posts', { token: await legacy() })
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_token'])
    expect(answer.header('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'DIA-5' })
    expect([handled, operator.said]).toEqual([[], []])
  })

  it('with it, scopes stand for actions, and the record and the operator say who still comes with them', async () => {
    const { server, audit, handled, operator } = await apiWith(kind, { legacyScopes })
    const token = await legacy()
    const answer = await server.call('/posts', { token })
    expect([answer.status, answer.json]).toEqual([200, { agent: { id: 'client-1', type: 'oauth-client', operator: 'client-1' }, task: {} }])
    const record = audit.takeDecision()
    expect(record).toMatchObject({ outcome: 'allow', action: 'posts.read', agent_type: 'oauth-client', agent_id: 'client-1', client_id: 'client-1' })
    expect(record).not.toHaveProperty('task_id')
    expect(operator.said).toEqual([{ level: 'warn', message: expect.stringContaining('client-1') }])

    // Constraints, quotas and codes are those of any capability.
    const search = async (url: string) => (await server.call(`/search?url=${url}`, { token })).status
    expect([await search('https://example.com/'), await search('https://example.org/'), await search('https://example.org/')]).toEqual([403, 200, 429])
    expect((await server.call('/research', { token })).json.error).toBe('aap_task_mismatch')
    expect(handled).toEqual(['posts', 'search'])
  })

  it('DIA-5, POP-1: a token that is bound to a key is admitted by its scopes with its proof, and only with it', async () => {
    const { now } = stoppedClock()
    const client = createProofMaker('ES256', now)
    const { server, audit, handled } = await apiWith(kind, { legacyScopes, baseUrl: 'https://api.example.com' })
    const token = await legacy({ cnf: { jkt: client.thumbprint } })
    expect((await server.call('/posts', { token })).status).toBe(401)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'POP-1' })
    const DPoP = client.proof({ token, url: 'https://api.example.com/posts' })
    expect((await server.call('/posts', { headers: { authorization: `DPoP ${token}`, DPoP } })).status).toBe(200)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'allow', agent_type: 'oauth-client' })
    expect(handled).toEqual(['posts'])
  })

  it('no mapped scope is 401, a mapped one for another action 403', async () => {
    const { server, handled } = await apiWith(kind, { legacyScopes })
    expect((await server.call('/posts', { token: await legacy({ scope: 'admin' }) })).json.error).toBe('invalid_token')
    expect((await server.call('/posts', { token: await legacy({ scope: undefined }) })).json.error).toBe('invalid_token')
    expect((await server.call('/posts', { token: await legacy({ scope: 'search' }) })).json.error).toBe('aap_invalid_capability')
    expect(handled).toEqual([])
  })

  it('a client that moved is held to its claims, beside one that did not', async () => {
    const { server, audit, handled } = await apiWith(kind, { legacyScopes })
    const moved = { scope: 'read search', client_id: 'client-2' }
    expect((await server.call('/posts', { token: await issuer.sign({ ...moved, aap_capabilities: capabilities('search.web') }) })).json.error).toBe('aap_invalid_capability')
    expect(audit.takeDecision()).toMatchObject({ agent_type: 'llm-autonomous', task_id: 'task-123' })
    // Half a move is none: the claims that are missing are not made up for by scopes.
    expect((await server.call('/posts', { token: await issuer.sign({ ...moved, aap_task: undefined }) })).json.error).toBe('invalid_token')
    expect((await server.call('/posts', { token: await issuer.sign({ ...moved, aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, 'https://example.com/aap_agent': {} }) })).json.error).toBe('invalid_token')
    expect((await server.call('/posts', { token: await legacy() })).status).toBe(200)
    expect(handled).toEqual(['posts'])
  })

  it('policy holds for both', async () => {
    const { server } = await apiWith(kind, { legacyScopes, policy: { agents: { allowedOperators: ['org:example'] } } })
    expect((await server.call('/posts', { token: await legacy() })).json.error).toBe('aap_agent_not_recognized')
    expect((await server.call('/posts', { token: await issuer.sign({ aap_capabilities: capabilities('posts.read') }) })).status).toBe(200)
  })
})
