import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileDomainList } from '../../src/matching/domain-list.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { hostLabels, nearHost, picks, spelledHost, spellHost, type Labels } from './host-texts.js'
import { ipv4Text, ipv6Text, spelledAddress } from './address-texts.js'
import { parseTarget } from '../../src/matching/target.js'
import { readAddress, readIpv4, type AddressNumber } from './oracles/address.js'

/** What an entry or a target is, whatever it looks like: labels, an address, or nothing. */
type Meaning = { readonly labels: Labels } | { readonly address: AddressNumber } | 'malformed'

interface Written {
  readonly text: string
  readonly means: Meaning
}

/** CON-2 on lists of labels: equal, or the host ends with the entry. An address is only itself. */
function matches(entry: Meaning, target: Meaning): boolean {
  if (entry === 'malformed' || target === 'malformed') return false
  if ('labels' in entry) return 'labels' in target && entry.labels.every((label, i) => target.labels[target.labels.length - entry.labels.length + i] === label)
  return 'address' in target && entry.address.family === target.address.family && entry.address.value === target.address.value
}

const noHosts = ['', '.', '..', '*', '*.org', '.example.org', 'example..org', 'https://example.org', 'example.org/', 'example.org:443', 'a@example.org', 'example.org?', 'example.org#', 'ex%61mple.org', ' example.org', 'example.org\t', 'a\\b', '1.2.3', '0x7f.1', '01.2.3.4', '1.2.3.4.', '1.2.3.4/32', '[1.2.3.4]', '[::1', '::1]', 'fe80::1%eth0', 'xn--a', '10', 'a.10']

const malformedEntry: fc.Arbitrary<Written> = fc.constantFrom(...noHosts).map((text) => ({ text, means: 'malformed' }))
const nameEntry: fc.Arbitrary<Written> = spelledHost.map(({ labels, text }) => ({ text, means: { labels } }))
const addressEntry: fc.Arbitrary<Written> = fc.tuple(spelledAddress, fc.boolean()).map(([{ text, family, value }, brackets]) => ({ text: brackets && text.includes(':') ? `[${text}]` : text, means: { address: { family, value } } }))
const anyEntry = fc.oneof({ arbitrary: nameEntry, weight: 3 }, addressEntry, malformedEntry)

const urlAround = (host: string, scheme: number, rest: number): string => `${['http', 'https', 'HTTPS', 'hTTp'][scheme % 4]!}://${host}${['', '/', ':8080', ':443/x', '?q=example.org', '#.example.org', '/a@b'][rest % 7]!}`

/** Lists with a target that is near to one of the entries, or to none. */
const question = fc.array(anyEntry, { minLength: 1, maxLength: 4 }).chain((entries) => {
  const { means } = entries[0]!
  const target: fc.Arbitrary<Written> = means === 'malformed' || 'labels' in means
    ? fc.tuple(means === 'malformed' ? hostLabels : nearHost(means.labels), picks, fc.boolean()).map(([labels, drawn, dot]) => ({ text: spellHost(labels, drawn, dot).text, means: { labels } }))
    : fc.tuple(fc.constantFrom(0n, 0n, 1n, 1n << 31n), fc.boolean()).map(([flipped, asMapped]) => {
      const { family, value } = { ...means.address, value: means.address.value ^ flipped }
      const text = family === 6 ? `[${ipv6Text(value)}]` : asMapped ? `[${ipv6Text(value | (0xffffn << 32n), { dotted: true, run: 1 })}]` : ipv4Text(value)
      return { text, means: { address: { family, value } } }
    })
  return fc.record({ entries: fc.constant(entries), target, scheme: fc.nat(3), rest: fc.nat(6), position: fc.nat(3) })
})

describe('CON-2: against lists of labels', () => {
  it('a list includes what is equal to an entry or below it, and an address only itself, however each is written', () => {
    const seen = coverage({ included: 0.25, excluded: 0.25, 'an address included': 0.04, 'with a malformed entry': 0.2 })
    checkProperty(fc.property(question, ({ entries, target, scheme, rest, position }) => {
      // The entry that the target is near to stands anywhere.
      const list = [...entries.slice(1, 1 + position), entries[0]!, ...entries.slice(1 + position)]
      const compiled = compileDomainList(list.map(({ text }) => text))
      const malformed = list.filter(({ means }) => means === 'malformed').map(({ text }) => text)
      expect(compiled.malformed).toEqual(malformed)
      const parsed = parseTarget(urlAround(target.text, scheme, rest))
      expect(parsed, target.text).toBeDefined()
      const expected = list.some(({ means }) => matches(means, target.means))
      expect(compiled.includes(parsed!)).toBe(expected)
      seen.note(expected ? 'included' : 'excluded')
      if (expected && 'address' in (target.means as object)) seen.note('an address included')
      if (malformed.length > 0) seen.note('with a malformed entry')
    }), { runs: 2_500, coverage: seen })
  })

  it('an entry is a host, an address or malformed, as a reading character by character says', () => {
    const pieces = ['a', 'B', '0', '9', '-', '_', '.', '..', '*', '/', ':', '@', '%', '%2e', '?', '#', ' ', '\t', '\\', '0x', '0xg', '[', ']', ',', '~', "'", '"', '<', '|', '^', '`', '{', '$', '&', '(', '+', '=', ';', '!']
    const ascii = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
      editedText(fc.constantFrom('example.org', 'a.b.c', 'EXAMPLE.Org.', 'a-b.x_y', '1.2.3.4', '10.0.0.1', 'a.0x7f', 'b.12', '12.b', '::1', '[::1]', '2001:db8::1', '::ffff:1.2.3.4'), pieces),
    )
    const seen = coverage({ host: 0.15, address: 0.05, malformed: 0.3 })
    checkProperty(fc.property(ascii, (text) => {
      const means = meaningOf(text)
      const compiled = compileDomainList([text])
      expect(compiled.malformed).toEqual(means === 'malformed' ? [text] : [])
      seen.note(means === 'malformed' ? 'malformed' : 'labels' in means ? 'host' : 'address')
      if (means === 'malformed') return
      const self = 'labels' in means ? means.labels.join('.') : means.address.family === 4 ? ipv4Text(means.address.value) : `[${ipv6Text(means.address.value)}]`
      expect(compiled.includes(parseTarget(`http://${self}`)!)).toBe(true)
    }), { runs: 2_500, coverage: seen })
  })

  it('whatever text an entry is, nothing throws, and it either is malformed or includes itself', () => {
    checkProperty(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.string(), fc.domain()), (entry) => {
      const list = compileDomainList([entry])
      if (list.malformed.length > 0) return
      expect(list.includes((parseTarget(`http://${entry}`) ?? parseTarget(`http://[${entry}]`))!)).toBe(true)
    }), { runs: 300 })
  })

  /** CON-2's entries for ASCII: no URL syntax, labels of letters, digits, `-` and `_`, and no number at the end but in an IPv4 address. */
  function meaningOf(text: string): Meaning {
    const bare = text.startsWith('[') && text.endsWith(']') && text.includes(':') ? text.slice(1, -1) : text
    const address = readAddress(bare)
    if (address !== undefined) return { address }
    const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
    const labels = name.split('.')
    if (!labels.every((label) => label !== '' && Array.from(label).every((character) => 'abcdefghijklmnopqrstuvwxyz0123456789-_'.includes(character)))) return 'malformed'
    return readIpv4(name) !== undefined || isNumber(labels.at(-1)!) ? 'malformed' : { labels }
  }

  /** What makes the WHATWG parser take a host for an IPv4 address: the last label is a number, decimal or hexadecimal. */
  function isNumber(label: string): boolean {
    const [digits, alphabet] = label.startsWith('0x') ? [label.slice(2), '0123456789abcdef'] : [label, '0123456789']
    return Array.from(digits).every((digit) => alphabet.includes(digit))
  }
})
