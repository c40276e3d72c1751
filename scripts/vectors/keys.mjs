/**
 * The key sets of the vectors. They are made once; from then on the committed ones are used.
 * All of them are test keys, and some are broken on purpose.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, generatePrimeSync, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'

const folder = new URL('../../test-vectors/keys/', import.meta.url)

const pair = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' })
const ec = () => pair('ec', { namedCurve: 'P-256' })
const rsa = (modulusLength, publicExponent = 65537) => pair('rsa', { modulusLength, publicExponent })
const bytes = (number) => {
  const hex = number.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')
}

/** Modulus of many small primes: an oversized key is made at once, and its signatures are arithmetically right. */
const oversizedRsa = () => {
  const primes = Array.from({ length: 34 }, () => generatePrimeSync(256, { bigint: true })).filter((prime) => (prime - 1n) % 65537n !== 0n)
  const n = primes.reduce((product, prime) => product * prime)
  const phi = primes.reduce((product, prime) => product * (prime - 1n), 1n)
  return { kty: 'RSA', n: bytes(n), e: 'AQAB', d: bytes(inverse(65537n, phi)) }
}
const inverse = (value, modulus) => {
  let [a, b, x, y] = [value, modulus, 1n, 0n]
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  return ((x % modulus) + modulus) % modulus
}

const fresh = {
  issuer: () => [
    { ...ec(), kid: 'es256-1', alg: 'ES256', use: 'sig' },
    { ...rsa(2048), kid: 'rs256-1', alg: 'RS256', use: 'sig' },
    { ...pair('ed25519'), kid: 'ed25519-1', alg: 'EdDSA', use: 'sig' },
  ],
  'other-issuer': () => [{ ...ec(), kid: 'es256-1', alg: 'ES256', use: 'sig' }],
  weak: () => [
    { ...ec(), kid: 'es256-good', alg: 'ES256', use: 'sig' },
    { ...rsa(2048, 3), kid: 'rsa-exponent-3', alg: 'RS256', use: 'sig' },
    { ...rsa(1024), kid: 'rsa-1024', alg: 'RS256', use: 'sig' },
    { ...oversizedRsa(), kid: 'rsa-oversized', alg: 'RS256', use: 'sig' },
    { kty: 'RSA', n: rsa(2048).n, e: 'AQ', kid: 'rsa-exponent-1', alg: 'RS256', use: 'sig' },
    { ...rsa(2048), kid: 'rsa-declared-ps256', alg: 'PS256', use: 'sig' },
    { ...ec(), kid: 'ec-for-encryption', use: 'enc' },
    { ...ec(), kid: 'ec-without-verify', alg: 'ES256', key_ops: ['sign'] },
    { ...ec(), kid: 'ec-declared-es384', alg: 'ES384', use: 'sig' },
    { kty: 'EC', crv: 'P-256', x: Buffer.alloc(32, 1).toString('base64url'), y: Buffer.alloc(32, 2).toString('base64url'), kid: 'ec-off-curve', alg: 'ES256', use: 'sig' },
    { ...pair('ed448'), kid: 'ed448-1', alg: 'EdDSA', use: 'sig' },
    { kty: 'oct', k: Buffer.from('a symmetric key has no place in a published set').toString('base64url'), kid: 'oct-1', alg: 'HS256', use: 'sig' },
  ],
  // What agents sign proofs with. Servers know them by their thumbprints only.
  clients: () => [
    { ...ec(), kid: 'es256-1', alg: 'ES256', use: 'sig' },
    { ...ec(), kid: 'es256-2', alg: 'ES256', use: 'sig' },
    { ...pair('ed25519'), kid: 'ed25519-1', alg: 'EdDSA', use: 'sig' },
    { ...rsa(2048), kid: 'rs256-1', alg: 'RS256', use: 'sig' },
    { ...rsa(1024), kid: 'rsa-1024', alg: 'RS256', use: 'sig' },
  ],
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi']
export const publicPart = (jwk) => Object.fromEntries(Object.entries(jwk).filter(([name]) => !privateMembers.includes(name)))
const text = (keys) => `${JSON.stringify({ keys }, undefined, 2)}\n`

/** Reads the key sets, or makes those that are missing: `{ name: Map of kid to private JWK }`. */
export const loadKeys = async () => {
  const sets = {}
  for (const [name, make] of Object.entries(fresh)) {
    const file = new URL(`private/${name}.json`, folder)
    let keys
    try {
      keys = JSON.parse(await readFile(file, 'utf8')).keys
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
      keys = make()
      await mkdir(new URL('private/', folder), { recursive: true })
      await writeFile(file, text(keys))
    }
    sets[name] = new Map(keys.map((key) => [key.kid, key]))
  }
  return sets
}

/** The committed public sets, as they follow from the private ones. */
export const publicKeyFiles = (sets) =>
  new Map(Object.entries(sets).map(([name, keys]) => [`keys/${name}.json`, text([...keys.values()].map(publicPart))]))

/** The certificates of clients and of a proxy. Nothing is signed with their keys, which were thrown away. */
export const loadCertificates = async (names = ['client-1', 'client-2', 'proxy', 'self-signed']) =>
  new Map(await Promise.all(names.map(async (name) => {
    const pem = await readFile(new URL(`${name}.pem`, folder), 'utf8')
    const { raw } = new X509Certificate(pem)
    return [name, { pem, der: raw.toString('base64'), thumbprint: sha256(raw) }]
  })))

export const sha256 = (value) => createHash('sha256').update(value).digest('base64url')
const requiredMembers = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'], RSA: ['e', 'kty', 'n'], oct: ['k', 'kty'] }
/** What makes a key, in the order of RFC 7638. */
export const bareKey = (jwk) => Object.fromEntries(requiredMembers[jwk.kty].map((name) => [name, jwk[name]]))
export const thumbprintOf = (jwk) => sha256(JSON.stringify(bareKey(jwk)))

export const privateKeyOf = (jwk) => createPrivateKey({ key: jwk, format: 'jwk' })
export const publicKeyOf = (jwk) => createPublicKey({ key: publicPart(jwk), format: 'jwk' })
