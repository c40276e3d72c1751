import type { MaybePromise } from './maybe-promise.js'

/**
 * Where counters live that requests share. `admit` is the only operation on the request path: everything
 * stateful about one decision, as one atomic step (ORD-1, QTA-4).
 */
export interface StateStore {
  /** For operator messages, such as `memory`. */
  readonly name: string
  /**
   * Takes the first alternative whose quotas all have room, whole, and nothing of the others. If none has, takes
   * nothing and says when the earliest one will (QTA-2). `chargeOnly` is taken whole or not at all and never
   * changes the answer. Throwing, rejecting or any other answer refuses the request with 503 (QTA-6).
   */
  admit(admission: Admission): MaybePromise<AdmissionVerdict>
}

export interface Admission {
  /** Digest that all keys of this admission may be placed by, so that a sharded store keeps them together. */
  readonly scope: string
  /** In the order of preference (CAP-3). Empty where no capability passed its stateless constraints. */
  readonly alternatives: readonly Alternative[]
  /** Quotas of the first candidate, where every capability was refused by another constraint (QTA-2). */
  readonly chargeOnly?: readonly QuotaCharge[]
}

export interface Alternative {
  readonly quotas: readonly QuotaCharge[]
}

/** One window of one quota, and how much of it this request takes. */
export interface QuotaCharge {
  /** Digest over issuer, token, capability and constraint; fixed length, safe in any key space (QTA-1). */
  readonly key: string
  readonly window: QuotaWindow
  /** What the window holds, an integer from 0 to 2^53 - 1. */
  readonly limit: number
  /** Integer from 0. */
  readonly quantity: number
}

/** `second` and `minute` slide over the requests in (now - w, now]; `hour` and `day` are aligned to the UTC clock (CON-1). */
export type QuotaWindow = 'second' | 'minute' | 'hour' | 'day'

export type AdmissionVerdict =
  /** `alternative` is the position of the one that was taken; -1 where the admission had none. */
  | { readonly outcome: 'admitted'; readonly alternative: number }
  /** No alternative has room; the earliest will in this many milliseconds. */
  | { readonly outcome: 'full'; readonly retryAfterMs: number }
