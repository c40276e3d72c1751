import { createPrivateKey, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../model/clock.js'
import { signText } from './jws-signature.js'

export type AssertionAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export interface AssertionSettings {
  readonly clientId: string
  readonly privateKey: string | JsonWebKey | KeyObject
  readonly algorithm?: AssertionAlgorithm
  readonly keyId?: string
}

/** An assertion is made for one request; the rest is for clocks that differ. */
const lifetimeSeconds = 60

const leastModulusBits = 2_048

/**
 * What signs a fresh assertion for each request: `jti` of its own, a minute to live, for this issuer alone.
 *
 * @throws TypeError for what is no private key, or one that the algorithm cannot use
 * @see RFC 7523 section 3; OpenID Connect Core 1.0 section 9
 */
export function compileClientAssertion({ clientId, privateKey, algorithm, keyId }: AssertionSettings, issuer: string, now: Clock): () => Promise<string> {
  if (keyId !== undefined && (typeof keyId !== 'string' || keyId === '')) throw new TypeError('client: keyId must be a non-empty string')
  const key = importPrivateKey(privateKey)
  const possible = algorithmsOf(key)
  const alg = algorithm ?? possible[0]
  if (alg === undefined || !possible.includes(alg)) {
    throw new TypeError('client: privateKey must be of EC P-256 for ES256, of RSA with 2048 bits or more for RS256 and PS256, or of Ed25519 for EdDSA')
  }
  const kid = keyId ?? kidOf(privateKey)
  const header = encode({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) })
  return async () => {
    const issuedAtSeconds = Math.floor(now() / 1_000)
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: issuedAtSeconds, exp: issuedAtSeconds + lifetimeSeconds }
    const input = `${header}.${encode(claims)}`
    return `${input}.${(await signText(key, alg, input)).toString('base64url')}`
  }
}

function importPrivateKey(given: AssertionSettings['privateKey']): KeyObject {
  let key: KeyObject
  try {
    key = isKeyObject(given) ? given : createPrivateKey(typeof given === 'string' ? given : { key: given, format: 'jwk' })
  } catch {
    throw new TypeError('client: privateKey is not a private key in PEM, as a JWK, or of node:crypto') // the reason may quote it
  }
  if (key.type !== 'private') throw new TypeError('client: privateKey is a public or a secret key')
  return key
}

function isKeyObject(given: AssertionSettings['privateKey']): given is KeyObject {
  return typeof given === 'object' && 'asymmetricKeyType' in given
}

/** The first one is the default. */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly AssertionAlgorithm[] {
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return ['ES256']
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= leastModulusBits) return ['RS256', 'PS256']
  return asymmetricKeyType === 'ed25519' ? ['EdDSA'] : []
}

function kidOf(given: AssertionSettings['privateKey']): string | undefined {
  if (typeof given !== 'object' || isKeyObject(given)) return undefined
  return typeof given.kid === 'string' && given.kid !== '' ? given.kid : undefined
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
