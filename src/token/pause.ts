/** A wait that can be cut short. Its timer does not keep the process alive. */
export class Pause {
  #end: (() => void) | undefined

  /** Resolves after so many milliseconds, or when it is ended. */
  take(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.#end?.() }, ms).unref()
      this.#end = () => {
        clearTimeout(timer)
        this.#end = undefined
        resolve()
      }
    })
  }

  end(): void {
    this.#end?.()
  }
}
