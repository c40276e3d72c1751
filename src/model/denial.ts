import type { DenialCode } from './error-codes.js'

/**
 * Why something is refused. `code` decides what the caller sees; `rule` and `detail` are private and go to
 * the audit record only (ERR-1).
 */
export interface Denial {
  readonly code: DenialCode
  /** Id of the rule in SPEC, such as `CON-2`, or the name of a registered constraint. */
  readonly rule: string
  /** What exactly did not hold, for the audit record. May quote claims, never a token. */
  readonly detail: string
  /** Whole seconds, at least 1, for `Retry-After` with 429 and 503. */
  readonly retryAfterSeconds?: number
  /** What the next proof needs, for `DPoP-Nonce` with `use_dpop_nonce` (POP-6). */
  readonly nonce?: string
  /** The fact that nobody supplied, where that is the reason (CAP-6). */
  readonly missingFact?: string | undefined
}
