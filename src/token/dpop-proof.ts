import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Algorithm } from './algorithms.js'
import type { Claims } from '../model/claims.js'
import type { ComparableUrl } from '../matching/comparable-url.js'
import type { Denial } from '../model/denial.js'
import type { DpopNonces } from './dpop-nonces.js'
import type { ProofId } from '../model/store.js'
import { checkPublicKey, UnusableKey, type VerificationKey } from './verification-key.js'
import { digestOf } from '../claims/digest.js'
import { isAlgorithm } from './algorithms.js'
import { parseComparableUrl } from '../matching/comparable-url.js'
import { recordedPath } from '../audit/recorded-path.js'
import { isVerifiedBy } from './jws-signature.js'
import { parseJws, parseJwsBehind, type JwsParts } from './jws-parts.js'

/** A proof's `iat` may be this old, inclusive, and this far ahead (POP-3). */
const maxAgeMs = 60_000
const maxAheadMs = 10_000
/** An RSA key of 8,192 bits takes half of it. */
const maxProofBytes = 8_192

const maxKnownHeaders = 10_000
const maxKnownHeaderLength = 2_048

/** What a proof has to fit. */
export interface ProofContext {
  readonly method: string
  /** Of the request; `undefined` where nobody knows this server's origin, and then no proof holds (POP-4). */
  readonly url: ComparableUrl | undefined
  /** The access token as it was sent. */
  readonly token: string
  /** The token's `cnf.jkt`. */
  readonly thumbprint: string
  readonly nowMs: number
}

/** A proof that holds. Whether it was shown before is for the store to say. */
export interface VerifiedProof {
  /** Digest over the client's key and the proof's `jti`. */
  readonly key: string
  /** The last instant at which it is accepted. */
  readonly expiresAtMs: number
  /** For the client's next proofs, where the nonce of this one will soon be too old. */
  readonly nextNonce: string | undefined
}

interface ProofHeader {
  readonly algorithm: Algorithm
  readonly key: VerificationKey
}

class ProofRefused extends Error {
  readonly denial: Denial

  constructor(denial: Denial) {
    super(denial.detail)
    this.denial = denial
  }
}

/**
 * Checks DPoP proofs, everything about them but whether they were shown before.
 *
 * @see POP-3; RFC 9449 section 4.3
 */
export class ProofVerifier {
  readonly algorithms: ReadonlySet<Algorithm>
  readonly nonces: DpopNonces | undefined
  /** Headers of proofs that held, by their text: a client sends the same one each time, and its key is checked and imported once. */
  readonly #knownHeaders = new LRUCache<string, ProofHeader>({ max: maxKnownHeaders })

  /** @param nonces absent where none are demanded */
  constructor(algorithms: ReadonlySet<Algorithm>, nonces?: DpopNonces) {
    this.algorithms = algorithms
    this.nonces = nonces
  }

  /** The values of all `DPoP` headers of the request. */
  async verify(proofs: readonly string[], context: ProofContext): Promise<VerifiedProof | Denial> {
    try {
      const [proof] = proofs
      if (proof === undefined) refuseProof('POP-3', 'the request has no DPoP header')
      if (proofs.length > 1) refuseProof('POP-3', 'more than one DPoP header')
      if (proof.length > maxProofBytes) refuseProof('POP-3', `the proof has over ${maxProofBytes} bytes`)
      return await this.#verifyOne(proof, context)
    } catch (error) {
      if (error instanceof ProofRefused) return error.denial
      throw error
    }
  }

  async #verifyOne(proof: string, context: ProofContext): Promise<VerifiedProof> {
    const headerText = proof.slice(0, proof.indexOf('.'))
    const known = this.#knownHeaders.get(headerText)
    const jws = known === undefined ? this.#parse(proof) : parseJwsBehind(known, proof, refuseProof)
    const { header, payload } = jws
    // RFC 9449 figure 17: the proof may be good, and is not by whom the token is for.
    if (header.key.thumbprint !== context.thumbprint) throw new ProofRefused({ code: 'invalid_token', rule: 'POP-3', detail: 'the proof is by another key than the token is bound to' })
    const { jti, expiresAtMs } = checkClaims(payload, context)
    await verifySignature(jws)
    if (known === undefined && headerText.length <= maxKnownHeaderLength) this.#knownHeaders.set(headerText, header)
    const nextNonce = this.#checkNonce(payload.nonce, context.nowMs)
    return { key: digestOf('proof', context.thumbprint, jti), expiresAtMs, nextNonce }
  }

  #parse(proof: string): JwsParts<ProofHeader> {
    return parseJws(proof, refuseProof, (members) => this.#readHeader(members))
  }

  #readHeader({ typ, alg, jwk }: Claims): ProofHeader {
    if (typ !== 'dpop+jwt') refuseProof('POP-3', `typ ${JSON.stringify(typ)} is not dpop+jwt`)
    if (!isAlgorithm(alg) || !this.algorithms.has(alg)) refuseProof('POP-3', `alg ${JSON.stringify(alg)} is not accepted`)
    const key = checkProofKey(jwk)
    if (!key.fits(alg)) refuseProof('POP-3', `jwk is not for ${alg}`)
    return { algorithm: alg, key }
  }

  #checkNonce(nonce: unknown, nowMs: number): string | undefined {
    if (this.nonces === undefined) return undefined
    const age = this.nonces.judge(nonce, nowMs)
    const current = this.nonces.current(nowMs)
    if (age === undefined) throw new ProofRefused({ code: 'use_dpop_nonce', rule: 'POP-3', detail: nonce === undefined ? 'the proof has no nonce' : 'the nonce is not one of this server, or too old', nonce: current })
    return age === 'previous' ? current : undefined
  }
}

/**
 * What the store is told of a proof. Hooks may take their time between its check and its showing: one that was shown before
 * may be forgotten as soon as it is not fresh any more, so that it has to be fresh still.
 *
 * @returns `undefined` where it is not
 */
export function proofIdAt({ key, expiresAtMs }: Pick<VerifiedProof, 'key' | 'expiresAtMs'>, nowMs: number): ProofId | undefined {
  const remainingMs = expiresAtMs - nowMs
  return remainingMs < 0 || remainingMs > maxAgeMs + maxAheadMs ? undefined : { key, keepMs: Math.floor(remainingMs) + 1 }
}

function checkProofKey(jwk: unknown): VerificationKey {
  try {
    return checkPublicKey(jwk)
  } catch (error) {
    if (error instanceof UnusableKey) return refuseProof('POP-3', `jwk: ${error.message}`)
    throw error
  }
}

function checkClaims({ htm, htu, iat, jti, ath }: Claims, { method, url, token, nowMs }: ProofContext): { jti: string; expiresAtMs: number } {
  if (htm !== method) refuseProof('POP-3', `htm ${JSON.stringify(htm)} is not ${method}`)
  if (url === undefined) refuseProof('POP-4', 'this server does not know its own URL for the request')
  if (!isSameUrl(htu, url)) refuseProof('POP-4', `htu${tellUrl(htu)} is not ${url.origin}${recordedPath(url.path)}`)
  if (typeof iat !== 'number') refuseProof('POP-3', 'iat is missing or no number')
  const ageMs = nowMs - iat * 1000
  if (ageMs > maxAgeMs) refuseProof('POP-3', 'the proof is too old')
  if (ageMs < -maxAheadMs) refuseProof('POP-3', 'iat is in the future')
  if (typeof jti !== 'string' || jti === '') refuseProof('POP-3', 'jti is missing or no string')
  if (ath !== hash('sha256', token, 'base64url')) refuseProof('POP-3', 'ath is not the hash of the token')
  return { jti, expiresAtMs: iat * 1000 + maxAgeMs }
}

function isSameUrl(htu: unknown, { origin, path }: ComparableUrl): boolean {
  // Most clients write it in normal form.
  if (htu === `${origin}${path}`) return true
  const shown = typeof htu === 'string' ? parseComparableUrl(htu) : undefined
  return shown?.origin === origin && shown.path === path
}

/** For a record, which holds neither a query nor user information (AUD-1). */
function tellUrl(htu: unknown): string {
  const url = typeof htu === 'string' ? parseComparableUrl(htu) : undefined
  return url === undefined ? ', no plain http(s) URL,' : ` ${url.origin}${recordedPath(url.path)}`
}

async function verifySignature({ header: { algorithm, key }, ...signed }: JwsParts<ProofHeader>): Promise<void> {
  if (!(await isVerifiedBy(key, algorithm, signed))) refuseProof('POP-3', 'the signature does not verify')
}

function refuseProof(rule: string, detail: string): never {
  throw new ProofRefused({ code: 'invalid_dpop_proof', rule, detail })
}
