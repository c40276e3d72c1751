import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage, type Coverage } from '../support/coverage.js'
import { describeRedis } from '../support/redis.js'
import { useConnectedRedis } from '../support/connected-redis.js'
import { day, hour, lengthOf, minute, second, startMs } from '../state/clocked-store.js'
import { charges, pauses, windows } from './admissions.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { redisStore } from '../../src/state/redis-store.js'
import type { Admission, AdmissionVerdict, QuotaCharge, QuotaWindow } from '../../src/model/store.js'

/** An admission and the instant at which it is asked for. */
interface TimedAdmission {
  readonly nowMs: number
  readonly admission: Omit<Admission, 'scope'>
}

describeRedis('QTA-4: the Redis store', () => {
  const redis = useConnectedRedis()
  let runs = 0

  /** What it answers to these admissions, each at its instant, sent one behind the other without waiting. */
  async function answersTo(admissions: readonly TimedAdmission[]): Promise<AdmissionVerdict[]> {
    let nowMs = 0
    const store = redisStore(redis.client, { prefix: `run-${++runs}:`, now: () => nowMs })
    return Promise.all(admissions.map(async (each) => {
      nowMs = each.nowMs
      return store.admit({ scope: 'one', ...each.admission })
    }))
  }

  async function expectSameAsMemory(admissions: readonly TimedAdmission[], seen: Coverage): Promise<void> {
    let nowMs = startMs
    const memory = memoryStore({ now: () => nowMs })
    const expected = admissions.map((each) => {
      nowMs = each.nowMs
      return memory.admit({ scope: 'one', ...each.admission })
    }) as AdmissionVerdict[]
    expect(await answersTo(admissions)).toEqual(expected)
    for (const outcome of new Set(expected.map((verdict) => verdict.outcome))) seen.note(outcome)
  }

  it('answers as the memory store does, to every history of admissions', async () => {
    const event = fc.record({
      pause: fc.constantFrom(...pauses),
      alternatives: fc.array(charges, { maxLength: 3 }),
      chargeOnly: fc.option(charges, { nil: undefined, freq: 3 }),
      proof: fc.constantFrom('none', 'none', 'new', 'again'),
      keepMs: fc.constantFrom(1, 1_000, 60_001, 70_001),
      task: fc.constantFrom('none', 'none', 'none', 'one', 'two'),
    })
    const seen = coverage({ admitted: 0.5, full: 0.5, replayed: 0.3, 'other-task': 0.3 })
    await checkProperty(fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), async (events) => {
      let nowMs = startMs
      let shown = { key: '', endMs: 0 }
      const admissions = events.map(({ pause, alternatives, chargeOnly, proof, keepMs, task }, i) => {
        nowMs += pause
        // A proof that is over may be forgotten or not, so only one that lives is shown again.
        if (proof === 'new' || (proof === 'again' && shown.endMs <= nowMs)) shown = { key: `proof-${i}`, endMs: nowMs + keepMs }
        const admission = {
          alternatives: alternatives.map((quotas) => ({ quotas })),
          ...(chargeOnly !== undefined && { chargeOnly }),
          ...(proof !== 'none' && { proof: { key: shown.key, keepMs: shown.endMs - nowMs } }),
          ...(task !== 'none' && { task: { key: 'token', task, keepMs: 60 * day } }),
        }
        return { nowMs, admission }
      })
      await expectSameAsMemory(admissions, seen)
    }), { runs: 150, coverage: seen })
  })

  it('answers as the memory store does where windows hold hundreds of entries', async () => {
    const event = fc.record({ pause: fc.constantFrom(0, 1, 1, 1, 2, 3, 400), quantity: fc.constantFrom(0, 1, 1, 1, 1, 2, 140, 400), isCharged: fc.constantFrom(true, true, true, false) })
    const seen = coverage({ admitted: 0.9, full: 0.9 })
    await checkProperty(fc.asyncProperty(fc.constantFrom('second', 'minute'), fc.constantFrom(300, 800), fc.array(event, { minLength: 400, maxLength: 800, size: 'max' }), async (window, limit, events) => {
      let nowMs = startMs
      const none: QuotaCharge = { key: 'none', name: 'quota', window: 'day', limit: 0, quantity: 1 }
      const admissions = events.map(({ pause, quantity, isCharged }, i) => {
        nowMs += i === 350 ? lengthOf[window] - 200 : pause
        const quotas: QuotaCharge[] = [{ key: 'many', name: 'quota', window, limit, quantity }]
        return { nowMs, admission: { alternatives: [{ quotas: isCharged ? quotas : [...quotas, none] }] } }
      })
      await expectSameAsMemory(admissions, seen)
    }), { runs: 20, coverage: seen })
  })

  it('QTA-3: counts as the rule says, however its clock is set back', async () => {
    const event = fc.record({
      pass: fc.constantFrom(...pauses),
      back: fc.constantFrom(0, 0, 0, 0, 1, second, minute, hour, day, 365 * day),
      quantity: fc.constantFrom(0, 1, 1, 1, 2, 3),
    })
    const seen = coverage({ full: 0.5, held: 0.15, 'followed back': 0.1 })
    await checkProperty(fc.asyncProperty(fc.constantFrom(...windows), fc.constantFrom(1, 2, 3, 5), fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), async (window, limit, events) => {
      const oracle = new Oracle(window, limit)
      let nowMs = startMs
      const notes = new Set<string>()
      const expected: unknown[] = []
      const admissions = events.map(({ pass, back, quantity }) => {
        nowMs += pass - back
        expected.push(oracle.admit(quantity, nowMs, notes))
        return { nowMs, admission: { alternatives: [{ quotas: [{ key: 'one', name: 'quota', window, limit, quantity } satisfies QuotaCharge] }] } }
      })
      const answers = await answersTo(admissions)
      expect(answers).toEqual(expected)
      if (window === 'second' || window === 'minute') expectNeverAbove(limit, lengthOf[window], events, answers)
      for (const note of notes) seen.note(note)
    }), { runs: 300, coverage: seen })
  })
})

/** By the time that really went by, whatever the clock said. */
function expectNeverAbove(limit: number, length: number, events: readonly { readonly pass: number; readonly quantity: number }[], answers: readonly AdmissionVerdict[]): void {
  let elapsedMs = 0
  const taken: { readonly atMs: number; readonly quantity: number }[] = []
  for (const [i, { pass, quantity }] of events.entries()) {
    elapsedMs += pass
    if (answers[i]?.outcome !== 'admitted') continue
    taken.push({ atMs: elapsedMs, quantity })
    expect(taken.filter(({ atMs }) => atMs > elapsedMs - length).reduce((sum, each) => sum + each.quantity, 0)).toBeLessThanOrEqual(limit)
  }
}

/**
 * One counter over a list of all that was taken. It has seen the instants at which something was taken, and those at which
 * the clock was behind what it had seen; what went forward between them is the time that has gone by.
 */
class Oracle {
  readonly #window: QuotaWindow
  readonly #limit: number
  #taken: { readonly number: number; readonly elapsedMs: number; readonly quantity: number }[] = []
  #wallMs: number | undefined
  #elapsedMs = 0
  #latest = { wallMs: -Infinity, elapsedMs: 0 }
  #number = NaN

  constructor(window: QuotaWindow, limit: number) {
    this.#window = window
    this.#limit = limit
  }

  admit(quantity: number, wallMs: number, notes: Set<string>): unknown {
    const length = lengthOf[this.#window]
    const isSliding = this.#window === 'second' || this.#window === 'minute'
    const elapsedMs = this.#elapsedMs + Math.max(0, wallMs - (this.#wallMs ?? wallMs))
    const isBehind = wallMs < this.#latest.wallMs
    const isHeld = isBehind && elapsedMs - this.#latest.elapsedMs <= length
    if (!isSliding && isBehind) notes.add(isHeld ? 'held' : 'followed back')
    const latest = isHeld ? this.#latest : { wallMs, elapsedMs }
    const number = Math.floor(latest.wallMs / length)
    const counting = this.#taken.filter((each) => (isSliding ? each.elapsedMs > elapsedMs - length : each.number === number))
    const room = this.#limit - sumOf(counting)
    const fits = quantity <= room
    if (wallMs < (this.#wallMs ?? wallMs) || (fits && quantity > 0)) {
      this.#wallMs = wallMs
      this.#elapsedMs = elapsedMs
      this.#latest = latest
    }
    if (fits) {
      if (quantity > 0) {
        // What was left a window length ago is stored until another window is taken from.
        if (number !== this.#number) this.#taken = this.#taken.filter((each) => each.number === number || this.#lastIn(each.number) > elapsedMs - length)
        this.#number = number
        this.#taken.push({ number, elapsedMs, quantity })
      }
      return { outcome: 'admitted', alternative: 0 }
    }
    notes.add('full')
    if (!isSliding) return { outcome: 'full', retryAfterMs: (number + 1) * length - latest.wallMs }
    const leaves = quantity > this.#limit ? undefined : counting.find((_, i) => sumOf(counting.slice(0, i + 1)) >= quantity - room)
    return { outcome: 'full', retryAfterMs: (leaves?.elapsedMs ?? elapsedMs) + length - elapsedMs }
  }

  #lastIn(number: number): number {
    return Math.max(...this.#taken.filter((each) => each.number === number).map(({ elapsedMs }) => elapsedMs))
  }
}

function sumOf(taken: readonly { readonly quantity: number }[]): number {
  return taken.reduce((sum, { quantity }) => sum + quantity, 0)
}
