import { describe, expect, it } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/index.js'
import { collectAudit, expectValidRecord } from '../support/audit.js'
import { createForger } from '../support/forge.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi } from '../support/api.js'
import { serverKinds } from '../support/servers.js'

expectHealthyProcess()

const one = createForger('https://one.example.com')
const two = createForger('https://two.example.com')
const start = Date.parse('2030-05-06T12:00:00Z')
const options: GuardOptions = { issuer: [one.issuer, two.issuer], audience: 'https://api.example.com', now: () => start }
const claims = (iss: string, jti: string, limit: number, more: object = {}) => ({
  ...exampleClaims({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_day: limit } }] }), iss, aud: 'https://api.example.com', iat: start / 1000, exp: start / 1000 + 300, jti, ...more,
})
const request = (token: string) => ({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })

describe('TOK-9, QTA-1: what identifies a token', () => {
  it('a jti that two issuers share is two tokens', async () => {
    const audit = collectAudit()
    const guard = createGuard({ ...options, audit: audit.sink })
    for (const forger of [one, two]) {
      const token = forger.token(claims(forger.issuer.issuer, 'shared', 1))
      for (const status of [200, 429]) {
        expect((await guard.authorize(request(token), 'a')).status).toBe(status)
        expect(audit.takeDecision()).toMatchObject({ issuer: forger.issuer.issuer, token_id: 'shared' })
      }
    }
    await guard.close()
  })

  it('the same jti in a token that was signed anew is the same token: a signature can be re-spelled', async () => {
    const guard = createGuard({ ...options, audit: [] })
    const [first, second] = [one.token(claims(one.issuer.issuer, 'again', 1)), one.token(claims(one.issuer.issuer, 'again', 1))]
    expect(first).not.toBe(second)
    expect((await guard.authorize(request(first), 'a')).status).toBe(200)
    expect((await guard.authorize(request(second), 'a')).status).toBe(429)
    await guard.close()
  })

  it('no part of a name can move into another: colons, globs, line breaks, lengths, lone surrogates', async () => {
    const audit = collectAudit()
    const guard = createGuard({ ...options, audit: audit.sink })
    const ids = ['a', 'a:', ':a', 'a:b', 'a::b', '1:a', '1:a1:b', '*', '?', '[a]', 'a*', '{a}', 'a\n', 'a\r\nb', '\na', '\u0000', 'a\u0000', ' ', 'a ', '__proto__', 'constructor', 'ä', 'a\u0308', '\ud800', '\udfff', '\ufffd', '\u{1f600}', 'A', 'a'.repeat(256), 'a'.repeat(255), '%61', '\\n', 'a/../b', '"', '\\']
    for (const jti of ids) {
      const token = one.token(claims(one.issuer.issuer, jti, 1))
      for (const status of [200, 429]) {
        expect([jti, (await guard.authorize(request(token), 'a')).status]).toEqual([jti, status])
        expect(audit.takeDecision().token_id).toBe(jti)
      }
    }
    await guard.close()
  })

  it('action, position and constraint are apart: each capability of a token has its own count', async () => {
    const guard = createGuard({ ...options, audit: [] })
    const constraints = { max_requests_per_day: 1 }
    const token = one.token(claims(one.issuer.issuer, 'x', 1, { aap_capabilities: [{ action: 'a', constraints }, { action: 'a', constraints }, { action: 'a.b', constraints }, { action: 'A', constraints }] }))
    const statuses = []
    for (const action of ['a', 'a', 'a', 'a.b', 'a.b', 'A', 'A']) statuses.push((await guard.authorize(request(token), action)).status)
    expect(statuses).toEqual([200, 200, 429, 200, 429, 200, 429])
    await guard.close()
  })
})

describe('QTA-4: exactly N are admitted, however many come at once', () => {
  it.each([
    ['a token seen for the first time', false], ['a token that is known', true],
  ])('5,000 in parallel on a quota of 100, with %s', async (_what, isKnown) => {
    const audit = collectAudit()
    const guard = createGuard({ ...options, audit: audit.sink })
    const token = one.token(claims(one.issuer.issuer, 'flood', 100, { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_day: 100, max_requests_per_minute: 150 } }, { action: 'b' }] }))
    if (isKnown) await guard.authorize(request(token), 'b')
    audit.clear()
    const decisions = await Promise.all(Array.from({ length: 5_000 }, () => guard.authorize(request(token), 'a')))
    expect(decisions.filter(({ outcome }) => outcome === 'allow')).toHaveLength(100)
    expect(decisions.filter(({ status, retryAfterSeconds }) => status === 429 && retryAfterSeconds === 43_200)).toHaveLength(4_900)
    expect(audit.decisions()).toHaveLength(5_000)
    expect(new Set(audit.decisions().map(({ correlation_id }) => correlation_id)).size).toBe(5_000)
    for (const record of audit.records.slice(0, 200)) expectValidRecord(record)
    await guard.close()
  })

  it('with hooks that answer late and in any order', async () => {
    const guard = createGuard({ ...options, audit: [], facts: async (req: any) => { for (let i = 0; i < req.turns; i++) await Promise.resolve(); return {} } })
    const token = one.token(claims(one.issuer.issuer, 'late', 100))
    const decisions = await Promise.all(Array.from({ length: 1_000 }, (_, i) => guard.authorize({ ...request(token), turns: i % 7 } as never, 'a')))
    expect(decisions.filter(({ outcome }) => outcome === 'allow')).toHaveLength(100)
    await guard.close()
  })

  it.each(serverKinds)('over HTTP on %s: 200 in parallel on a quota of 20', async (kind) => {
    const { server, audit, handled } = await startApi(kind, { ...options, routes: { 'GET /x': 'a' } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [handler('x')] }] }))
    const token = one.token(claims(one.issuer.issuer, 'http', 20))
    const answers = await Promise.all(Array.from({ length: 200 }, () => server.call('/x', { token })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(180)
    expect(handled).toHaveLength(20)
    expect(audit.decisions()).toHaveLength(200)
    expect(audit.results()).toHaveLength(20)
    for (const record of audit.records) expectValidRecord(record)
  })
})
