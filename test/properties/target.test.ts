import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { ipv4Text, spelledAddress } from './address-texts.js'
import { parseTarget } from '../../src/matching/target.js'
import { readAddress, readIpv4 } from './oracles/address.js'
import { spelledHost } from './host-texts.js'

const schemes = ['http://', 'https://', 'HTTP://', 'hTTpS://'] as const
const rests = ['', '/', '/path/../x', '?q', '#f', '/?u=https://evil.example', '/@user', '?a@b', '/%5C%09'] as const
const ports = ['', ':', ':80', ':443', ':8443', ':65535'] as const

const pieces = ['http', 'https', ':', '/', '//', '://', '\\', '@', '?', '#', '.', '..', '%2e', '%40', '%2F', '\u3002', '\t', '\n', ' ', '\u00a0', '\u0085', '\u2028', '\ufeff', '\0', '\u007f', 'user@', ':pass@', 'evil', '1', '0x7f', '017', '[', ']', ':80', ':99999', '１', '\u00ad', '*', '-', '_', '%', '\ud800', '<', '|', '^']
const wellFormed = fc.tuple(fc.constantFrom(...schemes), fc.oneof({ arbitrary: spelledHost.map(({ text }) => text), weight: 3 }, spelledAddress.map(({ text }) => (text.includes(':') ? `[${text}]` : text))), fc.constantFrom(...ports), fc.constantFrom(...rests)).map((parts) => parts.join(''))
const text = fc.oneof(
  { arbitrary: editedText(wellFormed, pieces, 3), weight: 4 },
  fc.array(fc.constantFrom(...pieces, 'example', 'org', '1.2.3.4', '[::1]'), { maxLength: 8 }).map((parts) => `https://${parts.join('')}`),
  fc.array(fc.constantFrom(...pieces, 'example', 'org', 'bücher'), { maxLength: 10 }).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('http://', 'https://example'), fc.string({ unit: 'binary' })).map((parts) => parts.join('')),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
)

describe('CON-2: for every target', () => {
  it('a URL that was put together is taken apart again', () => {
    const host = fc.oneof(
      spelledHost.map(({ labels, text: spelled }) => ({ spelled, host: labels.join('.'), family: 0 as const })),
      fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((value) => ({ spelled: ipv4Text(value), host: ipv4Text(value), family: 4 as const })),
      spelledAddress.filter(({ text: spelled }) => spelled.includes(':')).map(({ text: spelled, family, value }) => ({ spelled: `[${spelled}]`, host: compressed(family === 4 ? value | (0xffffn << 32n) : value), family: 6 as const })),
    )
    checkProperty(fc.property(fc.constantFrom(...schemes), host, fc.constantFrom(...ports), fc.constantFrom(...rests), (scheme, { spelled, host: expected, family }, port, rest) => {
      const target = parseTarget(`${scheme}${spelled}${port}${rest}`)
      expect(target).toMatchObject({ host: expected, addressFamily: family })
      expect(target!.url.startsWith(`${scheme.toLowerCase()}${family === 6 ? `[${expected}]` : expected}`)).toBe(true)
    }), { runs: 1_500 })
  })

  it('the host of the canonical URL is the host that was checked, and parsing it again changes nothing', () => {
    const seen = coverage({ accepted: 0.2 })
    checkProperty(fc.property(text, (value) => {
      const target = parseTarget(value)
      if (target === undefined) return
      seen.note('accepted')
      expect(new URL(target.url).hostname).toBe(target.addressFamily === 6 ? `[${target.host}]` : target.host)
      expect(parseTarget(target.url)).toEqual(target)
      expect(parseTarget(new URL(target.url))).toEqual(target)
    }), { runs: 2_000, coverage: seen })
  })

  it('is accepted exactly if the rule holds, read word by word', () => {
    const seen = coverage({ accepted: 0.2, denied: 0.2 })
    checkProperty(fc.property(text, (value) => {
      const expected = hostByTheRule(value)
      seen.note(expected === undefined ? 'denied' : 'accepted')
      expect(parseTarget(value)?.host).toBe(expected)
    }), { runs: 2_000, coverage: seen })
  })

  it('an IP address as a host is one that was written as one, and is that address', () => {
    const numeric = editedText(fc.oneof(spelledAddress.map(({ text: spelled }) => (spelled.includes(':') ? `[${spelled}]` : spelled)), fc.constantFrom('0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.1', '1.2.3.4.', '１.2.3.4', '1\u30022.3.4', '[1.2.3.4]', '[::ffff:1.2.3.4]')), ['0', '00', '0x', '.', ':', '::', '1', '256', '%2e', '%31', '\u3002', '１', 'f', ']', '[', '%25eth0'])
    const seen = coverage({ accepted: 0.3, denied: 0.2 })
    checkProperty(fc.property(numeric, (spelled) => {
      const target = parseTarget(`http://${spelled}/`)
      const bare = spelled.startsWith('[') ? spelled.slice(1, spelled.indexOf(']')) : spelled.split(':')[0]!
      const expected = readAddress(bare)
      seen.note(target === undefined || target.addressFamily === 0 ? 'denied' : 'accepted')
      if (target === undefined || target.addressFamily === 0) return
      expect(readAddress(target.host)).toEqual(expected)
      expect(target.addressFamily).toBe(spelled.startsWith('[') ? 6 : 4)
    }), { runs: 1_500, coverage: seen })
  })

  /** CON-2 without regular expressions over the whole text, and without care for speed. The parser is the one that the rule names. */
  function hostByTheRule(value: string): string | undefined {
    const lower = value.slice(0, 8).toLowerCase()
    const scheme = ['http://', 'https://'].find((start) => lower.startsWith(start))
    if (scheme === undefined) return undefined
    if (Array.from(value).some((character) => character === '\\' || character.trim() === '' || /\p{Cc}/u.test(character))) return undefined

    const afterScheme = value.slice(scheme.length)
    const ends = ['/', '?', '#'].map((end) => afterScheme.indexOf(end)).filter((at) => at >= 0)
    const authority = afterScheme.slice(0, Math.min(...ends, afterScheme.length))
    const parsed = authority === '' || authority.includes('@') ? undefined : parse(value)
    if (parsed === undefined) return undefined

    let host = parsed.hostname
    if (host.startsWith('[')) return host.replaceAll(/[[\]]/g, '')
    if (readIpv4(host) !== undefined) return authority === host || authority.startsWith(`${host}:`) ? host : undefined
    if (host.endsWith('.')) host = host.slice(0, -1)
    return host.length > 253 || host.split('.').includes('') ? undefined : host
  }

  /** Not by `URL.canParse`: once it is hot, that of Node.js 20 takes Latin-1 for UTF-8, and answers wrongly. */
  function parse(value: string): URL | undefined {
    try {
      return new URL(value)
    } catch {
      return undefined
    }
  }

  /** RFC 5952 section 4: the longest run of two zero groups or more is compressed, the first of equal ones. */
  function compressed(value: bigint): string {
    const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16))
    let best = { start: -1, length: 1 }
    for (let start = 0; start < 8; start++) {
      let length = 0
      while (groups[start + length] === '0') length++
      if (length > best.length) best = { start, length }
    }
    if (best.start < 0) return groups.join(':')
    return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
  }
})
