import { describe, expect, it } from 'vitest'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { checkTokenText, extractCredentials } from '../../src/token/credentials.js'

const request = (parts: Partial<ResourceRequest>): ResourceRequest => ({ method: 'GET', url: '/', headers: {}, ...parts })
const withHeader = (value: string) => request({ headers: { authorization: value } })

/** What becomes of a request up to the point where the token is looked at. */
function outcome(asked: ResourceRequest): unknown {
  const found = extractCredentials(asked)
  if ('code' in found) return `${found.code} ${found.rule}`
  const denial = checkTokenText(found.token)
  return denial === undefined ? [found.scheme, found.token] : `${denial.code} ${denial.rule}`
}

const malformed = 'invalid_request TRN-1'
const none = 'no_credentials TRN-2'

describe('TRN-1: the scheme is Bearer or DPoP, compared without case', () => {
  it.each([
    ['Bearer a.b.c', ['bearer', 'a.b.c']],
    ['bearer a.b.c', ['bearer', 'a.b.c']],
    ['BEARER a.b.c', ['bearer', 'a.b.c']],
    ['DPoP a.b.c', ['dpop', 'a.b.c']],
    ['dpop a.b.c', ['dpop', 'a.b.c']],
    ['DPOP a.b.c', ['dpop', 'a.b.c']],
    ['Bearer  a.b.c', ['bearer', 'a.b.c']],
    ['DPoP    a.b.c', ['dpop', 'a.b.c']],
    ['Bearer AZaz09-._~+/=', ['bearer', 'AZaz09-._~+/=']],
    ['Bearer a==', ['bearer', 'a==']],
    ['Bearer Bearer', ['bearer', 'Bearer']],
  ])('%s', (header, expected) => {
    expect(outcome(withHeader(header))).toEqual(expected)
  })
})

describe('TRN-1: a known scheme whose rest is not one token is 400', () => {
  it.each([
    'Bearer', 'Bearer ', 'Bearer   ', 'bearer', 'DPoP', 'DPoP ',
    'Bearer a b', 'Bearer a.b.c d', 'Bearer a,b', 'Bearer a.b.c, Bearer d.e.f', 'DPoP a.b.c, DPoP a.b.c',
    'Bearer =', 'Bearer ==', 'Bearer a=b', 'Bearer "a"', 'Bearer token=a', 'Bearer a;b',
    'Bearer\ta', 'Bearer \ta', 'Bearer a\t', 'Bearer a ', 'Bearer\u00a0a', 'Bearer a\n', 'Bearer a\r\nX: b', 'Bearer a\0',
    'Bearer=a', 'Bearer,a', 'Bearer:a', 'Bearer/a', 'Bearer \u00e9', 'Bearer a\u2028', 'Bearer %61', 'Bearer a?b', 'Bearer {}',
  ])('%j', (header) => {
    expect(outcome(withHeader(header))).toBe(malformed)
  })
})

describe('TRN-2: another scheme, or none, is no credentials', () => {
  it.each(['', ' ', 'Basic dXNlcjpwYXNz', 'BearerX a.b.c', 'XBearer a.b.c', 'Bearer-Token a', 'Token a.b.c', 'a.b.c', ' Bearer a', '"Bearer" a', 'Negotiate', 'DPoP2 a', 'MAC a', 'B\u00e9arer a'])('%j', (header) => {
    expect(outcome(withHeader(header))).toBe(none)
  })

  it.each<[string, ResourceRequest]>([
    ['no header', request({})],
    ['a header that is undefined', request({ headers: { authorization: undefined } })],
    ['an empty list', request({ headers: { authorization: [] } })],
    ['the token in the query', request({ url: '/?access_token=a.b.c' })],
    ['the token in a header of another name', request({ headers: { 'x-authorization': 'Bearer a.b.c', 'proxy-authorization': 'Bearer a.b.c', cookie: 'authorization=Bearer a.b.c' } })],
  ])('%s', (_, asked) => {
    expect(outcome(asked)).toBe(none)
  })
})

describe('TRN-1: one Authorization header, by the raw list where there is one', () => {
  const token = 'Bearer a.b.c'
  it.each<[string, Partial<ResourceRequest>, unknown]>([
    ['one, any case', { headers: { AUTHORIZATION: token } }, ['bearer', 'a.b.c']],
    ['one in a list', { headers: { authorization: [token] } }, ['bearer', 'a.b.c']],
    ['two in a list', { headers: { authorization: [token, 'Bearer d'] } }, malformed],
    ['two equal ones in a list', { headers: { authorization: [token, token] } }, malformed],
    ['two by case', { headers: { authorization: token, Authorization: token } }, malformed],
    ['one of another scheme beside it', { headers: { authorization: ['Basic YQ==', token] } }, malformed],
    ['an empty one beside it', { headers: { authorization: [token, ''] } }, malformed],
    ['one in the raw list', { headers: { authorization: token }, rawHeaders: ['Host', 'x', 'authorization', token] }, ['bearer', 'a.b.c']],
    ['two equal ones in the raw list, where Node keeps the first', { headers: { authorization: token }, rawHeaders: ['Authorization', token, 'authorization', token] }, malformed],
    ['two different ones in the raw list', { headers: { authorization: token }, rawHeaders: ['Authorization', token, 'Host', 'x', 'AUTHORIZATION', 'Bearer d'] }, malformed],
    ['none in the raw list, whatever the object says', { headers: { authorization: token }, rawHeaders: ['Host', 'x'] }, none],
    ['an empty raw list', { headers: { authorization: token }, rawHeaders: [] }, none],
    ['a value in the raw list that looks like a name', { headers: {}, rawHeaders: ['X-Name', 'authorization', 'X-Value', token] }, none],
    ['the raw list before the object', { headers: { authorization: 'Bearer other' }, rawHeaders: ['Authorization', token] }, ['bearer', 'a.b.c']],
    ['an upper-case letter that is none in ASCII', { headers: { 'author\u0131zation': token } }, none],
  ])('%s', (_, parts, expected) => {
    expect(outcome(request(parts))).toEqual(expected)
  })
})

describe('TRN-3: a token over 16,384 bytes is 401 before any decoding', () => {
  it.each([
    [4_096, undefined],
    [4_097, undefined],
    [16_384, undefined],
    [16_385, 'invalid_token'],
    [1_000_000, 'invalid_token'],
  ])('%i bytes', (length, code) => {
    expect(checkTokenText('a'.repeat(length))?.code).toBe(code)
    if (code !== undefined) expect(checkTokenText('a'.repeat(length))?.rule).toBe('TRN-3')
  })

  it('what is no token at all is 400, however long (ORD-1: transport, then size)', () => {
    expect(checkTokenText(`${'a'.repeat(20_000)} b`)?.code).toBe('invalid_request')
  })
})
