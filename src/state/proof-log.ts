/** Proofs are forgotten together, by the stretch of time in which the last of them ends. */
const stretchMs = 10_000

/**
 * The proofs that were shown, for as long as they could be shown again (POP-3), on the wall clock, which they are made by.
 * Bounded: a new one that finds no room is refused, and no live one is forgotten for it.
 */
export class ProofLog {
  readonly #most: number
  /** By the number of the stretch. */
  readonly #stretches = new Map<number, Set<string>>()
  #size = 0
  /** Proofs that end before this may have been forgotten: a clock that is set back makes none of them new again. */
  #forgottenUntilMs = -Infinity

  constructor(most: number) {
    this.#most = most
  }

  /** Remembers a proof, or says why not. */
  take(key: string, expiresAtMs: number, nowMs: number): 'replayed' | 'full' | undefined {
    this.#forget(nowMs)
    if (expiresAtMs < this.#forgottenUntilMs) return 'replayed'
    for (const stretch of this.#stretches.values()) if (stretch.has(key)) return 'replayed'
    if (this.#size >= this.#most) return 'full'
    const number = Math.floor(expiresAtMs / stretchMs)
    const stretch = this.#stretches.get(number)
    if (stretch === undefined) this.#stretches.set(number, new Set([key]))
    else stretch.add(key)
    this.#size++
    return undefined
  }

  #forget(nowMs: number): void {
    for (const [number, { size }] of this.#stretches) {
      const endMs = (number + 1) * stretchMs
      if (endMs > nowMs) continue
      this.#stretches.delete(number)
      this.#size -= size
      this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, endMs)
    }
  }
}
