/** A point in time that everything which is done for one admission has to keep to. */
export class DeadlineRace {
  readonly #expiry: Promise<never>
  readonly #timer: NodeJS.Timeout
  #isOver = false

  constructor(milliseconds: number, message: string) {
    let expire: (error: Error) => void
    this.#expiry = new Promise((_resolve, reject) => { expire = reject })
    this.#expiry.catch(() => undefined)
    this.#timer = setTimeout(() => {
      this.#isOver = true
      expire(new Error(message))
    }, milliseconds).unref()
  }

  /** Does nothing any more once the time is over, and does not wait for what was begun. */
  within<T>(begin: () => Promise<T>): Promise<T> {
    return this.#isOver ? this.#expiry : Promise.race([begin(), this.#expiry])
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
