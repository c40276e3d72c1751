import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileRanges, parseAddress, type Address } from '../../src/matching/ip-range.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { ipv4Text, ipv6Text, spelledAddress } from './address-texts.js'
import { isInRange, readAddress, readRange, widthOf, type AddressNumber } from './oracles/address.js'

/** The words of the code under test as one number, to compare with the oracle's. */
function numberOf(address: Address | undefined): AddressNumber | undefined {
  return address && { family: address.family, value: address.words.reduce((sum, word) => (sum << 32n) + BigInt(word), 0n) }
}

const pieces = [':', '::', '.', '/', '%', '%eth0', '[', ']', ' ', '\n', '0', '00', '1', '25', '255', '256', 'f', 'ffff', 'g', '0x', '-', '+', '１', 'ffff:', ':1.2.3.4', '1.2.3.4']
const addressText = editedText(spelledAddress.map(({ text }) => text), pieces)
const prefix = fc.oneof(fc.constantFrom('0', '1', '31', '32', '33', '95', '96', '97', '127', '128', '129', '00', '08', '-1', '+8', '', '1e1', '8 ', '８'), fc.nat(130).map(String))
const rangeText = fc.oneof(editedText(fc.tuple(spelledAddress, prefix).map(([{ text }, bits]) => `${text}/${bits}`), pieces), fc.tuple(addressText, prefix).map((parts) => parts.join('/')))

describe('CON-3: against arithmetic with big integers', () => {
  it('every spelling of an address is that address', () => {
    checkProperty(fc.property(spelledAddress, ({ text, family, value }) => {
      expect(numberOf(parseAddress(text))).toEqual({ family, value })
      expect(readAddress(text)).toEqual({ family, value })
    }), { runs: 1_500 })
  })

  it('every text is the address that a reading group by group finds, or none', () => {
    const seen = coverage({ address: 0.3, none: 0.2 })
    checkProperty(fc.property(addressText, (text) => {
      const expected = readAddress(text)
      seen.note(expected === undefined ? 'none' : 'address')
      expect(numberOf(parseAddress(text))).toEqual(expected)
    }), { runs: 2_000, coverage: seen })
  })

  it('noise is no address, unless the reading group by group says so', () => {
    const noise = fc.oneof(fc.string(), fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join('')))
    checkProperty(fc.property(noise, (text) => {
      expect(numberOf(parseAddress(text))).toEqual(readAddress(text))
      expect(compileRanges([text]) === undefined).toBe(readRange(text) === undefined)
    }), { runs: 1_500 })
  })

  it('a list of ranges compiles if each of them is one, and includes what the shifted numbers say', () => {
    // Ranges around an address that differs from the one that is asked for in one bit; and any others.
    const near = fc.tuple(spelledAddress, fc.nat({ max: 127 }), prefix).map(([{ family, value }, flipped, bits]) => {
      const other = value ^ (1n << (BigInt(flipped) % widthOf[family]))
      return `${family === 4 ? ipv4Text(other) : ipv6Text(other)}/${bits}`
    })
    const question = fc.tuple(fc.array(fc.oneof({ arbitrary: near, weight: 3 }, rangeText), { maxLength: 3 }), spelledAddress, fc.boolean(), fc.nat({ max: 127 }), fc.nat({ max: 32 })).map(([texts, asked, isNear, flipped, bits]) => {
      const own = `${asked.family === 4 ? ipv4Text(asked.value ^ (1n << BigInt(flipped % 32))) : ipv6Text(asked.value ^ (1n << BigInt(flipped)))}/${bits}`
      return { texts: isNear ? [...texts, own] : texts, asked }
    })
    const seen = coverage({ malformed: 0.2, included: 0.08, excluded: 0.15 })
    checkProperty(fc.property(question, ({ texts, asked: { text, family, value } }) => {
      const ranges = texts.map(readRange)
      const compiled = compileRanges(texts)
      expect(compiled === undefined).toBe(ranges.includes(undefined))
      if (compiled === undefined) { seen.note('malformed'); return }
      const expected = ranges.some((range) => isInRange({ family, value }, range!))
      seen.note(expected ? 'included' : 'excluded')
      expect(compiled.includes(parseAddress(text)!)).toBe(expected)
    }), { runs: 2_000, coverage: seen })
  })

  it('one bit decides: before the prefix it leads out of the range, behind it it does not', () => {
    const families = fc.constantFrom<4 | 6>(4, 6)
    const near = families.chain((family) => fc.record({
      family: fc.constant(family),
      value: fc.bigInt({ min: 0n, max: (1n << widthOf[family]) - 1n }),
      bits: fc.oneof(fc.constantFrom(0, 1, 31, 32), fc.nat(Number(widthOf[family]))),
      flipped: fc.nat(Number(widthOf[family]) - 1),
      // Beside the prefix, where an error by one would be.
      beside: fc.constantFrom(undefined, undefined, -1, 0),
      isMapped: fc.boolean(),
    }))
    const seen = coverage({ included: 0.2, excluded: 0.2, mapped: 0.15 })
    checkProperty(fc.property(near, ({ family, value, bits, flipped, beside, isMapped }) => {
      // Mapped IPv6 addresses are the other family, and have their own property above.
      fc.pre(family === 4 || value >> 33n !== 0x7fffn)
      const width = Number(widthOf[family])
      const position = beside === undefined ? flipped : Math.min(width - 1, Math.max(0, bits + beside))
      const asMapped = isMapped && family === 4
      const rangeOf = asMapped ? `${ipv6Text(value | (0xffffn << 32n))}/${bits + 96}` : `${family === 4 ? ipv4Text(value) : ipv6Text(value)}/${bits}`
      const other = value ^ (1n << BigInt(width - 1 - position))
      const ranges = compileRanges([rangeOf])!
      expect(ranges.includes(parseAddress(family === 4 ? ipv4Text(value) : ipv6Text(value))!)).toBe(true)
      expect(ranges.includes(parseAddress(family === 4 ? ipv4Text(other) : ipv6Text(other))!)).toBe(position >= bits)
      seen.note(position >= bits ? 'included' : 'excluded')
      if (asMapped) seen.note('mapped')
    }), { runs: 2_000, coverage: seen })
  })
})
