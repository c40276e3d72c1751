import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bytes, json } from '../../token/keys/issuer-server.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { flood, floodBytes } from '../../support/misbehaving-issuer.js'
import { ask, askTimes, minute, second, signTokens, startUnderFire, type UnderFire } from './under-fire.js'

expectHealthyProcess()

let fire: UnderFire
beforeEach(async () => { fire = await startUnderFire() })
afterEach(() => fire.end())

/** Runs `work` and returns by how many bytes the buffers of this process grew meanwhile, at most. */
async function peakBufferBytes(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers
  let peak = before
  let isWatching = true
  const watch = (): void => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    if (isWatching) setImmediate(watch)
  }
  watch()
  try {
    await work()
  } finally {
    isWatching = false
  }
  return peak - before
}

describe('KEY-6: 100 MB of keys', () => {
  it('are not read to the end, nor kept, though the end would make them good keys', async () => {
    const { issuer, guard, clock, operator } = fire
    const endless = flood({ keys: [issuer.key.jwk] })
    issuer.answerKeys(endless)
    const grown = await peakBufferBytes(async () => {
      expect(await askTimes(guard, 500, signTokens(issuer, 10))).toEqual({ 503: 500 })
    })
    expect(operator.said).toEqual([{ level: 'warn', message: expect.stringContaining('more than 65536 bytes') }])
    expect(issuer.keyFetches()).toBe(1)
    // What the kernel takes from the issuer before anybody reads it is a few MB.
    expect(endless.sentBytes()).toBeLessThan(floodBytes / 2)
    expect(grown).toBeLessThan(floodBytes / 2)

    issuer.answerKeys(json({ keys: [issuer.key.jwk] }))
    clock.pass(1 * second)
    expect(await askTimes(guard, 10, signTokens(issuer, 10))).toEqual({ 200: 10 })
  })

  it('are cut off: the connection is closed, attempt after attempt', async () => {
    const { issuer, guard, clock } = fire
    const [token] = signTokens(issuer, 1)
    expect(await ask(guard, token!)).toMatchObject({ outcome: 'allow' })
    const endless = flood({ keys: [issuer.key.jwk] })
    issuer.answerKeys(endless)
    clock.pass(20 * minute)
    for (let attempts = 1; attempts <= 5; attempts++) {
      await vi.waitFor(async () => {
        // As long as the guard backs off, at most 16 s after five failures, nothing is asked.
        clock.pass(20 * second)
        expect(await ask(guard, token!)).toMatchObject({ outcome: 'allow' })
        expect(endless.ended).toHaveLength(attempts)
      }, { timeout: 20_000, interval: 5 })
    }
    expect(endless.ended).not.toContain(true)
    expect(endless.sentBytes()).toBeLessThan(5 * floodBytes / 2)
  })

  it.each([302, 404, 500])('with the status %i are not read to the end, either', async (statusCode) => {
    const { issuer, guard } = fire
    const endless = flood({ keys: [issuer.key.jwk] }, statusCode)
    issuer.answerKeys(endless)
    expect(await ask(guard, signTokens(issuer, 1)[0]!)).toMatchObject({ status: 503 })
    await vi.waitFor(() => { expect(endless.ended).toEqual([false]) }, { timeout: 20_000, interval: 5 })
    expect(endless.sentBytes()).toBeLessThan(floodBytes / 2)
  })

  it('in the issuer\'s metadata are not read to the end, either', async () => {
    const { issuer, guard, operator } = fire
    const endless = flood()
    await issuer.fail({ title: 'sends 100 MB', answer: endless, told: /./ })
    expect(await ask(guard, signTokens(issuer, 1)[0]!)).toMatchObject({ status: 503 })
    expect(operator.said).toHaveLength(1)
    expect(issuer.requests()).toBe(2)
    expect(endless.sentBytes()).toBeLessThan(2 * floodBytes / 2)
  })
})

it('KEY-6: 1 GB in 1 MB of gzip is not inflated to the end', async () => {
  const { issuer, guard, operator } = fire
  const member = gzipSync(Buffer.alloc(10_000_000, ' '))
  const bomb = Buffer.concat([...Array<Buffer>(100).fill(member), gzipSync(JSON.stringify({ keys: [issuer.key.jwk] }))])
  issuer.answerKeys(bytes(bomb, { 'content-encoding': 'gzip' }))
  const grown = await peakBufferBytes(async () => {
    expect(await ask(guard, signTokens(issuer, 1)[0]!)).toMatchObject({ status: 503 })
  })
  expect(operator.said).toEqual([{ level: 'warn', message: expect.stringContaining('more than 65536 bytes') }])
  expect(grown).toBeLessThan(100_000_000)
})
