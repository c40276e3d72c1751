/** An instant as whole milliseconds since the epoch, and the digits of its fraction of a millisecond. */
export interface Instant {
  readonly ms: bigint
  readonly rest: string
}

const digits = '0123456789'

/** CON-4's timestamps, read character by character and counted by the rules of the calendar, without `Date`. */
export function readInstant(text: string): Instant | undefined {
  let at = 0
  const number = (length: number): bigint | undefined => {
    const part = text.slice(at, at + length)
    at += length
    return part.length === length && isDigits(part) ? BigInt(part) : undefined
  }
  const one = (characters: string): boolean => {
    const character = text.charAt(at)
    at++
    return character !== '' && characters.includes(character)
  }

  const year = number(4)
  if (!one('-')) return undefined
  const month = number(2)
  if (!one('-')) return undefined
  const day = number(2)
  if (!one('Tt')) return undefined
  const hour = number(2)
  if (!one(':')) return undefined
  const minute = number(2)
  if (!one(':')) return undefined
  const second = number(2)
  if (year === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined) return undefined

  let fraction = ''
  if (text.charAt(at) === '.') {
    at++
    while (digits.includes(text.charAt(at)) && at < text.length) fraction += text.charAt(at++)
    if (fraction === '') return undefined
  }
  const offset = readOffset(text.slice(at))
  if (offset === undefined || hour > 23n || minute > 59n || second > 59n || month < 1n || month > 12n || day < 1n || day > daysIn(year, month)) return undefined

  const seconds = daysBefore(year, month, day) * 86_400n + (hour * 60n + minute - offset) * 60n + second
  return { ms: seconds * 1_000n + BigInt(fraction.slice(0, 3).padEnd(3, '0')), rest: fraction.slice(3) }
}

/** Minutes. */
function readOffset(text: string): bigint | undefined {
  if (text === 'Z' || text === 'z') return 0n
  const [sign, hours, colon, minutes] = [text.slice(0, 1), text.slice(1, 3), text.slice(3, 4), text.slice(4)]
  if ((sign !== '+' && sign !== '-') || colon !== ':' || hours.length !== 2 || minutes.length !== 2 || !isDigits(hours) || !isDigits(minutes)) return undefined
  if (BigInt(hours) > 23n || BigInt(minutes) > 59n) return undefined
  const offset = BigInt(hours) * 60n + BigInt(minutes)
  return sign === '-' ? -offset : offset
}

function isLeap(year: bigint): boolean {
  return year % 400n === 0n || (year % 4n === 0n && year % 100n !== 0n)
}

function daysIn(year: bigint, month: bigint): bigint {
  if (month === 2n) return isLeap(year) ? 29n : 28n
  return month === 4n || month === 6n || month === 9n || month === 11n ? 30n : 31n
}

/** Days since 1970-01-01: those of the years since year 0, less those to 1970, and those of the months. */
function daysBefore(year: bigint, month: bigint, day: bigint): bigint {
  let days = day - 1n
  for (let earlier = 1n; earlier < month; earlier++) days += daysIn(year, earlier)
  return days + daysOfYears(year) - daysOfYears(1970n)
}

/** Days of the years 0 to one before this. Year 0 is a leap year. */
function daysOfYears(year: bigint): bigint {
  if (year === 0n) return 0n
  const last = year - 1n
  return year * 365n + last / 4n - last / 100n + last / 400n + 1n
}

function isDigits(text: string): boolean {
  return Array.from(text).every((character) => digits.includes(character))
}
