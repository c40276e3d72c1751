import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import type { TokenFacts } from '../model/token-facts.js'
import type { TrustedIssuer } from './trusted-issuers.js'
import { checkAudience, checkTimes, readIntrospectedIdentity, readIntrospectedTimes, type TokenTimes } from './standard-claims.js'
import { copyClaims } from '../claims/copy-claims.js'
import { describeError } from '../model/describe-error.js'
import { readConfirmation, type Confirmation } from './confirmation.js'

/** What an issuer answered about an active token, apart from what it authorizes. */
export interface IntrospectedToken {
  /** A copy of the answer, whose members are still unchecked but for these. */
  readonly claims: Claims
  readonly facts: TokenFacts
  readonly times: TokenTimes
  /** What the sender has to hold; empty where the token is not bound (POP-1). */
  readonly confirmation: Confirmation
}

export interface IntrospectionRules {
  /** Whoever was asked. */
  readonly issuer: Pick<TrustedIssuer, 'issuer' | 'audience'>
  /** SHA-256 of the token in base64url, its id where the issuer names no `jti` (TOK-9). */
  readonly tokenDigest: string
  readonly nowMs: number
  readonly toleranceMs: number
}

/**
 * Checks the standard members of an answer in the order of a JWT's claims (ORD-1). Of a JWT's, `iat`, `sub`, `jti`,
 * `iss` and `aud` may be missing here; what is there is held to the same rules. `exp` is mandatory. What only a text can
 * have, such as a member twice, `parseStrictJson` has to refuse before.
 *
 * @see INT-1, TOK-4 to TOK-7, TOK-9, POP-1; RFC 7662 section 2.2
 */
export function readIntrospected(answer: unknown, { issuer, tokenDigest, nowMs, toleranceMs }: IntrospectionRules): IntrospectedToken | Denial {
  let claims: Claims
  try {
    claims = copyClaims(answer)
  } catch (error) {
    return invalidToken('TOK-7', describeError(error).replace(/^TOK-7: /, ''))
  }
  if (claims.active !== true) return invalidToken('INT-1', 'the token is not active')
  if (claims.iss !== undefined && claims.iss !== issuer.issuer) return invalidToken('TOK-4', 'iss is not the issuer that was asked')
  const times = readIntrospectedTimes(claims)
  if ('code' in times) return times
  const denial = checkTimes(times, nowMs, toleranceMs) ?? (claims.aud === undefined ? undefined : checkAudience(claims, issuer.audience))
  if (denial !== undefined) return denial
  const identity = readIntrospectedIdentity(claims, tokenDigest)
  if ('code' in identity) return identity
  const confirmation = readConfirmation(claims)
  if ('code' in confirmation) return confirmation

  const { subject, tokenId, clientId, scopes } = identity
  const facts: TokenFacts = {
    kind: 'opaque',
    issuer: issuer.issuer,
    id: tokenId,
    ...(subject !== undefined && { subject }),
    ...(clientId !== undefined && { clientId }),
    expiresAt: times.expiresAt,
    scopes,
  }
  return { claims, facts, times, confirmation }
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}
