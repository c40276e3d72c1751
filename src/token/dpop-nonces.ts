import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Nonces that nobody has to remember: each period has its own, made from a secret. Processes that share the secret and the
 * length of a period agree on them, and the one of the period before still holds (POP-3).
 *
 * @see RFC 9449 sections 8 and 9
 */
export class DpopNonces {
  readonly #secret: string
  readonly #periodMs: number
  #period = NaN
  #pair: readonly [current: string, previous: string] = ['', '']

  /** @param secret at least 32 characters; whoever knows it can make proofs in advance */
  constructor(secret: string, periodMs: number) {
    this.#secret = secret
    this.#periodMs = periodMs
  }

  current(nowMs: number): string {
    return this.#at(nowMs)[0]
  }

  /** Whether a nonce is the current one, or the previous one, which is to be replaced; `undefined` for any other. */
  judge(nonce: unknown, nowMs: number): 'current' | 'previous' | undefined {
    if (typeof nonce !== 'string') return undefined
    const [current, previous] = this.#at(nowMs)
    if (isEqual(nonce, current)) return 'current'
    return isEqual(nonce, previous) ? 'previous' : undefined
  }

  #at(nowMs: number): readonly [string, string] {
    const period = Math.floor(nowMs / this.#periodMs)
    if (period !== this.#period) {
      this.#pair = [this.#make(period), this.#make(period - 1)]
      this.#period = period
    }
    return this.#pair
  }

  #make(period: number): string {
    return createHmac('sha256', this.#secret).update(`DPoP-Nonce ${this.#periodMs} ${period}`).digest('base64url')
  }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
