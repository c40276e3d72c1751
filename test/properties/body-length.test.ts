import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { guarding } from '../guard/guarding.js'
import type { ResourceRequest } from '../../src/index.js'
import { signToken } from '../token/signed-token.js'
import { valuesOf } from './oracles/credentials.js'

const limits = [0, 9, 10, 11, 1_000, 2 ** 53 - 1]
const tokens = limits.map((limit) => signToken({ jti: `limit ${limit}`, aap_capabilities: [{ action: 'a', constraints: { max_request_size: limit } }] }))

const length = fc.oneof({ arbitrary: fc.constantFrom('0', '9', '10', '11', '1000'), weight: 4 }, fc.constantFrom('010', '00000000000000000010', '+10', '-1', '1e1', '0x5', '10.0', ' 10', '10 ', '10, 10', '10,11', '', '１０', '99999999999999999999', '9007199254740991', '999999999999999'))
const name = fc.oneof({ arbitrary: fc.constantFrom('Content-Length', 'content-length', 'CONTENT-LENGTH'), weight: 5 }, fc.constantFrom('Content-Length ', 'Transfer-Encoding', 'transfer-encoding', 'X-Content-Length', 'content_length'))

/** CON-6: bytes on the wire, exact or `undefined`. What is announced in two ways, or with a transfer coding, is not known. */
function announced({ method, rawHeaders = [], contentLength }: ResourceRequest): bigint | undefined {
  const values = valuesOf(rawHeaders, 'content-length')
  const isPlain = (value: string): boolean => value !== '' && Array.from(value).every((digit) => '0123456789'.includes(digit))
  if (valuesOf(rawHeaders, 'transfer-encoding').length > 0 || values.length > 1 || !values.every(isPlain)) return undefined
  const known = [...values.map(BigInt), ...(contentLength === undefined ? [] : [BigInt(contentLength)])]
  if (known.length === 0) return method === 'GET' || method === 'HEAD' ? 0n : undefined
  return known.reduce((most, one) => (one > most ? one : most))
}

it('CON-6: for every way in which a length is announced, and every limit: what may be larger is refused', () => {
  const { guard } = guarding()
  const request = fc.record({ method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'get'), headers: fc.array(fc.tuple(name, length), { maxLength: 2 }), contentLength: fc.constantFrom(undefined, undefined, 0, 10, 1_000) })
  const seen = coverage({ allowed: 0.15, refused: 0.3 })
  return checkProperty(fc.asyncProperty(request, fc.nat({ max: limits.length - 1 }), async ({ method, headers, contentLength }, which) => {
    const asked: ResourceRequest = { method, url: '/', headers: {}, rawHeaders: ['Authorization', `Bearer ${tokens[which]!}`, ...headers.flat()], ...(contentLength !== undefined && { contentLength }) }
    const bytes = announced(asked)
    const isWithin = bytes !== undefined && bytes <= BigInt(limits[which]!)
    const { status, error } = await guard.authorize(asked, 'a')
    seen.note(status === 200 ? 'allowed' : 'refused')
    // More digits than any body has may be refused for that alone.
    if (isWithin && headers.some(([, value]) => value.length > 15)) return
    expect([status, error]).toEqual(isWithin ? [200, undefined] : [413, 'request_too_large'])
  }), { runs: 800, coverage: seen })
})
