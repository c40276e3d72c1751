import type { AgentAuthorization } from './agent-authorization.js'
import type { BodyLimits } from './body-limits.js'
import type { ErrorCode } from './error-codes.js'
import type { TokenFacts } from './token-facts.js'

/** The answer to "may this agent take this action, now, like this?". */
export interface Decision {
  readonly outcome: 'allow' | 'deny'
  /** HTTP status to answer with; 200 on allow. */
  readonly status: number
  /** The public error code, absent on allow and where SPEC section 10 has none. */
  readonly error?: ErrorCode
  /** Whole seconds, at least 1, with 429 and 503. */
  readonly retryAfterSeconds?: number
  /** Names this decision in the audit trail; safe to show to the caller. */
  readonly correlationId: string
  /** Present once the token was verified, also on deny. */
  readonly authorization?: AgentAuthorization & { readonly token: TokenFacts }
  /** The capability that admitted the request. */
  readonly capability?: MatchedCapability
  /** Of the bodies, on allow where that capability limits one: for whoever stated `receivedBytes` or `limitsResponse` to enforce (CON-6, CON-7). */
  readonly limits?: BodyLimits
  /** Canonical URL of the action's target, once it passed CON-2's form. Connect to this one, not to the raw input. */
  readonly target?: string
  /** The addresses of the target that CON-3 checked. Connect to these. */
  readonly addresses?: readonly string[]
  /** Where to ask for the approval, with `aap_approval_required`. */
  readonly approvalReference?: string
  /** What the answer should carry so that the client can come again: `www-authenticate`, `dpop-nonce`, `retry-after`, where they apply (TRN-4, POP-6). */
  readonly headers?: Readonly<Record<string, string>>
  /** Why it was denied. Private: for audit and operators, never for the response (ERR-1). */
  readonly reason?: { readonly rule: string; readonly detail: string }
}

export interface MatchedCapability {
  readonly action: string
  /** Position in the token's list of capabilities, from 0. */
  readonly index: number
}
