import { LRUCache } from 'lru-cache'

const maxPeers = 10_000
const windowMs = 60_000

/**
 * How many failed validations each peer address may cause in a minute, aligned to the clock (TRN-5), or how many inactive
 * tokens it may make us ask an issuer about (INT-1). The least recently
 * seen peers are forgotten first, so that a flood from many addresses is bounded in memory.
 */
export class FailureLimit {
  readonly #limit: number
  readonly #failures = new LRUCache<string, { windowStartMs: number; count: number }>({ max: maxPeers })

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Milliseconds that a peer has to wait, 0 if it need not. */
  waitMs(peer: string, nowMs: number): number {
    const failures = this.#failures.get(peer)
    if (failures === undefined || failures.count < this.#limit) return 0
    return Math.max(0, failures.windowStartMs + windowMs - nowMs)
  }

  count(peer: string, nowMs: number): void {
    const windowStartMs = nowMs - (nowMs % windowMs)
    const failures = this.#failures.get(peer)
    if (failures?.windowStartMs === windowStartMs) failures.count++
    else this.#failures.set(peer, { windowStartMs, count: 1 })
  }
}
