import { SlidingLog } from './sliding-log.js'

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
  /** Milliseconds until the window has room for a quantity, 0 if it has now. */
  waitMs(quantity: number, limit: number, instants: Instants): number
  take(quantity: number, instants: Instants): void
  /** Whether the window is over, so that the counter says nothing any more (QTA-7). */
  isExpired(instants: Instants): boolean
}

/** Requests in (now - w, now], on the monotonic clock, which no step of the wall clock reaches. */
export class SlidingCounter implements WindowCounter {
  readonly #log = new SlidingLog()
  readonly #lengthMs: number
  #lastMs = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  waitMs(quantity: number, limit: number, { monotonicMs }: Instants): number {
    const over = this.#log.totalSince(monotonicMs - this.#lengthMs) + quantity - limit
    if (over <= 0 && limit > 0) return 0
    // What never fits may as well come back when the window is empty: a quantity over the limit, anything where that is 0.
    const releaseMs = (limit > 0 ? this.#log.instantOfRelease(over) : undefined) ?? monotonicMs
    return releaseMs + this.#lengthMs - monotonicMs
  }

  take(quantity: number, { monotonicMs }: Instants): void {
    this.#log.add(monotonicMs, quantity)
    this.#lastMs = monotonicMs
  }

  isExpired({ monotonicMs }: Instants): boolean {
    return monotonicMs - this.#lastMs >= this.#lengthMs
  }
}

/**
 * Requests since the last full hour or day of UTC. Where the wall clock has been set, it may come to a window again:
 * what was taken in it within the last window length still counts (QTA-3).
 */
export class AlignedCounter implements WindowCounter {
  readonly #lengthMs: number
  // Windows since the epoch, not milliseconds: V8 keeps small integers in place, and there are many counters.
  #window = -1
  #count = 0
  #lastMs = 0
  #others: Map<number, { readonly count: number; readonly lastMs: number }> | undefined

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  waitMs(quantity: number, limit: number, instants: Instants): number {
    const nowMs = this.#now(instants)
    const window = Math.floor(nowMs / this.#lengthMs)
    return limit > 0 && this.#countIn(window) + quantity <= limit ? 0 : (window + 1) * this.#lengthMs - nowMs
  }

  take(quantity: number, instants: Instants): void {
    const window = Math.floor(this.#now(instants) / this.#lengthMs)
    if (window !== this.#window) this.#move(window, instants.monotonicMs)
    this.#count += quantity
    this.#lastMs = instants.monotonicMs
  }

  isExpired(instants: Instants): boolean {
    return Math.floor(this.#now(instants) / this.#lengthMs) !== this.#window && this.#isOver(this.#lastMs, instants.monotonicMs)
  }

  #countIn(window: number): number {
    return window === this.#window ? this.#count : (this.#others?.get(window)?.count ?? 0)
  }

  /** Keeps what was taken in the window that is left, for as long as the wall clock might be set back to it. */
  #move(window: number, monotonicMs: number): void {
    const count = this.#countIn(window)
    if (this.#window >= 0) (this.#others ??= new Map()).set(this.#window, { count: this.#count, lastMs: this.#lastMs })
    for (const [other, { lastMs }] of this.#others ?? []) if (other === window || this.#isOver(lastMs, monotonicMs)) this.#others?.delete(other)
    if (this.#others?.size === 0) this.#others = undefined
    this.#window = window
    this.#count = count
  }

  #isOver(lastMs: number, monotonicMs: number): boolean {
    return monotonicMs - lastMs >= this.#lengthMs
  }

  #now({ hourMs, dayMs }: Instants): number {
    return this.#lengthMs === 3_600_000 ? hourMs : dayMs
  }
}
