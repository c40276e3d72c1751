import type { Algorithm } from './algorithms.js'
import type { VerificationKey } from './verification-key.js'

/** What WebCrypto calls the algorithms of JWS. RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1. */
const parameters = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  RS384: { name: 'RSASSA-PKCS1-v1_5' },
  RS512: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  PS512: { name: 'RSA-PSS', saltLength: 64 },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
} as const satisfies Record<Algorithm, { readonly name: string; readonly hash?: string; readonly saltLength?: number }>

/** What a signature is over, and the signature. */
export interface SignedText {
  /** Header and payload as they came, with the dot between them: ASCII. */
  readonly input: string
  readonly signature: Uint8Array
}

/**
 * Whether a key made this signature. WebCrypto is asked directly, and in the thread pool: jose would take the text apart
 * and parse its header a second time, for half of what the signature itself costs. A key that cannot be used is one that
 * does not verify.
 */
export async function isVerifiedBy(key: VerificationKey, algorithm: Algorithm, { input, signature }: SignedText): Promise<boolean> {
  try {
    return await crypto.subtle.verify(parameters[algorithm], await key.cryptoKey(algorithm), signature, Buffer.from(input, 'latin1'))
  } catch {
    return false
  }
}
