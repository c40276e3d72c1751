import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ec } from '../../token/keys/json-web-keys.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { flood, floodBytes, loudFailures, silentFailures, startMisbehavingIssuer, type MisbehavingIssuer } from '../../support/misbehaving-issuer.js'
import { startApi, type Api } from '../../support/api.js'
import { audience, hour, minute, second, signTokens, startClock, tokensOfUnknownKeys, untilTold, type Clock } from './under-fire.js'
import type { Answer } from '../../support/http-client.js'

expectHealthyProcess()
vi.setConfig({ testTimeout: 120_000 })

let issuer: MisbehavingIssuer
let clock: Clock
let api: Api
beforeEach(async () => {
  issuer = await startMisbehavingIssuer()
  clock = startClock()
  api = await startApi('Express 5', { issuer: issuer.issuer, audience, now: clock.now, routes: { 'GET /search': 'search.web' } }, ({ guard, handler }) => ({
    use: [guard],
    routes: [{ path: '/search', run: [handler('search')] }],
  }), { keep: true })
})
afterEach(async () => {
  await api.server.close()
  await api.guard.close()
  await issuer.close()
})

const callAll = (tokens: readonly string[]): Promise<Answer[]> => Promise.all(tokens.map((token) => api.server.call('/search', { token })))

async function statusesOf(tokens: readonly string[]): Promise<number[]> {
  return [...new Set((await callAll(tokens)).map(({ status }) => status))]
}

describe('an API on Express under an issuer that fails', () => {
  it.each([
    ...loudFailures.filter(({ title }) => ['answers 500', 'refuses connections', 'sends 100 MB', 'sends an empty set'].includes(title)),
    silentFailures[0]!,
  ])('KEY-2 KEY-4: an issuer that $title', async (failure) => {
    const tokens = signTokens(issuer, 100)
    expect(await statusesOf(tokens.slice(0, 50))).toEqual([200])

    await issuer.fail(failure)
    clock.pass(20 * minute)
    expect(await statusesOf([...tokens, ...tokens])).toEqual([200])
    await untilTold(api.operator, failure)

    clock.pass(24 * hour)
    api.handled.length = 0
    const refused = await callAll(tokens)
    for (const answer of refused) {
      expect([answer.status, answer.json.error]).toEqual([503, 'temporarily_unavailable'])
      expect(answer.header('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(answer.header('www-authenticate')).toBeUndefined()
    }
    // Nothing of the issuer, nor of what it sent, gets out (ERR-1).
    expect(refused.map(({ text }) => text).join('\n')).not.toContain(issuer.issuer)
    expect(api.handled).toEqual([])

    await issuer.recover()
    clock.pass(Math.max(...refused.map((answer) => Number(answer.header('retry-after')))) * second)
    expect(await statusesOf(tokens)).toEqual([200])
  })

  it('KEY-3: 500 parallel requests at a cold start are one fetch of keys', async () => {
    expect(await statusesOf(Array.from({ length: 10 }, () => signTokens(issuer, 50)).flat())).toEqual([200])
    expect([issuer.keyFetches(), issuer.requests()]).toEqual([1, 2])
    expect(api.handled).toHaveLength(500)
  })

  it('KEY-3: unknown key names within 30 s cause at most 4 fetches and cost no valid request', async () => {
    const valid = signTokens(issuer, 50)
    const unknown = tokensOfUnknownKeys(issuer, 1_000)
    expect(await statusesOf(valid.slice(0, 25))).toEqual([200])
    for (let round = 0; round < 10; round++) {
      const [refused, passed] = await Promise.all([callAll(unknown.slice(round * 100, round * 100 + 100)), statusesOf(valid)])
      for (const answer of refused) expect([answer.status, answer.header('www-authenticate')]).toEqual([401, expect.stringContaining('error="invalid_token"')])
      expect(passed).toEqual([200])
      clock.pass(3 * second)
    }
    expect(issuer.keyFetches() - 1).toBeLessThanOrEqual(4)
  })

  it('KEY-3 KEY-5: a key rotated one second after the last fetch is accepted at first sight, and the one it replaced no longer, cached tokens included', async () => {
    const tokens = signTokens(issuer, 2)
    expect(await statusesOf([tokens[0]!])).toEqual([200])
    clock.pass(1 * second)
    const next = ec({ kid: 'next', alg: 'ES256', use: 'sig' })
    issuer.publish(next)
    expect(await statusesOf(signTokens(issuer, 1, next))).toEqual([200])
    expect(await statusesOf(tokens)).toEqual([401])
  })

  it('KEY-6: an API that was never told keys reads no 100 MB of them', async () => {
    const endless = flood({ keys: [issuer.key.jwk] })
    issuer.answerKeys(endless)
    expect(await statusesOf(signTokens(issuer, 20))).toEqual([503])
    expect(issuer.keyFetches()).toBe(1)
    expect(endless.sentBytes()).toBeLessThan(floodBytes / 2)
  })
})
