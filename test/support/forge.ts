import { createHmac, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'

/** JSON text that is taken as it is, or a value to be written as JSON. */
export type Json = string | Readonly<Record<string, unknown>>

export interface Forger {
  /** For the option `issuer`. */
  readonly issuer: { readonly issuer: string; readonly jwks: { readonly keys: readonly Record<string, unknown>[] } }
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** A token with exactly this header and payload and a signature that verifies, however wrong they are. */
  token(payload: Json, header?: Json): string
  /** As `token`, on header and payload segments that are encoded already. */
  signSegments(header: string, payload: string): string
}

export const forgedKeyId = 'key-1'

/** An issuer that signs anything: malformed JSON, repeated members, other encodings. */
export function createForger(issuer = 'https://as.example.com', algorithm: 'ES256' | 'RS256' = 'ES256'): Forger {
  const { privateKey, publicKey } = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const signSegments = (header: string, payload: string): string => `${header}.${payload}.${signature(`${header}.${payload}`, privateKey)}`
  return {
    issuer: { issuer, jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: forgedKeyId, alg: algorithm, use: 'sig' }] } },
    privateKey,
    publicKey,
    token: (payload, header = { alg: algorithm, kid: forgedKeyId, typ: 'at+jwt' }) => signSegments(segment(header), segment(payload)),
    signSegments,
  }
}

export function signature(input: string, key: KeyObject): string {
  return signBytes('sha256', Buffer.from(input), { key, ...(key.asymmetricKeyType === 'ec' && { dsaEncoding: 'ieee-p1363' as const }) }).toString('base64url')
}

export function hmac(input: string, secret: string | Buffer): string {
  return createHmac('sha256', secret).update(input).digest('base64url')
}

/** Base64url of JSON, or of text taken as it is. */
export function segment(json: Json): string {
  return Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')
}
