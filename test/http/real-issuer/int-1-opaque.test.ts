import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { audience, startOpaqueApi } from '../opaque-api.js'
import { createAgent } from '../../support/agent.js'
import { createAuthorities } from '../../support/tls-origin.js'
import { createTlsFetch } from '../../support/tls-fetch.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { startAuthorizationServer, type AuthorizationServer } from '../../support/authorization-server.js'
import type { IntrospectionOptions } from '../../../src/index.js'

expectHealthyProcess()

describe('INT-1: standard opaque tokens of an authorization server that knows nothing of us (oidc-provider)', () => {
  const authorities = createAuthorities()
  const client = { clientId: 'api', clientSecret: 'a secret: with % and +, long enough' }
  const fetch = createTlsFetch({ ca: authorities.ofServers.certPem })
  let server: AuthorizationServer
  beforeAll(async () => {
    // oidc-provider says on the console that its own defaults are for development.
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    server = await startAuthorizationServer({ authorities, audience, tokenFormat: 'opaque', claims: { sub: undefined, aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined }, clients: [{ client_id: client.clientId, client_secret: client.clientSecret, token_endpoint_auth_method: 'client_secret_basic' }] })
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await server.close()
  })

  /** A clock that can be put forward, which the authorization server's is not. */
  const apiWith = async (introspection: Partial<IntrospectionOptions> = {}) => {
    let aheadMs = 0
    const api = await startOpaqueApi('Express 5', { issuer: { issuer: server.issuer, introspection: { ...client, jwts: 'refuse', timeoutMs: 20_000, ...introspection } }, legacyScopes: { search: 'search.web' }, fetch, now: () => Date.now() + aheadMs, baseUrl: audience })
    return { ...api, pass: (milliseconds: number) => { aheadMs += milliseconds } }
  }
  const tokenOf = async (): Promise<string> => (await (await createAgent({ authorities, issuer: server.issuer, audience, binding: 'none' })).requestToken()).access_token
  const tell = (endpoint: string, token: string) => fetch(`${server.issuer}/token/${endpoint}`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${encodeURIComponent(client.clientSecret)}`).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ token }).toString() })
  const revoke = (token: string) => tell('revocation', token)
  const isActive = async (token: string): Promise<unknown> => ((await (await tell('introspection', token)).json()) as { readonly active: unknown }).active

  it('DIA-5: without sub, jti and agent_type it is read by its scopes', async () => {
    const { server: api, audit, operator } = await apiWith()
    const answer = await api.call('/search', { token: await tokenOf() })
    expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ agent: { id: 'none', type: 'oauth-client', operator: 'none' }, token: expect.objectContaining({ kind: 'opaque', clientId: 'none', id: expect.stringMatching(/^[\w-]{43}$/) }) })])
    expect(audit.takeDecision()).toMatchObject({ agent_type: 'oauth-client', client_id: 'none', issuer: server.issuer })
    expect(operator.said).toContainEqual({ level: 'warn', message: expect.stringContaining('was read by its scopes') })
    expect((await api.call('/posts', { token: await tokenOf() })).status).toBe(403)
  })

  it('INT-1: revoked there, it is refused here when the answer is too old', async () => {
    const { server: api, audit, pass } = await apiWith()
    const token = await tokenOf()
    expect((await api.call('/search', { token })).status).toBe(200)
    expect((await revoke(token)).status).toBe(200)
    pass(20_000)
    expect((await api.call('/search', { token })).status).toBe(200)
    audit.clear()
    pass(10_001)
    expect((await api.call('/search', { token })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('INT-1')
  })

  it('INT-4: revoked there by us, when its budget is spent', async () => {
    // Its own answers, with the budget that it knows nothing of.
    const { server: api, pass } = await startWithBudget()
    const token = await tokenOf()
    expect([(await api.call('/search', { token })).status, (await api.call('/search', { token })).status]).toEqual([200, 401])
    await expect.poll(() => isActive(token)).toBe(false)
    pass(31_000)
    expect((await api.call('/search', { token })).status).toBe(401)
  })

  const startWithBudget = async () => {
    let aheadMs = 0
    const withBudget: typeof globalThis.fetch = async (input, init) => {
      const response = await fetch(input as string, init)
      if (!(input as string).endsWith('/introspection')) return response
      const answer = await response.json() as object
      return Response.json({ ...answer, max_operations: 1, expires_on_completion: true })
    }
    const api = await startOpaqueApi('Express 5', { issuer: { issuer: server.issuer, introspection: { ...client, jwts: 'refuse', timeoutMs: 20_000 } }, legacyScopes: { search: 'search.web' }, fetch: withBudget, now: () => Date.now() + aheadMs })
    return { ...api, pass: (milliseconds: number) => { aheadMs += milliseconds } }
  }

  it('INT-1: signed answers are asked for, and held to the keys of the issuer (RFC 9701)', async () => {
    const { server: api } = await apiWith({ signedAnswers: true })
    const token = await tokenOf()
    expect((await api.call('/search', { token })).status).toBe(200)
    expect((await api.call('/search', { token: 'a'.repeat(43) })).status).toBe(401)
    await revoke(token)
    const { server: another, operator } = await apiWith({ signedAnswers: true })
    expect((await another.call('/search', { token })).status).toBe(401)
    expect(operator.said).not.toContainEqual(expect.objectContaining({ message: expect.stringContaining('cannot be introspected') }))
  })

  it('INT-1: a wrong secret is 503, and the operator is told', async () => {
    const { server: api, operator } = await apiWith({ clientSecret: 'wrong' })
    expect((await api.call('/search', { token: await tokenOf() })).status).toBe(503)
    expect(operator.said).toContainEqual({ level: 'warn', message: expect.stringContaining('status 401') })
  })
})
