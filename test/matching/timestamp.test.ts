import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTimestamp } from '../../src/matching/timestamp.js'

describe('CON-4: an RFC 3339 timestamp with offset', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2025-01-01T00:00:00Z', Date.UTC(2025, 0, 1)],
    ['2025-01-01t00:00:00z', Date.UTC(2025, 0, 1)],
    ['2025-12-31T23:59:59Z', Date.UTC(2025, 11, 31, 23, 59, 59)],
    ['2025-01-01T12:00:00+02:00', Date.UTC(2025, 0, 1, 10)],
    ['2025-01-01T00:30:00-05:45', Date.UTC(2025, 0, 1, 6, 15)],
    ['2025-01-01T00:00:00+23:59', Date.UTC(2024, 11, 31, 0, 1)],
    ['2025-01-01T00:00:00+00:00', Date.UTC(2025, 0, 1)],
    ['2025-01-01T00:00:00-00:00', Date.UTC(2025, 0, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['0001-01-01T00:00:00Z', -62135596800000],
    ['0000-02-29T00:00:00Z', -62162121600000],
    ['9999-12-31T23:59:59Z', 253402300799000],
    ['1969-12-31T23:59:59.5Z', -500],
    ['2025-01-01T00:00:00.1Z', Date.UTC(2025, 0, 1) + 100],
    ['2025-01-01T00:00:00.57Z', Date.UTC(2025, 0, 1) + 570],
    ['2025-01-01T00:00:00.001+00:00', Date.UTC(2025, 0, 1) + 1],
    ['2025-01-01T00:00:00.0005Z', Date.UTC(2025, 0, 1) + 0.5],
    [`2025-01-01T00:00:00.${'0'.repeat(5000)}Z`, Date.UTC(2025, 0, 1)],
  ])('%s', (text, epochMs) => {
    expect(parseTimestamp(text)).toBe(epochMs)
  })

  it.each([
    ['no offset', '2025-01-01T00:00:00'],
    ['no offset, with fraction', '2025-01-01T00:00:00.000'],
    ['no time', '2025-01-01'],
    ['no seconds', '2025-01-01T00:00Z'],
    ['no separator', '2025-01-0100:00:00Z'],
    ['a space as separator', '2025-01-01 00:00:00Z'],
    ['February 30', '2024-02-30T00:00:00Z'],
    ['February 29 of a common year', '2025-02-29T00:00:00Z'],
    ['February 29 of 1900', '1900-02-29T00:00:00Z'],
    ['April 31', '2025-04-31T00:00:00Z'],
    ['month 0', '2025-00-01T00:00:00Z'],
    ['month 13', '2025-13-01T00:00:00Z'],
    ['day 0', '2025-01-00T00:00:00Z'],
    ['day 32', '2025-01-32T00:00:00Z'],
    ['hour 24', '2025-01-01T24:00:00Z'],
    ['minute 60', '2025-01-01T00:60:00Z'],
    ['second 60', '2025-01-01T00:00:60Z'],
    ['a true leap second', '2016-12-31T23:59:60Z'],
    ['offset hour 24', '2025-01-01T00:00:00+24:00'],
    ['offset minute 60', '2025-01-01T00:00:00+00:60'],
    ['offset without colon', '2025-01-01T00:00:00+0200'],
    ['offset of hours alone', '2025-01-01T00:00:00+02'],
    ['offset without sign', '2025-01-01T00:00:0002:00'],
    ['a minus sign that is none', '2025-01-01T00:00:00\u221202:00'],
    ['offset and Z', '2025-01-01T00:00:00+02:00Z'],
    ['a zone name', '2025-01-01T00:00:00 UTC'],
    ['a zone in brackets', '2025-01-01T00:00:00Z[Europe/Paris]'],
    ['an empty fraction', '2025-01-01T00:00:00.Z'],
    ['a comma', '2025-01-01T00:00:00,5Z'],
    ['a year of five digits', '12025-01-01T00:00:00Z'],
    ['a signed year', '+002025-01-01T00:00:00Z'],
    ['a negative year', '-2025-01-01T00:00:00Z'],
    ['single digits', '2025-1-1T0:0:0Z'],
    ['no dashes', '20250101T000000Z'],
    ['a week date', '2025-W01-1T00:00:00Z'],
    ['full-width digits', '２０２５-01-01T00:00:00Z'],
    ['space before', ' 2025-01-01T00:00:00Z'],
    ['space after', '2025-01-01T00:00:00Z '],
    ['a newline after', '2025-01-01T00:00:00Z\n'],
    ['epoch seconds', '1735689600'],
    ['an HTTP date', 'Wed, 01 Jan 2025 00:00:00 GMT'],
    ['nothing', ''],
  ])('refused: %s', (_, text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })
})

describe('CON-4: for every timestamp', () => {
  const twoDigits = (max: number) => fc.nat(max).map((number) => String(number).padStart(2, '0'))
  const milliseconds = fc.nat(999).map((number) => String(number).padStart(3, '0'))

  it('exists exactly if Date writes it back as it was', () => {
    const year = fc.nat(9999).map((number) => String(number).padStart(4, '0'))
    fc.assert(
      fc.property(year, twoDigits(13), twoDigits(32), twoDigits(25), twoDigits(61), twoDigits(61), milliseconds, (y, month, day, hour, minute, second, ms) => {
        const text = `${y}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`
        const date = new Date(text)
        const exists = !Number.isNaN(date.getTime()) && date.toISOString() === text
        expect(parseTimestamp(text)).toBe(exists ? date.getTime() : undefined)
      }),
      { numRuns: 5000 },
    )
  })

  it('is the same instant in every offset', () => {
    const instant = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9998-12-30T00:00:00Z'), noInvalidDate: true })
    fc.assert(
      fc.property(instant, fc.integer({ min: -(24 * 60 - 1), max: 24 * 60 - 1 }), (date, offsetMinutes) => {
        const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
        const offset = new Date(Math.abs(offsetMinutes) * 60_000).toISOString().slice(11, 16)
        expect(parseTimestamp(`${local}${offsetMinutes < 0 ? '-' : '+'}${offset}`)).toBe(date.getTime())
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps a fraction of any length, to the precision of a number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,40}$/), (digits) => {
        expect(parseTimestamp(`2025-01-01T00:00:00.${digits}Z`)! - Date.UTC(2025, 0, 1)).toBeCloseTo(Number(`0.${digits}`) * 1000, 3)
      }),
    )
  })
})
