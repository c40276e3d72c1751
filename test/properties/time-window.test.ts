import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileTimeWindow, isWithin } from '../../src/matching/time-window.js'
import { coverage } from '../support/coverage.js'
import { looseTimestampText, timestampText, writeInstant } from './timestamp-texts.js'
import { readInstant, type Instant } from './oracles/instant.js'

const minutes = fc.oneof(fc.constant<'Z'>('Z'), fc.integer({ min: -1_439, max: 1_439 }))
const startMs = fc.oneof(fc.constantFrom(Date.UTC(2024, 1, 29), Date.UTC(2024, 1, 28, 23, 59, 59, 999), Date.UTC(2025, 0, 1), 0, -1), fc.integer({ min: -62_130_000_000_000, max: 253_370_000_000_000 }))
const lengthMs = fc.constantFrom(-86_400_000, -1, 0, 1, 2, 999, 1_000, 60_000, 3_600_000, 86_400_000, 366 * 86_400_000)
const besideMs = fc.constantFrom(-86_400_000, -1_000, -1, 0, 1, 1_000, 86_400_000)

describe('CON-4: every window', () => {
  it('holds the instants from its start to before its end, compared as big integers, in whatever offsets they are written', () => {
    const seen = coverage({ 'no window': 0.1, within: 0.2, outside: 0.2 })
    checkProperty(fc.property(startMs, lengthMs, minutes, minutes, fc.boolean(), besideMs, (from, length, one, other, atEnd, beside) => {
      const [start, end] = [writeInstant(from, one), writeInstant(from + length, other)]
      const [first, last] = [readInstant(start)!.ms, readInstant(end)!.ms]
      const nowMs = from + (atEnd ? length : 0) + beside
      const window = compileTimeWindow({ start, end })
      expect(window !== undefined).toBe(first < last)
      if (window === undefined) { seen.note('no window'); return }
      const expected = first <= BigInt(nowMs) && BigInt(nowMs) < last
      seen.note(expected ? 'within' : 'outside')
      expect(isWithin(window, nowMs)).toBe(expected)
    }), { runs: 2_500, coverage: seen })
  })

  it('is none where one end is no timestamp, or no text', () => {
    const end = fc.oneof({ arbitrary: timestampText, weight: 3 }, looseTimestampText, fc.constantFrom(undefined, null, 0, true, ['2025-01-01T00:00:00Z'], {}, ''))
    const seen = coverage({ window: 0.1, none: 0.4 })
    checkProperty(fc.property(end, end, (start, stop) => {
      const [first, last] = [start, stop].map((text) => (typeof text === 'string' ? readInstant(text) : undefined))
      const exists = first !== undefined && last !== undefined && isBefore(first, last)
      seen.note(exists ? 'window' : 'none')
      expect(compileTimeWindow({ start, end: stop }) !== undefined).toBe(exists)
    }), { runs: 1_500, coverage: seen })
  })

  function isBefore(one: Instant, other: Instant): boolean {
    return one.ms === other.ms ? one.rest.padEnd(9, '0') < other.rest.padEnd(9, '0') : one.ms < other.ms
  }
})
