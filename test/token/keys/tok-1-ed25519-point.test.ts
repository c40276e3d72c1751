import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isEd25519Point } from '../../../src/token/ed25519-point.js'
import { ed25519 } from './json-web-keys.js'

const p = 2n ** 255n - 19n

const encode = (y: bigint, sign = 0n): Buffer => Buffer.from((y | (sign << 255n)).toString(16).padStart(64, '0'), 'hex').reverse()

const power = (base: bigint, exponent: bigint): bigint => {
  if (exponent === 0n) return 1n
  const half = power((base * base) % p, exponent / 2n)
  return exponent % 2n === 1n ? (half * base) % p : half
}
const d = (p - 121665n) * power(121666n, p - 2n) % p

/** RFC 8032 section 5.1.3, steps 2 and 3, as they are written there. */
const decodes = (y: bigint): boolean => {
  const u = (y * y - 1n + p) % p
  const v = (d * y * y + 1n) % p
  const x = u * v ** 3n * power((u * v ** 7n) % p, (p - 5n) / 8n) % p
  const vxx = v * x * x % p
  return vxx === u || vxx === (p - u) % p
}

/** y of eight times a point, from y alone: (y² + x²) / (1 − d·x²·y²), three times. */
const timesEight = (y: bigint): bigint => {
  let result = y
  for (let i = 0; i < 3; i++) {
    const y2 = result * result % p
    const x2 = (y2 - 1n + p) * power(d * y2 + 1n, p - 2n) % p
    result = (y2 + x2) * power((1n - d * x2 % p * y2 % p + p) % p, p - 2n) % p
  }
  return result
}

const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

describe('TOK-1 Ed25519 points on their curve', () => {
  it('TOK-1 every generated key is one', () => {
    for (let i = 0; i < 50; i++) expect(isEd25519Point(Buffer.from(ed25519().jwk.x as string, 'base64url'))).toBe(true)
  })

  it('TOK-1 agrees with the decoding of RFC 8032 on 200 values of y', () => {
    const verdicts = Array.from({ length: 200 }, (_, index) => {
      const y = BigInt(`0x${createHash('sha256').update(String(index)).digest('hex')}`) % p
      expect(isEd25519Point(encode(y))).toBe(decodes(y))
      expect(isEd25519Point(encode(y, 1n))).toBe(decodes(y))
      return decodes(y)
    })
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })

  it.each([
    ['the identity', 1n], ['order 2', p - 1n], ['order 4', 0n], ['order 8', orderEight], ['order 8, the other', p - orderEight],
  ])('TOK-1 refuses a point of small order: %s', (_title, y) => {
    expect(timesEight(y)).toBe(1n)
    expect(isEd25519Point(encode(y))).toBe(false)
    expect(isEd25519Point(encode(y, 1n))).toBe(false)
  })

  it.each([['p', p], ['p + 1', p + 1n], ['p + 3', p + 3n], ['the largest', 2n ** 255n - 1n]])('TOK-1 refuses a y that is not reduced: %s', (_title, y) => {
    expect(isEd25519Point(encode(y))).toBe(false)
  })

  it.each([0, 31, 33])('TOK-1 refuses %i octets', (length) => {
    expect(isEd25519Point(Buffer.alloc(length, 3))).toBe(false)
  })
})
