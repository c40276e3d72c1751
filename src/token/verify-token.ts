import type { AgentAuthorization } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { TokenFacts } from '../model/token-facts.js'
import { checkAudience, checkTimes, readIdentity, readTimes, type TokenTimes } from './standard-claims.js'
import { compileAuthorization, type CompiledAuthorization } from '../claims/compile-authorization.js'
import { readConfirmation, type Confirmation } from './confirmation.js'
import { deepFreeze } from '../claims/deep-freeze.js'
import { hasAapClaims } from '../claims/dialect.js'
import { parseAuthorization } from '../claims/parse-authorization.js'
import { readLegacyScopes, type LegacyScopes } from '../claims/legacy-scopes.js'
import { findVerifier } from './jws-signature.js'
import { parseCompactJws, type JwtRules, type UnverifiedJwt } from './compact-jws.js'
import { TokenRefused, refuseToken } from './token-refused.js'
import type { CapabilityCompiler } from '../claims/compile-capability.js'
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuers.js'
import type { VerificationKey } from './verification-key.js'

/** A token whose signature and claims were verified, compiled for decisions. What can change is checked at every request (TOK-11). */
export interface VerifiedToken {
  readonly facts: TokenFacts
  readonly times: TokenTimes
  readonly issuer: TrustedIssuer
  /** The key that verified it: when it leaves the issuer's set, the token is no longer verified. Absent for an opaque token. */
  readonly key: VerificationKey | undefined
  readonly compiled: CompiledAuthorization
  /** What the sender has to hold; empty where the token is not bound (POP-1). */
  readonly confirmation: Confirmation
  /** Whether scopes said what it permits, in the absence of AAP claims (DIA-5). */
  readonly byLegacyScopes: boolean
  /** Of an ephemeral token: digests of the token and of the task that its issuer named now, which must be the first one (INT-5). */
  readonly task?: { readonly key: string; readonly task: string }
  /** Of an introspected token that has one (INT-4). */
  readonly budget?: TokenBudget | undefined
  /** Of an introspected token: whether its budget is known to be spent, by what was taken here or by what the issuer says, in which case it is complete (INT-4). */
  readonly checkSpent?: () => Denial | undefined
  /** Asks the issuer of an introspected token; rejects where nobody knows. Absent where asking would count (INT-4). */
  readonly isStillActive?: () => MaybePromise<boolean>
  /** What handlers see, deeply frozen (AUD-5). */
  readonly view: AgentAuthorization & { readonly token: TokenFacts }
}

/** How many operations a token is for. */
export interface TokenBudget {
  /** At most so many are left, as the issuer says. */
  readonly most: number
  /** At most so many in all, those included that were taken. */
  readonly total: number | undefined
  /** Whether each admitted request takes one from the store; else the issuer counts. */
  readonly isCountedHere: boolean
  /** Told when the last one was taken: by this process, which is to revoke the token if anybody is. */
  readonly complete: () => void
  /** Told when the store says that none is left, and somebody else took the last one. */
  readonly foundSpent: () => void
}

export interface VerificationRules extends JwtRules {
  readonly issuers: TrustedIssuers
  readonly toleranceMs: number
  readonly compiler: CapabilityCompiler
  /** What scopes stand for in tokens without AAP claims; absent where such tokens are refused (DIA-5). */
  readonly legacyScopes?: LegacyScopes | undefined
}

/**
 * From bytes to a verified token. The order of the steps is ORD-1's: what is cheap and decides whom to trust comes
 * before anything that the token claims.
 *
 * @throws TokenRefused where the token is not valid
 * @throws KeysUnavailable where the issuer has no usable key set at all (KEY-4)
 */
export async function verifyToken(token: string, rules: VerificationRules, nowMs: number): Promise<VerifiedToken> {
  const jwt = parseCompactJws(token, rules)
  const issuer = findIssuer(jwt, rules.issuers)
  const key = await verifySignature(jwt, issuer)
  const identity = { issuer: issuer.issuer, id: typeof jwt.payload.jti === 'string' ? jwt.payload.jti : '' }
  const accept = <T extends object>(result: T | Denial): T => {
    if ('code' in result) throw new TokenRefused(result, identity)
    return result
  }

  const times = accept(readTimes(jwt.payload))
  refuseIf(checkTimes(times, nowMs, rules.toleranceMs) ?? checkAudience(jwt.payload, issuer.audience), identity)
  const { subject, tokenId, clientId, scopes } = accept(readIdentity(jwt.payload))
  const facts: TokenFacts = {
    kind: 'jwt',
    issuer: issuer.issuer,
    id: tokenId,
    subject,
    ...(clientId !== undefined && { clientId }),
    expiresAt: times.expiresAt,
    scopes,
  }
  const legacyScopes = rules.legacyScopes === undefined || hasAapClaims(jwt.payload) ? undefined : rules.legacyScopes
  const parsed = accept(legacyScopes === undefined ? parseAuthorization(jwt.payload, issuer.claimPrefix) : readLegacyScopes(facts, jwt.payload.act, legacyScopes))
  const confirmation = accept(readConfirmation(jwt.payload))
  const view = deepFreeze({ ...parsed.authorization, token: facts })
  const compiled = compileAuthorization({ ...parsed, authorization: view }, { issuer: issuer.issuer, id: tokenId }, subject, rules.compiler)
  return { facts, times, issuer, key, compiled, confirmation, byLegacyScopes: legacyScopes !== undefined, view }
}

/** TOK-4: only then are its keys, and only its keys, used. */
function findIssuer({ payload }: UnverifiedJwt, issuers: TrustedIssuers): TrustedIssuer {
  const { iss } = payload
  if (typeof iss !== 'string') refuseToken('TOK-4', 'iss is missing or no string')
  return issuers.find(iss) ?? refuseToken('TOK-4', `iss ${JSON.stringify(iss)} is not trusted`)
}

/** TOK-1. A key that cannot be used is a key that does not verify. */
async function verifySignature({ algorithm, keyId, ...signed }: UnverifiedJwt, issuer: TrustedIssuer): Promise<VerificationKey> {
  const candidates = await issuer.keys.find(keyId, algorithm)
  return (await findVerifier(candidates, algorithm, signed)) ?? refuseToken('TOK-1', candidates.length === 0 ? 'the issuer has no such key' : 'the signature does not verify')
}

function refuseIf(denial: Denial | undefined, token: { issuer: string; id: string }): void {
  if (denial !== undefined) throw new TokenRefused(denial, token)
}
