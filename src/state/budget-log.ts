import type { BudgetCharge } from '../model/store.js'

interface Budget {
  left: number
  wallEndMs: number
  monotonicEndMs: number
}

/** Entries that are looked at for each new one, to forget those that are over. */
const looksEach = 2

/**
 * What is left of tokens' budgets of operations (INT-4), for as long as the tokens can be used by either clock: one that is
 * set back, or forward, brings no budget back. Bounded: a new one that finds no room is refused.
 */
export class BudgetLog {
  readonly #most: number
  readonly #budgets = new Map<string, Budget>()
  #sweep: MapIterator<[string, Budget]> | undefined

  constructor(most: number) {
    this.#most = most
  }

  /** Operations that are left. Changes nothing. */
  left({ key, most }: BudgetCharge): number {
    return Math.min(this.#budgets.get(key)?.left ?? most, most)
  }

  /**
   * Takes one, if any is left, and says how many there are then.
   *
   * @throws Error where there is no room for another budget
   */
  take(charge: BudgetCharge, wallMs: number, monotonicMs: number): number {
    const { key, keepMs } = charge
    const left = Math.max(0, this.left(charge) - 1)
    let budget = this.#budgets.get(key)
    if (budget === undefined) {
      this.#forgetSome(this.#budgets.size < this.#most ? looksEach : 1_000, wallMs, monotonicMs)
      if (this.#budgets.size >= this.#most) throw new Error('the memory store is full')
      this.#budgets.set(key, (budget = { left, wallEndMs: 0, monotonicEndMs: 0 }))
    }
    budget.left = left
    budget.wallEndMs = Math.max(budget.wallEndMs, wallMs + keepMs)
    budget.monotonicEndMs = Math.max(budget.monotonicEndMs, monotonicMs + keepMs)
    return left
  }

  #forgetSome(looks: number, wallMs: number, monotonicMs: number): void {
    for (let look = 0; look < looks; look++) {
      this.#sweep ??= this.#budgets.entries()
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = undefined
        continue
      }
      const [key, { wallEndMs, monotonicEndMs }] = next.value
      if (wallEndMs <= wallMs && monotonicEndMs <= monotonicMs) this.#budgets.delete(key)
    }
  }
}
