import { describe, expect, it } from 'vitest'
import { isTrustDomain, parseSpiffeId } from '../../src/matching/spiffe-id.js'

describe('AGT-2: SPIFFE IDs', () => {
  it.each<[string, string, string]>([
    ['spiffe://example.com/agent/researcher-01', 'example.com', '/agent/researcher-01'],
    ['spiffe://a/b', 'a', '/b'],
    ['spiffe://0_-./A.b_C-9', '0_-.', '/A.b_C-9'],
    ['spiffe://example.com/...', 'example.com', '/...'],
    ['spiffe://example.com/.a/a.', 'example.com', '/.a/a.'],
    ['spiffe://192.0.2.1/x', '192.0.2.1', '/x'],
    [`spiffe://${'a'.repeat(255)}/x`, 'a'.repeat(255), '/x'],
    [`spiffe://a/${'b'.repeat(2_048 - 'spiffe://a/'.length)}`, 'a', `/${'b'.repeat(2_037)}`],
  ])('%s', (text, trustDomain, path) => {
    expect(parseSpiffeId(text)).toEqual({ trustDomain, path })
  })

  it.each([
    '', 'spiffe://', 'spiffe:///', 'spiffe:///x', 'spiffe://example.com', 'spiffe://example.com/', 'spiffe://example.com//x', 'spiffe://example.com/x/', 'spiffe://example.com/x//y', 'spiffe://example.com/.', 'spiffe://example.com/..', 'spiffe://example.com/a/../b', 'spiffe://example.com/a/./b',
    'SPIFFE://example.com/x', 'Spiffe://example.com/x', 'spiffe:/example.com/x', 'spiffe:example.com/x', '//example.com/x', 'xspiffe://example.com/x', ' spiffe://example.com/x', '\tspiffe://example.com/x', 'spiffe ://example.com/x',
    'spiffe://Example.com/x', 'spiffe://exämple.com/x', 'spiffe://example.com:80/x', 'spiffe://@example.com/x', 'spiffe://a:b@example.com/x', 'spiffe://[::1]/x', 'spiffe://example.com\\x', 'spiffe://example%2Ecom/x', 'spiffe://ex ample/x', 'spiffe://*/x', 'spiffe://*.example.com/x',
    'spiffe://example.com/x?', 'spiffe://example.com/x?y=z', 'spiffe://example.com/x#', 'spiffe://example.com/x#y', 'spiffe://example.com/%61', 'spiffe://example.com/a:b', 'spiffe://example.com/a@b', 'spiffe://example.com/ä', 'spiffe://example.com/a b', 'spiffe://example.com/x\n', 'spiffe://example.com\n/x', 'spiffe://example.com/x\u0000', 'spiffe://example.com/*', 'spiffe://example.com/~x',
    `spiffe://${'a'.repeat(256)}/x`, `spiffe://a/${'b'.repeat(2_049 - 'spiffe://a/'.length)}`,
  ])('%j is none', (text) => {
    expect(parseSpiffeId(text)).toBeUndefined()
  })

  it.each(['example.com', 'a', '0', '-', '_', '.', 'a'.repeat(255)])('%s is a trust domain', (text) => {
    expect(isTrustDomain(text)).toBe(true)
  })

  it.each(['', 'Example.com', 'a/b', 'a:1', 'spiffe://a', 'a b', 'ä', 'a\n', 'a'.repeat(256)])('%j is no trust domain', (text) => {
    expect(isTrustDomain(text)).toBe(false)
  })
})
