import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/state/memory-store.js'
import { chargeOf, clockedStore, countRoom, day, hour, minute, startMs } from './clocked-store.js'

describe('QTA-3: after a backward step counting goes on in the latest window', () => {
  it.each([
    ['a second', 1_000],
    ['an hour', hour],
    ['a day', day],
    ['a year', 365 * day],
  ])('a step back of %s opens nothing', (_, milliseconds) => {
    for (const window of ['hour', 'day'] as const) {
      const { take, step } = clockedStore()
      expect(countRoom(take, chargeOf(window, 3))).toBe(3)
      step(-milliseconds)
      expect(take(chargeOf(window, 3))).not.toBe(true)
    }
  })

  it('what had room goes on having the same room', () => {
    const { take, step, pass } = clockedStore()
    expect(take(chargeOf('hour', 3))).toBe(true)
    step(-2 * hour)
    expect(take(chargeOf('hour', 3))).toBe(true)
    pass(minute)
    step(-day)
    expect(take(chargeOf('hour', 3))).toBe(true)
    expect(take(chargeOf('hour', 3))).not.toBe(true)
  })

  it('repeated steps open nothing either', () => {
    const { take, step, pass } = clockedStore()
    expect(countRoom(take, chargeOf('hour', 3))).toBe(3)
    for (let i = 0; i < 6; i++) {
      step(-hour)
      expect(take(chargeOf('hour', 3))).not.toBe(true)
      pass(minute)
      expect(take(chargeOf('hour', 3))).not.toBe(true)
    }
  })

  it('back and forth within a window, and over its boundary', () => {
    const { take, step } = clockedStore()
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    step(hour)
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    for (let i = 0; i < 10; i++) {
      step(i % 2 === 0 ? -hour : hour)
      expect(take(chargeOf('hour', 2))).not.toBe(true)
    }
  })

  it('one that is told by another counter holds for all', () => {
    const { take, step, pass } = clockedStore()
    expect(take(chargeOf('hour', 1, 1, 'a'))).toBe(true)
    pass(hour)
    // Only `b` sees the new hour before the clock is set back.
    expect(take(chargeOf('hour', 1, 1, 'b'))).toBe(true)
    step(-hour)
    expect(take(chargeOf('hour', 1, 1, 'b'))).not.toBe(true)
    expect(take(chargeOf('hour', 1, 1, 'a'))).toBe(true)
    expect(take(chargeOf('hour', 1, 1, 'a'))).not.toBe(true)
  })
})

describe('QTA-3: for at most one window length of monotonic time, then the wall clock is followed', () => {
  it('an hour that was set back by a day', () => {
    const { take, step, pass } = clockedStore()
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    step(-day)
    pass(hour)
    expect(take(chargeOf('hour', 2))).not.toBe(true)
    pass(1)
    // 11:30 of the day before: a window of its own, with boundaries of its own.
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    expect(take(chargeOf('hour', 2))).toBe(Date.UTC(2025, 0, 1, 11) - startMs - 1)
  })

  it('a forward step by mistake, taken back: nobody is locked out for good', () => {
    const { take, step, pass } = clockedStore()
    step(365 * day)
    expect(countRoom(take, chargeOf('day', 1))).toBe(1)
    step(-365 * day)
    expect(take(chargeOf('day', 1))).not.toBe(true)
    pass(day + 1)
    expect(take(chargeOf('day', 1))).toBe(true)
  })

  it('a forward step is followed at once', () => {
    const { take, step } = clockedStore()
    expect(countRoom(take, chargeOf('hour', 1))).toBe(1)
    step(hour)
    expect(countRoom(take, chargeOf('hour', 1))).toBe(1)
  })
})

describe('QTA-3: counters that are still stored hold', () => {
  it('where the wall clock comes to the same window again', () => {
    const { take, step, pass } = clockedStore()
    pass(25 * minute)
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    // 10:55, put back to 10:35: the hour is the same until 11:00, which is 25 minutes away.
    step(-20 * minute)
    pass(24 * minute)
    expect(take(chargeOf('hour', 2))).not.toBe(true)
  })

  it('however long ago they were taken from, as long as the window lasts', () => {
    const { take, step, pass } = clockedStore({}, Date.UTC(2025, 0, 1, 10))
    expect(countRoom(take, chargeOf('hour', 2))).toBe(2)
    pass(59 * minute)
    expect(take(chargeOf('hour', 9, 1, 'another'))).toBe(true)
    // 10:59, put back to 10:49: this hour has 70 minutes.
    step(-10 * minute)
    pass(2 * minute)
    // Counters that are new make the store look for ones that have expired.
    for (let i = 0; i < 10; i++) take(chargeOf('hour', 1, 1, `new ${i}`))
    expect(take(chargeOf('hour', 2))).not.toBe(true)
  })

  it('also after the wall clock has been in another window in between', () => {
    const { take, step, pass } = clockedStore()
    step(hour)
    expect(take(chargeOf('hour', 2))).toBe(true)
    // Back by two hours, and so held at 11:30 for one hour.
    step(-2 * hour)
    pass(hour)
    expect(take(chargeOf('hour', 2))).toBe(true)
    expect(take(chargeOf('hour', 2))).not.toBe(true)
    pass(1)
    // Then the wall clock is followed: it says 10:30.
    expect(take(chargeOf('hour', 2))).toBe(true)
    // And is put forward to 11:30 again, where both were taken, one of them just now.
    step(hour)
    expect(take(chargeOf('hour', 2))).not.toBe(true)
  })
})

it('a store that was given a wall clock only makes its monotonic one of the forward steps', () => {
  let nowMs = startMs
  const store = memoryStore({ now: () => nowMs })
  const take = (window: 'second' | 'hour') => store.admit({ scope: 's', alternatives: [{ quotas: [chargeOf(window, 1)] }] })
  expect(take('second')).toMatchObject({ outcome: 'admitted' })
  expect(take('hour')).toMatchObject({ outcome: 'admitted' })
  nowMs -= hour
  expect(take('second')).toEqual({ outcome: 'full', retryAfterMs: 1_000 })
  expect(take('hour')).toMatchObject({ outcome: 'full' })
  nowMs += 1_000
  expect(take('second')).toMatchObject({ outcome: 'admitted' })
  expect(take('hour')).toMatchObject({ outcome: 'full' })
})
