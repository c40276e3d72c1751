import type { IncomingMessage } from 'node:http'
import type { AgentAuthorization } from '../model/agent-authorization.js'
import type { MatchedCapability } from '../model/decision.js'
import type { TokenFacts } from '../model/token-facts.js'

/** What a handler finds in `req.aap`: who acts, for what, and what was decided. Deeply frozen (AUD-5). */
export interface Aap extends AgentAuthorization {
  readonly token: TokenFacts
  /** Present once a capability was matched. */
  readonly decision?: AapDecision
  /** Canonical URL of the action's target: connect to this one, not to what the request said (CON-2). */
  readonly target?: string
  /** The addresses of the target that were checked, where a constraint looked at them (CON-3). */
  readonly addresses?: readonly string[]
}

export interface AapDecision {
  readonly capability: MatchedCapability
  /** Names the decision in the audit trail. */
  readonly correlationId: string
}

/** Takes off what somebody else may have put there, before a token is looked at. */
export function clearAap(req: IncomingMessage): void {
  if ('aap' in req) replace(req, undefined)
}

/**
 * Puts the guard's own view on the request, in place of anything that was there, an accessor included.
 *
 * @throws TypeError where somebody made the property unchangeable
 */
export function setAap(req: IncomingMessage & { aap?: Aap }, aap: Aap): void {
  try {
    req.aap = aap
  } catch {
    // An accessor without a setter, or a property that is read-only.
  }
  if (req.aap !== aap) replace(req, aap)
}

function replace(req: IncomingMessage, aap: Aap | undefined): void {
  Object.defineProperty(req, 'aap', { value: aap, writable: true, configurable: true, enumerable: true })
}
