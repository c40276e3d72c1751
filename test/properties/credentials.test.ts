import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { checkTokenText, extractCredentials } from '../../src/token/credentials.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { readCredentials, valuesOf, type CredentialsVerdict } from './oracles/credentials.js'
import type { ResourceRequest } from '../../src/model/resource-request.js'

const pieces = [' ', '  ', '\t', ',', ', Bearer x', '=', '==', '"', ';', '\0', '\n', '\r\n', '\u00a0', '\u00e9', '\u2028', '\u212a', '%', ':', '/', '+', '~', '-', '_', '.', 'Bearer', 'DPoP', 'a', '(', '{']
const headerValue = fc.oneof(
  { arbitrary: editedText(fc.tuple(fc.constantFrom('Bearer', 'bearer', 'BEARER', 'DPoP', 'dpop', 'dPoP', 'Basic', 'BearerX'), fc.constantFrom(...Array<string>(8).fill(' '), '  ', '', '\t', '/', '+', '-', '=', ',', '\u00a0'), fc.constantFrom('a.b.c', 'AZaz09-._~+/', 'a==', 'Bearer', 'a b', '=', '')).map((parts) => parts.join('')), pieces), weight: 4 },
  fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.constantFrom(16_383, 16_384, 16_385, 30_000).map((length) => `Bearer ${'a'.repeat(length)}`),
)
const headerName = fc.oneof({ arbitrary: fc.constantFrom('Authorization', 'authorization', 'AUTHORIZATION'), weight: 4 }, fc.constantFrom('author\u0131zation', 'author\u0130zation', 'authorization ', 'Proxy-Authorization', 'Host', 'X-Authorization', 'Cookie', ''))

/** What the code makes of a request up to the point where the token is looked at. */
function outcome(request: ResourceRequest): CredentialsVerdict {
  const found = extractCredentials(request)
  if ('code' in found) return found.code as CredentialsVerdict
  return (checkTokenText(found.token)?.code as CredentialsVerdict | undefined) ?? found
}

describe('TRN-1, TRN-2, TRN-3: every list of headers, read character by character', () => {
  const header = fc.tuple(headerName, headerValue)

  it('one header', () => {
    const seen = coverage({ token: 0.1, no_credentials: 0.2, invalid_request: 0.1, invalid_token: 0.03 })
    checkProperty(fc.property(headerValue, (value) => {
      const expected = readCredentials([value])
      seen.note(typeof expected === 'string' ? expected : 'token')
      expect(outcome({ method: 'GET', url: '/', headers: { authorization: value } })).toEqual(expected)
    }), { runs: 1_500, coverage: seen })
  })

  it('any number of headers in the raw list, whatever the object says', () => {
    const seen = coverage({ token: 0.02, no_credentials: 0.2, invalid_request: 0.2 })
    checkProperty(fc.property(fc.array(header, { maxLength: 3 }), headerValue, (list, other) => {
      const rawHeaders = list.flat()
      const expected = readCredentials(valuesOf(rawHeaders, 'authorization'))
      seen.note(typeof expected === 'string' ? expected : 'token')
      expect(outcome({ method: 'GET', url: '/', headers: { authorization: other }, rawHeaders })).toEqual(expected)
    }), { runs: 1_500, coverage: seen })
  })

  it('any number of headers in an object that somebody built, in lists and under names in any case', () => {
    checkProperty(fc.property(fc.array(fc.tuple(headerName, fc.oneof(headerValue, fc.array(headerValue, { maxLength: 2 }), fc.constant(undefined))), { maxLength: 3 }), (list) => {
      const headers = Object.fromEntries(list)
      const raw = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]))
      expect(outcome({ method: 'GET', url: '/', headers })).toEqual(readCredentials(valuesOf(raw, 'authorization')))
    }), { runs: 1_000 })
  })
})
