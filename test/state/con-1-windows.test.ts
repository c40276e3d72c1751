import { describe, expect, it } from 'vitest'
import { chargeOf, clockedStore, countRoom, day, hour, lengthOf, minute, second, startMs } from './clocked-store.js'

describe.each(['second', 'minute'] as const)('CON-1: a %s slides over (now - w, now]', (window) => {
  const length = lengthOf[window]

  it('N are admitted, and the next when the first has left', () => {
    const { take, pass } = clockedStore()
    const quota = chargeOf(window, 3)
    expect([take(quota), take(quota), take(quota)]).toEqual([true, true, true])
    expect(take(quota)).toBe(length)
    pass(length - 1)
    expect(take(quota)).toBe(1)
    pass(1)
    expect(countRoom(take, quota)).toBe(3)
  })

  it('each leaves at its own instant', () => {
    const { take, pass } = clockedStore()
    const quota = chargeOf(window, 2)
    expect(take(quota)).toBe(true)
    pass(length / 4)
    expect(take(quota)).toBe(true)
    pass(length / 4)
    expect(take(quota)).toBe(length / 2)
    pass(length / 2)
    expect(take(quota)).toBe(true)
    expect(take(quota)).toBe(length / 4)
    pass(length / 4)
    expect(take(quota)).toBe(true)
    expect(take(quota)).toBe(length * 3 / 4)
  })

  it('no boundary of the clock opens it', () => {
    const { take, pass } = clockedStore({}, startMs - (startMs % length) + length - 1)
    expect(take(chargeOf(window, 1))).toBe(true)
    pass(1)
    expect(take(chargeOf(window, 1))).toBe(length - 1)
  })

  it('a quantity waits until so much has left', () => {
    const { take, pass } = clockedStore()
    for (const quantity of [1, 2, 3]) {
      expect(take(chargeOf(window, 6, quantity))).toBe(true)
      pass(100)
    }
    expect(take(chargeOf(window, 6, 1))).toBe(length - 300)
    expect(take(chargeOf(window, 6, 2))).toBe(length - 200)
    expect(take(chargeOf(window, 6, 3))).toBe(length - 200)
    expect(take(chargeOf(window, 6, 4))).toBe(length - 100)
    expect(take(chargeOf(window, 6, 6))).toBe(length - 100)
  })

  it('a refusal takes nothing', () => {
    const { take, pass } = clockedStore()
    const quota = chargeOf(window, 1)
    take(quota)
    for (let i = 0; i < 100; i++) expect(take(quota)).toBeGreaterThan(0)
    pass(length)
    expect(take(quota)).toBe(true)
  })

  it('steps of the wall clock do not reach it (QTA-3)', () => {
    const { take, step, pass } = clockedStore()
    const quota = chargeOf(window, 1)
    take(quota)
    for (const milliseconds of [day, -2 * day, hour]) {
      step(milliseconds)
      expect(take(quota)).toBe(length)
    }
    pass(length)
    expect(take(quota)).toBe(true)
  })
})

describe.each([['hour', Date.UTC(2025, 0, 1, 11)], ['day', Date.UTC(2025, 0, 2)]] as const)('CON-1: an %s is aligned to the UTC clock', (window, boundaryMs) => {
  it('N are admitted until the boundary, and N from it on', () => {
    const { take, pass } = clockedStore()
    const quota = chargeOf(window, 3)
    expect(countRoom(take, quota)).toBe(3)
    expect(take(quota)).toBe(boundaryMs - startMs)
    pass(boundaryMs - startMs - 1)
    expect(take(quota)).toBe(1)
    pass(1)
    expect(countRoom(take, quota)).toBe(3)
    expect(take(quota)).toBe(lengthOf[window])
  })

  it('what was taken just before the boundary is over just after it', () => {
    const { take, pass } = clockedStore({}, boundaryMs - 1)
    expect(countRoom(take, chargeOf(window, 2))).toBe(2)
    pass(1)
    expect(countRoom(take, chargeOf(window, 2))).toBe(2)
  })

  it('a first request on the boundary belongs to the window that begins', () => {
    const { take, pass } = clockedStore({}, boundaryMs)
    expect(take(chargeOf(window, 1))).toBe(true)
    pass(lengthOf[window] - 1)
    expect(take(chargeOf(window, 1))).toBe(1)
    pass(1)
    expect(take(chargeOf(window, 1))).toBe(true)
  })

  it('quantities add up', () => {
    const { take } = clockedStore()
    expect([take(chargeOf(window, 10, 4)), take(chargeOf(window, 10, 6)), take(chargeOf(window, 10, 0))]).toEqual([true, true, true])
    expect(take(chargeOf(window, 10, 1))).toBe(boundaryMs - startMs)
  })

  it('before 1970 the windows are where the calendar has them', () => {
    const { take, pass } = clockedStore({}, Date.UTC(1969, 11, 31, 23, 59, 59, 999))
    expect(take(chargeOf(window, 1))).toBe(true)
    expect(take(chargeOf(window, 1))).toBe(1)
    pass(1)
    expect(take(chargeOf(window, 1))).toBe(true)
    expect(take(chargeOf(window, 1))).toBe(lengthOf[window])
  })
})

it('CON-1: a day in UTC has 24 hours, also where clocks are put forward', () => {
  const { take, pass } = clockedStore({}, Date.UTC(2025, 2, 30))
  expect(take(chargeOf('day', 1))).toBe(true)
  expect(take(chargeOf('day', 1))).toBe(day)
  pass(day - 1)
  expect(take(chargeOf('day', 1))).toBe(1)
})

describe('CON-1: limits at the ends of their range', () => {
  it.each(['second', 'minute', 'hour', 'day'] as const)('%s: 0 admits nothing', (window) => {
    const { take, pass } = clockedStore()
    expect(take(chargeOf(window, 0))).toBeGreaterThan(0)
    pass(lengthOf[window])
    expect(take(chargeOf(window, 0))).toBeGreaterThan(0)
  })

  it.each(['second', 'minute', 'hour', 'day'] as const)('%s: 2^53 - 1 is counted to the last', (window) => {
    const { take } = clockedStore()
    const limit = 2 ** 53 - 1
    expect(take(chargeOf(window, limit, limit - 1))).toBe(true)
    expect(take(chargeOf(window, limit, 2))).toBeGreaterThan(0)
    expect(take(chargeOf(window, limit, limit))).toBeGreaterThan(0)
    expect(take(chargeOf(window, limit, 1))).toBe(true)
    expect(take(chargeOf(window, limit, 1))).toBeGreaterThan(0)
  })

  it.each(['second', 'minute', 'hour', 'day'] as const)('%s: a quantity over the limit never fits, and is told to wait for no more than one window', (window) => {
    const { take } = clockedStore()
    const wait = take(chargeOf(window, 3, 4))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(lengthOf[window])
    expect(countRoom(take, chargeOf(window, 3))).toBe(3)
  })
})

describe('CON-1: Retry-After is the earliest instant at which all full windows have room', () => {
  const quotas = [chargeOf('second', 1), chargeOf('minute', 2), chargeOf('hour', 3), chargeOf('day', 4)]

  it('the longest wait of the windows that are full', () => {
    const { admit, pass } = clockedStore()
    const waits: unknown[] = []
    for (let i = 0; i < 4; i++) {
      for (;;) {
        const verdict = admit(quotas)
        if (verdict.outcome === 'admitted') break
        waits.push(verdict.retryAfterMs)
        pass(verdict.retryAfterMs)
      }
    }
    expect(waits).toEqual([
      second,
      // 10:30:16.250 is one second after the first: a minute after it.
      minute - second,
      // 10:31:15.250: the hour is full until 11:00.
      Date.UTC(2025, 0, 1, 11) - (startMs + minute),
    ])
    expect(admit(quotas)).toEqual({ outcome: 'full', retryAfterMs: day - 11 * hour })
  })

  it('one millisecond earlier there is none', () => {
    const { admit, pass } = clockedStore()
    admit(quotas)
    pass(100)
    const verdict = admit(quotas)
    if (verdict.outcome !== 'full') throw new Error('there was room')
    pass(verdict.retryAfterMs - 1)
    expect(admit(quotas)).toEqual({ outcome: 'full', retryAfterMs: 1 })
    pass(1)
    expect(admit(quotas)).toEqual({ outcome: 'admitted', alternative: 0 })
  })

  it('over several alternatives: the smallest of the largest', () => {
    const { admit, take } = clockedStore()
    take(chargeOf('minute', 1, 1, 'a'))
    take(chargeOf('second', 1, 1, 'b'))
    take(chargeOf('hour', 1, 1, 'c'))
    const [a, b, c] = [chargeOf('minute', 1, 1, 'a'), chargeOf('second', 1, 1, 'b'), chargeOf('hour', 1, 1, 'c')] as const
    expect(admit([a, b], [c])).toEqual({ outcome: 'full', retryAfterMs: minute })
    expect(admit([c, b], [a, c], [b])).toEqual({ outcome: 'full', retryAfterMs: second })
  })
})
