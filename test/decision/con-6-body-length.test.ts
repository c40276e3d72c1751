import { describe, expect, it } from 'vitest'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { announcedBodyBytes, knownBodyBytes } from '../../src/decision/body-length.js'
import { deciding, outcomeOf } from './decisions.js'

const post: ResourceRequest = { method: 'POST', url: '/', headers: {} }

describe('CON-6: bytes of the body, as announced', () => {
  it.each<[string, Partial<ResourceRequest>, number | undefined]>([
    ['by Content-Length', { headers: { 'content-length': '10' } }, 10],
    ['by the raw list', { headers: {}, rawHeaders: ['Content-Length', '10'] }, 10],
    ['by the caller', { contentLength: 10 }, 10],
    ['by both, the larger', { contentLength: 20, headers: { 'content-length': '10' } }, 20],
    ['by both, the larger, the other way round', { contentLength: 10, headers: { 'content-length': '20' } }, 20],
    ['zero', { headers: { 'content-length': '0' } }, 0],
    ['none, for a method without body', { method: 'GET' }, 0],
    ['none, for HEAD', { method: 'HEAD' }, 0],
    ['a body of a GET', { method: 'GET', headers: { 'content-length': '10' } }, 10],
    ['none', {}, undefined],
    ['none, for DELETE', { method: 'DELETE' }, undefined],
    ['chunked', { headers: { 'transfer-encoding': 'chunked' } }, undefined],
    ['chunked, of a GET', { method: 'GET', headers: { 'transfer-encoding': 'chunked' } }, undefined],
    ['chunked beside a length', { headers: { 'transfer-encoding': 'chunked', 'content-length': '1' } }, undefined],
    ['chunked beside the caller\'s word', { contentLength: 0, headers: { 'Transfer-Encoding': 'chunked' } }, undefined],
    ['two lengths', { headers: { 'content-length': ['1', '2'] } }, undefined],
    ['two equal lengths', { headers: {}, rawHeaders: ['content-length', '1', 'Content-Length', '1'] }, undefined],
    ['a list of lengths', { headers: { 'content-length': '1, 1' } }, undefined],
    ['a negative length', { headers: { 'content-length': '-1' } }, undefined],
    ['a length with a sign', { headers: { 'content-length': '+1' } }, undefined],
    ['a hexadecimal length', { headers: { 'content-length': '0x1' } }, undefined],
    ['a length with a fraction', { headers: { 'content-length': '1.0' } }, undefined],
    ['an exponent', { headers: { 'content-length': '1e3' } }, undefined],
    ['white space', { headers: { 'content-length': ' 1' } }, undefined],
    ['nothing', { headers: { 'content-length': '' } }, undefined],
    ['more than a double counts', { headers: { 'content-length': '9'.repeat(20) } }, undefined],
  ])('%s', (_, parts, expected) => {
    expect(announcedBodyBytes({ ...post, ...parts })).toBe(expected)
  })

  it.each<[string, Partial<ResourceRequest>, number | undefined]>([
    ['announced only', { headers: { 'content-length': '10' } }, 10],
    ['announced, and so far less received', { headers: { 'content-length': '10' }, receivedBytes: 5 }, 10],
    ['announced, and more received', { headers: { 'content-length': '10' }, receivedBytes: 11 }, 11],
    ['chunked, received so far', { headers: { 'transfer-encoding': 'chunked' }, receivedBytes: 5 }, 5],
    ['chunked, nothing yet', { headers: { 'transfer-encoding': 'chunked' }, receivedBytes: 0 }, 0],
    ['chunked, and nobody counts', { headers: { 'transfer-encoding': 'chunked' } }, undefined],
    ['neither', {}, undefined],
  ])('what is known of it: %s', (_, parts, expected) => {
    expect(knownBodyBytes({ ...post, ...parts })).toBe(expected)
  })

  it('is asked for where a constraint limits the body, and nowhere else', () => {
    const request = { ...post, headers: { 'transfer-encoding': 'chunked' }, get receivedBytes(): number { throw new Error('asked') } }
    expect(() => deciding({ capabilities: [{ action: 'a', constraints: { max_request_size: 1 } }] }).decide('a', {}, { request })).toThrow('asked')
    expect(outcomeOf(deciding({ capabilities: [{ action: 'a', constraints: { max_response_size: 1 } }] }).decide('a', {}, { request: Object.defineProperty(request, 'limitsResponse', { value: true }) }))).toBe('allow 0')
  })

  it('413 where it is over, and where nobody announced it', () => {
    const { decide } = deciding({ capabilities: [{ action: 'a', constraints: { max_request_size: 10 } }] })
    const judge = (parts: Partial<ResourceRequest>) => outcomeOf(decide('a', {}, { request: { ...post, ...parts } }))
    expect(judge({ headers: { 'content-length': '10' } })).toBe('allow 0')
    expect(judge({ headers: { 'content-length': '11' } })).toBe('request_too_large CON-6')
    expect(judge({})).toBe('request_too_large CON-6')
  })
})
