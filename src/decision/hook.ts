import { describeError } from '../model/describe-error.js'
import { ignoreRejection, isPromise, type MaybePromise } from '../model/maybe-promise.js'

/** A hook that threw, rejected or did not settle: the request is denied with 500 (ERR-2). */
export class HookFailed extends Error {}

/** It did not settle in time. */
export class HookTimedOut extends HookFailed {}

/**
 * Calls code that a user gave us.
 *
 * @param name what the operator calls the hook, such as `target`
 * @throws HookFailed where it throws, rejects or does not settle in time
 */
export function callHook<T>(name: string, timeoutMs: number, hook: () => MaybePromise<T>): MaybePromise<T> {
  let answer: MaybePromise<T>
  try {
    answer = hook()
  } catch (error) {
    throw new HookFailed(`${name} threw: ${describeError(error)}`)
  }
  return isPromise(answer) ? settleInTime(name, timeoutMs, answer) : answer
}

function settleInTime<T>(name: string, timeoutMs: number, answer: Promise<T>): Promise<T> {
  const settled = new Promise<T>((resolve, reject) => {
    // Holds the process for as long as a request waits for it, and no longer.
    const timer = setTimeout(() => { reject(new HookTimedOut(`${name} did not settle within ${timeoutMs} ms`)) }, timeoutMs)
    answer.then(
      (value) => { clearTimeout(timer); resolve(value) },
      (error: unknown) => { clearTimeout(timer); reject(new HookFailed(`${name} rejected: ${describeError(error)}`)) },
    )
  })
  // Where another hook has failed already nobody waits for this one, and its rejection must not end the process.
  ignoreRejection(settled)
  return settled
}
