import type { Clock } from '../model/clock.js'

/**
 * The wall clock, as windows that are aligned to it may see it. After a backward step it stays at the latest instant
 * seen, for at most one window length of monotonic time, and then follows the wall clock again (QTA-3): a step back
 * neither opens a window that was left already nor stops the counting for good.
 */
export class AlignedClock {
  readonly #lengthMs: number
  #latestMs = -Infinity
  #seenAtMonotonicMs = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  /** @param monotonicMs a clock that never steps */
  read(wallMs: number, monotonicMs: number): number {
    if (wallMs < this.#latestMs && monotonicMs - this.#seenAtMonotonicMs <= this.#lengthMs) return this.#latestMs
    this.#latestMs = wallMs
    this.#seenAtMonotonicMs = monotonicMs
    return wallMs
  }
}

/** A monotonic clock made of a wall clock: it stands still while that one goes back. */
export function forwardSteps(now: Clock): Clock {
  let latestMs = now()
  let elapsedMs = 0
  return () => {
    const nowMs = now()
    elapsedMs += Math.max(0, nowMs - latestMs)
    latestMs = nowMs
    return elapsedMs
  }
}
