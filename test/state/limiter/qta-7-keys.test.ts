import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeMemcached, memcachedLimiter, startMemcached, type MemcachedServer } from '../../support/memcached.js'
import { limiterStore } from '../../../src/state/limiter-store.js'
import type { QuotaCharge, StateStore } from '../../../src/model/store.js'

const windows = ['second', 'minute', 'hour', 'day'] as const
const prefix = 'a'.repeat(32)

describeMemcached('QTA-1, QTA-7: the keys of the limiter store in Memcached', () => {
  let server: MemcachedServer
  let limiter: ReturnType<typeof memcachedLimiter>
  let store: StateStore
  beforeAll(async () => {
    server = await startMemcached()
    limiter = memcachedLimiter(server.port)
    store = limiterStore(limiter.createLimiter, { prefix, timeoutMs: 10_000 })
  })
  afterAll(async () => {
    limiter.close()
    await server.stop()
  })

  const take = async (...quotas: readonly QuotaCharge[]): Promise<boolean> => (await store.admit({ scope: 's', alternatives: [{ quotas }] })).outcome === 'admitted'

  it('no key and no name can shape a key or meet another, and all of them expire', async () => {
    const hostile = ['', ' ', 'a b', 'x\r\nflush_all\r\n', '\0', ':', '0:', '1:a', '__proto__', 'constructor', '_expire', 'ä', '\ud800', '\udfff', 'K', 'k', 'y'.repeat(100_000)]
    const quotas = windows.flatMap((window) => hostile.flatMap((text) => [{ key: text, name: 'n' }, { key: 'k1', name: text }].map((names) => ({ ...names, window, limit: 1, quantity: 1 }))))
    for (const quota of quotas.filter(({ window }) => window === 'day' || window === 'minute')) {
      expect(await take(quota), JSON.stringify(quota).slice(0, 100)).toBe(true)
      expect(await take(quota)).toBe(false)
    }
    for (const window of windows) await take({ key: 'many', name: 'n', window, limit: Number.MAX_SAFE_INTEGER, quantity: Number.MAX_SAFE_INTEGER - 3 })
    // What is given back has keys of its own.
    await Promise.all(Array.from({ length: 9 }, () => take({ key: 'both', name: 'a', window: 'minute', limit: 9, quantity: 1 }, { key: 'both', name: 'b', window: 'minute', limit: 1, quantity: 1 })))
    const dump = await server.command('lru_crawler metadump all', /^END\r\n/m)
    const keys = [...dump.matchAll(/^key=(\S*) exp=(-?\d+) /gm)].map(([, key, expiry]) => ({ key: decodeURIComponent(key!), lifeS: Number(expiry) - Date.now() / 1_000 }))
    expect(keys.length).toBeGreaterThan(200)
    const lengths = { s: 1, m: 60, h: 3_600, d: 86_400 }
    for (const { key, lifeS } of keys) {
      const [, window] = /^a{32}:([smhd])[0-9a-f]{64}:\d+:(?:[tg]|\d+\.\d+|b\d+\.\d+)(?:_expire)?$/.exec(key) ?? []
      expect(window, key).toBeDefined()
      expect(key.length).toBeLessThanOrEqual(250)
      expect(lifeS, key).toBeGreaterThan(0)
      expect(lifeS, key).toBeLessThanOrEqual(4 * lengths[window as keyof typeof lengths] + 62)
    }
  })
})
