interface Kept<T> {
  value: T
  wallEndMs: number
  monotonicEndMs: number
}

/** Entries that are looked at for each new one, to forget those that are over. */
const looksEach = 2

/**
 * What is known of tokens, for as long as they can be used by either clock: one that is set back, or forward, brings nothing
 * back. Bounded: a new one that finds no room is refused.
 */
export class KeptValues<T> {
  readonly #most: number
  readonly #entries = new Map<string, Kept<T>>()
  #sweep: MapIterator<[string, Kept<T>]> | undefined

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  /**
   * @param keepMs from now; never shorter than was said before
   * @throws Error where there is no room for another one
   */
  set(key: string, value: T, keepMs: number, wallMs: number, monotonicMs: number): void {
    let kept = this.#entries.get(key)
    if (kept === undefined) {
      this.#forgetSome(this.#entries.size < this.#most ? looksEach : 1_000, wallMs, monotonicMs)
      if (this.#entries.size >= this.#most) throw new Error('the memory store is full')
      this.#entries.set(key, (kept = { value, wallEndMs: 0, monotonicEndMs: 0 }))
    }
    kept.value = value
    kept.wallEndMs = Math.max(kept.wallEndMs, wallMs + keepMs)
    kept.monotonicEndMs = Math.max(kept.monotonicEndMs, monotonicMs + keepMs)
  }

  #forgetSome(looks: number, wallMs: number, monotonicMs: number): void {
    for (let look = 0; look < looks; look++) {
      this.#sweep ??= this.#entries.entries()
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = undefined
        continue
      }
      const [key, { wallEndMs, monotonicEndMs }] = next.value
      if (wallEndMs <= wallMs && monotonicEndMs <= monotonicMs) this.#entries.delete(key)
    }
  }
}
