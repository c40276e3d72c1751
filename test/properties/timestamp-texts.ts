import fc from 'fast-check'

const two = (number: number): string => String(number).padStart(2, '0')

/** Offsets in minutes; none of them is `Z`, upper or lower. */
const offset = fc.oneof(fc.constantFrom('Z', 'z'), fc.constantFrom(0, 60, -300, 345, 23 * 60 + 59, -(23 * 60 + 59)), fc.integer({ min: -1_439, max: 1_439 }))

/** Days where calendars go wrong. */
const day = fc.oneof(
  fc.constantFrom('2024-02-29', '2025-02-28', '2000-02-29', '1900-02-28', '2100-02-28', '2024-12-31', '2025-01-01', '1970-01-01', '1969-12-31', '0000-02-29', '0001-01-02', '9998-12-31'),
  fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9998-12-30T00:00:00Z'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
)

/** An instant in any offset and with any fraction: all of these exist. */
export const timestampText: fc.Arbitrary<string> = fc.tuple(day, fc.oneof(fc.constantFrom(0, 86_399, 86_340, 3_599), fc.nat({ max: 86_399 })), fc.constantFrom('', '', '.0', '.5', '.001', '.999', '.57', '.0005', '.123456789'), offset, fc.constantFrom('T', 't')).map(([date, second, fraction, minutes, separator]) =>
  `${date}${separator}${two(Math.floor(second / 3_600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}${fraction}${offsetText(minutes)}`)

/** A date and time whose fields are only nearly in range. */
export const looseTimestampText: fc.Arbitrary<string> = fc.tuple(fc.constantFrom('2024', '2025', '2000', '1900', '0000', '9999'), fc.nat({ max: 13 }), fc.oneof(fc.constantFrom(0, 28, 29, 30, 31, 32), fc.nat({ max: 32 })), fc.constantFrom(0, 12, 23, 24), fc.constantFrom(0, 59, 60), fc.constantFrom(0, 59, 60, 61), fc.constantFrom('Z', '+00:00', '-00:00', '+23:59', '+24:00', '-00:60', '')).map(([year, month, date, hour, minute, second, zone]) =>
  `${year}-${two(month)}-${two(date)}T${two(hour)}:${two(minute)}:${two(second)}${zone}`)

/** How an instant is written in an offset. */
export function writeInstant(epochMs: number, minutes: number | 'Z'): string {
  const local = new Date(epochMs + (minutes === 'Z' ? 0 : minutes) * 60_000).toISOString()
  return `${local.slice(0, -1)}${offsetText(minutes)}`
}

function offsetText(minutes: number | string): string {
  if (typeof minutes === 'string') return minutes
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}
