import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi } from '../support/api.js'

const audience = 'https://api.example.com'
const claims = {
  aap_agent: { id: 'agent-1', type: 'llm-autonomous', operator: 'org:example' },
  aap_task: { id: 'task-1', purpose: 'research' },
  aap_capabilities: [{ action: 'search.web', constraints: { domains_allowed: ['example.org'], max_requests_per_minute: 2 } }],
}

expectHealthyProcess()

describe('KEY-1: discovery at an authorization server that knows nothing of us (oidc-provider)', () => {
  let server: Server
  let issuer: string

  beforeAll(async () => {
    // It says on the console that its own defaults are for development.
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    let callback: RequestListener = () => undefined
    server = createServer((req, res) => { callback(req, res) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    callback = new Provider(issuer, {
      clients: [{ client_id: 'agent', client_secret: 'a-secret-of-the-agent', grant_types: ['client_credentials'], redirect_uris: [], id_token_signed_response_alg: 'ES256', response_types: [], token_endpoint_auth_method: 'client_secret_post' }],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'as-1', use: 'sig', alg: 'ES256' }] },
      extraTokenClaims: () => ({ ...claims, sub: 'agent-1' }),
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          getResourceServerInfo: () => ({ scope: 'search', audience, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } } }),
        },
      },
    }).callback()
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })

  async function requestToken(): Promise<string> {
    const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'agent', client_secret: 'a-secret-of-the-agent', resource: audience, scope: 'search' }) })
    const answer: any = await response.json()
    expect(answer).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) })
    return answer.access_token
  }

  it('its JWT access tokens are accepted with nothing but the issuer\'s name, and limited as they say', async () => {
    const { server: api, audit, handled, guard } = await startApi('Express 5', { issuer, audience, tokenType: 'at+jwt', routes: { 'GET /search': { action: 'search.web', target: (req) => req.query.url } } }, (parts) => ({ use: [parts.guard], routes: [{ path: '/search', run: [parts.handler('search')] }] }))
    await guard.ready()
    const token = await requestToken()
    const statuses = []
    for (const url of ['https://example.org/', 'https://example.com/', 'https://example.org/']) {
      statuses.push((await api.call(`/search?url=${url}`, { token })).status)
      audit.takeDecision()
    }
    expect(statuses).toEqual([200, 403, 429])
    expect(handled).toEqual(['search'])
  })

  it('a token for another audience is refused', async () => {
    const { server: api, audit } = await startApi('node:http', { issuer, audience: 'https://other.example.com' }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [handler('x')] }] }))
    const refused = await api.call('/', { token: await requestToken() })
    expect([refused.status, refused.json.error]).toEqual([401, 'invalid_token'])
    expect(audit.takeDecision()).toMatchObject({ rule: 'TOK-5', issuer })
  })

  it('an issuer whose name is not exactly the one in its metadata gives no keys', async () => {
    const { server: api, audit } = await startApi('node:http', { issuer: [{ issuer: `${issuer}/` }], audience }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [handler('x')] }] }))
    expect((await api.call('/', { token: await requestToken() })).status).toBe(401)
    expect(audit.takeDecision()).toMatchObject({ rule: 'TOK-4' })
  })
})
