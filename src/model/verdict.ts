import type { ErrorCode } from './error-codes.js'

/**
 * What a check that holds returns. A value of its own, so that a check which forgets to return, or returns
 * something else by mistake, has not passed (CAP-5, ERR-2).
 */
export const pass = Object.freeze({ outcome: 'pass' as const })

/** What a check that does not hold returns. Made by `deny`. */
export interface Refusal {
  readonly outcome: 'deny'
  readonly code: ConstraintErrorCode
  /** Private: goes to the audit record, never to the response. */
  readonly detail: string
  /** The fact that nobody supplied, where that is the reason (CAP-6). */
  readonly missingFact?: string
}

/** The codes that a constraint may answer with. All are 403, but for `request_too_large` (413). */
export type ConstraintErrorCode = Extract<ErrorCode, `aap_${string}` | 'request_too_large'>

export type Verdict = typeof pass | Refusal
