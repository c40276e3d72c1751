import { describe, expect, it } from 'vitest'
import { claimsOf, headerOf, useCounterparts } from './counterparts.js'
import { expectHealthyProcess } from '../../support/process-health.js'

expectHealthyProcess()

const counterparts = useCounterparts({ claims: { aap_capabilities: [{ action: 'search.web', constraints: { domains_allowed: ['example.org'], max_requests_per_minute: 2 } }] } })

describe('a bearer token of a real authorization server, sent by a real client', () => {
  it('is a JWT access token for the resource that was asked for (RFC 9068, RFC 8707)', async () => {
    const agent = await counterparts.agent('none')
    const { access_token: token, token_type: type } = await agent.requestToken()
    expect(type).toBe('bearer')
    expect(headerOf(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: 'as-1' })
    expect(claimsOf(token)).toMatchObject({ iss: counterparts.issuer, aud: counterparts.origin, aap_agent: { id: 'agent-researcher-01' } })
    expect(claimsOf(token)).not.toHaveProperty('cnf')
  })

  it('KEY-1: is accepted with nothing but the issuer\'s name, found over TLS, and limited as it says', async () => {
    const agent = await counterparts.agent('none')
    const api = counterparts.api()
    const { access_token: token } = await agent.requestToken()
    const statuses = []
    for (const target of ['https://example.org/', 'https://example.com/', 'https://example.org/']) {
      statuses.push((await agent.call(`${api.url}?url=${target}`, token)).status)
      api.audit.takeDecision()
    }
    expect(statuses).toEqual([200, 403, 429])
    expect(api.handled).toEqual(['GET'])
  })

  it('KEY-1: is refused with 503 where nobody vouches for the issuer\'s certificate', async () => {
    const agent = await counterparts.agent('none')
    const api = counterparts.api({ fetch: globalThis.fetch })
    const answer = await agent.call(api.url, (await agent.requestToken()).access_token)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(api.audit.takeDecision()).toMatchObject({ rule: 'KEY-4' })
    expect(api.operator.said).toEqual([{ level: 'warn', message: expect.stringContaining('could not be fetched') }])
  })

  it('TOK-5 TRN-4: is refused by another audience, by a challenge that the client can read', async () => {
    const agent = await counterparts.agent('none')
    const api = counterparts.api({ audience: 'https://other.example.com' })
    const answer = await agent.call(api.url, (await agent.requestToken()).access_token)
    expect(answer).toMatchObject({ status: 401, attempts: 1 })
    expect(answer.challenges[0]).toMatchObject({ scheme: 'bearer', parameters: { error: 'invalid_token' } })
    expect(api.audit.takeDecision()).toMatchObject({ rule: 'TOK-5' })
  })

  it('TOK-6: is refused once it has expired', async () => {
    const agent = await counterparts.agent('none')
    const { access_token: token } = await agent.requestToken()
    const expiresAtMs = claimsOf(token).exp * 1_000
    let nowMs = expiresAtMs - 1
    const api = counterparts.api({ now: () => nowMs, clockTolerance: 0 })
    expect((await agent.call(`${api.url}?url=https://example.org/`, token)).status).toBe(200)
    api.audit.takeDecision()
    nowMs = expiresAtMs
    const refused = await agent.call(api.url, token)
    expect(refused.status).toBe(401)
    expect(refused.challenges[0]).toMatchObject({ scheme: 'bearer', parameters: { error: 'invalid_token' } })
    expect(api.audit.takeDecision()).toMatchObject({ rule: 'TOK-6' })
  })
})
