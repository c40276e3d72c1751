import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeMemcached, memcachedLimiter, startMemcached, type MemcachedServer } from '../../support/memcached.js'
import { limiterStore } from '../../../src/state/limiter-store.js'
import type { QuotaCharge, StateStore } from '../../../src/model/store.js'
import { stoppedClock } from '../../support/stopped-clock.js'

describeMemcached('QTA-6: the limiter store while its Memcached is away', () => {
  let server: MemcachedServer
  let limiter: ReturnType<typeof memcachedLimiter>
  /** Over the same counters: what is to be answered may take its time, and what hangs is given up soon. */
  let store: StateStore
  let hasty: StateStore
  beforeEach(async () => {
    server = await startMemcached()
    limiter = memcachedLimiter(server.port)
    const clock = stoppedClock()
    store = limiterStore(limiter.createLimiter, { ...clock, timeoutMs: 20_000 })
    hasty = limiterStore(limiter.createLimiter, { ...clock, timeoutMs: 250 })
  })
  afterEach(async () => {
    limiter.close()
    await server.stop()
  })

  const admit = async (window: QuotaCharge['window'], { name = 'n', by = store } = {}): Promise<string> => {
    const { outcome } = await by.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name, window, limit: 3, quantity: 1 }] }] })
    return outcome
  }

  it('refuses while it hangs, and never admits above the limit when it goes on', async () => {
    for (const window of ['minute', 'day'] as const) {
      expect(await admit(window)).toBe('admitted')
      server.pause()
      const settled = await Promise.allSettled(Array.from({ length: 10 }, () => admit(window, { by: hasty })))
      expect(settled.map(({ status }) => status)).not.toContain('fulfilled')
      server.resume()
      const outcomes: string[] = []
      for (let i = 0; i < 5; i++) outcomes.push(await admit(window))
      // What was sent to it may have been counted.
      expect(outcomes.filter((outcome) => outcome === 'admitted').length).toBeLessThanOrEqual(2)
      expect(await admit(window, { name: 'other' })).toBe('admitted')
    }
  })

  it('refuses when it is gone', async () => {
    expect(await admit('minute')).toBe('admitted')
    await server.stop()
    for (const window of ['second', 'minute', 'hour', 'day'] as const) await expect(admit(window, { by: hasty })).rejects.toThrow(Error)
  })
})
