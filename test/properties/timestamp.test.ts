import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { looseTimestampText, timestampText } from './timestamp-texts.js'
import { parseTimestamp } from '../../src/matching/timestamp.js'
import { readInstant } from './oracles/instant.js'

const pieces = ['-', ':', '.', 'T', 'Z', '+', '-00:00', '+01:00', ' ', '\n', '0', '1', '9', '60', '24', '00', ',', '−', '２', 'UTC', '[Europe/Paris]']

/** What the text means, to the precision of a double: whole milliseconds are exact. */
function expectSame(text: string): boolean {
  const expected = readInstant(text)
  const parsed = parseTimestamp(text)
  if (expected === undefined) {
    expect(parsed).toBeUndefined()
    return false
  }
  const whole = Number(expected.ms)
  if (expected.rest === '') expect(parsed).toBe(whole)
  else expect(Math.abs(parsed! - whole - Number(`0.${expected.rest}`))).toBeLessThanOrEqual((Math.abs(whole) + 2 * 86_400_000) * 2 ** -51)
  return true
}

describe('CON-4: every timestamp, against a calendar of its own', () => {
  it('texts in order and nearly so', () => {
    const seen = coverage({ 'an instant': 0.4, none: 0.2 })
    checkProperty(fc.property(editedText(timestampText, pieces), (text) => {
      seen.note(expectSame(text) ? 'an instant' : 'none')
    }), { runs: 2_000, coverage: seen })
  })

  it('fields just in range and just out of it', () => {
    const seen = coverage({ 'an instant': 0.05, none: 0.4 })
    checkProperty(fc.property(looseTimestampText, (text) => {
      seen.note(expectSame(text) ? 'an instant' : 'none')
    }), { runs: 2_000, coverage: seen })
  })

  it('a fraction of any length, to the precision of a number', () => {
    checkProperty(fc.property(fc.stringMatching(/^[0-9]{1,40}$/), (fraction) => { expect(expectSame(`2025-01-01T00:00:00.${fraction}Z`)).toBe(true) }), { runs: 300 })
  })

  it('noise is none', () => {
    checkProperty(fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''))), (text) => { expectSame(text) }), { runs: 500 })
  })
})
