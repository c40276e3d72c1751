export interface BackOffOptions {
  /** After the first failure, in milliseconds. Default 1,000. */
  readonly firstMs?: number
  /** In milliseconds. Default 300,000. */
  readonly longestMs?: number
}

/** After a failure the other side is left alone for 1 s, then twice as long each time, up to 5 min (KEY-4). */
export class BackOff {
  readonly #firstMs: number
  readonly #longestMs: number
  #failures = 0
  #failedAtMs = 0

  constructor({ firstMs = 1_000, longestMs = 300_000 }: BackOffOptions = {}) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
  }

  fail(nowMs: number): void {
    this.#failures += 1
    this.#failedAtMs = nowMs
  }

  succeed(): void {
    this.#failures = 0
  }

  /** Milliseconds until the next attempt may be made; 0 when it may be made now. */
  remainingMs(nowMs: number): number {
    if (this.#failures === 0) return 0
    const elapsedMs = nowMs - this.#failedAtMs
    if (elapsedMs < 0) return 0 // the clock stepped back: nobody knows how long ago it was
    return Math.max(0, Math.min(this.#longestMs, this.#firstMs * 2 ** (this.#failures - 1)) - elapsedMs)
  }
}
