import { createHmac, sign, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audience, issuer, now } from '../token/signed-token.js'
import { checkProperty } from '../support/check-property.js'
import { checkPublicKey, parseKeySet, UnusableKey } from '../../src/token/verification-key.js'
import { coverage } from '../support/coverage.js'
import { ec, ed25519, modulusOf, rsa, type KeyPair } from '../token/keys/json-web-keys.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { guarding } from '../guard/guarding.js'
import { isUsableKey } from './oracles/public-key.js'
import { mutated, nodeOf, write, type Node } from './json-nodes.js'
import { segment } from '../support/forge.js'

/** The issuer's keys, and keys of somebody else under the same names. */
const own: readonly KeyPair[] = [ec({ kid: 'k', use: 'sig', alg: 'ES256' }), ed25519({ kid: 'k' }), rsa({ kid: 'k', key_ops: ['verify'] }), ec({ kid: 'k' }, 'P-384'), ec({ kid: 'k', alg: 'ES512' }, 'P-521')]
const foreign: readonly KeyPair[] = [ec(), ed25519(), rsa()]

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const edwards = (y: bigint, sign255 = 0n): string => base64url(Buffer.from((y | (sign255 << 255n)).toString(16).padStart(64, '0'), 'hex').reverse())
const p25519 = 2n ** 255n - 19n

/** Members that decide about a key, in order and not. */
const memberValue: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  kty: fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'ec', 1),
  crv: fc.constantFrom('P-256', 'P-384', 'P-521', 'secp256k1', 'Ed25519', 'X25519', 'p-256'),
  alg: fc.constantFrom('ES256', 'RS256', 'PS512', 'EdDSA', 'Ed25519', 'HS256', 'none', 'es256', 1),
  use: fc.constantFrom('sig', 'enc', 'SIG', 1),
  key_ops: fc.constantFrom<unknown>(['verify'], ['sign', 'verify'], ['sign'], [], 'verify', [['verify']]),
  kid: fc.constantFrom<unknown>('k', 'other', '', 1, ['k']),
  d: fc.constant('AAAA'),
  k: fc.constant('AAAA'),
  x: fc.constantFrom(edwards(0n), edwards(1n), edwards(1n, 1n), edwards(2n), edwards(3n), edwards(4n, 1n), edwards(p25519), edwards(p25519 + 1n), edwards(p25519 - 1n), edwards(9n), base64url(Buffer.alloc(32, 0xff)), base64url(Buffer.alloc(31)), base64url(Buffer.alloc(33)), ''),
  n: fc.constantFrom(2_040, 2_047, 2_048, 2_049, 4_096, 8_192, 8_193).map((bits) => base64url(modulusOf(bits))),
  e: fc.constantFrom('AQAB', 'Aw', 'AQ', 'Ag', 'AA', '', 'AAEAAQ', base64url(Buffer.alloc(8, 0xff)), base64url(Buffer.alloc(9, 0x01)), 'AQAB='),
}

interface KeyChange {
  readonly name: string
  readonly value?: unknown
  /** A byte of a number of the key and a bit of it. */
  readonly flip?: readonly [at: number, bit: number]
}

const change: fc.Arbitrary<KeyChange> = fc.oneof(
  fc.constantFrom(...Object.keys(memberValue)).chain((name) => memberValue[name]!.map((value) => ({ name, value }))),
  fc.record({ name: fc.constantFrom('x', 'y', 'n', 'e'), flip: fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 7 })) }),
)

function apply(jwk: Readonly<Record<string, unknown>>, { name, value, flip }: KeyChange): Record<string, unknown> {
  const old = jwk[name]
  if (flip === undefined) return { ...jwk, [name]: value }
  if (typeof old !== 'string' || old === '') return { ...jwk }
  const bytes = Buffer.from(old, 'base64url')
  if (bytes.length > 0) bytes[flip[0] % bytes.length]! ^= 1 << flip[1]
  return { ...jwk, [name]: base64url(bytes) }
}

const changedKey = fc.tuple(fc.constantFrom(...own), fc.array(change, { maxLength: 2 })).map(([{ jwk }, changes]) => changes.reduce(apply, jwk))
/** A set as text: keys that were changed in what they say, then anything in its tree. */
const setNode: fc.Arbitrary<Node> = fc.oneof(
  fc.array(changedKey, { minLength: 1, maxLength: 3 }).map((keys) => nodeOf({ keys })),
  mutated(fc.array(changedKey, { minLength: 1, maxLength: 3 }).map((keys) => nodeOf({ keys }))),
)

/** What a fetch would give: `JSON.parse` takes everything that the tree can say. */
const parsed = (node: Node): unknown => JSON.parse(write(node))

describe('TOK-1: every key, against the equations of the curves and the sizes of the numbers', () => {
  const isUsable = (jwk: unknown): boolean => {
    try {
      checkPublicKey(jwk)
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(UnusableKey)
      return false
    }
  }

  it('is usable exactly where the rule says so', () => {
    const seen = coverage({ usable: 0.2, unusable: 0.3 })
    checkProperty(fc.property(changedKey, (jwk) => {
      const expected = isUsableKey(jwk)
      seen.note(expected ? 'usable' : 'unusable')
      expect(isUsable(jwk)).toBe(expected)
    }), { runs: 300, coverage: seen })
  })

  it('Ed25519: any 32 bytes', () => {
    const seen = coverage({ usable: 0.2, unusable: 0.2 })
    checkProperty(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(bytes) }
      const expected = isUsableKey(jwk)
      seen.note(expected ? 'usable' : 'unusable')
      expect(isUsable(jwk)).toBe(expected)
    }), { runs: 60, coverage: seen })
  })

  it('a set gives the usable ones of its keys, whatever else is in it', () => {
    const seen = coverage({ some: 0.3, none: 0.1 })
    checkProperty(fc.property(setNode, (node) => {
      const set = parsed(node) as { keys?: unknown } | null
      const keys = parseKeySet(set)
      const given: unknown = typeof set === 'object' ? set?.keys : undefined
      seen.note(keys.length > 0 ? 'some' : 'none')
      expect(keys.length).toBe(Array.isArray(given) && given.length <= 100 ? given.filter(isUsableKey).length : 0)
      expectCleanPrototypes()
    }), { runs: 250, coverage: seen })
  })
})

describe('TOK-1, TOK-4: whatever an issuer publishes', () => {
  const claims = segment(exampleClaims({ iss: issuer, aud: audience, iat: now - 10, exp: now + 300, jti: 'j', aap_capabilities: [{ action: 'a' }] }))
  const algorithmOf = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string => type === 'ed25519' ? 'EdDSA' : type === 'rsa' ? 'RS256' : ({ prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as Record<string, string>)[details!.namedCurve!]!

  function signedBy({ privateKey }: KeyPair): string {
    const alg = algorithmOf(privateKey)
    const input = `${segment({ alg, kid: 'k' })}.${claims}`
    const hash = { ES256: 'sha256', RS256: 'sha256', ES384: 'sha384', ES512: 'sha512' }[alg] ?? null
    return `${input}.${base64url(sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }))}`
  }

  /** With what is public taken for a secret. */
  function macBy(jwk: Readonly<Record<string, unknown>>): string[] {
    const secrets = [JSON.stringify(jwk), ...['x', 'y', 'n', 'k'].flatMap((name) => (typeof jwk[name] === 'string' ? [jwk[name], Buffer.from(jwk[name], 'base64url')] : []))]
    const input = `${segment({ alg: 'HS256', kid: 'k' })}.${claims}`
    return secrets.map((secret) => `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
  }

  const unsigned = [`${segment({ alg: 'none' })}.${claims}.`, `${segment({ alg: 'ES256', kid: 'k' })}.${claims}.${base64url(Buffer.alloc(64))}`, `${segment({ alg: 'EdDSA', kid: 'k' })}.${claims}.${base64url(Buffer.alloc(64))}`, `${segment({ alg: 'EdDSA', kid: 'k' })}.${claims}.${base64url(Buffer.from([1, ...Array<number>(63).fill(0)]))}`]
  const foreignTokens = [...foreign.map(signedBy), ...unsigned]
  const ownTokens = own.map(signedBy)

  it('no signature of anybody else verifies, nothing throws, and its own keys go on verifying where they are usable', () => {
    const seen = coverage({ 'own key verifies': 0.2, 'no usable key': 0.1, 'own key does not verify': 0.01 })
    return checkProperty(fc.asyncProperty(setNode, async (node) => {
      const jwks = parsed(node) as { keys?: unknown } | null
      const usable = Array.isArray(jwks?.keys) && jwks.keys.length <= 100 && jwks.keys.some(isUsableKey)
      const make = () => guarding({ issuer: { issuer, jwks }, algorithms: ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA', 'PS256'] }).guard
      if (!usable) {
        seen.note('no usable key')
        expect(make).toThrow(TypeError)
        return
      }
      const guard = make()
      const statusOf = async (token: string): Promise<number> => (await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'a')).status
      const published = (jwks.keys as unknown[]).filter((jwk): jwk is Record<string, unknown> => typeof jwk === 'object' && jwk !== null)
      for (const token of [...foreignTokens, ...published.flatMap(macBy)]) expect(await statusOf(token)).toBe(401)

      // A key that was published as it is, under the name in the token, verifies; what was changed into another key, or is for another algorithm, does not.
      const expected = own.map(({ jwk, privateKey }) => published.some((one) => isUsableKey(one) && (one.alg === undefined || one.alg === algorithmOf(privateKey)) && one.kid === 'k' && isSameKey(one, jwk)))
      const statuses: number[] = []
      for (const token of ownTokens) statuses.push(await statusOf(token))
      expect(statuses).toEqual(expected.map((verifies) => (verifies ? 200 : 401)))
      seen.note(expected.includes(true) ? 'own key verifies' : 'own key does not verify')
      expectCleanPrototypes()
    }), { runs: 40, coverage: seen })
  })

  function isSameKey(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
    return ['kty', 'crv', 'x', 'y', 'n', 'e'].every((name) => one[name] === other[name] || (name === 'e' && [one.e, other.e].every((e) => e === 'AQAB' || e === 'AAEAAQ')) || (other[name] === undefined))
  }
})
