import type { Algorithm } from './algorithms.js'
import type { Claims } from '../model/claims.js'
import type { SignedText } from './jws-signature.js'
import { isAlgorithm } from './algorithms.js'
import { parseJws } from './jws-parts.js'
import { refuseToken } from './token-refused.js'

/** A JWT that is well formed. Nothing in it is to be believed before its signature is verified. */
export interface UnverifiedJwt extends SignedText {
  readonly algorithm: Algorithm
  readonly keyId: string | undefined
  readonly payload: Claims
}

export interface JwtRules {
  readonly algorithms: ReadonlySet<Algorithm>
  /** `'at+jwt'` demands the type of RFC 9068. */
  readonly tokenType: 'any' | 'at+jwt'
}

/** @see TOK-1, TOK-2, TOK-3, TOK-7; RFC 7515 section 7.1, RFC 8725 sections 3.1 and 3.11 */
export function parseCompactJws(token: string, rules: JwtRules): UnverifiedJwt {
  if (!token.includes('.')) refuseToken('INT-1', 'an opaque token, and introspection is not configured')
  const { header, ...signed } = parseJws(token, refuseToken, (members) => readHeader(members, rules))
  return { ...header, ...signed }
}

/** `jku`, `jwk`, `x5u` and `x5c` are not read at all. */
function readHeader(header: Claims, { algorithms, tokenType }: JwtRules): Pick<UnverifiedJwt, 'algorithm' | 'keyId'> {
  const { alg, typ, kid } = header
  if (!isAlgorithm(alg) || !algorithms.has(alg)) refuseToken('TOK-1', `alg ${JSON.stringify(alg)} is not accepted`)
  if (typ !== undefined && typeof typ !== 'string') refuseToken('TOK-3', 'typ is no string')
  if (!isAcceptedType(typ?.toLowerCase(), tokenType)) refuseToken('TOK-3', `typ ${JSON.stringify(typ)} is not accepted`)
  if (kid !== undefined && typeof kid !== 'string') refuseToken('TOK-1', 'kid is no string')
  return { algorithm: alg, keyId: kid }
}

function isAcceptedType(type: string | undefined, demanded: JwtRules['tokenType']): boolean {
  if (type === 'at+jwt' || type === 'application/at+jwt') return true
  return demanded === 'any' && (type === undefined || type === 'jwt')
}
