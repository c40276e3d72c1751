/**
 * When a quota was taken over the last window, exactly, in whole milliseconds. Quantities of the same millisecond
 * share an entry, so that a window has at most as many entries as milliseconds.
 */
export class SlidingLog {
  // Instants and quantities in turn, oldest first; #head is where the first live entry starts.
  readonly #entries: number[] = []
  #head = 0
  #total = 0

  /** Forgets what was taken at or before an instant, and gives the sum of the rest. */
  totalSince(instantMs: number): number {
    const entries = this.#entries
    while (this.#head < entries.length && (entries[this.#head] as number) <= instantMs) {
      this.#total -= entries[this.#head + 1] as number
      this.#head += 2
    }
    if (this.#head === entries.length) {
      entries.length = this.#head = 0
    } else if (this.#head > 64 && this.#head * 2 > entries.length) {
      entries.splice(0, this.#head)
      this.#head = 0
    }
    return this.#total
  }

  add(instantMs: number, quantity: number): void {
    const entries = this.#entries
    if (entries.length > this.#head && entries[entries.length - 2] === instantMs) entries[entries.length - 1] = (entries[entries.length - 1] as number) + quantity
    else entries.push(instantMs, quantity)
    this.#total += quantity
  }

  /** The instant of the entry with which the oldest `quantity` has left; `undefined` if there is not that much. */
  instantOfRelease(quantity: number): number | undefined {
    let released = 0
    for (let i = this.#head; i < this.#entries.length; i += 2) {
      released += this.#entries[i + 1] as number
      if (released >= quantity) return this.#entries[i]
    }
    return undefined
  }
}
