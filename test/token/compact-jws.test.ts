import { describe, expect, it } from 'vitest'
import { algorithms, defaultAlgorithms, isAlgorithm } from '../../src/token/algorithms.js'
import { parseCompactJws, type JwtRules } from '../../src/token/compact-jws.js'
import { TokenRefused } from '../../src/token/token-refused.js'

const rules: JwtRules = { algorithms: new Set(defaultAlgorithms), tokenType: 'any' }
const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const token = (header: unknown = { alg: 'ES256' }, payload: unknown = { iss: 'a' }, signature = 'c2ln') => `${encode(header)}.${encode(payload)}.${signature}`

/** The rule that refuses a token, `undefined` where none does. */
function refusal(text: string, given: Partial<JwtRules> = {}): string | undefined {
  try {
    parseCompactJws(text, { ...rules, ...given })
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRefused)
    expect((error as TokenRefused).denial.code).toBe('invalid_token')
    expect((error as TokenRefused).token).toBeUndefined()
    return (error as TokenRefused).denial.rule
  }
}

it('a token that is well formed gives its algorithm, its key id and its payload', () => {
  expect(parseCompactJws(token({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' }, { iss: 'a', n: 1 }), rules)).toEqual({ algorithm: 'ES256', keyId: 'k1', payload: { iss: 'a', n: 1 }, input: expect.stringMatching(/^[\w-]+\.[\w-]+$/), signature: Buffer.from('sig') })
  expect(parseCompactJws(token(), rules)).toMatchObject({ algorithm: 'ES256', keyId: undefined, payload: { iss: 'a' } })
})

describe('TOK-1: algorithms', () => {
  it('ES256, RS256 and EdDSA unless configured', () => {
    expect(defaultAlgorithms).toEqual(['ES256', 'RS256', 'EdDSA'])
    expect(Object.isFrozen(defaultAlgorithms)).toBe(true)
    expect(algorithms.filter((alg) => refusal(token({ alg })) === undefined)).toEqual(['ES256', 'RS256', 'EdDSA'])
  })

  it.each(algorithms)('%s where it is configured, and no other', (alg) => {
    expect(algorithms.filter((other) => refusal(token({ alg: other }), { algorithms: new Set([alg]) }) === undefined)).toEqual([alg])
  })

  it.each([
    'none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS384', 'HS512', 'hs256', 'es256', 'ES256K', 'ES256 ', 'Ed448', 'ML-DSA-44', 'RSA-OAEP', 'dir', '__proto__', 'toString',
    undefined, 0, 1, true, [], ['ES256'], {}, { toString: 'ES256' },
  ] as readonly unknown[])('%j is refused, configured or not', (alg) => {
    expect(isAlgorithm(alg)).toBe(false)
    expect(refusal(token({ alg }))).toBe('TOK-1')
    expect(refusal(token({ alg }), { algorithms: new Set([...algorithms, alg as 'ES256']) })).toBe('TOK-1')
  })

  it.each([1, true, ['k'], {}])('a kid that is %j is refused', (kid) => {
    expect(refusal(token({ alg: 'ES256', kid }))).toBe('TOK-1')
  })
})

describe('TOK-2: the header', () => {
  it.each([
    ['crit with a name', { crit: ['exp'], exp: 1 }],
    ['crit that is empty', { crit: [] }],
    ['crit that is no list', { crit: false }],
    ['crit with b64', { crit: ['b64'], b64: true }],
    ['b64 false', { b64: false }],
    ['b64 as a string', { b64: 'true' }],
    ['b64 as a number', { b64: 1 }],
  ])('%s is refused', (_, members) => {
    expect(refusal(token({ alg: 'ES256', ...members }))).toBe('TOK-2')
  })

  it.each([
    ['b64 true', { b64: true }],
    ['jku, jwk, x5u and x5c', { jku: 'https://evil.example/jwks', jwk: { kty: 'oct', k: 'AA' }, x5u: 'https://evil.example', x5c: ['AA'] }],
    ['members that nobody knows', { zip: 'DEF', cty: 'JWT', x: {} }],
  ])('%s is ignored', (_, members) => {
    expect(parseCompactJws(token({ alg: 'ES256', ...members }), rules)).toMatchObject({ algorithm: 'ES256', keyId: undefined, payload: { iss: 'a' } })
  })
})

describe('TOK-2: exactly three segments of strict base64url', () => {
  const [header = '', payload = '', signature = ''] = token().split('.')
  it.each([
    ['one segment', header],
    ['two segments', `${header}.${payload}`],
    ['four segments', `${header}.${payload}.${signature}.${signature}`],
    ['five segments, as an encrypted token has', `${header}.${payload}.${signature}.a.b`],
    ['a dot behind', `${token()}.`],
    ['a dot in front', `.${token()}`],
    ['an empty header', `.${payload}.${signature}`],
    ['an empty payload', `${header}..${signature}`],
    ['padding behind the signature', `${header}.${payload}.c2ln====`],
    ['padding behind the header', `${encode('{"alg":"ES256"} ')}==.${payload}.${signature}`],
    ['the alphabet of base64', `${header}.${payload}.++//`],
    ['trailing bits in the signature', `${header}.${payload}.Zh`],
    ['a lone character', `${header}.${payload}.c2lnA`],
    ['white space in the payload', `${header}.${payload.slice(0, 4)} ${payload.slice(4)}.${signature}`],
  ])('%s is refused', (_, text) => {
    expect(refusal(text)).toEqual(expect.any(String))
  })

  it.each([
    ['a header', Buffer.from('{"alg":"ES256","x":"\xff"}', 'latin1'), Buffer.from('{}')],
    ['a payload', Buffer.from('{"alg":"ES256"}'), Buffer.from('{"x":"\xff"}', 'latin1')],
  ])('%s that is not UTF-8 is refused', (_, first, second) => {
    expect(refusal(`${first.toString('base64url')}.${second.toString('base64url')}.${signature}`)).toBe('TOK-2')
  })
})

describe('TOK-3: typ, compared without case', () => {
  it.each([
    [undefined, true, false],
    ['JWT', true, false],
    ['jwt', true, false],
    ['at+jwt', true, true],
    ['AT+JWT', true, true],
    ['At+Jwt', true, true],
    ['application/at+jwt', true, true],
    ['Application/AT+JWT', true, true],
    ['application/jwt', false, false],
    ['dpop+jwt', false, false],
    ['logout+jwt', false, false],
    ['id_token', false, false],
    ['at+jwt ', false, false],
    ['at+jwt; a=b', false, false],
    ['', false, false],
    [1, false, false],
    [true, false, false],
    [['at+jwt'], false, false],
    [{}, false, false],
  ])('%j: any %s, at+jwt %s', (typ, accepted, acceptedByDemand) => {
    const text = token({ alg: 'ES256', ...(typ !== undefined && { typ }) })
    expect(refusal(text)).toBe(accepted ? undefined : 'TOK-3')
    expect(refusal(text, { tokenType: 'at+jwt' })).toBe(acceptedByDemand ? undefined : 'TOK-3')
  })

  it('null is no string either, and no member at all (TOK-7)', () => {
    expect(refusal(token('{"alg":"ES256","typ":null}'))).toBe('TOK-7')
  })
})

describe('TOK-7: header and payload go through the strict parser', () => {
  it.each([
    ['a repeated alg', '{"alg":"none","alg":"ES256"}', '{}'],
    ['a header that is an array', '[{"alg":"ES256"}]', '{}'],
    ['a header that is no JSON', 'alg=ES256', '{}'],
    ['a repeated iss', '{"alg":"ES256"}', '{"iss":"a","\\u0069ss":"b"}'],
    ['a payload that is a string', '{"alg":"ES256"}', '"a"'],
    ['a null claim', '{"alg":"ES256"}', '{"nbf":null}'],
  ])('%s', (_, header, payload) => {
    expect(refusal(token(header, payload))).toBe('TOK-7')
  })

  it('ORD-1: the header is judged before the payload', () => {
    expect(refusal(token({ alg: 'HS256' }, 'no JSON'))).toBe('TOK-1')
  })
})
