import { describe, expect, it } from 'vitest'
import { timestampOf } from '../../src/audit/timestamp-of.js'

describe('AUD-1: times are RFC 3339 in UTC', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [Date.UTC(2025, 0, 1), '2025-01-01T00:00:00.000Z'],
    [Date.UTC(2025, 11, 31, 23, 59, 59, 999), '2025-12-31T23:59:59.999Z'],
    [Date.UTC(2025, 0, 1) + 0.9, '2025-01-01T00:00:00.000Z'],
    [Date.UTC(2024, 1, 29), '2024-02-29T00:00:00.000Z'],
  ])('%d is %s', (epochMs, text) => {
    expect(timestampOf(epochMs)).toBe(text)
  })

  it('the same instant, another, and the first again', () => {
    const [one, two] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 2)]
    expect([one, one, two, one, two, two].map(timestampOf)).toEqual(['2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z', '2025-01-02T00:00:00.000Z', '2025-01-01T00:00:00.000Z', '2025-01-02T00:00:00.000Z', '2025-01-02T00:00:00.000Z'])
  })

  it('an instant that is none throws, and spoils nothing', () => {
    expect(() => timestampOf(NaN)).toThrow(RangeError)
    expect(() => timestampOf(1e300)).toThrow(RangeError)
    expect(timestampOf(0)).toBe('1970-01-01T00:00:00.000Z')
  })
})
