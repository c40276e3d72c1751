import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'

/** The times of a token in epoch seconds, fractions included. */
export interface TokenTimes {
  readonly expiresAt: number
  readonly issuedAt: number
  readonly notBefore: number | undefined
}

/** TOK-6, the types: what is not a finite number is no time. */
export function readTimes({ exp, iat, nbf }: Claims): TokenTimes | Denial {
  if (typeof exp !== 'number') return invalidToken('TOK-6', 'exp is missing or no number')
  if (typeof iat !== 'number') return invalidToken('TOK-6', 'iat is missing or no number')
  if (nbf !== undefined && typeof nbf !== 'number') return invalidToken('TOK-6', 'nbf is no number')
  return { expiresAt: exp, issuedAt: iat, notBefore: nbf }
}

/** TOK-6, the comparison. Also run for tokens that were verified before (TOK-11). */
export function checkTimes({ expiresAt, issuedAt, notBefore }: TokenTimes, nowMs: number, toleranceMs: number): Denial | undefined {
  const sinceExpiryMs = nowMs - expiresAt * 1000
  if (toleranceMs === 0 ? sinceExpiryMs >= 0 : sinceExpiryMs > toleranceMs) return { code: 'token_expired', rule: 'TOK-6', detail: 'exp is past' }
  if (notBefore !== undefined && nowMs < notBefore * 1000 - toleranceMs) return invalidToken('TOK-6', 'nbf is in the future')
  if (issuedAt * 1000 > nowMs + toleranceMs) return invalidToken('TOK-6', 'iat is in the future')
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

export function readIdentity({ sub, jti, client_id, scope }: Claims): Identity | Denial {
  if (typeof sub !== 'string' || sub === '') return invalidToken('TOK-4', 'sub is missing or no string')
  if (typeof jti !== 'string' || jti === '' || Array.from(jti).length > 256) return invalidToken('TOK-9', 'jti is missing or no string of 1 to 256 characters')
  return {
    subject: sub,
    tokenId: jti,
    clientId: typeof client_id === 'string' ? client_id : undefined,
    scopes: typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [],
  }
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}
