const firstMs = 1_000
const longestMs = 300_000

/** After a failure the issuer is left alone for 1 s, then twice as long each time, up to 5 min (KEY-4). */
export class BackOff {
  private failures = 0
  private failedAtMs = 0

  fail(nowMs: number): void {
    this.failures += 1
    this.failedAtMs = nowMs
  }

  succeed(): void {
    this.failures = 0
  }

  /** Milliseconds until the next attempt may be made; 0 when it may be made now. */
  remainingMs(nowMs: number): number {
    if (this.failures === 0) return 0
    const elapsedMs = nowMs - this.failedAtMs
    if (elapsedMs < 0) return 0 // the clock stepped back: nobody knows how long ago it was
    return Math.max(0, Math.min(longestMs, firstMs * 2 ** (this.failures - 1)) - elapsedMs)
  }
}
