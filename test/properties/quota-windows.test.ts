import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { chargeOf, clockedStore, counterOf, day, hour, lengthOf, minute, second, startMs } from '../state/clocked-store.js'
import { coverage } from '../support/coverage.js'
import type { QuotaCharge, QuotaWindow } from '../../src/model/store.js'

/** The rules in the simplest words: all events are kept, and counted anew each time. */
class Oracle {
  readonly #events: { counter: string; atMs: number; quantity: number }[] = []

  admit(alternatives: readonly (readonly QuotaCharge[])[], nowMs: number): unknown {
    const waits = alternatives.map((quotas) => Math.max(0, ...quotas.map((quota) => this.#wait(quota, nowMs))))
    const first = waits.indexOf(0)
    if (first >= 0) this.#take(alternatives[first] ?? [], nowMs)
    if (first >= 0) return { outcome: 'admitted', alternative: first }
    const possible = waits.filter((_, i) => alternatives[i]?.every(({ limit, quantity }) => limit > 0 && quantity <= limit))
    return { outcome: 'full', retryAfterMs: Math.min(...(possible.length > 0 ? possible : waits)) }
  }

  charge(quotas: readonly QuotaCharge[], nowMs: number): unknown {
    if (quotas.every((quota) => this.#wait(quota, nowMs) === 0)) this.#take(quotas, nowMs)
    return { outcome: 'admitted', alternative: -1 }
  }

  #take(quotas: readonly QuotaCharge[], atMs: number): void {
    for (const quota of quotas) this.#events.push({ counter: counterOf(quota), atMs, quantity: quota.quantity })
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

  #taken(quota: QuotaCharge, atMs: number): number {
    const { window } = quota
    const length = lengthOf[window]
    const start = window === 'hour' || window === 'day' ? Math.floor(atMs / length) * length - 1 : atMs - length
    return this.#events.filter((event) => event.counter === counterOf(quota) && event.atMs > start && event.atMs <= atMs).reduce((sum, { quantity }) => sum + quantity, 0)
  }
}

const windows = ['second', 'minute', 'hour', 'day'] as const satisfies readonly QuotaWindow[]
const keys = windows.flatMap((window) => [0, 1, 2, 5].map((limit) => ({ key: limit < 2 ? 'few' : 'many', name: `max_${limit}`, window, limit })))
const charges = fc.uniqueArray(fc.record({ which: fc.nat({ max: keys.length - 1 }), quantity: fc.constantFrom(0, 1, 1, 1, 2, 3) }), { selector: ({ which }) => which, maxLength: 3 })
  .map((list) => list.map(({ which, quantity }) => ({ ...keys[which]!, quantity })))
const pauses = [0, 0, 1, 7, 250, second - 1, second, second + 1, 30 * second, minute - 1, minute, 20 * minute, hour - 1, hour, 13 * hour, 24 * hour - 1]

describe('CON-1, CAP-3, QTA-2: for every history', () => {
  it.each([1_000_000, keys.length, keys.length + 1])('with room for %i counters, the store answers as the rules do', (maxCounters) => {
    const event = fc.record({ pause: fc.constantFrom(...pauses), alternatives: fc.array(charges, { minLength: 1, maxLength: 3 }), chargeOnly: fc.boolean() })
    const seen = coverage({ admitted: 0.6, full: 0.6 })
    checkProperty(fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
      const { admit, charge, pass } = clockedStore({ maxCounters })
      const oracle = new Oracle()
      let nowMs = startMs
      const outcomes = new Set<string>()
      for (const { pause, alternatives, chargeOnly } of events) {
        pass(pause)
        nowMs += pause
        if (chargeOnly) {
          expect(charge(...alternatives[0]!)).toEqual(oracle.charge(alternatives[0]!, nowMs))
        } else {
          const verdict = admit(...alternatives)
          outcomes.add(verdict.outcome)
          expect(verdict).toEqual(oracle.admit(alternatives, nowMs))
        }
      }
      for (const outcome of outcomes) seen.note(outcome)
    }), { runs: 200, coverage: seen })
  })
})

type AlignedWindow = 'hour' | 'day'

interface Taken {
  readonly counter: string
  readonly quantity: number
  readonly monotonicMs: number
  /** Number of the aligned window that it was taken in, and of the admission that took it. */
  readonly aligned: number | undefined
  readonly admission: number
}

/** QTA-3 over a list of all that was ever taken, by both clocks. */
class SteppedOracle {
  readonly #taken: Taken[] = []
  readonly #clocks = { hour: { wallMs: -Infinity, seenMs: 0, enteredAt: 0 }, day: { wallMs: -Infinity, seenMs: 0, enteredAt: 0 } }
  #admission = 0

  /** Every admission reads the clocks, whatever it is about: the latest instant seen holds for all counters. */
  read(wallMs: number, monotonicMs: number): Set<string> {
    this.#admission++
    const events = new Set<string>()
    for (const window of ['hour', 'day'] as const) {
      const clock = this.#clocks[window]
      if (wallMs < clock.wallMs && monotonicMs - clock.seenMs <= lengthOf[window]) {
        events.add('held')
        continue
      }
      if (wallMs < clock.wallMs) events.add('followed back')
      const hasMoved = Math.floor(wallMs / lengthOf[window]) !== this.#number(window)
      this.#clocks[window] = { wallMs, seenMs: monotonicMs, enteredAt: hasMoved ? this.#admission : clock.enteredAt }
    }
    return events
  }

  /**
   * What counts now, at least and at most. A counter holds as long as its window goes on, and one that was left is
   * stored for one window length after it was last taken from. Whether it is for longer no rule says: both are right.
   */
  count(quota: QuotaCharge, monotonicMs: number): { least: number; most: number } {
    const { window } = quota
    const own = this.#taken.filter(({ counter }) => counter === counterOf(quota))
    const isRecent = (taken: Taken): boolean => taken.monotonicMs > monotonicMs - lengthOf[window]
    if (window === 'second' || window === 'minute') return { least: sum(own.filter(isRecent)), most: sum(own.filter(isRecent)) }
    const same = own.filter(({ aligned }) => aligned === this.#number(window))
    return { least: sum(same.filter((taken) => isRecent(taken) || taken.admission >= this.#clocks[window].enteredAt)), most: sum(same) }
  }

  take(charge: QuotaCharge, monotonicMs: number): void {
    const { window, quantity } = charge
    this.#taken.push({ counter: counterOf(charge), quantity, monotonicMs, aligned: window === 'hour' || window === 'day' ? this.#number(window) : undefined, admission: this.#admission })
  }

  /** Milliseconds to the end of the window, as its clock sees it. */
  restOf(window: AlignedWindow): number {
    return (this.#number(window) + 1) * lengthOf[window] - this.#clocks[window].wallMs
  }

  #number(window: AlignedWindow): number {
    return Math.floor(this.#clocks[window].wallMs / lengthOf[window])
  }
}

function sum(taken: readonly Taken[]): number {
  return taken.reduce((total, { quantity }) => total + quantity, 0)
}

describe('QTA-3: for every history in which the wall clock is set', () => {
  const backAndForth = fc.constantFrom(-day, -2 * hour, -hour - 1, -hour, -20 * minute, -1, 1, 20 * minute, hour, 2 * hour, day, 365 * day)
  const few = [...(['hour', 'day'] as const).flatMap((window) => [1, 3].map((limit) => ({ key: `${limit}`, name: 'quota', window, limit }))), { key: '1', name: 'quota', window: 'second', limit: 1 } as const]
  const charges = fc.uniqueArray(fc.record({ which: fc.nat({ max: few.length - 1 }), quantity: fc.constantFrom(0, 1, 1, 1, 2, 4) }), { selector: ({ which }) => which, minLength: 1, maxLength: 2 })
    .map((list) => list.map(({ which, quantity }) => ({ ...few[which]!, quantity })))
  const event = fc.record({ pause: fc.constantFrom(0, 0, 1, 1, second - 1, second, 20 * minute, hour - 1, hour, hour, hour + 1), step: fc.oneof({ arbitrary: fc.constant(0), weight: 1 }, backAndForth), charges, chargeOnly: fc.constantFrom(false, false, false, true) })
  /** Back, held until the clock may be followed, in the window before, and forward again to the window that was left. */
  const excursion = fc.record({ hours: fc.constantFrom(1, 2, 24), held: fc.constantFrom(20 * minute, 59 * minute, hour - 1, hour), over: fc.constantFrom(1, minute, 2 * minute), charges }).map(({ hours, held, over, charges: quotas }) => [
    { pause: 0, step: -hours * hour, charges: quotas, chargeOnly: false },
    { pause: held, step: 0, charges: quotas, chargeOnly: false },
    { pause: hour - held + over, step: 0, charges: quotas, chargeOnly: false },
    { pause: 1, step: hours * hour - hour, charges: quotas, chargeOnly: false },
    { pause: 1, step: 0, charges: quotas, chargeOnly: false },
  ])
  const history = fc.array(fc.oneof({ arbitrary: event.map((one) => [one]), weight: 3 }, excursion), { maxLength: 20, size: 'max' }).map((parts) => parts.flat())

  it('what is admitted had room in its windows, and what is refused had none, over the list of all that was taken', () => {
    const seen = coverage({ admitted: 0.6, full: 0.6, held: 0.5, 'followed back': 0.2 })
    checkProperty(fc.property(history, (events) => {
      const { admit, charge, pass, step } = clockedStore()
      const oracle = new SteppedOracle()
      let [wallMs, monotonicMs] = [startMs, 0]
      const notes = new Set<string>()
      for (const { pause, step: by, charges: quotas, chargeOnly } of events) {
        pass(pause)
        step(by)
        monotonicMs += pause
        wallMs += pause + by
        for (const note of oracle.read(wallMs, monotonicMs)) notes.add(note)
        const counts = quotas.map((quota) => ({ quota, ...oracle.count(quota, monotonicMs) }))
        const mayFit = counts.every(({ quota: { limit, quantity }, least }) => limit > 0 && least + quantity <= limit)
        const mustFit = counts.every(({ quota: { limit, quantity }, most }) => limit > 0 && most + quantity <= limit)
        if (chargeOnly) {
          expect(charge(...quotas)).toEqual({ outcome: 'admitted', alternative: -1 })
          // It does not say whether it took: the history has to be one where there is no doubt.
          fc.pre(mayFit === mustFit)
          if (mustFit) for (const quota of quotas) oracle.take(quota, monotonicMs)
          continue
        }
        const verdict = admit(quotas)
        notes.add(verdict.outcome)
        if (verdict.outcome === 'admitted') {
          expect(mayFit).toBe(true)
          for (const quota of quotas) oracle.take(quota, monotonicMs)
        } else {
          expect(mustFit).toBe(false)
          expect(verdict.retryAfterMs).toBeGreaterThan(0)
          const [only] = quotas
          if (quotas.length === 1 && (only?.window === 'hour' || only?.window === 'day')) expect(verdict.retryAfterMs).toBe(oracle.restOf(only.window))
        }
      }
      for (const note of notes) seen.note(note)
    }), { runs: 600, coverage: seen })
  })
})

it('CON-1: a busy sliding window stays exact over every run of events', () => {
  checkProperty(fc.property(fc.constantFrom<QuotaWindow>('second', 'minute'), fc.integer({ min: 1, max: 60 }), fc.array(fc.nat({ max: 40 }), { minLength: 100, maxLength: 400 }), (window, limit, pausesMs) => {
    const { take, pass } = clockedStore()
    const oracle = new Oracle()
    let nowMs = startMs
    for (const pause of pausesMs) {
      pass(pause)
      nowMs += pause
      const expected = oracle.admit([[chargeOf(window, limit)]], nowMs) as { outcome: string; retryAfterMs?: number }
      expect(take(chargeOf(window, limit))).toBe(expected.outcome === 'admitted' ? true : expected.retryAfterMs)
    }
  }), { runs: 30 })
})
