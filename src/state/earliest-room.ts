import type { QuotaCharge } from '../model/store.js'

/** When the first of several alternatives will have room, as they are looked at one after the other (CON-1). */
export class EarliestRoom {
  #fitsInMs = Infinity
  #neverMs = Infinity

  /** @param waitMs until the windows of an alternative that is full are no longer in its way */
  add(quotas: readonly Pick<QuotaCharge, 'limit' | 'quantity'>[], waitMs: number): void {
    if (canEverFit(quotas)) this.#fitsInMs = Math.min(this.#fitsInMs, waitMs)
    else this.#neverMs = Math.min(this.#neverMs, waitMs)
  }

  /** Of what can fit, and only where nothing can, of what never will. */
  get waitMs(): number {
    return this.#fitsInMs === Infinity ? this.#neverMs : this.#fitsInMs
  }
}

/** Whether an empty window would have room: a limit of 0 admits nothing. */
function canEverFit(quotas: readonly Pick<QuotaCharge, 'limit' | 'quantity'>[]): boolean {
  return quotas.every(({ limit, quantity }) => limit > 0 && quantity <= limit)
}
