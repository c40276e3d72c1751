/** A value that is there, or will be. What returns it answers synchronously where nothing has to be waited for. */
export type MaybePromise<T> = T | Promise<T>
