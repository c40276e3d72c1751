import { constants, sign, verify, type KeyObject } from 'node:crypto'
import type { Algorithm } from './algorithms.js'
import type { VerificationKey } from './verification-key.js'

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants

/** How the algorithms of JWS sign: RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1. */
const parameters = {
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  ES384: { digest: 'sha384', options: { dsaEncoding: 'ieee-p1363' } },
  ES512: { digest: 'sha512', options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { digest: 'sha256', options: { padding: RSA_PKCS1_PADDING } },
  RS384: { digest: 'sha384', options: { padding: RSA_PKCS1_PADDING } },
  RS512: { digest: 'sha512', options: { padding: RSA_PKCS1_PADDING } },
  PS256: { digest: 'sha256', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  PS384: { digest: 'sha384', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 48 } },
  PS512: { digest: 'sha512', options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 64 } },
  EdDSA: { digest: null, options: {} },
  Ed25519: { digest: null, options: {} },
} as const satisfies Record<Algorithm, { readonly digest: string | null; readonly options: object }>

/** The signature over a text of ASCII, by a private key that has the algorithm's shape. In the thread pool, as those that are verified. */
export function signText(key: KeyObject, algorithm: Algorithm, input: string): Promise<Buffer> {
  const { digest, options } = parameters[algorithm]
  return new Promise((resolve, reject) => {
    sign(digest, Buffer.from(input, 'latin1'), { key, ...options }, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })
}

/** What a signature is over, and the signature. */
export interface SignedText {
  /** Header and payload as they came, with the dot between them: ASCII. */
  readonly input: string
  readonly signature: Uint8Array
}

/** The first of these keys that made the signature. */
export async function findVerifier(keys: readonly VerificationKey[], algorithm: Algorithm, signed: SignedText): Promise<VerificationKey | undefined> {
  for (const key of keys) if (await isVerifiedBy(key, algorithm, signed)) return key
  return undefined
}

/**
 * Whether a key made this signature. In the thread pool, so that a second core verifies while this one serves; and not by
 * WebCrypto, which spends a quarter of an ES256 check on its own arguments. Whatever cannot be verified is not.
 */
export function isVerifiedBy(key: VerificationKey, algorithm: Algorithm, { input, signature }: SignedText): Promise<boolean> {
  if (!key.fits(algorithm)) return Promise.resolve(false)
  const { digest, options } = parameters[algorithm]
  return new Promise((resolve) => {
    verify(digest, Buffer.from(input, 'latin1'), { key: key.keyObject, ...options }, signature, (error, isVerified) => {
      resolve(error === null && isVerified)
    })
  })
}
