import { describe, expect, it } from 'vitest'
import { createGuard, requireCapability, type ResourceRequest } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { collectAudit } from '../support/audit.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi } from '../support/api.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const start = Date.parse('2030-05-06T12:15:00Z')

async function guardAt(limit: number | undefined) {
  const clock = { now: start + 15_000 }
  const audit = collectAudit()
  const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: audit.sink, now: () => clock.now, ...(limit !== undefined && { failedValidationsPerMinute: limit }) })
  const good = await issuer.sign({ aap_capabilities: capabilities('a'), iat: start / 1000, exp: start / 1000 + 3_600 })
  const ask = async (token: string | undefined, remoteAddress: string | undefined = '192.0.2.1') => {
    const request: ResourceRequest = { method: 'GET', url: '/', headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, ...(remoteAddress !== '' && { remoteAddress }) }
    const { status, retryAfterSeconds } = await guard.authorize(request, 'a')
    audit.takeDecision()
    return [status, retryAfterSeconds]
  }
  return { clock, ask, good }
}

describe('TRN-5', () => {
  it('is off by default', async () => {
    const { ask } = await guardAt(undefined)
    for (let i = 0; i < 50; i++) expect(await ask('rubbish')).toEqual([401, undefined])
  })

  it('answers 429 to a peer over its limit, with Retry-After to the end of the minute, and not to others', async () => {
    const { clock, ask, good } = await guardAt(2)
    expect(await ask('rubbish')).toEqual([401, undefined])
    expect(await ask('two words')).toEqual([400, undefined])
    expect(await ask('rubbish')).toEqual([429, 45])
    expect(await ask(good)).toEqual([429, 45])
    expect(await ask(good, '192.0.2.2')).toEqual([200, undefined])
    clock.now = start + 60_000
    expect(await ask(good)).toEqual([200, undefined])
    expect(await ask('rubbish')).toEqual([401, undefined])
  })

  it('counts neither good tokens, nor requests without credentials, nor refusals of authorized agents', async () => {
    const { ask, good } = await guardAt(1)
    for (let i = 0; i < 5; i++) {
      expect(await ask(good)).toEqual([200, undefined])
      expect(await ask(undefined)).toEqual([401, undefined])
    }
    const other = await issuer.sign({ aap_capabilities: capabilities('b'), iat: start / 1000, exp: start / 1000 + 3_600 })
    for (let i = 0; i < 5; i++) expect(await ask(other)).toEqual([403, undefined])
  })

  it('does not lock out a server that cannot say who its peers are', async () => {
    const { ask } = await guardAt(1)
    for (let i = 0; i < 5; i++) expect(await ask('rubbish', '')).toEqual([401, undefined])
  })

  it('over HTTP: the peer of the connection counts, whatever headers say', async () => {
    const { server, audit, handled } = await startApi('Express 5', { issuer: issuer.trusted, audience: issuer.audience, now: () => start + 15_000, failedValidationsPerMinute: 1 }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a'), handler('x')] }] }))
    const token = await issuer.sign({ aap_capabilities: capabilities('a'), iat: start / 1000, exp: start / 1000 + 3_600 })
    expect((await server.call('/x', { token: 'rubbish' })).status).toBe(401)
    audit.clear()
    const refused = await server.call('/x', { token, headers: { 'x-forwarded-for': '192.0.2.9', forwarded: 'for=192.0.2.9' } })
    expect([refused.status, refused.header('retry-after')]).toEqual([429, '45'])
    expect(refused.json).not.toHaveProperty('error')
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 429, rule: 'TRN-5' })
    expect(handled).toEqual([])
  })
})
