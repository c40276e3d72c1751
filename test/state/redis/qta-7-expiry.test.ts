import { expect, it } from 'vitest'
import { describeRedis } from '../../support/redis.js'
import { redisStore } from '../../../src/state/redis-store.js'
import { useConnectedRedis } from '../../support/connected-redis.js'
import type { Admission, QuotaCharge, QuotaWindow } from '../../../src/model/store.js'
import { lengthOf } from '../clocked-store.js'

const windows = ['second', 'minute', 'hour', 'day'] as const satisfies readonly QuotaWindow[]

describeRedis('QTA-7: in Redis nothing is kept without an expiry', () => {
  const redis = useConnectedRedis()

  /** By key; -1 is a key without an expiry. */
  async function expiries(): Promise<Map<string, number>> {
    const found = await redis.server.command('EVAL', "local found = {} for _, key in ipairs(redis.call('KEYS', '*')) do found[#found + 1] = key found[#found + 1] = redis.call('PTTL', key) end return found", '0') as (string | number)[]
    return new Map(Array.from({ length: found.length / 2 }, (_, i) => [String(found[2 * i]), Number(found[2 * i + 1])]))
  }

  it('after thousands of admissions of every kind, on the clock of the server', async () => {
    await redis.server.command('FLUSHALL')
    const store = redisStore(redis.client)
    await Promise.all(Array.from({ length: 4_000 }, async (_, i) => store.admit(someAdmission(i))))
    const found = [...await expiries()]
    expect(found.length).toBeGreaterThan(300)
    expect(found.filter(([, ttl]) => ttl <= 0)).toEqual([])
    for (const [key, ttl] of found) expect(ttl, key).toBeLessThanOrEqual(key.includes(':p:') ? 130_001 : lengthOf.day + 90_000_000)
  })

  it('and on a clock that jumps', async () => {
    await redis.server.command('FLUSHALL')
    let nowMs = Date.UTC(2025, 0, 1)
    const store = redisStore(redis.client, { now: () => nowMs })
    await Promise.all(Array.from({ length: 4_000 }, async (_, i) => {
      nowMs += [0, 0, 1, 900, -900, 60_000, -3_600_000, 4_000_000, -86_400_000, 90_000_000][i % 10]!
      return store.admit(someAdmission(i))
    }))
    const found = [...await expiries()]
    expect(found.length).toBeGreaterThan(300)
    expect(found.filter(([, ttl]) => ttl <= 0)).toEqual([])
  })

  it.each(windows)('a %s lives for as long as it counts, and goes on living while it is used', async (window) => {
    await redis.server.command('FLUSHALL')
    const store = redisStore(redis.client)
    const take = () => store.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name: 'quota', window, limit: 9, quantity: 1 }] }] })
    await take()
    const keys = [...await expiries()]
    expect(keys).toHaveLength(window === 'second' || window === 'minute' ? 2 : 1)
    for (const [key, ttl] of keys) {
      expect(ttl).toBeGreaterThan(lengthOf[window])
      await redis.server.command('PEXPIRE', key, '5000')
    }
    await take()
    for (const [, ttl] of await expiries()) expect(ttl).toBeGreaterThan(lengthOf[window])
  })

  it('POP-3: a proof lives for a minute longer than it could be shown, whatever is decided and however it is shown again', async () => {
    await redis.server.command('FLUSHALL')
    const store = redisStore(redis.client)
    for (let i = 0; i < 3; i++) await store.admit({ scope: 's', proof: { key: 'k', keepMs: i === 0 ? 60_001 : 1 }, alternatives: [{ quotas: [{ key: 'q', name: 'quota', window: 'hour', limit: 0, quantity: 1 }] }] })
    const found = [...await expiries()]
    expect(found.map(([key]) => key)).toEqual(['aap:{all}:p:k'])
    expect(found[0]![1]).toBeGreaterThan(110_001)
    expect(found[0]![1]).toBeLessThanOrEqual(120_001)
  })

  it('QTA-3: what a clock that is set back finds is kept until that clock has come to it again', async () => {
    await redis.server.command('FLUSHALL')
    let nowMs = Date.UTC(2025, 0, 10)
    const store = redisStore(redis.client, { now: () => nowMs })
    const take = async (): Promise<string> => (await store.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name: 'quota', window: 'day', limit: 1, quantity: 1 }] }] })).outcome
    expect(await take()).toBe('admitted')
    nowMs -= 3 * lengthOf.day
    expect(await take()).toBe('full')
    for (const [key, ttl] of await expiries()) expect(ttl, key).toBeGreaterThan(5 * lengthOf.day)
  })

  it('a refusal writes nothing', async () => {
    await redis.server.command('FLUSHALL')
    const store = redisStore(redis.client)
    const none: QuotaCharge = { key: 'k', name: 'quota', window: 'minute', limit: 0, quantity: 1 }
    const some: QuotaCharge = { key: 'other', name: 'quota', window: 'hour', limit: 5, quantity: 1 }
    await store.admit({ scope: 's', alternatives: [{ quotas: [some, none] }], chargeOnly: [some, none] })
    expect(await expiries()).toEqual(new Map())
  })

  it('but to forget many at once, so that a flood of refusals does not go through them each time', async () => {
    await redis.server.command('FLUSHALL')
    let nowMs = Date.UTC(2025, 0, 1)
    const store = redisStore(redis.client, { now: () => nowMs })
    const many: QuotaCharge = { key: 'many', name: 'quota', window: 'minute', limit: 1_000, quantity: 1 }
    await Promise.all(Array.from({ length: 300 }, async () => {
      nowMs += 1
      return store.admit({ scope: 's', alternatives: [{ quotas: [many] }] })
    }))
    const refused = async (): Promise<unknown> => store.admit({ scope: 's', alternatives: [{ quotas: [many, { key: 'none', name: 'quota', window: 'hour', limit: 0, quantity: 1 }] }] })
    nowMs += 60_000 - 250
    await refused()
    expect(await redis.server.command('LLEN', 'aap:{all}:m:many:quota')).toBe(300)
    nowMs += 100
    await refused()
    expect(await redis.server.command('LLEN', 'aap:{all}:m:many:quota')).toBe(150)
    expect(await store.admit({ scope: 's', alternatives: [{ quotas: [{ ...many, limit: 150 }] }] })).toEqual({ outcome: 'full', retryAfterMs: 1 })
    nowMs += 60_000
    expect(await store.admit({ scope: 's', alternatives: [{ quotas: [{ ...many, quantity: 1_000 }] }] })).toMatchObject({ outcome: 'admitted' })
    expect(await redis.server.command('LLEN', 'aap:{all}:m:many:quota')).toBe(1)
  })

  it('what has left a window takes up no room', async () => {
    await redis.server.command('FLUSHALL')
    let nowMs = Date.UTC(2025, 0, 1)
    const store = redisStore(redis.client, { now: () => nowMs })
    for (let i = 0; i < 1_000; i++) {
      nowMs += 100
      await store.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name: 'quota', window: 'second', limit: 50, quantity: 1 }] }] })
    }
    expect(await redis.server.command('LLEN', 'aap:{all}:s:k:quota')).toBe(10)
  })
})

/** The same each time, and different from its neighbours. */
function someAdmission(i: number): Admission {
  const charge = (n: number): QuotaCharge => ({ key: `key-${n % 2_000}`, name: 'quota', window: windows[n % 4]!, limit: [0, 1, 5, 1_000][n % 7 % 4]!, quantity: n % 3 })
  return {
    scope: `scope-${i % 7}`,
    alternatives: Array.from({ length: i % 4 }, (_, a) => ({ quotas: Array.from({ length: (i + a) % 4 }, (__, q) => charge(i * 7 + a * 3 + q)) })),
    ...(i % 3 === 0 && { proof: { key: `proof-${i % 50}`, keepMs: i % 2 === 0 ? 70_001 : 20_000 } }),
    ...(i % 5 === 0 && { chargeOnly: [charge(i), charge(i + 1)] }),
  }
}
