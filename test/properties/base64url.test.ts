import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { decodeBase64Url } from '../../src/token/base64url.js'
import { editedText } from '../support/edited-text.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** RFC 4648 section 5 by bits: six a character, eight an octet, and what is left over is fewer than six and all zero. */
function decodeByBits(text: string): number[] | undefined {
  const characters = Array.from(text)
  if (!characters.every((character) => alphabet.includes(character))) return undefined
  const bits = characters.map((character) => alphabet.indexOf(character).toString(2).padStart(6, '0')).join('')
  const octets = Math.floor(bits.length / 8)
  const left = bits.slice(octets * 8)
  if (left.length >= 6 || left.includes('1')) return undefined
  return Array.from({ length: octets }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2))
}

describe('TOK-2: strict base64url, against a reading bit by bit', () => {
  it('every sequence of bytes has a spelling', () => {
    checkProperty(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64url')
      expect(decodeBase64Url(text)).toEqual(Buffer.from(bytes))
      expect(decodeByBits(text)).toEqual([...bytes])
    }), { runs: 300 })
  })

  it('every text is those bytes, or refused', () => {
    const pieces = ['A', 'B', 'Q', 'g', 'z', '9', '-', '_', '+', '/', '=', '==', ' ', '\n', '.', '\0', '\u0475', '\u00e9', '%']
    const text = fc.oneof(editedText(fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('base64url')), pieces), fc.string({ unit: fc.constantFrom(...pieces), maxLength: 8 }), fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength: 9 }))
    const seen = coverage({ decoded: 0.2, refused: 0.3 })
    checkProperty(fc.property(text, (value) => {
      const expected = decodeByBits(value)
      seen.note(expected === undefined ? 'refused' : 'decoded')
      expect(decodeBase64Url(value)).toEqual(expected && Buffer.from(expected))
    }), { runs: 2_000, coverage: seen })
  })
})
