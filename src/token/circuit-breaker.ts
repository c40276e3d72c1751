import { BackOff } from './back-off.js'

/** What the outcome of one call is told to. */
export interface Attempt {
  succeed(): void
  /** @returns whether calls are refused from now on */
  fail(nowMs: number): boolean
}

const firstMs = 1_000
const longestMs = 10_000

/**
 * After so many failures in a row nobody is called for 1 s, twice as long each time up to 10 s. Then one call goes
 * through: if it succeeds all do, and until it has ended no other one does (INT-1).
 */
export class CircuitBreaker {
  readonly #tolerated: number
  readonly #backOff = new BackOff({ firstMs, longestMs })
  /** In a row. */
  #failures = 0
  #isProbing = false

  /** @param tolerated the failure in a row that opens it, from 1 */
  constructor(tolerated: number) {
    this.#tolerated = tolerated
  }

  /** Milliseconds until a call may be made, 0 when it may be made now. */
  waitMs(nowMs: number): number {
    if (!this.#isOpen()) return 0
    return this.#isProbing ? firstMs : this.#backOff.remainingMs(nowMs)
  }

  /** To be called where there is nothing to wait for, once for each call, whose outcome must be told. */
  begin(): Attempt {
    const isProbe = this.#isOpen()
    if (isProbe) this.#isProbing = true
    return {
      succeed: () => {
        if (isProbe) this.#isProbing = false
        this.#failures = 0
        this.#backOff.succeed()
      },
      fail: (nowMs) => {
        if (isProbe) this.#isProbing = false
        else if (this.#isOpen()) return true // called before it opened, and counted with the ones that opened it
        this.#failures++
        if (this.#isOpen()) this.#backOff.fail(nowMs)
        return this.#isOpen()
      },
    }
  }

  #isOpen(): boolean {
    return this.#failures >= this.#tolerated
  }
}
