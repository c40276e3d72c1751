import { isUsableKey } from './public-key.js'
import { readComparableUrl } from './comparable-url.js'
import { readStrictJson } from './strict-json.js'
import { thumbprintOf } from '../../support/dpop.js'

/** What a proof is tried with. */
export interface KnownProofRequest {
  readonly method: string
  /** In normal form. */
  readonly url: string
  /** Hash of the access token. */
  readonly tokenHash: string
  readonly thumbprint: string
  readonly nowMs: number
}

/** Which keys each algorithm that is on by default is for. */
const keysOf: Readonly<Record<string, string>> = { ES256: 'EC P-256', EdDSA: 'OKP Ed25519', RS256: 'RSA ' }

/** POP-3 on the texts of a proof that was signed with the key of the thumbprint: `holds`, or the code it is refused with. */
export function judgeProof(headerText: string, payloadText: string, { method, url, tokenHash, thumbprint, nowMs }: KnownProofRequest): 'holds' | 'invalid_token' | 'invalid_dpop_proof' {
  const header = readStrictJson(Buffer.from(headerText))
  const payload = readStrictJson(Buffer.from(payloadText))
  if (header === undefined || payload === undefined || !isHeader(header)) return 'invalid_dpop_proof'
  if (thumbprintOf(header.jwk as Record<string, unknown>) !== thumbprint) return 'invalid_token'
  const { htm, htu, iat, jti, ath } = payload
  const isFresh = typeof iat === 'number' && iat * 1000 >= nowMs - 60_000 && iat * 1000 <= nowMs + 10_000
  const isForRequest = htm === method && typeof htu === 'string' && readComparableUrl(htu) === url && ath === tokenHash
  return isFresh && isForRequest && typeof jti === 'string' && jti.length > 0 ? 'holds' : 'invalid_dpop_proof'
}

function isHeader({ typ, alg, jwk, ...others }: Record<string, unknown>): boolean {
  if (typ !== 'dpop+jwt' || 'crit' in others || ('b64' in others && others.b64 !== true) || !isUsableKey(jwk)) return false
  const { kty, crv = '', alg: declared = alg } = jwk as Record<string, unknown>
  return typeof alg === 'string' && Object.hasOwn(keysOf, alg) && keysOf[alg] === `${String(kty)} ${kty === 'RSA' ? '' : String(crv)}` && declared === alg
}
