import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { comparablePath, parseComparableUrl } from '../../src/matching/comparable-url.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { readComparablePath, readComparableUrl } from './oracles/comparable-url.js'
import { spelledAddress } from './address-texts.js'

const comparable = (text: string): string | undefined => {
  const url = parseComparableUrl(text)
  return url === undefined ? undefined : `${url.origin}${url.path}`
}

const segments = ['', '', 'a', 'A', 'ab', '.', '..', '...', '.a', 'a.', '%2e', '%2E%2e', '.%2E', '%61', '%41', '%7e', '%7E', '~', '-._~', '%2f', '%2F', '%25', '%252e', '%c3%a9', '%C3%A9', '%00', '%3a', ':', '@', ';v=1', "!$&'()*+,;=", '%5c'] as const
const path = fc.array(fc.constantFrom(...segments), { maxLength: 8 }).map((parts) => parts.map((part) => `/${part}`).join(''))
const scheme = fc.constantFrom('http', 'https', 'HTTP', 'hTTpS')
const name = fc.constantFrom('a', 'A', 'api.example.com', 'API.Example.COM', 'xn--bcher-kva.example', 'a.', 'a_b~c-d', '10.0.0.1', '127.1', '0x7f.1', '..')
const host = fc.oneof({ arbitrary: name, weight: 3 }, spelledAddress.map(({ text }) => (text.includes(':') ? `[${text}]` : text)))
const port = fc.constantFrom('', '', ':', ':80', ':443', ':0443', ':8443', ':0', ':65535')
const rest = fc.constantFrom('', '', '?', '#', '?q=1', '?/../x', '#?', '?#', '?@\\ \n\u00e9%')
const wellFormed = fc.tuple(scheme, fc.constant('://'), host, port, path, rest).map((parts) => parts.join(''))

const pieces = ['http', 'https', ':', '/', '//', '://', '\\', '@', '?', '#', '.', '..', '/.', '/..', '%', '%2', '%2e', '%2E', '%2f', '%61', '%zz', '%25', '[', ']', '::', ':80', ':65536', ':443', '0', '9', 'A', 'z', 'ffff', '1.2.3.4', ' ', '\t', '\r\n', '\0', '\u007f', '\u00e9', '\u0130', '\u017f', '\u212a', '\u3002', '\uff0f', '\ud800', '<', '|', '^', '`', '{', '"', '*', "'", '+', '~', '_', 'user:pass@']
const text = fc.oneof(
  { arbitrary: editedText(wellFormed, pieces, 3), weight: 5 },
  fc.array(fc.constantFrom(...pieces, 'a', 'example'), { maxLength: 8 }).map((parts) => `https://${parts.join('')}`),
  fc.tuple(fc.constantFrom('', 'http://', 'https://a/', 'https://a'), fc.string({ unit: 'binary' })).map((parts) => parts.join('')),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
)

describe('POP-4: for every URL', () => {
  it('it becomes what the grammar and the algorithms of RFC 3986 make of it', () => {
    const seen = coverage({ accepted: 0.25, refused: 0.15 })
    checkProperty(fc.property(text, (value) => {
      const expected = readComparableUrl(value)
      seen.note(expected === undefined ? 'refused' : 'accepted')
      expect(comparable(value)).toBe(expected)
    }), { runs: 3_000, coverage: seen })
  })

  it('so does the path of a request target', () => {
    const seen = coverage({ accepted: 0.25, refused: 0.1 })
    checkProperty(fc.property(editedText(path, pieces, 2), (value) => {
      const expected = readComparablePath(value)
      seen.note(expected === undefined ? 'refused' : 'accepted')
      expect(comparablePath(value)).toBe(expected)
    }), { runs: 2_000, coverage: seen })
  })

  it('what it becomes is normal: doing it again changes nothing, and neither does the WHATWG parser where the host is a name', () => {
    const seen = coverage({ named: 0.07 })
    checkProperty(fc.property(text, (value) => {
      const normal = comparable(value)
      if (normal === undefined) return
      expect(comparable(normal)).toBe(normal)
      if (!/^https?:\/\/(?:a|api\.example\.com|xn--bcher-kva\.example)[:/]/.test(normal)) return
      seen.note('named')
      expect(new URL(normal).href).toBe(normal)
    }), { runs: 2_000, coverage: seen })
  })

  it('a URL is the same however it is spelled, and another one is not', () => {
    const parts = fc.record({ host: fc.constantFrom('a', 'api.example.com', '[2001:db8::1]'), port: fc.constantFrom(80, 443, 8443), isTls: fc.boolean(), path: fc.array(fc.constantFrom('', 'a', 'A', 'b~c', '%2F', '%C3%A9', ':@', '...'), { maxLength: 4 }) })
    const style = fc.record({ isUpper: fc.boolean(), writesPort: fc.boolean(), picks: fc.array(fc.nat({ max: 5 }), { minLength: 12, maxLength: 12 }), rest })
    type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never
    type Style = typeof style extends fc.Arbitrary<infer T> ? T : never

    const spell = ({ host: server, port: number, isTls, path: names }: Parts, { isUpper, writesPort, picks, rest: end }: Style): string => {
      const protocol = isTls ? 'https' : 'http'
      const isOwn = number === (isTls ? 443 : 80)
      const start = `${protocol}://${server}`
      const detours = ['', '/.', '/x/..', '/%2E', '/x/y/%2e./..', '']
      const segment = (part: string, i: number): string => `${detours[picks[i] ?? 0]!}/${spellSegment(part, picks[i + 6] ?? 0)}`
      return `${isUpper ? start.toUpperCase() : start}${isOwn && !writesPort ? ['', ':'][picks[5]! % 2]! : `:${number}`}${names.map(segment).join('')}${end}`
    }
    const spellSegment = (part: string, pick: number): string => {
      if (pick < 2) return part
      if (part.startsWith('%')) return part.toLowerCase()
      return Array.from(part, (character) => (/[A-Za-z0-9._~-]/.test(character) ? `%${character.charCodeAt(0).toString(16)}` : character)).join('')
    }

    const seen = coverage({ same: 0.2, different: 0.2 })
    const other = fc.tuple(parts, fc.boolean(), parts).map(([one, isSame, another]) => [one, isSame ? one : another] as const)
    checkProperty(fc.property(other, style, style, ([one, another], first, second) => {
      const plain = (of: Parts): string => JSON.stringify({ ...of, path: of.path.length === 0 ? [''] : of.path })
      const isSame = plain(one) === plain(another)
      seen.note(isSame ? 'same' : 'different')
      expect(comparable(spell(one, first)) === comparable(spell(another, second))).toBe(isSame)
    }), { runs: 2_000, coverage: seen })
  })
})
