import { BurstyRateLimiter, RateLimiterEtcd, RateLimiterMemory, RateLimiterRedisNonAtomic, RateLimiterRes } from 'rate-limiter-flexible'
import { describe, expect, it } from 'vitest'
import { createGuard } from '../../../src/index.js'
import { limiterStore, type CreateLimiter, type Limiter, type LimiterStoreOptions } from '../../../src/state/limiter-store.js'
import type { Admission, QuotaCharge } from '../../../src/model/store.js'

const inMemory: CreateLimiter = (settings) => new RateLimiterMemory(settings)
const quota: QuotaCharge = { key: 'k', name: 'n', window: 'hour', limit: 5, quantity: 1 }
const one: Admission = { scope: 's', alternatives: [{ quotas: [quota] }] }

describe('QTA-4: limiterStore says at start-up what it cannot count with', () => {
  it.each<[string, unknown]>([
    ['no function', new RateLimiterMemory({ points: 1, duration: 1 })],
    ['nothing', () => undefined],
    ['a promise of a limiter', async (settings: Parameters<CreateLimiter>[0]) => Promise.resolve(inMemory(settings))],
    ['something else', () => ({ consume: 'x', get: () => null, set: () => null })],
    ['points of its own', (settings: object) => new RateLimiterMemory({ ...settings, points: 5, duration: 1 })],
    ['a prefix of its own', (settings: Parameters<CreateLimiter>[0]) => new RateLimiterMemory({ ...settings, keyPrefix: 'mine' })],
    ['insurance, which counts in this process', (settings: Parameters<CreateLimiter>[0]) => Object.assign(inMemory(settings), { insuranceLimiter: inMemory(settings) })],
    ['waiting', (settings: Parameters<CreateLimiter>[0]) => new RateLimiterMemory({ ...settings, execEvenly: true })],
    ['blocking', (settings: Parameters<CreateLimiter>[0]) => new RateLimiterMemory({ ...settings, blockDuration: 1 })],
    ['no atomic step', (settings: Parameters<CreateLimiter>[0]) => new RateLimiterRedisNonAtomic({ ...settings, storeClient: {} })],
    ['no expiry', (settings: Parameters<CreateLimiter>[0]) => new RateLimiterEtcd({ ...settings, storeClient: {} })],
    ['two limiters', (settings: Parameters<CreateLimiter>[0]) => new BurstyRateLimiter(new RateLimiterMemory(settings), new RateLimiterMemory(settings))],
  ])('%s', (_, createLimiter) => {
    expect(() => limiterStore(createLimiter as CreateLimiter)).toThrow(TypeError)
    expect(() => limiterStore(createLimiter as CreateLimiter)).toThrow(/^limiterStore: /)
  })

  it.each<[object | null, ErrorConstructor]>([
    [{ prefix: 1 }, TypeError], [{ prefix: '' }, RangeError], [{ prefix: 'a b' }, RangeError], [{ prefix: 'a:b' }, RangeError], [{ prefix: 'x'.repeat(33) }, RangeError],
    [{ timeoutMs: '1' }, TypeError], [{ timeoutMs: 0 }, RangeError], [{ timeoutMs: NaN }, RangeError], [{ timeoutMs: 60_001 }, RangeError],
    [{ now: 1 }, TypeError], [{ nowMs: () => 1 }, TypeError], [null, TypeError],
  ])('the option %j', (options, kind) => {
    expect(() => limiterStore(inMemory, options as LimiterStoreOptions)).toThrow(kind)
    expect(() => limiterStore(inMemory, options as LimiterStoreOptions)).toThrow(/^limiterStore: /)
  })

  it('POP-3: a guard that accepts proofs refuses it by name, and another takes it', () => {
    const options = { issuer: 'https://as.example.com', audience: 'https://api.example.com', baseUrl: 'https://api.example.com', store: limiterStore(inMemory) }
    expect(() => createGuard(options)).toThrow(/limiter is not atomic/)
    expect(() => createGuard({ ...options, dpop: false })).not.toThrow()
  })
})

describe('QTA-6: limiterStore admits nothing that it has not counted', () => {
  it.each<[string, Partial<Admission>]>([
    ['a proof', { proof: { key: 'p', keepMs: 1_000 } }],
    ['something that is not known', { budget: { key: 'b' } } as object],
    ['something that is not known in an alternative', { alternatives: [{ quotas: [], approval: {} } as Admission['alternatives'][number]] }],
  ])('asked for %s', async (_, others) => {
    await expect(limiterStore(inMemory).admit({ ...one, ...others })).rejects.toThrow(/quotas only/)
  })

  it.each<[string, Partial<Record<keyof QuotaCharge, unknown>>]>([
    ['window', { window: 'week' }], ['window', { window: '__proto__' }], ['limit', { limit: -1 }], ['limit', { limit: 1.5 }], ['limit', { limit: 2 ** 53 }], ['limit', { limit: '5' }],
    ['quantity', { quantity: -1 }], ['quantity', { quantity: NaN }], ['key', { key: 1 }], ['name', { name: undefined }],
  ])('a charge with a wrong %s', async (name, wrong) => {
    await expect(limiterStore(inMemory).admit({ scope: 's', alternatives: [{ quotas: [{ ...quota, ...wrong } as QuotaCharge] }] })).rejects.toThrow(name)
  })

  const hang = (): Promise<never> => new Promise(() => undefined)
  it.each<[string, (limiter: Limiter) => Partial<Limiter>]>([
    ['rejects with an error', () => ({ consume: () => Promise.reject(new Error('down')) })],
    ['rejects with what is no error', () => ({ consume: () => Promise.reject('down') })],
    ['rejects with nothing', () => ({ get: () => Promise.reject(undefined) })],
    ['throws at once', () => ({ consume: () => { throw new Error('down') } })],
    ['refuses by a limit of its own', () => ({ consume: () => Promise.reject(new RateLimiterRes(0, 1_000, 0)) })],
    ['gives nothing', () => ({ consume: () => Promise.resolve(undefined as never) })],
    ['gives a text', () => ({ consume: () => Promise.resolve({ consumedPoints: '1' } as never) })],
    ['gives no number', () => ({ consume: () => Promise.resolve({ consumedPoints: NaN }) })],
    ['gives a fraction', () => ({ consume: () => Promise.resolve({ consumedPoints: 1.5 }) })],
    ['gives less than was added', () => ({ consume: () => Promise.resolve({ consumedPoints: 0 }) })],
    ['gives less than nothing', () => ({ get: () => Promise.resolve({ consumedPoints: -5 }) })],
    ['gives undefined for what is not there', () => ({ get: () => Promise.resolve(undefined as never) })],
    ['hangs when it is asked', () => ({ get: hang })],
    ['hangs when it is added to', () => ({ consume: hang })],
    ['hangs when it is written to', () => ({ set: hang })],
  ])('a limiter that %s', async (_, wrong) => {
    const store = limiterStore((settings) => {
      const limiter = new RateLimiterMemory(settings)
      return { points: limiter.points, keyPrefix: limiter.keyPrefix, consume: (...words) => limiter.consume(...words), get: (key) => limiter.get(key), set: (...words) => limiter.set(...words), ...wrong(limiter) }
    }, { timeoutMs: 50 })
    for (const chargeOnly of [undefined, [quota]]) {
      await expect((async () => store.admit({ ...one, alternatives: [{ quotas: [{ ...quota, window: 'minute' }] }], ...(chargeOnly && { chargeOnly }) }))()).rejects.toThrow(Error)
    }
  })

  it('gives up a request that waits for one that hangs, and counts on once the backend answers', async () => {
    let isHanging = true
    const store = limiterStore((settings) => {
      const limiter = new RateLimiterMemory(settings)
      return { points: limiter.points, keyPrefix: limiter.keyPrefix, consume: (...words) => (isHanging ? hang() : limiter.consume(...words)), get: (key) => limiter.get(key), set: (...words) => limiter.set(...words) }
    }, { timeoutMs: 50 })
    const settled = await Promise.allSettled(Array.from({ length: 20 }, async () => store.admit(one)))
    expect(settled.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'rejected'))
    isHanging = false
    const outcomes = await Promise.all(Array.from({ length: 20 }, async () => (await store.admit(one)).outcome))
    expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(5)
  })
})
