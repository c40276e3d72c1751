import { isPromise, type MaybePromise } from '../model/maybe-promise.js'

/** Goes on at once with a value that is there, and later with one that is not: where nothing waits, all stays synchronous. */
export function whenReady<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}
