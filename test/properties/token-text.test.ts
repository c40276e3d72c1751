import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { createForger, segment } from '../support/forge.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { editedText } from '../support/edited-text.js'
import { exampleClaims } from '../../src/testing/index.js'
import { guarding } from '../guard/guarding.js'
import { readCredentials, valuesOf } from './oracles/credentials.js'
import { audience, now } from '../token/signed-token.js'

const issuer = 'https://as.example.com'
const claims = (jti: string) => exampleClaims({ iss: issuer, aud: audience, iat: now - 10, exp: now + 300, jti, aap_capabilities: [{ action: 'search.web', constraints: {} }] })

/** One key for each algorithm, and tokens that each of them signed. */
const es = createForger(issuer)
const rs = createForger(issuer, 'RS256')
const ed = generateKeyPairSync('ed25519')
const signEd = (input: string): string => `${input}.${sign(null, Buffer.from(input), ed.privateKey).toString('base64url')}`
const tokens = [
  es.token(claims('one')), es.token(claims('two')), es.token(claims('three'), { alg: 'ES256' }),
  rs.token(claims('four'), { alg: 'RS256', kid: 'rsa', typ: 'JWT' }),
  signEd(`${segment({ alg: 'EdDSA', kid: 'ed' })}.${segment(claims('five'))}`),
]

function keyEntry(key: KeyObject, members: object): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }), ...members, use: 'sig' }
}

const keys = [{ ...es.issuer.jwks.keys[0] }, keyEntry(rs.publicKey, { kid: 'rsa', alg: 'RS256' }), keyEntry(createPublicKey(ed.privateKey), { kid: 'ed', alg: 'EdDSA' })]

/** Order of the group of P-256: for every ES256 signature (r, s) there is another that verifies, (r, n - s). */
const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
/** Order of the group of Ed25519. A signature with S + L says the same in another way, and is refused (RFC 8032 section 5.1.7). */
const orderOfEd25519 = 2n ** 252n + 27742317777372353535851937790883648493n

const big = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const bytesOf = (value: bigint, length: number) => Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')

/** The same signing input with another signature by arithmetic; the token itself where there is none. */
function respelled(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string }
  let other: Buffer = bytes
  if (alg === 'ES256') other = Buffer.concat([bytes.subarray(0, 32), bytesOf(orderOfP256 - big(bytes.subarray(32)), 32)])
  if (alg === 'EdDSA') other = Buffer.concat([bytes.subarray(0, 32), bytesOf(big(bytes.subarray(32).toReversed()) + orderOfEd25519, 32).reverse()])
  if (alg === 'RS256') {
    const sum = big(bytes) + big(Buffer.from(rs.publicKey.export({ format: 'jwk' }).n!, 'base64url'))
    other = sum < 2n ** 2048n ? bytesOf(sum, 256) : bytes
  }
  return `${header}.${payload}.${other.toString('base64url')}`
}

/** Every text that may be accepted: what was signed, and the twins that ES256 has by nature (TOK-9). */
const signed = new Set([...tokens, ...tokens.slice(0, 3).map(respelled)])

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const pieces = ['A', 'Q', 'g', 'z', '0', '-', '_', '.', '..', '=', '==', '+', '/', '~', ' ', '\t', '\n', ',', '%2E', '\0', '\u00e9', '\ud800', '"', 'e30', 'bnVsbA', 'eyJhbGciOiJub25lIn0', 'AAAA']
const token = fc.constantFrom(...tokens)

const flipped = fc.tuple(token, fc.nat({ max: 2 }), fc.nat(), fc.nat({ max: 7 })).map(([text, part, at, bit]) => {
  const segments = text.split('.')
  const bytes = Buffer.from(segments[part]!, 'base64url')
  bytes[at % bytes.length]! ^= 1 << bit
  segments[part] = bytes.toString('base64url')
  return segments.join('.')
})
const mixed = fc.tuple(fc.array(token, { minLength: 1, maxLength: 4 }), fc.array(fc.nat({ max: 3 }), { minLength: 0, maxLength: 5 }), fc.constantFrom('.', '.', '.', '..', '')).map(([texts, order, dot]) => order.map((which, i) => texts[i % texts.length]!.split('.')[which] ?? '').join(dot))
const cut = fc.tuple(token, fc.nat(), fc.nat({ max: 300 }), fc.boolean()).map(([text, at, length, keepsEnd]) => {
  const start = at % text.length
  return keepsEnd ? `${text.slice(0, start)}${text.slice(start + length)}` : text.slice(0, start)
})
const otherSpelling = fc.tuple(token, fc.nat({ max: 2 }), fc.constantFrom('padding', 'trailing bits', 'other alphabet', 'case', 'line breaks', 'dots inside')).map(([text, part, how]) => {
  const segments = text.split('.')
  const one = segments[part]!
  const spellings: Record<typeof how, string> = {
    padding: one.padEnd(Math.ceil(one.length / 4) * 4, '='),
    'trailing bits': `${one.slice(0, -1)}${alphabet[(alphabet.indexOf(one.at(-1)!) + 1) % 64]}`,
    'other alphabet': one.replaceAll('-', '+').replaceAll('_', '/'),
    case: one.toUpperCase(),
    'line breaks': `${one.slice(0, 20)}\r\n${one.slice(20)}`,
    'dots inside': `${one.slice(0, 20)}.${one.slice(20)}`,
  }
  segments[part] = spellings[how]
  return segments.join('.')
})

const text = fc.oneof(
  { arbitrary: editedText(token, pieces, 3), weight: 3 }, { arbitrary: flipped, weight: 3 }, { arbitrary: mixed, weight: 2 }, cut, { arbitrary: otherSpelling, weight: 2 },
  token.map(respelled),
  fc.tuple(token, fc.nat({ max: 20_000 })).map(([one, length]) => `${one}${'A'.repeat(length)}`),
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join('')),
)

const refusals = { no_credentials: { status: 401 }, invalid_request: { status: 400, error: 'invalid_request' }, invalid_token: { status: 401, error: 'invalid_token' } } as const

describe('TOK-1, TOK-2, TOK-11: nothing that differs from a text that was signed is ever accepted', () => {
  const { guard } = guarding({ issuer: { issuer, jwks: { keys } } })
  const authorize = (rawHeaders: readonly string[]) => guard.authorize({ method: 'GET', url: '/', headers: {}, rawHeaders }, 'search.web')

  const expectRight = async (rawHeaders: readonly string[]): Promise<string> => {
    const credentials = readCredentials(valuesOf(rawHeaders, 'authorization'))
    const isSigned = typeof credentials === 'object' && credentials.scheme === 'bearer' && signed.has(credentials.token)
    const { outcome, status, error, reason } = await authorize(rawHeaders)
    if (isSigned) {
      expect({ outcome, status, reason }).toEqual({ outcome: 'allow', status: 200 })
      return 'accepted'
    }
    const refusal = refusals[typeof credentials === 'string' ? credentials : 'invalid_token']
    expect({ outcome, status, error }).toEqual({ outcome: 'deny', error: undefined, ...refusal })
    expectCleanPrototypes()
    return typeof credentials === 'string' ? credentials : 'invalid_token'
  }

  it('the tokens themselves are', async () => {
    for (const one of signed) expect(await expectRight(['Authorization', `Bearer ${one}`])).toBe('accepted')
  })

  it('bits, characters, segments and spellings: 401 or 400, never anything else', () => {
    const seen = coverage({ accepted: 0.05, invalid_token: 0.3, invalid_request: 0.1 })
    return checkProperty(fc.asyncProperty(text, async (one) => {
      seen.note(await expectRight(['Authorization', `Bearer ${one}`]))
    }), { runs: 800, coverage: seen })
  })

  it('the same by a guard that has never seen the token that was changed', () => {
    const unaware = guarding({ issuer: { issuer, jwks: { keys } } }).guard
    return checkProperty(fc.asyncProperty(fc.oneof(flipped, mixed, otherSpelling, editedText(token, pieces)), async (one) => {
      const credentials = readCredentials([`Bearer ${one}`])
      fc.pre(typeof credentials === 'string' || !signed.has(credentials.token))
      const { status } = await unaware.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${one}` } }, 'search.web')
      expect(status).toBe(credentials === 'invalid_request' ? 400 : 401)
    }), { runs: 500 })
  })

  it('TRN-1, TRN-2: headers around good tokens: the token counts if it is the one header', () => {
    const name = fc.constantFrom(...Array<string>(8).fill('Authorization'), 'AUTHORIZATION', 'authorization', 'Authorization ', 'X-Authorization', 'Proxy-Authorization', 'Origin', 'DPoP', 'author\u0131zation')
    const value = editedText(fc.tuple(fc.constantFrom('Bearer ', 'Bearer ', 'bearer  ', 'BEARER ', 'DPoP ', 'Basic ', 'Bearer', ''), fc.oneof(token, text)).map((parts) => parts.join('')), [' ', '\t', ',', ', Bearer x', '=', 'B', '\n', '"', ';', '\0'], 1)
    const rawHeaders = fc.array(fc.tuple(name, value), { maxLength: 3 }).map((list) => list.flat())
    const seen = coverage({ accepted: 0.03, invalid_token: 0.04, invalid_request: 0.1, no_credentials: 0.1 })
    return checkProperty(fc.asyncProperty(rawHeaders, async (list) => {
      seen.note(await expectRight(list))
    }), { runs: 800, coverage: seen })
  })
})
