import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/model/error-codes.js'
import { guarding, requestBy, requestWith } from './guarding.js'
import { issuer, jwks, otherKey, payloadOf, signJws } from '../token/signed-token.js'

describe('what a caller in this process gets to know', () => {
  it('an allow', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize(requestBy({ aap_capabilities: [{ action: 'b' }, { action: 'a', constraints: { domains_allowed: ['example.org'] } }] }), 'a', { target: 'https://EXAMPLE.org:443/x' })
    expect(decision).toMatchObject({ outcome: 'allow', status: 200, capability: { action: 'a', index: 1 }, target: 'https://example.org/x', authorization: { agent: { id: 'agent-researcher-01' }, token: { kind: 'jwt', issuer, id: 'token-1' } } })
    for (const absent of ['error', 'reason', 'retryAfterSeconds', 'approvalReference', 'addresses']) expect(decision).not.toHaveProperty(absent)
    expect(Object.isFrozen(decision)).toBe(true)
  })

  it('a refusal after the token was verified', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize(requestBy(), 'b')
    expect(decision).toMatchObject({ outcome: 'deny', status: 403, error: 'aap_invalid_capability', reason: { rule: 'CAP-2' }, authorization: { task: { id: 'task-123' } } })
    expect(decision).not.toHaveProperty('capability')
    expect(Object.isFrozen(decision)).toBe(true)
    expect(Object.isFrozen(decision.reason)).toBe(true)
  })

  it('a refusal before that says nothing that the token claims', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize(requestWith(signJws(payloadOf(), {}, otherKey)), 'a')
    expect(decision).toMatchObject({ outcome: 'deny', status: 401, error: 'invalid_token', reason: { rule: 'TOK-1' } })
    expect(decision).not.toHaveProperty('authorization')
  })

  it('TRN-2: no credentials is 401 without an error code', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize({ method: 'GET', url: '/', headers: {} }, 'a')
    expect(decision).toMatchObject({ outcome: 'deny', status: 401, reason: { rule: 'TRN-2' } })
    expect(decision).not.toHaveProperty('error')
  })

  it('each decision has a correlation id of its own', async () => {
    const { guard } = guarding()
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await guard.authorize(requestBy(), 'a')).correlationId))
    expect(new Set(ids).size).toBe(20)
  })

  it('every row of the table has the status that SPEC section 10 gives it', () => {
    const statuses = Object.fromEntries(Object.entries(errorCodes).map(([code, { status, error }]) => [code, `${status} ${error}`]))
    expect(statuses).toMatchObject({
      invalid_request: '400 invalid_request', no_credentials: '401 undefined', invalid_token: '401 invalid_token', token_expired: '401 invalid_token',
      request_too_large: '413 request_too_large', quota_exceeded: '429 aap_constraint_violation', temporarily_unavailable: '503 temporarily_unavailable', internal_error: '500 undefined',
    })
    for (const [code, text] of Object.entries(statuses)) if (code.startsWith('aap_')) expect(text).toBe(`403 ${code}`)
  })
})

describe('TRN-5: failed validations are limited per peer, where the option says so', () => {
  const bad = () => requestWith(signJws(payloadOf(), {}, otherKey), { remoteAddress: '192.0.2.1' })

  it('off by default', async () => {
    const { guard } = guarding()
    for (let i = 0; i < 30; i++) expect((await guard.authorize(bad(), 'a')).status).toBe(401)
  })

  it.each<[string, () => Parameters<ReturnType<typeof guarding>['guard']['authorize']>[0]]>([
    ['signatures that do not verify', bad],
    ['tokens that are malformed', () => requestWith('x.y', { remoteAddress: '192.0.2.1' })],
    ['credentials that are malformed', () => requestWith('x y', { remoteAddress: '192.0.2.1' })],
    ['tokens for another audience', () => requestBy({ aud: 'x' }, { remoteAddress: '192.0.2.1' })],
    ['tokens that expired', () => requestBy({ exp: 1 }, { remoteAddress: '192.0.2.1' })],
  ])('%s count, and then even a good token waits', async (_, request) => {
    const { guard, pass } = guarding({ failedValidationsPerMinute: 3 })
    for (let i = 0; i < 3; i++) expect((await guard.authorize(request(), 'a')).status).toBeLessThan(403)
    const good = (remoteAddress: string) => guard.authorize(requestBy({}, { remoteAddress }), 'a')
    expect(await good('192.0.2.1')).toMatchObject({ status: 429, retryAfterSeconds: 60, reason: { rule: 'TRN-5' } })
    expect((await good('192.0.2.2')).status).toBe(200)
    pass(60_000)
    expect((await good('192.0.2.1')).status).toBe(200)
  })

  it.each<[string, () => Parameters<ReturnType<typeof guarding>['guard']['authorize']>[0]]>([
    ['no credentials', () => ({ method: 'GET', url: '/', headers: {}, remoteAddress: '192.0.2.1' })],
    ['refusals of a valid token', () => requestBy({ aap_capabilities: [{ action: 'b' }] }, { remoteAddress: '192.0.2.1' })],
    ['failures without a peer', () => requestWith('x.y')],
  ])('%s do not count', async (_, request) => {
    const { guard } = guarding({ failedValidationsPerMinute: 1 })
    for (let i = 0; i < 3; i++) expect((await guard.authorize(request(), 'a')).status).not.toBe(429)
    expect((await guard.authorize(requestBy({}, { remoteAddress: '192.0.2.1' }), 'a')).status).toBe(200)
  })
})

describe('several issuers', () => {
  it('each with its own keys and audience', async () => {
    const other = 'https://other.example'
    const { guard } = guarding({ issuer: [{ issuer, jwks: { keys: [otherKey.jwk] }, audience: 'x' }, { issuer: other, jwks }] })
    expect((await guard.authorize(requestBy({ iss: other }), 'a')).status).toBe(200)
    expect((await guard.authorize(requestBy(), 'a')).reason?.rule).toBe('TOK-1')
    expect((await guard.authorize(requestWith(signJws(payloadOf({ aud: 'x', aap_capabilities: [{ action: 'a' }] }), {}, otherKey)), 'a')).status).toBe(200)
    expect((await guard.authorize(requestWith(signJws(payloadOf({ aap_capabilities: [{ action: 'a' }] }), {}, otherKey)), 'a')).reason?.rule).toBe('TOK-5')
  })

  it('QTA-1: tokens of two issuers with the same jti have quotas of their own', async () => {
    const other = 'https://other.example'
    const { guard } = guarding({ issuer: [{ issuer, jwks }, { issuer: other, jwks }] })
    const claims = { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1 } }] }
    expect((await guard.authorize(requestBy(claims), 'a')).status).toBe(200)
    expect((await guard.authorize(requestBy({ ...claims, iss: other }), 'a')).status).toBe(200)
    expect((await guard.authorize(requestBy(claims), 'a')).status).toBe(429)
  })

  it('KEY-4: one whose keys cannot be had is 503 with Retry-After', async () => {
    const { guard } = guarding({ issuer: { issuer, jwksUri: `${issuer}/jwks` }, fetch: () => Promise.reject(new Error('down')) })
    expect(await guard.authorize(requestBy(), 'a')).toMatchObject({ status: 503, error: 'temporarily_unavailable', retryAfterSeconds: 1, reason: { rule: 'KEY-4' } })
    await expect(guard.ready()).rejects.toThrow()
  })
})
