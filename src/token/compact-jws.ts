import type { Algorithm } from './algorithms.js'
import type { Claims } from '../model/claims.js'
import { decodeBase64Url } from './base64url.js'
import { isAlgorithm } from './algorithms.js'
import { parseStrictJson } from './strict-json.js'
import { refuseToken } from './token-refused.js'

/** A JWT that is well formed. Nothing in it is to be believed before its signature is verified. */
export interface UnverifiedJwt {
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
  const segments = token.split('.')
  if (segments.length === 1) refuseToken('INT-1', 'an opaque token, and introspection is not configured')
  if (segments.length !== 3) refuseToken('TOK-2', `${segments.length} segments instead of three`)
  const [header, payload] = segments.map((segment) => decodeBase64Url(segment) ?? refuseToken('TOK-2', 'a segment is not strict base64url')) as [Buffer, Buffer, Buffer]
  return { ...readHeader(parse(header, 'header'), rules), payload: parse(payload, 'payload') }
}

function parse(bytes: Uint8Array, part: string): Claims {
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    return refuseToken(error instanceof TypeError ? 'TOK-2' : 'TOK-7', `${part}: ${(error as Error).message}`)
  }
}

/** `jku`, `jwk`, `x5u` and `x5c` are not read at all. */
function readHeader(header: Claims, { algorithms, tokenType }: JwtRules): Omit<UnverifiedJwt, 'payload'> {
  if ('crit' in header) refuseToken('TOK-2', 'the header has crit')
  if ('b64' in header && header.b64 !== true) refuseToken('TOK-2', 'the header has b64 other than true')

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
