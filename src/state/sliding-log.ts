/**
 * How much of a quota was taken over the last window, exactly, in whole milliseconds. Quantities of the same millisecond
 * share an entry, so that a window has at most as many entries as milliseconds. Most quotas see one request a window:
 * the log grows a list only when there is a second entry.
 */
export class SlidingLog {
  // The oldest entry stands here; the others, instants and quantities in turn, in the list from #head on.
  #oldestMs = 0
  #oldestQuantity = 0
  #later: number[] | undefined
  #head = 0
  #total = 0

  /** Forgets what was taken at or before an instant, and gives the sum of the rest. */
  totalSince(instantMs: number): number {
    while (this.#total > 0 && this.#oldestMs <= instantMs) this.#forgetOldest()
    return this.#total
  }

  /** @param instantMs no earlier than the last one */
  add(instantMs: number, quantity: number): void {
    if (quantity === 0) return
    if (this.#total === 0) {
      this.#oldestMs = instantMs
      this.#oldestQuantity = quantity
    } else {
      this.#append(instantMs, quantity)
    }
    this.#total += quantity
  }

  /** The instant of the entry with which the oldest `quantity` will have left; `undefined` if there is not that much. */
  instantOfRelease(quantity: number): number | undefined {
    if (this.#total < quantity) return undefined
    let instantMs = this.#oldestMs
    let released = this.#oldestQuantity
    const later = this.#later ?? []
    for (let i = this.#head; released < quantity; i += 2) {
      instantMs = later[i] as number
      released += later[i + 1] as number
    }
    return instantMs
  }

  #append(instantMs: number, quantity: number): void {
    const later = (this.#later ??= [])
    const last = later.length - 2
    if (last >= this.#head && later[last] === instantMs) later[last + 1] = (later[last + 1] as number) + quantity
    else if (last < this.#head && this.#oldestMs === instantMs) this.#oldestQuantity += quantity
    else later.push(instantMs, quantity)
  }

  #forgetOldest(): void {
    this.#total -= this.#oldestQuantity
    const later = this.#later
    if (later === undefined || this.#head === later.length) return
    this.#oldestMs = later[this.#head] as number
    this.#oldestQuantity = later[this.#head + 1] as number
    this.#head += 2
    if (this.#head === later.length) {
      this.#later = undefined
      this.#head = 0
    } else if (this.#head > 64 && this.#head * 2 > later.length) {
      later.splice(0, this.#head)
      this.#head = 0
    }
  }
}
