import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { isAlgorithm, type Algorithm } from './algorithms.js'
import { decodeBase64Url } from './base64url.js'
import { isEd25519Point } from './ed25519-point.js'

/** A public key that passed every rule of TOK-1. Its identity is the object: a refresh keeps it (KEY-5). */
export interface VerificationKey {
  readonly kid: string | undefined
  /** SHA-256, base64url. @see RFC 7638 */
  readonly thumbprint: string
  /** The one algorithm that the key declares itself for with `alg`, if it does. */
  readonly algorithm: Algorithm | undefined
  /** Whether the key may verify signatures of this algorithm: the declared one, else one that its shape allows. */
  fits(algorithm: Algorithm): boolean
  readonly keyObject: KeyObject
}

/** Why a key cannot be used. The message is for the audit record and quotes no key material. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey'
}

const mostKeys = 100

const leastModulusBits = 2_048
const mostModulusBits = 8_192

/** The largest modulus and one zero octet in front, which encoders that mean a sign bit put there. */
const mostModulusBytes = mostModulusBits / 8 + 1

/**
 * A public exponent of 64 bits is far beyond those in use (65537 has 17), and it is OpenSSL's own limit for
 * large moduli. Without one a single key makes each verification as dear as hundreds of signatures.
 */
const mostExponentBits = 64

/** Members that only a private or a symmetric key has. @see RFC 7518 sections 6.2.2, 6.3.2, 6.4; RFC 8037 section 2 */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

type Members = Readonly<Record<string, unknown>>

/** Exactly the members that RFC 7638 hashes, in its order. */
type PublicJwk =
  | { readonly crv: string; readonly kty: 'EC'; readonly x: string; readonly y: string }
  | { readonly e: string; readonly kty: 'RSA'; readonly n: string }
  | { readonly crv: 'Ed25519'; readonly kty: 'OKP'; readonly x: string }

interface Shape {
  readonly publicJwk: PublicJwk
  /** What a key of this shape can be used for when it declares no `alg`. */
  readonly algorithms: readonly Algorithm[]
}

const curves: ReadonlyMap<unknown, { readonly crv: string; readonly bytes: number; readonly algorithms: readonly Algorithm[] }> = new Map([
  ['P-256', { crv: 'P-256', bytes: 32, algorithms: ['ES256'] }],
  ['P-384', { crv: 'P-384', bytes: 48, algorithms: ['ES384'] }],
  ['P-521', { crv: 'P-521', bytes: 66, algorithms: ['ES512'] }],
])

class CheckedKey implements VerificationKey {
  readonly thumbprint: string

  constructor(
    readonly kid: string | undefined,
    readonly algorithm: Algorithm | undefined,
    readonly keyObject: KeyObject,
    private readonly shape: Shape,
  ) {
    this.thumbprint = hash('sha256', JSON.stringify(shape.publicJwk), 'base64url')
  }

  fits(algorithm: Algorithm): boolean {
    return this.algorithm === undefined ? this.shape.algorithms.includes(algorithm) : this.algorithm === algorithm
  }
}

/**
 * One JSON Web Key, from a key set or from the header of a proof (TOK-1, POP-3). Sizes are refused before any
 * arithmetic is done with the numbers; what is left is imported once, here, so that a point off its curve is
 * found now and not while a request waits.
 *
 * @throws UnusableKey and nothing else
 * @see RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2
 */
export function checkPublicKey(jwk: unknown): VerificationKey {
  if (!isObject(jwk)) throw new UnusableKey('the key is not an object')
  // The public half of a key whose secret was published proves nothing about who signed.
  const secret = secretMembers.find((name) => jwk[name] !== undefined)
  if (secret !== undefined) throw new UnusableKey(`the key has the private member \`${secret}\``)

  const kid = readKid(jwk)
  checkPurpose(jwk)
  const shape = readShape(jwk)
  const algorithm = readDeclaredAlgorithm(jwk, shape)
  return new CheckedKey(kid, algorithm, importKey(shape.publicJwk), shape)
}

/**
 * The usable keys of a JSON Web Key Set. Others are skipped, as RFC 7517 section 5 asks. Empty when it is no
 * key set, when it has more than 100 entries (KEY-6), and when nothing in it is usable.
 */
export function parseKeySet(value: unknown): VerificationKey[] {
  if (!isObject(value) || !Array.isArray(value.keys) || value.keys.length > mostKeys) return []
  const keys: VerificationKey[] = []
  for (const jwk of value.keys as readonly unknown[]) {
    try {
      keys.push(checkPublicKey(jwk))
    } catch (error) {
      if (!(error instanceof UnusableKey)) throw error
    }
  }
  return keys
}

function readKid({ kid }: Members): string | undefined {
  if (kid !== undefined && typeof kid !== 'string') throw new UnusableKey('`kid` is not a string')
  return kid
}

function checkPurpose({ use, key_ops: operations }: Members): void {
  if (use !== undefined && use !== 'sig') throw new UnusableKey('`use` is not "sig"')
  if (operations === undefined) return
  if (!Array.isArray(operations) || !operations.includes('verify')) throw new UnusableKey('`key_ops` is without "verify"')
}

function readDeclaredAlgorithm({ alg }: Members, shape: Shape): Algorithm | undefined {
  if (alg === undefined) return undefined
  if (!isAlgorithm(alg)) throw new UnusableKey('`alg` is not an algorithm that is supported')
  if (!shape.algorithms.includes(alg)) throw new UnusableKey(`the key says ${alg}, and its shape is for ${shape.algorithms.join(', ')}`)
  return alg
}

function readShape(jwk: Members): Shape {
  switch (jwk.kty) {
    case 'EC':
      return readEllipticCurve(jwk)
    case 'RSA':
      return readRsa(jwk)
    case 'OKP':
      return readEd25519(jwk)
    default:
      throw new UnusableKey('`kty` is none of EC, RSA and OKP')
  }
}

function readEllipticCurve(jwk: Members): Shape {
  const curve = curves.get(jwk.crv)
  if (curve === undefined) throw new UnusableKey('`crv` is none of P-256, P-384 and P-521')
  const x = readOctets(jwk, 'x', curve.bytes)
  const y = readOctets(jwk, 'y', curve.bytes)
  if (x.bytes.length !== curve.bytes || y.bytes.length !== curve.bytes) {
    throw new UnusableKey(`a coordinate is not of ${curve.bytes} octets`)
  }
  return { publicJwk: { crv: curve.crv, kty: 'EC', x: x.text, y: y.text }, algorithms: curve.algorithms }
}

function readRsa(jwk: Members): Shape {
  const modulus = readOctets(jwk, 'n', mostModulusBytes)
  const modulusBits = countBits(modulus.bytes)
  if (modulusBits < leastModulusBits || modulusBits > mostModulusBits) {
    throw new UnusableKey(`the RSA modulus has ${modulusBits} bits, and ${leastModulusBits} to ${mostModulusBits} are allowed`)
  }
  const exponent = readOctets(jwk, 'e', mostExponentBits / 8 + 1)
  const exponentBits = countBits(exponent.bytes)
  if (exponentBits < 2 || exponentBits > mostExponentBits || !isOdd(exponent.bytes) || !isOdd(modulus.bytes)) {
    throw new UnusableKey(`the RSA exponent is not odd, from 3 and of at most ${mostExponentBits} bits, or the modulus is even`)
  }
  return {
    publicJwk: { e: exponent.text, kty: 'RSA', n: modulus.text },
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  }
}

function readEd25519(jwk: Members): Shape {
  if (jwk.crv !== 'Ed25519') throw new UnusableKey('`crv` is not Ed25519')
  const x = readOctets(jwk, 'x', 32)
  if (!isEd25519Point(x.bytes)) throw new UnusableKey('`x` is no point of the curve that can be a key')
  return { publicJwk: { crv: 'Ed25519', kty: 'OKP', x: x.text }, algorithms: ['EdDSA', 'Ed25519'] }
}

/** OpenSSL refuses a point that is not on its curve, or the point at infinity. */
function importKey(publicJwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ format: 'jwk', key: publicJwk })
  } catch (cause) {
    throw new UnusableKey('the key cannot be imported', { cause })
  }
}

/** A member in strict base64url. Its length is looked at before it is decoded. */
function readOctets(jwk: Members, name: string, mostBytes: number): { readonly text: string; readonly bytes: Buffer } {
  const text = jwk[name]
  if (typeof text !== 'string') throw new UnusableKey(`\`${name}\` is not a string`)
  if (text.length > Math.ceil((mostBytes * 4) / 3)) throw new UnusableKey(`\`${name}\` is longer than ${mostBytes} octets`)
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) throw new UnusableKey(`\`${name}\` is not base64url`)
  return { text, bytes }
}

/** Bits of an unsigned big-endian number. Zeros in front make no key stronger and do not count. */
function countBits(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  if (first === -1) return 0
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24)
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
