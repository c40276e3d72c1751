import { isPromise, type MaybePromise } from '../model/maybe-promise.js'

/** What an attempt comes to, and something else where it throws or rejects. */
export function recover<T>(attempt: () => MaybePromise<T>, instead: (error: unknown) => T): MaybePromise<T> {
  try {
    const result = attempt()
    return isPromise(result) ? result.catch(instead) : result
  } catch (error) {
    return instead(error)
  }
}
