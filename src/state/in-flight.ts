/**
 * What this process is adding to the keys of a shared backend at the moment: who has read a key knows with it how much
 * more it may hold by now, and so never adds what the requests beside it leave no room for.
 */
export class InFlight {
  readonly #flights = new Map<string, Flight>()

  /** To be given back with `release` once nobody asks it any more. */
  use(key: string): Flight {
    let flight = this.#flights.get(key)
    if (flight === undefined) this.#flights.set(key, (flight = new Flight(key)))
    flight.users++
    return flight
  }

  release(flight: Flight): void {
    if (--flight.users === 0) this.#flights.delete(flight.key)
  }
}

/** Sums of one key since somebody began to ask for it. */
export class Flight {
  users = 0
  readonly key: string
  #started = 0
  #settled = 0
  // Beside the sums, which are not exact above 2^53.
  #startCount = 0
  #settleCount = 0
  #waiting: { readonly settleCount: number; readonly resume: () => void }[] = []

  constructor(key: string) {
    this.key = key
  }

  /** What a reading that begins now is sure to contain. */
  get settled(): number {
    return this.#settled
  }

  /** The most that a reading may lack, which began when so much was settled. */
  unseenSince(settled: number): number {
    return this.#started - settled
  }

  start(quantity: number): void {
    this.#started += quantity
    this.#startCount++
  }

  /** Undoes a start that nothing was added for. */
  cancel(quantity: number): void {
    this.#started -= quantity
    this.#startCount--
    this.#resume()
  }

  settle(quantity: number): void {
    this.#settled += quantity
    this.#settleCount++
    this.#resume()
  }

  /** Until everything that has been started by now is settled. */
  untilSettled(): Promise<void> {
    const settleCount = this.#startCount
    return this.#settleCount >= settleCount ? Promise.resolve() : new Promise((resume) => { this.#waiting.push({ settleCount, resume }) })
  }

  #resume(): void {
    const due = this.#waiting.filter(({ settleCount }) => settleCount <= this.#settleCount || this.#settleCount === this.#startCount)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter((one) => !due.includes(one))
    for (const { resume } of due) resume()
  }
}
