import { RateLimiterMemory } from 'rate-limiter-flexible'
import { describe, expect, it } from 'vitest'
import { limiterStore } from '../../../src/state/limiter-store.js'
import type { QuotaCharge, StateStore } from '../../../src/model/store.js'

describe('QTA-4: what docs/state.md says of the operations of a request on a limiter', () => {
  let nowMs = Date.UTC(2025, 0, 1, 0, 0, 30)

  function counted(): { readonly store: StateStore; readonly operations: () => number } {
    let calls = 0
    const store = limiterStore((settings) => {
      const limiter = new RateLimiterMemory(settings)
      const count = <T>(answer: T): T => {
        calls++
        return answer
      }
      return { points: settings.points, keyPrefix: settings.keyPrefix, consume: (...words) => count(limiter.consume(...words)), get: (key) => count(limiter.get(key)), set: (...words) => count(limiter.set(...words)) }
    }, { now: () => nowMs })
    return { store, operations: () => calls }
  }

  async function operationsOf({ store, operations }: ReturnType<typeof counted>, quota: Omit<QuotaCharge, 'key' | 'name'>): Promise<[outcome: string, operations: number]> {
    const before = operations()
    const { outcome } = await store.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name: 'n', ...quota }] }] })
    return [outcome, operations() - before]
  }

  it('an hour or a day: 3, and 2 where it is full', async () => {
    for (const window of ['hour', 'day'] as const) {
      const counting = counted()
      const quota = { window, limit: 2, quantity: 1 }
      expect(await operationsOf(counting, quota)).toEqual(['admitted', 3])
      expect(await operationsOf(counting, quota)).toEqual(['admitted', 3])
      expect(await operationsOf(counting, quota)).toEqual(['full', 2])
    }
  })

  it('a second or a minute: 8, 9 in the window after, and 5 where it is full', async () => {
    for (const [window, lengthMs] of [['second', 1_000], ['minute', 60_000]] as const) {
      const counting = counted()
      const quota = { window, limit: 2, quantity: 1 }
      expect(await operationsOf(counting, quota)).toEqual(['admitted', 8])
      expect(await operationsOf(counting, quota)).toEqual(['admitted', 8])
      expect(await operationsOf(counting, quota)).toEqual(['full', 5])
      nowMs += lengthMs
      expect(await operationsOf(counting, quota)).toEqual(['admitted', 9])
    }
  })

  it('a quantity: for each power of two up to it two more, and for each up to the limit one more', async () => {
    for (const quantity of [2, 50, 77, 950]) {
      const counting = counted()
      const quota = { window: 'minute', limit: 1_000, quantity } as const
      const most = 9 + 2 * Math.ceil(Math.log2(quantity)) + Math.ceil(Math.log2(1_000))
      for (let i = 0; i < 40; i++) {
        nowMs += 4_000
        expect((await operationsOf(counting, quota))[1]).toBeLessThanOrEqual(most)
      }
    }
  })
})
