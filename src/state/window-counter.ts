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
  isExpired(monotonicMs: number): boolean
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
    if (over <= 0) return 0
    // A quantity over the limit never fits: it may as well come back when the window is empty.
    const releaseMs = this.#log.instantOfRelease(over) ?? monotonicMs
    return releaseMs + this.#lengthMs - monotonicMs
  }

  take(quantity: number, { monotonicMs }: Instants): void {
    this.#log.add(monotonicMs, quantity)
    this.#lastMs = monotonicMs
  }

  isExpired(monotonicMs: number): boolean {
    return monotonicMs - this.#lastMs >= this.#lengthMs
  }
}

/** Requests since the last full hour or day of UTC. */
export class AlignedCounter implements WindowCounter {
  readonly #lengthMs: number
  // Windows since the epoch, not milliseconds: V8 keeps small integers in place, and there are many counters.
  #window = -1
  #count = 0
  #lastMs = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  waitMs(quantity: number, limit: number, instants: Instants): number {
    const nowMs = this.#now(instants)
    const window = Math.floor(nowMs / this.#lengthMs)
    const taken = window === this.#window ? this.#count : 0
    return taken + quantity <= limit ? 0 : (window + 1) * this.#lengthMs - nowMs
  }

  take(quantity: number, instants: Instants): void {
    const window = Math.floor(this.#now(instants) / this.#lengthMs)
    this.#count = window === this.#window ? this.#count + quantity : quantity
    this.#window = window
    this.#lastMs = instants.monotonicMs
  }

  /** The window is over one length after it was last taken from, at the latest. */
  isExpired(monotonicMs: number): boolean {
    return monotonicMs - this.#lastMs >= this.#lengthMs
  }

  #now({ hourMs, dayMs }: Instants): number {
    return this.#lengthMs === 3_600_000 ? hourMs : dayMs
  }
}
