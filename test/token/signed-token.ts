import { sign } from 'node:crypto'
import { exampleClaims } from '../../src/testing/example-claims.js'
import { ec, type KeyPair } from './keys/json-web-keys.js'

/** Where all clocks of these tests stand: New Year 2025. */
export const nowMs = Date.UTC(2025, 0, 1)
export const now = nowMs / 1000

export const issuer = 'https://as.example.com'
export const audience = 'https://api.example.com'

/** The issuer's key, and that of somebody else under the same name. */
export const issuerKey = ec({ kid: 'k1', alg: 'ES256', use: 'sig' })
export const otherKey = ec({ kid: 'k1', alg: 'ES256', use: 'sig' })
export const jwks = { keys: [issuerKey.jwk] }

/** The payload of a valid token; `undefined` removes a claim. */
export function payloadOf(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return exampleClaims({ iss: issuer, aud: audience, iat: now - 10, exp: now + 300, jti: 'token-1', ...overrides })
}

/** Signs any two texts or objects as a compact JWS. */
export function signJws(payload: unknown, header: Readonly<Record<string, unknown>> = {}, { privateKey }: KeyPair = issuerKey): string {
  const encode = (part: unknown): string => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  const input = `${encode({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header })}.${encode(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export function signToken(overrides: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): string {
  return signJws(payloadOf(overrides), header)
}
