import { createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import { algorithms, defaultAlgorithms, isAlgorithm, type Algorithm } from '../../../src/token/algorithms.js'
import { UnusableKey, checkPublicKey, parseKeySet } from '../../../src/token/verification-key.js'
import { base64url, ec, ed25519, modulusOf, rsa, type KeyPair } from './json-web-keys.js'

const p256 = ec()
const p384 = ec({}, 'P-384')
const p521 = ec({}, 'P-521')
const rsa2048 = rsa()
const ed = ed25519()

const fitting = (jwk: unknown): Algorithm[] => {
  const key = checkPublicKey(jwk)
  return algorithms.filter((algorithm) => key.fits(algorithm))
}

describe('TOK-1 algorithms', () => {
  it.each([...algorithms])('TOK-1 knows %s', (name) => {
    expect(isAlgorithm(name)).toBe(true)
  })

  it.each(['HS256', 'HS384', 'HS512', 'none', 'NONE', 'es256', 'ES256K', 'ES256 ', 'RSA-OAEP', 'Ed448', '', 'toString', '__proto__', null, undefined, 0, ['ES256'], {}])(
    'TOK-1 refuses %j', (name) => {
      expect(isAlgorithm(name)).toBe(false)
    })

  it('TOK-1 accepts ES256, RS256 and EdDSA by default, and the list cannot be changed', () => {
    expect(defaultAlgorithms).toEqual(['ES256', 'RS256', 'EdDSA'])
    expect(() => (defaultAlgorithms as string[]).push('HS256')).toThrow(TypeError)
  })
})

describe('TOK-1 a key is used only for what it is shaped or declared for', () => {
  it.each([
    { shape: 'P-256', jwk: p256.jwk, expected: ['ES256'] },
    { shape: 'P-384', jwk: p384.jwk, expected: ['ES384'] },
    { shape: 'P-521', jwk: p521.jwk, expected: ['ES512'] },
    { shape: 'RSA', jwk: rsa2048.jwk, expected: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] },
    { shape: 'Ed25519', jwk: ed.jwk, expected: ['EdDSA', 'Ed25519'] },
    { shape: 'RSA that declares PS256', jwk: { ...rsa2048.jwk, alg: 'PS256' }, expected: ['PS256'] },
    { shape: 'Ed25519 that declares EdDSA', jwk: { ...ed.jwk, alg: 'EdDSA' }, expected: ['EdDSA'] },
    { shape: 'Ed25519 that declares Ed25519', jwk: { ...ed.jwk, alg: 'Ed25519' }, expected: ['Ed25519'] },
  ])('TOK-1 $shape fits $expected', ({ jwk, expected }) => {
    expect(fitting(jwk)).toEqual(expected)
  })

  it.each([['EC', p256.jwk], ['RSA', rsa2048.jwk], ['OKP', ed.jwk]])('TOK-1 the thumbprint of %s is that of RFC 7638', async (_kty, jwk) => {
    const key = checkPublicKey({ ...jwk, kid: 'a', use: 'sig', x5c: ['ignored'] })
    expect(key.thumbprint).toBe(await calculateJwkThumbprint(jwk))
  })
})

const { x, y } = p256.jwk as { x: string; y: string }
const { n } = rsa2048.jwk as { n: string }
const padded = (bytes: Buffer, zeros: number): string => base64url(Buffer.concat([Buffer.alloc(zeros), bytes]))
const privateJwk = (pair: KeyPair): Record<string, unknown> => ({ ...pair.privateKey.export({ format: 'jwk' }) })

describe('TOK-1 keys that are unusable', () => {
  it.each<[string, unknown]>([
    ['RSA of 1024 bits', rsa({}, 1024).jwk],
    ['RSA of 2047 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(2047)) }],
    ['RSA of 1024 bits that looks like 2048', { kty: 'RSA', e: 'AQAB', n: padded(modulusOf(1024), 128) }],
    ['RSA of 8193 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(8193)) }],
    ['RSA of 16384 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(16384)) }],
    ['RSA with half a megabyte of modulus', { kty: 'RSA', e: 'AQAB', n: 'q'.repeat(500_000) }],
    ['RSA with a zero modulus', { kty: 'RSA', e: 'AQAB', n: base64url(Buffer.alloc(256)) }],
    ['RSA with an even modulus', { kty: 'RSA', e: 'AQAB', n: base64url([...Buffer.from(n, 'base64url').subarray(0, 255), 2]) }],
    ['RSA with e = 1', { kty: 'RSA', e: 'AQ', n }],
    ['RSA with e = 0', { kty: 'RSA', e: 'AA', n }],
    ['RSA with e = 2', { kty: 'RSA', e: 'Ag', n }],
    ['RSA with e = 65536', { kty: 'RSA', e: base64url([1, 0, 0]), n }],
    ['RSA with e of 65 bits', { kty: 'RSA', e: base64url([1, 0, 0, 0, 0, 0, 0, 0, 1]), n }],
    ['RSA with e as large as n', { kty: 'RSA', e: n, n }],
    ['RSA with an empty e', { kty: 'RSA', e: '', n }],
    ['RSA without e', { kty: 'RSA', n }],
    ['RSA with e as a number', { kty: 'RSA', e: 65537, n }],
    ['a point off the curve', { ...p256.jwk, y: x }],
    ['the point 0, 0', { ...p256.jwk, x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) }],
    ['a coordinate that is not reduced', { ...p256.jwk, x: base64url(Buffer.alloc(32, 0xff)) }],
    ['a point of another curve', { ...p384.jwk, crv: 'P-256' }],
    ['a coordinate with a zero in front', { ...p256.jwk, x: padded(Buffer.from(x, 'base64url'), 1) }],
    ['a coordinate that is one octet short', { ...p256.jwk, x: base64url(Buffer.from(x, 'base64url').subarray(1)) }],
    ['padding', { ...p256.jwk, x: `${x}=` }],
    ['white space', { ...p256.jwk, x: `${x.slice(0, 20)} ${x.slice(20)}` }],
    ['base64 instead of base64url', { ...p256.jwk, x: `+${x.slice(1)}` }],
    ['bits behind the last octet', { ...ed.jwk, x: `${(ed.jwk.x as string).slice(0, -1)}B` }],
    ['no y', { kty: 'EC', crv: 'P-256', x }],
    ['secp256k1', { ...p256.jwk, crv: 'secp256k1' }],
    ['a curve that is no string', { ...p256.jwk, crv: ['P-256'] }],
    ['Ed25519 of 31 octets', { ...ed.jwk, x: base64url(Buffer.alloc(31, 5)) }],
    ['Ed25519 of 33 octets', { ...ed.jwk, x: base64url(Buffer.alloc(33, 5)) }],
    ['Ed448', { kty: 'OKP', crv: 'Ed448', x: base64url(Buffer.alloc(57, 5)) }],
    ['X25519', { kty: 'OKP', crv: 'X25519', x: base64url(Buffer.alloc(32, 9)) }],
    ['a symmetric key', { kty: 'oct', k: base64url(Buffer.alloc(32, 1)) }],
    ['a symmetric key that says ES256', { kty: 'oct', alg: 'ES256', k: base64url(Buffer.alloc(32, 1)) }],
    ['an EC key with k', { ...p256.jwk, k: 'AA' }],
    ['a private EC key', privateJwk(p256)],
    ['a private RSA key', privateJwk(rsa2048)],
    ['a private Ed25519 key', privateJwk(ed)],
    ['an empty d', { ...p256.jwk, d: '' }],
    ['d: null', { ...p256.jwk, d: null }],
    ['use: enc', { ...p256.jwk, use: 'enc' }],
    ['use: SIG', { ...p256.jwk, use: 'SIG' }],
    ['use: null', { ...p256.jwk, use: null }],
    ['key_ops without verify', { ...p256.jwk, key_ops: ['sign'] }],
    ['empty key_ops', { ...p256.jwk, key_ops: [] }],
    ['key_ops that is a string', { ...p256.jwk, key_ops: 'verify' }],
    ['alg of another curve', { ...p256.jwk, alg: 'ES384' }],
    ['alg of another type', { ...rsa2048.jwk, alg: 'ES256' }],
    ['a symmetric alg on a public key', { ...rsa2048.jwk, alg: 'HS256' }],
    ['alg for encryption', { ...rsa2048.jwk, alg: 'RSA-OAEP' }],
    ['alg: none', { ...p256.jwk, alg: 'none' }],
    ['alg: null', { ...p256.jwk, alg: null }],
    ['a kid that is a number', { ...p256.jwk, kid: 1 }],
    ['no kty', { ...p256.jwk, kty: undefined }],
    ['kty in lower case', { ...p256.jwk, kty: 'ec' }],
    ['null', null],
    ['a string', 'EC'],
    ['an array', [p256.jwk]],
  ])('TOK-1 %s', (_title, jwk) => {
    expect(() => checkPublicKey(jwk)).toThrow(UnusableKey)
    expect(parseKeySet({ keys: [jwk] })).toEqual([])
  })

  it.each([
    ['a modulus of 8193 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(8193)) }],
    ['half a megabyte of modulus', { kty: 'RSA', e: 'AQAB', n: 'q'.repeat(500_000) }],
    ['an exponent of 65 bits', { kty: 'RSA', e: base64url([1, 0, 0, 0, 0, 0, 0, 0, 1]), n }],
    ['half a megabyte of exponent', { kty: 'RSA', e: 'q'.repeat(500_000), n }],
    ['a huge coordinate', { ...p256.jwk, x: 'q'.repeat(500_000) }],
  ])('TOK-1 is refused by its size alone, before anything is imported: %s', (_title, jwk) => {
    expect(() => checkPublicKey(jwk)).toThrow(/longer than|at most|are allowed/)
    expect(() => checkPublicKey(jwk)).not.toThrow(/cannot be imported/)
  })
})

describe('TOK-1 keys that are usable', () => {
  it.each<[string, unknown]>([
    ['RSA of 2048 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(2048)) }],
    ['RSA of 8192 bits', { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(8192)) }],
    ['RSA of 8192 bits with a sign octet', { kty: 'RSA', e: 'AQAB', n: padded(modulusOf(8192), 1) }],
    ['RSA with e = 3', { kty: 'RSA', e: 'Aw', n }],
    ['RSA with e of 64 bits', { kty: 'RSA', e: base64url([0x80, 0, 0, 0, 0, 0, 0, 1]), n }],
    ['use: sig', { ...p256.jwk, use: 'sig' }],
    ['key_ops with verify among others', { ...p256.jwk, key_ops: ['sign', 'verify'] }],
    ['members that nobody knows', { ...p256.jwk, x5u: 'https://evil.example', exp: 1, toString: 'x' }],
    ['a member named __proto__', JSON.parse(`{"__proto__":{"d":"AA"},"kty":"EC","crv":"P-256","x":"${x}","y":"${y}"}`)],
  ])('TOK-1 %s', (_title, jwk) => {
    const key = checkPublicKey(jwk)
    expect(fitting(jwk)).not.toEqual([])
    expect(key.keyObject.type).toBe('public')
  })

  it('TOK-1 the synthetic moduli have the size that they say', () => {
    for (const bits of [1024, 2047, 2048, 8192]) {
      const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: 'AQAB', n: base64url(modulusOf(bits)) } })
      expect(key.asymmetricKeyDetails?.modulusLength).toBe(bits)
    }
  })
})

describe('KEY-6 a key set', () => {
  it('KEY-6 skips entries that cannot be used', () => {
    const keys = [null, 7, { kty: 'oct', k: 'AA' }, { ...p256.jwk, kid: 'good' }, { ...p256.jwk, use: 'enc' }]
    expect(parseKeySet({ keys }).map(({ kid }) => kid)).toEqual(['good'])
  })

  it('KEY-6 takes 100 entries and fails at 101', () => {
    const keys = Array.from({ length: 101 }, (_, index) => ({ ...p256.jwk, kid: String(index) }))
    expect(parseKeySet({ keys: keys.slice(0, 100) })).toHaveLength(100)
    expect(parseKeySet({ keys })).toEqual([])
  })

  it.each([null, undefined, 1, 'keys', [], {}, { keys: {} }, { keys: null }, { keys: 'x' }, { keys: [] }, p256.jwk])('KEY-6 reads nothing from %j', (value) => {
    expect(parseKeySet(value)).toEqual([])
  })
})
