import type { MaybePromise } from './maybe-promise.js'

/**
 * Where counters live that requests share. `admit` is the only operation on the request path: everything
 * stateful about one decision, as one atomic step (ORD-1, QTA-4).
 */
export interface StateStore {
  /** For operator messages, such as `memory`. */
  readonly name: string
  /**
   * `false` says that an admission is not one atomic step here: a guard that needs it to be refuses the store at start-up,
   * as the option `dpop` does. Absent means that it is.
   */
  readonly isAtomic?: boolean
  /**
   * Looks at the task first: a token that was seen with another one is refused, and nothing else happens. Otherwise the task is
   * remembered, whatever follows (INT-5).
   *
   * Then at the proof: one that was shown before is refused, and so is a new one that finds no room; either way
   * nothing else happens. Otherwise it is remembered, whatever follows (POP-3).
   *
   * Then takes the first alternative whose quotas all have room, whole, with one operation of the budget, and nothing of
   * the others. If none has, takes nothing and says when the earliest one will (QTA-2); if one has and nothing is left of
   * the budget, takes nothing either (INT-4). `chargeOnly` is taken whole or not at all and never
   * changes the answer. Throwing, rejecting or any other answer refuses the request with 503 (QTA-6).
   */
  admit(admission: Admission): MaybePromise<AdmissionVerdict>
  /** What processes tell each other of tokens that an issuer was asked about (INT-1). Absent: each process asks for itself. */
  readonly answers?: AnswerStore
  /** How processes tell each other what was revoked (REV-1). Absent: `guard.revoke` is for its own process only. */
  readonly revocations?: RevocationFeed
}

/** What was revoked by any process, for all that share the store, until it ends. */
export interface RevocationFeed {
  /**
   * Tells every subscriber, and keeps it for those that come later. Rejects where some may not come to know it.
   *
   * @param mostKept further notices are refused where the store keeps so many that have not ended
   */
  publish(notices: readonly RevocationNotice[], mostKept: number): Promise<void>
  /** From now on, and for all that is kept, in any order and perhaps more than once. Never throws, and goes on after a failure. */
  subscribe(listener: RevocationListener): RevocationSubscription
}

export interface RevocationNotice {
  /** 16 hexadecimal digits, of a digest. */
  readonly key: string
  /** Epoch seconds, an integer from 1 to 2^32 - 1. */
  readonly until: number
}

export interface RevocationListener {
  revoked(notices: readonly RevocationNotice[]): void
  /** All that was published before this look at the store began has been told: called at least every 10 s. @param sinceMs `performance.now()` at its begin */
  caughtUp(sinceMs: number): void
  failed(error: unknown): void
}

export interface RevocationSubscription {
  close(): void
}

/**
 * A cache that processes share. It may lose anything at any time; it must not keep anything for longer than it was told.
 * Rejecting is never fatal: then the issuer is asked.
 */
export interface AnswerStore {
  /** What was last set under this key, if it is still there. */
  get(key: string): Promise<StoredAnswer | undefined>
  /**
   * @param key digest, 43 characters of base64url
   * @param value JSON of the claims about an agent, about 64 KB at most. Never the token
   * @param keepMs in whole milliseconds from 1 to 30,000
   */
  set(key: string, value: string, keepMs: number): Promise<void>
}

export interface StoredAnswer {
  readonly value: string
  /** How long the store will still keep it, in milliseconds, by its own clock: those of two processes may differ. */
  readonly remainingMs: number
}

export interface Admission {
  /** Digest that all keys of this admission may be placed by, so that a sharded store keeps them together. */
  readonly scope: string
  /** What an ephemeral token is for, as its issuer said just now. */
  readonly task?: TaskClaim
  /** The proof of possession that came with the request, to be accepted once. */
  readonly proof?: ProofId
  /** In the order of preference (CAP-3). Empty where no capability passed its stateless constraints. */
  readonly alternatives: readonly Alternative[]
  /** What the token's budget of operations loses if an alternative is taken (INT-4). */
  readonly budget?: BudgetCharge
  /** Quotas of the first candidate, where every capability was refused by another constraint (QTA-2). */
  readonly chargeOnly?: readonly QuotaCharge[]
}

/**
 * One operation of a token's budget. What is left is the lowest of `most`, of what was left before, and of `total` less what was
 * taken: nothing that is said later makes it more.
 */
export interface BudgetCharge {
  /** Digest of the token; fixed length, safe in any key space. */
  readonly key: string
  /** Integer from 0 to 2^53 - 1. */
  readonly most: number
  /** What all requests together may take, where that is said: an integer from 0 to 2^53 - 1. */
  readonly total?: number
  /** For how long the token can still be used, in whole milliseconds from 1. What is left is not forgotten earlier. */
  readonly keepMs: number
}

/** With which task a token is seen; the first one binds it (INT-5). */
export interface TaskClaim {
  /** Digest of the token; fixed length, safe in any key space. */
  readonly key: string
  /** Digest of the task. */
  readonly task: string
  /** For how long the token can still be used, in whole milliseconds from 1. Never forgotten earlier. */
  readonly keepMs: number
}

/** What a proof of possession is remembered by (POP-3). */
export interface ProofId {
  /** Digest over the client's key and the proof's `jti`; fixed length, safe in any key space. */
  readonly key: string
  /** For how long it could be shown again, in whole milliseconds from 1 to 70,001. Never forgotten earlier. */
  readonly keepMs: number
}

export interface Alternative {
  readonly quotas: readonly QuotaCharge[]
}

/** One window of one quota, and how much of it this request takes. */
export interface QuotaCharge {
  /** Digest of whom it counts for, as a token's capability; fixed length, safe in any key space (QTA-1). Charges of one key stand together. */
  readonly key: string
  /** Which of those quotas, by the name of its constraint: 1 to 70 printable ASCII characters. `key`, `name` and `window` together are one counter. */
  readonly name: string
  readonly window: QuotaWindow
  /** What the window holds, an integer from 0 to 2^53 - 1. */
  readonly limit: number
  /** Integer from 0. */
  readonly quantity: number
}

/** `second` and `minute` slide over the requests in (now - w, now]; `hour` and `day` are aligned to the UTC clock (CON-1). */
export type QuotaWindow = 'second' | 'minute' | 'hour' | 'day'

export type AdmissionVerdict =
  /**
   * `alternative` is the position of the one that was taken; -1 where the admission had none. `holdsTask` where it had a task;
   * `operationsLeft` where it took an operation of a budget.
   */
  | { readonly outcome: 'admitted'; readonly alternative: number; readonly holdsTask?: true; readonly operationsLeft?: number }
  /** The token was seen with another task. */
  | { readonly outcome: 'other-task' }
  /** An alternative has room, and the budget of operations is spent: nothing was taken of either. */
  | { readonly outcome: 'spent' }
  /**
   * No alternative has room; the earliest will in this many milliseconds. One that never will, since a limit is 0 or below the
   * quantity, is not waited for while another can; where none can, any finite number (CON-1).
   */
  | { readonly outcome: 'full'; readonly retryAfterMs: number }
  /** The proof was shown before. */
  | { readonly outcome: 'replayed' }
  /** No more proofs can be remembered at the moment. */
  | { readonly outcome: 'proofs-full' }
