import fc from 'fast-check'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { lengthOf, startMs } from '../state/clocked-store.js'
import { limiterStore, type CreateLimiter } from '../../src/state/limiter-store.js'
import { charges, pauses } from './admissions.js'
import { memoryStore } from '../../src/state/memory-store.js'
import type { Admission, AdmissionVerdict, QuotaCharge, QuotaWindow, StateStore } from '../../src/model/store.js'

it('QTA-4: the limiter store answers as the memory store does, to every history of admissions', async () => {
  const event = fc.record({ pause: fc.constantFrom(...pauses), alternatives: fc.array(charges, { maxLength: 3 }), chargeOnly: fc.option(charges, { nil: undefined, freq: 3 }) })
  const seen = coverage({ admitted: 0.5, full: 0.5 })
  await checkProperty(fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), async (events) => {
    let nowMs = startMs
    const now = () => nowMs
    const memory = memoryStore({ now })
    const store = limiterStore((settings) => new RateLimiterMemory(settings), { now, timeoutMs: 60_000 })
    for (const { pause, alternatives, chargeOnly } of events) {
      nowMs += pause
      const admission: Admission = { scope: 'one', alternatives: alternatives.map((quotas) => ({ quotas })), ...(chargeOnly !== undefined && { chargeOnly }) }
      const verdict = await store.admit(admission)
      expect(verdict).toEqual(await memory.admit(admission))
      seen.note(verdict.outcome)
    }
  }), { runs: 100, coverage: seen })
})

/** Stores of several processes before one backend, each operation of which takes its time, there and back. */
function processes(clocks: readonly (() => number)[], delays: readonly number[]): readonly StateStore[] {
  let backend: RateLimiterMemory | undefined
  let calls = 0
  const pass = async (): Promise<void> => { for (let ticks = delays[calls++ % delays.length]!; ticks > 0; ticks--) await Promise.resolve() }
  const createLimiter: CreateLimiter = (settings) => {
    const limiter = (backend ??= new RateLimiterMemory(settings))
    const slowly = async <T>(operation: () => Promise<T>): Promise<T> => {
      await pass()
      const answer = await operation()
      await pass()
      return answer
    }
    return {
      points: settings.points,
      keyPrefix: settings.keyPrefix,
      consume: (key, points, options) => slowly(() => limiter.consume(key, points, options)),
      get: (key) => slowly(() => limiter.get(key)),
      set: (key, points, seconds) => slowly(() => limiter.set(key, points, seconds)),
    }
  }
  return clocks.map((now) => limiterStore(createLimiter, { now, timeoutMs: 60_000 }))
}

const delays = fc.array(fc.nat({ max: 40 }), { minLength: 5, maxLength: 97, size: 'max' })

it('QTA-4: of requests that come at once to several processes, exactly as many are admitted as there is room for', async () => {
  const event = fc.record({ pause: fc.constantFrom(0, 1, 20, 100, 250, 400, 500, 999, 1_000), times: fc.nat({ max: 12 }) })
  const seen = coverage({ some: 0.5, none: 0.5 })
  await checkProperty(fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.constantFrom(1, 2, 5, 9), fc.constantFrom<readonly QuotaWindow[]>(['second'], ['second'], ['minute'], ['hour'], ['minute', 'second'], ['second', 'day']), fc.array(event, { minLength: 1, maxLength: 25, size: 'max' }), delays, async (count, limit, lengths, events, ticks) => {
    let nowMs = startMs
    const now = () => nowMs
    const memory = memoryStore({ now })
    const stores = processes(Array.from({ length: count }, () => now), ticks)
    const quotas: readonly QuotaCharge[] = lengths.map((window) => ({ key: 'k', name: 'quota', window, limit: window === 'second' ? limit : 2 * limit, quantity: 1 }))
    const admission: Admission = { scope: 'one', alternatives: [{ quotas }] }
    for (const { pause, times } of events) {
      nowMs += pause
      const verdicts = await Promise.all(Array.from({ length: times }, async (_, i) => stores[i % count]!.admit(admission)))
      const expected = Array.from({ length: times }, () => memory.admit(admission) as AdmissionVerdict)
      expect(admittedOf(verdicts)).toBe(admittedOf(expected))
      if (times > 0) seen.note(admittedOf(verdicts) > 0 ? 'some' : 'none')
    }
  }), { runs: 150, coverage: seen })
})

it('QTA-4: whatever comes at once, while clocks go on and differ, no window holds more than its limit', async () => {
  const event = fc.record({ pause: fc.constantFrom(0, 1, 20, 100, 250, 720, 999), sent: fc.array(fc.record({ quantity: fc.constantFrom(1, 1, 2, 3), isShort: fc.boolean() }), { maxLength: 9 }) })
  const seen = coverage({ full: 0.5 })
  const skews = fc.oneof(fc.constant([0, 0, 0]), fc.array(fc.constantFrom(0, 5, 40, 300), { minLength: 2, maxLength: 4 }))
  await checkProperty(fc.asyncProperty(skews, fc.array(event, { minLength: 1, maxLength: 25, size: 'max' }), delays, async (aheadMs, events, ticks) => {
    let nowMs = startMs
    let calls = 0
    // Every fourth reading is a millisecond later, in the middle of things.
    const now = () => (calls++ % 4 === 3 ? ++nowMs : nowMs)
    const stores = processes(aheadMs.map((ms) => () => now() + ms), ticks)
    const long: QuotaCharge = { key: 'k', name: 'long', window: 'minute', limit: 12, quantity: 1 }
    const short: QuotaCharge = { key: 'k', name: 'short', window: 'second', limit: 4, quantity: 1 }
    const taken: { readonly fromMs: number; readonly toMs: number; readonly quantity: number; readonly isShort: boolean }[] = []
    for (const { pause, sent } of events) {
      nowMs += pause
      await Promise.all(sent.map(async ({ quantity, isShort }, i) => {
        const fromMs = nowMs
        const { outcome } = await stores[i % stores.length]!.admit({ scope: 'one', alternatives: [{ quotas: (isShort ? [long, short] : [long]).map((quota) => ({ ...quota, quantity })) }] })
        if (outcome === 'admitted') taken.push({ fromMs, toMs: nowMs, quantity, isShort })
        seen.note(outcome)
      }))
    }
    for (const { limit, window, mine } of [{ ...long, mine: taken }, { ...short, mine: taken.filter(({ isShort }) => isShort) }]) {
      // What began after an instant and ended within a window length of it has been in one window for certain, of any clock.
      const lengthMs = lengthOf[window] - Math.max(...aheadMs)
      for (const { fromMs } of mine) {
        const inside = mine.filter((other) => other.fromMs >= fromMs && other.toMs < fromMs + lengthMs)
        expect(inside.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThanOrEqual(limit)
      }
    }
  }), { runs: 150, coverage: seen })
})

function admittedOf(verdicts: readonly AdmissionVerdict[]): number {
  return verdicts.filter(({ outcome }) => outcome === 'admitted').length
}
