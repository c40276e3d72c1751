import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { QuotaCharge } from '../../src/model/store.js'
import { clockedStore, hour, lengthOf, minute, second, startMs } from './clocked-store.js'

/** The rules in the simplest words: all events are kept, and counted anew each time. */
class Oracle {
  readonly #events: { key: string; atMs: number; quantity: number }[] = []

  admit(alternatives: readonly (readonly QuotaCharge[])[], nowMs: number): unknown {
    const waits = alternatives.map((quotas) => Math.max(0, ...quotas.map((quota) => this.#wait(quota, nowMs))))
    const first = waits.indexOf(0)
    if (first >= 0) this.#take(alternatives[first] ?? [], nowMs)
    return first >= 0 ? { outcome: 'admitted', alternative: first } : { outcome: 'full', retryAfterMs: Math.min(...waits) }
  }

  charge(quotas: readonly QuotaCharge[], nowMs: number): unknown {
    if (quotas.every((quota) => this.#wait(quota, nowMs) === 0)) this.#take(quotas, nowMs)
    return { outcome: 'admitted', alternative: -1 }
  }

  #take(quotas: readonly QuotaCharge[], atMs: number): void {
    for (const { key, quantity } of quotas) this.#events.push({ key, atMs, quantity })
  }

  /** Milliseconds until there is room: the events leave one by one, so the answer is now or when one leaves. */
  #wait(quota: QuotaCharge, nowMs: number): number {
    const length = lengthOf[quota.window]
    const aligned = quota.window === 'hour' || quota.window === 'day'
    const nextWindow = Math.floor(nowMs / length) * length + length
    const instants = aligned ? [nowMs, nextWindow] : [nowMs, ...this.#events.map(({ atMs }) => atMs + length).filter((leaves) => leaves > nowMs).sort((a, b) => a - b)]
    for (const at of instants) if (quota.limit > 0 && this.#taken(quota, at) + quota.quantity <= quota.limit) return at - nowMs
    // More than the limit never fits: one window is what it is told.
    return aligned ? nextWindow - nowMs : length
  }

  #taken({ key, window }: QuotaCharge, atMs: number): number {
    const length = lengthOf[window]
    const start = window === 'hour' || window === 'day' ? Math.floor(atMs / length) * length - 1 : atMs - length
    return this.#events.filter((event) => event.key === key && event.atMs > start && event.atMs <= atMs).reduce((sum, { quantity }) => sum + quantity, 0)
  }
}

const keys = (['second', 'minute', 'hour', 'day'] as const).flatMap((window) => [0, 1, 2, 5].map((limit) => ({ key: `${window} ${limit}`, window, limit })))
const charges = fc.uniqueArray(fc.record({ which: fc.nat({ max: keys.length - 1 }), quantity: fc.constantFrom(0, 1, 1, 1, 2, 3) }), { selector: ({ which }) => which, maxLength: 3 })
  .map((list) => list.map(({ which, quantity }) => ({ ...keys[which]!, quantity })))
const pauses = [0, 0, 1, 7, 250, second - 1, second, second + 1, 30 * second, minute - 1, minute, 20 * minute, hour - 1, hour, 13 * hour]

it.each([1_000_000, keys.length, keys.length + 1])('CON-1, CAP-3, QTA-2: with room for %i counters, for every history the store answers as the rules do', (maxCounters) => {
  const event = fc.record({ pause: fc.constantFrom(...pauses), alternatives: fc.array(charges, { minLength: 1, maxLength: 3 }), chargeOnly: fc.boolean() })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { admit, charge, pass } = clockedStore({ maxCounters })
      const oracle = new Oracle()
      let nowMs = startMs
      for (const { pause, alternatives, chargeOnly } of events) {
        pass(pause)
        nowMs += pause
        if (chargeOnly) expect(charge(...alternatives[0]!)).toEqual(oracle.charge(alternatives[0]!, nowMs))
        else expect(admit(...alternatives)).toEqual(oracle.admit(alternatives, nowMs))
      }
    }),
    { numRuns: 1_000 },
  )
})

it('CON-1: a busy sliding window stays exact over thousands of events', () => {
  const { admit, pass } = clockedStore()
  const oracle = new Oracle()
  const quota = { key: 'busy', window: 'second', limit: 150, quantity: 1 } as const
  let nowMs = startMs
  let state = 1
  for (let i = 0; i < 2_500; i++) {
    // A generator with a fixed seed: the same history each time.
    state = (state * 48_271) % 2_147_483_647
    const pause = state % 10
    pass(pause)
    nowMs += pause
    expect(admit([quota])).toEqual(oracle.admit([[quota]], nowMs))
  }
})
