/** A value beside an object of somebody else's, which only the holder of the attachment can see or write. */
export interface Attachment<Target extends object, Value> {
  get(target: Target): Value | undefined
  set(target: Target, value: Value): void
}

/** Gives what it is constructed with, so that a subclass puts its private fields there. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- only a constructor can do this
class Itself {
  constructor(target: object) {
    return target
  }
}

/**
 * Works as a `WeakMap` does, by a private field. V8's collections of young objects keep alive what a long-lived `WeakMap`
 * has as a value, and a value that leads back to its key keeps that one too: every request would stay until the next
 * full collection, with all that hangs on it.
 */
export function createAttachment<Target extends object, Value>(): Attachment<Target, Value> {
  class Attached extends Itself {
    #value: Value

    constructor(target: Target, value: Value) {
      super(target)
      this.#value = value
    }

    static get(target: object): Value | undefined {
      return #value in target ? target.#value : undefined
    }

    static set(target: Target, value: Value): void {
      if (#value in target) target.#value = value
      else new Attached(target, value)
    }
  }
  return Attached
}
