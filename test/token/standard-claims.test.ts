import { describe, expect, it } from 'vitest'
import { checkAudience, checkTimes, readIdentity, readTimes } from '../../src/token/standard-claims.js'

const nowMs = Date.UTC(2025, 0, 1)
const now = nowMs / 1000
const hour = 3_600

describe('TOK-6: times are finite numbers', () => {
  it.each([
    ['all three', { exp: 3, iat: 1, nbf: 2 }, { expiresAt: 3, issuedAt: 1, notBefore: 2 }],
    ['nbf is optional', { exp: 3, iat: 1 }, { expiresAt: 3, issuedAt: 1, notBefore: undefined }],
    ['fractions', { exp: 3.25, iat: 1.5, nbf: 0.125 }, { expiresAt: 3.25, issuedAt: 1.5, notBefore: 0.125 }],
    ['0', { exp: 0, iat: 0, nbf: 0 }, { expiresAt: 0, issuedAt: 0, notBefore: 0 }],
    ['negative numbers', { exp: -1, iat: -2 }, { expiresAt: -1, issuedAt: -2, notBefore: undefined }],
  ])('%s', (_, claims, times) => {
    expect(readTimes(claims)).toEqual(times)
  })

  const valid = { exp: now + hour, iat: now, nbf: now }
  it.each([
    ['no exp', { ...valid, exp: undefined }],
    ['no iat', { ...valid, iat: undefined }],
    ['an exp as a string', { ...valid, exp: String(now + hour) }],
    ['an iat as a string', { ...valid, iat: String(now) }],
    ['an nbf as a string', { ...valid, nbf: String(now) }],
    ['an exp as a date', { ...valid, exp: '2030-01-01T00:00:00Z' }],
    ['an exp that is true', { ...valid, exp: true }],
    ['an exp in an array', { ...valid, exp: [now + hour] }],
    ['an nbf in an object', { ...valid, nbf: {} }],
  ])('%s is invalid_token', (_, claims) => {
    expect(readTimes(claims)).toMatchObject({ code: 'invalid_token', rule: 'TOK-6' })
  })
})

describe('TOK-6: boundaries, to the millisecond', () => {
  const judge = (times: { exp?: number; iat?: number; nbf?: number }, toleranceSeconds: number) =>
    checkTimes({ expiresAt: times.exp ?? now + hour, issuedAt: times.iat ?? now - hour, notBefore: times.nbf }, nowMs, toleranceSeconds * 1000)?.code

  // The instant of the claim relative to now, in seconds.
  it.each([
    [60, 60, undefined], [60, 0, undefined], [60, -59.999, undefined], [60, -60, undefined], [60, -60.001, 'token_expired'], [60, -61, 'token_expired'], [60, -1e9, 'token_expired'],
    [1, -1, undefined], [1, -1.001, 'token_expired'],
    [300, -300, undefined], [300, -300.001, 'token_expired'],
    [0, 0.001, undefined], [0, 0, 'token_expired'], [0, -0.001, 'token_expired'],
  ])('tolerance %i, exp %d: %s', (tolerance, offset, expected) => {
    expect(judge({ exp: offsetBy(offset) }, tolerance)).toBe(expected)
  })

  it.each([
    [60, -1, undefined], [60, 0, undefined], [60, 59.999, undefined], [60, 60, undefined], [60, 60.001, 'invalid_token'], [60, 61, 'invalid_token'],
    [0, -0.001, undefined], [0, 0, undefined], [0, 0.001, 'invalid_token'],
  ])('tolerance %i, nbf %d: %s', (tolerance, offset, expected) => {
    expect(judge({ nbf: offsetBy(offset) }, tolerance)).toBe(expected)
  })

  it.each([
    [60, -1e9, undefined], [60, 0, undefined], [60, 60, undefined], [60, 60.001, 'invalid_token'],
    [0, -0.001, undefined], [0, 0, undefined], [0, 0.001, 'invalid_token'],
  ])('tolerance %i, iat %d: %s', (tolerance, offset, expected) => {
    expect(judge({ iat: offsetBy(offset) }, tolerance)).toBe(expected)
  })

  it.each([
    ['exp far away', { exp: 1e308 }, undefined],
    ['exp far past', { exp: -1e308 }, 'token_expired'],
    ['nbf far away', { nbf: 1e308 }, 'invalid_token'],
    ['nbf far past', { nbf: -1e308 }, undefined],
    ['iat far away', { iat: 1e308 }, 'invalid_token'],
    ['iat far past', { iat: -1e308 }, undefined],
  ])('numbers that no clock shows: %s', (_, times, expected) => {
    expect(judge(times, 60)).toBe(expected)
  })

  it('now keeps its milliseconds', () => {
    const times = { expiresAt: now, issuedAt: now - hour, notBefore: undefined }
    expect(checkTimes(times, nowMs - 1, 0)).toBeUndefined()
    expect(checkTimes(times, nowMs - 0.5, 0)).toBeUndefined()
    expect(checkTimes(times, nowMs, 0)?.code).toBe('token_expired')
    expect(checkTimes(times, nowMs + 60_000, 60_000)).toBeUndefined()
    expect(checkTimes(times, nowMs + 60_000.5, 60_000)?.code).toBe('token_expired')
  })
})

/** Exact to the millisecond, as the claim of a token would be. */
function offsetBy(seconds: number): number {
  return Number((now + seconds).toFixed(3))
}

describe('TOK-5: aud', () => {
  const identifiers = new Set(['https://api.example.com', 'urn:api'])
  it.each<[string, unknown]>([
    ['the identifier', 'https://api.example.com'],
    ['another identifier of this server', 'urn:api'],
    ['a list of it', ['urn:api']],
    ['a list with it', ['https://other.example', 'urn:api']],
    ['a list with it twice', ['urn:api', 'urn:api']],
  ])('%s is for this server', (_, aud) => {
    expect(checkAudience({ aud }, identifiers)).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['none', undefined],
    ['an empty string', ''],
    ['an empty list', []],
    ['another', 'https://other.example'],
    ['a list of others', ['a', 'b']],
    ['a slash behind', 'https://api.example.com/'],
    ['another case', 'https://API.example.com'],
    ['a prefix', 'https://api.example'],
    ['white space', ' urn:api'],
    ['a number', 1],
    ['an object', { 'urn:api': true }],
    ['a list with a number beside it', ['urn:api', 1]],
    ['a list with null beside it', ['urn:api', null]],
    ['a list in a list', [['urn:api']]],
    ['identifiers in one string', 'urn:api https://api.example.com'],
    ['true', true],
  ])('%s is refused', (_, aud) => {
    expect(checkAudience({ aud }, identifiers)).toMatchObject({ code: 'invalid_token', rule: 'TOK-5' })
  })
})

describe('TOK-4, TOK-9 and TOK-10: sub, jti and client_id', () => {
  const robot = '\u{1F916}'
  it.each([
    ['both', { sub: 's', jti: 'j' }, { subject: 's', tokenId: 'j', clientId: undefined, scopes: [] }],
    ['a jti of 256 characters', { sub: 's', jti: robot.repeat(256) }, { subject: 's', tokenId: robot.repeat(256), clientId: undefined, scopes: [] }],
    ['client and scopes', { sub: 's', jti: 'j', client_id: 'c', scope: 'a  b ' }, { subject: 's', tokenId: 'j', clientId: 'c', scopes: ['a', 'b'] }],
    ['a scope of another type, which stands for nothing', { sub: 's', jti: 'j', client_id: 'c', scope: ['a'] }, { subject: 's', tokenId: 'j', clientId: 'c', scopes: [] }],
    ['__proto__', { sub: '__proto__', jti: '__proto__' }, { subject: '__proto__', tokenId: '__proto__', clientId: undefined, scopes: [] }],
  ])('%s', (_, claims, identity) => {
    expect(readIdentity(claims)).toEqual(identity)
  })

  it.each([
    ['no sub', { jti: 'j' }, 'TOK-4'],
    ['an empty sub', { sub: '', jti: 'j' }, 'TOK-4'],
    ['a sub that is a number', { sub: 1, jti: 'j' }, 'TOK-4'],
    ['a sub that is a list', { sub: ['s'], jti: 'j' }, 'TOK-4'],
    ['no jti', { sub: 's' }, 'TOK-9'],
    ['an empty jti', { sub: 's', jti: '' }, 'TOK-9'],
    ['a jti that is a number', { sub: 's', jti: 1 }, 'TOK-9'],
    ['a jti of 257 characters', { sub: 's', jti: 'a'.repeat(257) }, 'TOK-9'],
    ['a jti of 257 characters in pairs', { sub: 's', jti: robot.repeat(257) }, 'TOK-9'],
    ['a jti that is an object', { sub: 's', jti: {} }, 'TOK-9'],
    ['an empty client_id', { sub: 's', jti: 'j', client_id: '' }, 'TOK-10'],
    ['a client_id that is a number', { sub: 's', jti: 'j', client_id: 1 }, 'TOK-10'],
    ['a client_id that is a list', { sub: 's', jti: 'j', client_id: ['c'] }, 'TOK-10'],
  ])('%s is invalid_token', (_, claims, rule) => {
    expect(readIdentity(claims)).toMatchObject({ code: 'invalid_token', rule })
  })
})
