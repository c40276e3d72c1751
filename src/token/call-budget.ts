export interface CallBudgetOptions {
  /** How many calls a budget that was left alone holds. */
  readonly most: number
  /** After how many milliseconds one that was spent comes back. */
  readonly regainMs: number
}

/**
 * How often requests that nobody has vouched for may make us ask the issuer: whoever sends made-up tokens or names of
 * keys spends this and not the issuer's patience (KEY-3, INT-1).
 */
export class CallBudget {
  readonly #most: number
  readonly #regainMs: number
  #left: number
  /** The instant from which the next regained one is counted. */
  #sinceMs = 0

  constructor({ most, regainMs }: CallBudgetOptions) {
    this.#most = most
    this.#regainMs = regainMs
    this.#left = most
  }

  /** Takes one, if there are more than `reserved`. */
  take(nowMs: number, reserved = 0): boolean {
    const elapsedMs = nowMs - this.#sinceMs
    const regained = Math.max(0, Math.floor(elapsedMs / this.#regainMs))
    this.#left = Math.min(this.#most, this.#left + regained)
    // A full budget regains nothing, and a clock that stepped back says nothing: then counting starts here.
    this.#sinceMs = this.#left === this.#most || elapsedMs < 0 ? nowMs : this.#sinceMs + regained * this.#regainMs
    if (this.#left <= reserved) return false
    this.#left -= 1
    return true
  }

  /** Gives one back, since what it was spent on was found. */
  refund(): void {
    this.#left = Math.min(this.#most, this.#left + 1)
  }
}
