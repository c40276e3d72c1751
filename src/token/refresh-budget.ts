const most = 2
const regainMs = 30_000

/**
 * How often requests that name an unknown key may make us ask the issuer: twice, one more every 30 s (KEY-3).
 * Whoever sends tokens with made-up names spends this and not the issuer's patience.
 */
export class RefreshBudget {
  private left = most
  /** The instant from which the next regained one is counted. */
  private sinceMs = 0

  /** Takes one, if there is one. */
  take(nowMs: number): boolean {
    const elapsedMs = nowMs - this.sinceMs
    const regained = Math.max(0, Math.floor(elapsedMs / regainMs))
    this.left = Math.min(most, this.left + regained)
    // A full budget regains nothing, and a clock that stepped back says nothing: then counting starts here.
    this.sinceMs = this.left === most || elapsedMs < 0 ? nowMs : this.sinceMs + regained * regainMs
    if (this.left === 0) return false
    this.left -= 1
    return true
  }

  /** Gives one back, since what it was spent on was found. */
  refund(): void {
    this.left = Math.min(most, this.left + 1)
  }
}
