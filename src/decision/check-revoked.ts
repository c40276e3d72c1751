import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { whenReady } from './when-ready.js'

/**
 * Whether the token was revoked, or nobody knows (REV-1). Synchronous, but for the first requests of a process: they wait
 * until it is known what was revoked before.
 */
export function checkRevoked(verified: VerifiedToken, { revocations, sharedRevocations }: Pick<DecisionRules, 'revocations' | 'sharedRevocations'>, nowMs: number): MaybePromise<Denial | undefined> {
  const denial = revocations.denialOf(verified, nowMs)
  if (denial !== undefined) return denial
  const byIssuer = verified.issuer.revocation?.denial()
  const byStore = sharedRevocations?.denial()
  if (byIssuer === undefined && byStore === undefined) return undefined
  return whenReady(byIssuer, (unheard) => whenReady(byStore, (unshared) => revocations.denialOf(verified, nowMs) ?? unheard ?? unshared))
}
