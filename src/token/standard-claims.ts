import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import { splitScopes } from '../claims/scope-table.js'

/** The times of a token in epoch seconds, fractions included. */
export interface TokenTimes {
  readonly expiresAt: number
  /** `undefined` where an introspection answer does not say it: a JWT always does. */
  readonly issuedAt: number | undefined
  readonly notBefore: number | undefined
}

/** TOK-6, the types: what is not a finite number is no time. */
export function readTimes(claims: Claims): TokenTimes | Denial {
  return claims.iat === undefined ? invalidToken('TOK-6', 'iat is missing or no number') : readIntrospectedTimes(claims)
}

/** The same of an introspection answer, which may leave `iat` out (INT-1). */
export function readIntrospectedTimes({ exp, iat, nbf }: Claims): TokenTimes | Denial {
  if (typeof exp !== 'number') return invalidToken('TOK-6', 'exp is missing or no number')
  if (iat !== undefined && typeof iat !== 'number') return invalidToken('TOK-6', 'iat is missing or no number')
  if (nbf !== undefined && typeof nbf !== 'number') return invalidToken('TOK-6', 'nbf is no number')
  return { expiresAt: exp, issuedAt: iat, notBefore: nbf }
}

/** TOK-6, the comparison. Also run for tokens that were verified before (TOK-11). */
export function checkTimes({ expiresAt, issuedAt, notBefore }: TokenTimes, nowMs: number, toleranceMs: number): Denial | undefined {
  const sinceExpiryMs = nowMs - expiresAt * 1000
  if (toleranceMs === 0 ? sinceExpiryMs >= 0 : sinceExpiryMs > toleranceMs) return { code: 'token_expired', rule: 'TOK-6', detail: 'exp is past' }
  if (notBefore !== undefined && nowMs < notBefore * 1000 - toleranceMs) return invalidToken('TOK-6', 'nbf is in the future')
  if (issuedAt !== undefined && issuedAt * 1000 > nowMs + toleranceMs) return invalidToken('TOK-6', 'iat is in the future')
  return undefined
}

/** TOK-5: compared exactly, element by element. */
export function checkAudience({ aud }: Claims, identifiers: ReadonlySet<string>): Denial | undefined {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.every((audience) => typeof audience === 'string')) return invalidToken('TOK-5', 'aud is missing or no string')
  return audiences.some((audience) => identifiers.has(audience)) ? undefined : invalidToken('TOK-5', 'the token is for another audience')
}

/** What else every JWT has to carry. */
export interface Identity {
  readonly subject: string
  readonly tokenId: string
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
}

/** An introspection answer need not say whom the token is about (RFC 7662 section 2.2). */
export type IntrospectedIdentity = Omit<Identity, 'subject'> & { readonly subject: string | undefined }

export function readIdentity(claims: Claims): Identity | Denial {
  if (!isSubject(claims.sub)) return invalidToken('TOK-4', 'sub is missing or no string')
  if (!isTokenId(claims.jti)) return invalidToken('TOK-9', 'jti is missing or no string of 1 to 256 characters')
  if (!isClient(claims.client_id)) return invalidToken('TOK-10', 'client_id is no string, or empty')
  return { subject: claims.sub, tokenId: claims.jti, clientId: claims.client_id, scopes: readScopes(claims) }
}

/** @param tokenDigest stands in for a `jti` that is not there (TOK-9) */
export function readIntrospectedIdentity(claims: Claims, tokenDigest: string): IntrospectedIdentity | Denial {
  const { sub, jti = tokenDigest } = claims
  if (sub !== undefined && !isSubject(sub)) return invalidToken('TOK-4', 'sub is no string, or empty')
  if (!isTokenId(jti)) return invalidToken('TOK-9', 'jti is no string of 1 to 256 characters')
  if (!isClient(claims.client_id)) return invalidToken('INT-2', 'client_id is no string, or empty')
  return { subject: sub, tokenId: jti, clientId: claims.client_id, scopes: readScopes(claims) }
}

function isSubject(sub: unknown): sub is string {
  return typeof sub === 'string' && sub !== ''
}

function isTokenId(jti: unknown): jti is string {
  return typeof jti === 'string' && jti !== '' && Array.from(jti).length <= 256
}

/** May be missing, and is not taken for missing where it is malformed: then another claim would say who the client is. */
function isClient(clientId: unknown): clientId is string | undefined {
  return clientId === undefined || (typeof clientId === 'string' && clientId !== '')
}

/** What is no text stands for nothing: a token with AAP claims may hold any other `scope`, since it is ignored there (DIA-5). */
function readScopes({ scope }: Claims): readonly string[] {
  return typeof scope === 'string' ? splitScopes(scope) : []
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}
