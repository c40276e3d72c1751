import type { QuotaWindow } from '../model/store.js'
import { SlidingLog } from './sliding-log.js'

export const windowLengthMs = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const satisfies Record<QuotaWindow, number>

/** One reading of the clocks for a whole admission. */
export interface Instants {
  /** Whole milliseconds of a clock that never steps. */
  readonly monotonicMs: number
  /** Wall clock for windows of an hour, and of a day (QTA-3). */
  readonly hourMs: number
  readonly dayMs: number
}

/** What has been taken of one quota, and how long it has to wait. */
export interface WindowCounter {
  readonly name: string
  readonly window: QuotaWindow
  /** Another one of the same key. */
  next: WindowCounter | undefined
  /** Milliseconds until the window has room for a quantity, 0 if it has now. */
  waitMs(quantity: number, limit: number, instants: Instants): number
  take(quantity: number, instants: Instants): void
  /** Whether the window is over, so that the counter says nothing any more (QTA-7). */
  isExpired(instants: Instants): boolean
}

export function createCounter(name: string, window: QuotaWindow): WindowCounter {
  return window === 'second' || window === 'minute' ? new SlidingCounter(name, window) : new AlignedCounter(name, window)
}

/** Requests in (now - w, now], on the monotonic clock, which no step of the wall clock reaches. */
class SlidingCounter extends SlidingLog implements WindowCounter {
  readonly name: string
  readonly window: 'second' | 'minute'
  next: WindowCounter | undefined
  #lastMs = 0

  constructor(name: string, window: 'second' | 'minute') {
    super()
    this.name = name
    this.window = window
    this.next = undefined
  }

  waitMs(quantity: number, limit: number, { monotonicMs }: Instants): number {
    const lengthMs = this.#lengthMs()
    const over = this.totalSince(monotonicMs - lengthMs) + quantity - limit
    if (over <= 0 && limit > 0) return 0
    // What never fits may as well come back when the window is empty: a quantity over the limit, anything where that is 0.
    const releaseMs = (limit > 0 ? this.instantOfRelease(over) : undefined) ?? monotonicMs
    return releaseMs + lengthMs - monotonicMs
  }

  take(quantity: number, { monotonicMs }: Instants): void {
    this.add(monotonicMs, quantity)
    this.#lastMs = monotonicMs
  }

  isExpired({ monotonicMs }: Instants): boolean {
    return monotonicMs - this.#lastMs >= this.#lengthMs()
  }

  // A comparison: a look-up by name would be most of what a request costs here.
  #lengthMs(): number {
    return this.window === 'second' ? windowLengthMs.second : windowLengthMs.minute
  }
}

/**
 * Requests since the last full hour or day of UTC. Where the wall clock has been set, it may come to a window again:
 * what was taken in it within the last window length still counts (QTA-3).
 */
class AlignedCounter implements WindowCounter {
  readonly name: string
  readonly window: 'hour' | 'day'
  next: WindowCounter | undefined
  // Windows since the epoch, not milliseconds: V8 keeps small integers in place, and there are many counters.
  #number = -1
  #count = 0
  #lastMs = 0
  #others: Map<number, { readonly count: number; readonly lastMs: number }> | undefined

  constructor(name: string, window: 'hour' | 'day') {
    this.name = name
    this.window = window
    this.next = undefined
  }

  waitMs(quantity: number, limit: number, instants: Instants): number {
    const nowMs = this.#now(instants)
    const lengthMs = this.#lengthMs()
    const number = Math.floor(nowMs / lengthMs)
    return limit > 0 && this.#countIn(number) + quantity <= limit ? 0 : (number + 1) * lengthMs - nowMs
  }

  take(quantity: number, instants: Instants): void {
    const number = this.#numberNow(instants)
    if (number !== this.#number) this.#move(number, instants.monotonicMs)
    this.#count += quantity
    this.#lastMs = instants.monotonicMs
  }

  isExpired(instants: Instants): boolean {
    return this.#numberNow(instants) !== this.#number && this.#isOver(this.#lastMs, instants.monotonicMs)
  }

  #countIn(number: number): number {
    return number === this.#number ? this.#count : (this.#others?.get(number)?.count ?? 0)
  }

  /** Keeps what was taken in the window that is left, for as long as the wall clock might be set back to it. */
  #move(number: number, monotonicMs: number): void {
    const count = this.#countIn(number)
    if (this.#number >= 0) (this.#others ??= new Map()).set(this.#number, { count: this.#count, lastMs: this.#lastMs })
    for (const [other, { lastMs }] of this.#others ?? []) if (other === number || this.#isOver(lastMs, monotonicMs)) this.#others?.delete(other)
    if (this.#others?.size === 0) this.#others = undefined
    this.#number = number
    this.#count = count
  }

  #isOver(lastMs: number, monotonicMs: number): boolean {
    return monotonicMs - lastMs >= this.#lengthMs()
  }

  #lengthMs(): number {
    return this.window === 'hour' ? windowLengthMs.hour : windowLengthMs.day
  }

  #now({ hourMs, dayMs }: Instants): number {
    return this.window === 'hour' ? hourMs : dayMs
  }

  #numberNow(instants: Instants): number {
    return Math.floor(this.#now(instants) / this.#lengthMs())
  }
}
