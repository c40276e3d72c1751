/** A value that is there, or will be. What returns it answers synchronously where nothing has to be waited for. */
export type MaybePromise<T> = T | Promise<T>

/** A thenable of any make: hooks, sinks and stores may come from other libraries. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** Lets a promise that nobody waits for fail: its rejection must not end the process (ERR-2). */
export function ignoreRejection(value: unknown, report: (error: unknown) => void = () => undefined): void {
  if (isPromise(value)) Promise.resolve(value).catch(report)
}
