import { generateKeyPairSync, hash, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto'
import { segment, type Json } from './forge.js'

export type ProofAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'EdDSA'

/** What a proof says. Everything that is not given is in order. */
export interface ProofParts {
  /** Default `GET`. */
  readonly method?: string
  /** Default `https://api.example.com/search`. */
  readonly url?: string
  /** Without one the proof has no `ath`, as at a token endpoint. */
  readonly token?: string | undefined
  /** Epoch milliseconds, for `iat`. Default: the clock of the maker. */
  readonly nowMs?: number
  /** Members over those in order, `undefined` removes one; or the whole header as JSON text. */
  readonly header?: Json
  readonly claims?: Json
}

/** A client that signs anything: malformed JSON, repeated members, other keys in the header. */
export interface ProofMaker {
  readonly algorithm: ProofAlgorithm
  readonly privateKey: KeyObject
  /** The public key, as it stands in the header. */
  readonly jwk: Readonly<Record<string, unknown>>
  /** Of the public key (RFC 7638). */
  readonly thumbprint: string
  /** For the claim `cnf` of a token. */
  readonly confirmation: { readonly jkt: string }
  proof(parts?: ProofParts): string
  /** As `proof`, on header and payload segments that are encoded already. */
  signSegments(header: string, payload: string): string
}

/** A client with a key of its own. */
export function createProofMaker(algorithm: ProofAlgorithm = 'ES256', now: () => number = Date.now): ProofMaker {
  const { privateKey, publicKey } = keyPair(algorithm)
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>
  const thumbprint = thumbprintOf(jwk)
  const signSegments = (header: string, payload: string): string => `${header}.${payload}.${signProof(`${header}.${payload}`, privateKey, algorithm)}`
  return {
    algorithm,
    privateKey,
    jwk,
    thumbprint,
    confirmation: { jkt: thumbprint },
    proof: ({ method = 'GET', url = 'https://api.example.com/search', token, nowMs = now(), header = {}, claims = {} } = {}) =>
      signSegments(
        segment(typeof header === 'string' ? header : { typ: 'dpop+jwt', alg: algorithm, jwk, ...header }),
        segment(typeof claims === 'string' ? claims : { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(nowMs / 1000), ath: token === undefined ? undefined : hash('sha256', token, 'base64url'), ...claims }),
      ),
    signSegments,
  }
}

/** RFC 7638 section 3: the members that make the key, in the order of their names. */
export function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string {
  const names = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'], OKP: ['crv', 'kty', 'x'] }[jwk.kty as 'EC' | 'RSA' | 'OKP']
  return hash('sha256', JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))), 'base64url')
}

/** Header lines of a request that shows a token and any number of proofs. */
export function dpopLines(token: string, ...proofs: readonly string[]): string[] {
  return [`Authorization: DPoP ${token}`, ...proofs.map((proof) => `DPoP: ${proof}`)]
}

function keyPair(algorithm: ProofAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'ES256': return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ES384': return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'EdDSA': return generateKeyPairSync('ed25519')
    case 'RS256':
    case 'PS256': return generateKeyPairSync('rsa', { modulusLength: 2_048 })
  }
}

function signProof(input: string, key: KeyObject, algorithm: ProofAlgorithm): string {
  const bytes = Buffer.from(input)
  switch (algorithm) {
    case 'ES256': return signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    case 'ES384': return signBytes('sha384', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    case 'RS256': return signBytes('sha256', bytes, key).toString('base64url')
    // 6 is RSA_PKCS1_PSS_PADDING; the salt is as long as the hash (RFC 7518 section 3.5).
    case 'PS256': return signBytes('sha256', bytes, { key, padding: 6, saltLength: 32 }).toString('base64url')
    case 'EdDSA': return signBytes(null, bytes, key).toString('base64url')
  }
}
