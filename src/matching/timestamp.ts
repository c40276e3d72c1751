const dateTime = /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$/

/**
 * Reads an RFC 3339 date-time as epoch milliseconds, with their fraction where the text has more than three digits.
 * `Date.parse` is no help: it takes local times, 24:00, February 30 and much else.
 *
 * Second 60 is refused, also where a leap second was inserted: epoch time has no place for it (CON-4).
 *
 * @see RFC 3339 section 5.6
 */
export function parseTimestamp(text: string): number | undefined {
  const match = dateTime.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '00', offsetMinute = '00'] = match

  const dayMs = parseDay(Number(year), Number(month), Number(day))
  const timeMs = parseTimeOfDay(Number(hour), Number(minute), Number(second))
  const offsetMs = parseTimeOfDay(Number(offsetHour), Number(offsetMinute), 0)
  if (dayMs === undefined || timeMs === undefined || offsetMs === undefined) return undefined

  return dayMs + timeMs + fractionMs(fraction) - (sign === '-' ? -offsetMs : offsetMs)
}

function parseDay(year: number, month: number, day: number): number | undefined {
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999. A day that does not exist comes out as another one.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined
}

function parseTimeOfDay(hour: number, minute: number, second: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  return ((hour * 60 + minute) * 60 + second) * 1000
}

/** Whole milliseconds apart from the rest, so that `.57` is exactly 570. */
function fractionMs(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, '0')) + Number(`0.${digits.slice(3)}`)
}
