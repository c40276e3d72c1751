import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectHealthyProcess } from '../../support/process-health.js'
import { json, status, type Answer } from '../../token/keys/issuer-server.js'
import { ask, askTimes, minute, second, signTokens, startUnderFire, tokensOfUnknownKeys, type UnderFire } from './under-fire.js'

expectHealthyProcess()

let fire: UnderFire
beforeEach(async () => { fire = await startUnderFire() })
afterEach(() => fire.end())

describe('KEY-3: 500 parallel requests at a cold start', () => {
  it('are one request for metadata and one for keys, and all pass', async () => {
    const { issuer, guard } = fire
    expect(await askTimes(guard, 500, signTokens(issuer, 50))).toEqual({ 200: 500 })
    expect([issuer.keyFetches(), issuer.requests()]).toEqual([1, 2])
  })

  it('and calls of ready() among them', async () => {
    const { issuer, guard } = fire
    const tokens = signTokens(issuer, 50)
    await Promise.all([guard.ready(), askTimes(guard, 500, tokens), guard.ready()])
    expect([issuer.keyFetches(), issuer.requests()]).toEqual([1, 2])
  })

  it('under names of keys that nobody knows are one, too', async () => {
    const { issuer, guard } = fire
    expect(await askTimes(guard, 500, tokensOfUnknownKeys(issuer, 500))).toEqual({ 401: 500 })
    expect(issuer.keyFetches()).toBe(1)
  })

  it('are one fetch that fails, and all are refused with 503', async () => {
    const { issuer, guard } = fire
    issuer.answerKeys(status(500))
    expect(await askTimes(guard, 500, signTokens(issuer, 50))).toEqual({ 503: 500 })
    expect(issuer.keyFetches()).toBe(1)
  })
})

describe('KEY-3: 10,000 unknown key names within 30 s', () => {
  /** Half of the valid tokens were seen before. Returns how many fetches the flood caused. */
  async function flood(answer: Answer | undefined): Promise<number> {
    const { issuer, guard, clock } = fire
    const valid = signTokens(issuer, 200)
    const unknown = tokensOfUnknownKeys(issuer, 10_000)
    expect(await askTimes(guard, 100, valid)).toEqual({ 200: 100 })
    const before = issuer.keyFetches()
    if (answer !== undefined) issuer.answerKeys(answer)
    for (let round = 0; round < 25; round++) {
      const [refused, passed] = await Promise.all([
        askTimes(guard, 400, unknown.slice(round * 400)),
        askTimes(guard, 200, valid),
      ])
      expect([refused, passed]).toEqual([{ 401: 400 }, { 200: 200 }])
      clock.pass(1.2 * second)
    }
    return issuer.keyFetches() - before
  }

  it('cause at most 4 fetches, and valid requests among them pass', async () => {
    expect(await flood(undefined)).toBeLessThanOrEqual(4)
  })

  it('cause at most 6 fetches that fail, and valid requests among them pass', async () => {
    expect(await flood(status(500))).toBeLessThanOrEqual(6)
  })

  it('KEY-4: cause at most 6 fetches that fail when the keys are stale, and valid requests among them pass', async () => {
    const { issuer, guard, clock } = fire
    expect(await ask(guard, signTokens(issuer, 1)[0]!)).toMatchObject({ outcome: 'allow' })
    clock.pass(20 * minute)
    expect(await flood(status(500))).toBeLessThanOrEqual(6)
  })

  it('make no valid request wait for the fetch that they caused', async () => {
    const { issuer, guard } = fire
    const valid = signTokens(issuer, 200)
    expect(await askTimes(guard, 100, valid)).toEqual({ 200: 100 })
    let answerNow: () => void = () => undefined
    const held = new Promise<void>((resolve) => { answerNow = resolve })
    issuer.answerKeys((request, response) => { void held.then(() => { json({ keys: [issuer.key.jwk] })(request, response) }) })

    const refused = Promise.all(tokensOfUnknownKeys(issuer, 10_000).map((token) => ask(guard, token)))
    expect(await askTimes(guard, 1_000, valid)).toEqual({ 200: 1_000 })
    // Only now does the issuer answer.
    answerNow()
    expect(new Set((await refused).map((decision) => decision.status))).toEqual(new Set([401]))
    expect(issuer.keyFetches()).toBe(2)
  })
})
