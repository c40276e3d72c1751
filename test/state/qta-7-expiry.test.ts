import { describe, expect, it } from 'vitest'
import { chargeOf, clockedStore, countRoom, lengthOf } from './clocked-store.js'

/** As many new counters as there is room for; `false` where a store is full. */
function fill({ take }: Pick<ReturnType<typeof clockedStore>, 'take'>, window: 'second' | 'minute' | 'hour' | 'day', prefix: string, most = 50): number {
  let made = 0
  try {
    while (made < most && take(chargeOf(window, 5, 1, `${prefix} ${made}`)) === true) made++
  } catch (error) {
    expect((error as Error).message).toMatch(/full/)
  }
  return made
}

describe.each(['second', 'minute', 'hour', 'day'] as const)('QTA-7: nothing is kept without an expiry: %s', (window) => {
  it('counters make room for others after two windows at the latest, without any timer', () => {
    const clocked = clockedStore({ maxCounters: 10 })
    expect(fill(clocked, window, 'a')).toBe(10)
    clocked.pass(2 * lengthOf[window])
    expect(fill(clocked, window, 'b')).toBe(10)
    clocked.pass(2 * lengthOf[window])
    expect(fill(clocked, window, 'c')).toBe(10)
  })

  it('and none before its window is over', () => {
    const clocked = clockedStore({ maxCounters: 10 }, Date.UTC(2025, 0, 1))
    fill(clocked, window, 'a')
    clocked.pass(lengthOf[window] - 1)
    expect(fill(clocked, window, 'b')).toBe(0)
    // All ten still count.
    for (let i = 0; i < 10; i++) expect(countRoom(clocked.take, chargeOf(window, 5, 1, `a ${i}`))).toBe(4)
  })

  it('a counter that is used goes on living', () => {
    const clocked = clockedStore({ maxCounters: 2 }, Date.UTC(2025, 0, 1))
    for (let i = 0; i < 20; i++) {
      clocked.take(chargeOf(window, 1_000, 1, 'busy'))
      clocked.pass(lengthOf[window] / 4)
    }
    clocked.take(chargeOf(window, 1_000, 1, 'other'))
    expect(() => clocked.take(chargeOf(window, 1_000, 1, 'one more'))).toThrow(/full/)
  })
})

describe('QTA-7: a store that is full refuses what is new, and forgets nothing that lives', () => {
  it('a new counter throws, known ones go on', () => {
    const clocked = clockedStore({ maxCounters: 3 })
    expect(fill(clocked, 'hour', 'a')).toBe(3)
    expect(clocked.take(chargeOf('hour', 5, 1, 'a 0'))).toBe(true)
    expect(() => clocked.take(chargeOf('hour', 5, 1, 'b'))).toThrow(/full/)
    expect(countRoom(clocked.take, chargeOf('hour', 5, 1, 'a 0'))).toBe(3)
  })

  it('an admission that does not fit leaves nothing half-taken', () => {
    const clocked = clockedStore({ maxCounters: 3 })
    const known = chargeOf('hour', 5, 1, 'known')
    clocked.take(known)
    clocked.take(chargeOf('hour', 5, 1, 'x'))
    const two = [known, chargeOf('hour', 5, 1, 'new 1'), chargeOf('hour', 5, 1, 'new 2')]
    expect(() => clocked.admit(two)).toThrow(/full/)
    expect(() => clocked.charge(...two)).toThrow(/full/)
    expect(countRoom(clocked.take, known)).toBe(4)
    // There is room for one still.
    expect(clocked.take(chargeOf('hour', 5, 1, 'new 1'))).toBe(true)
    expect(countRoom(clocked.take, chargeOf('hour', 5, 1, 'new 1'))).toBe(4)
  })

  it('an alternative that is out of quota needs no counter', () => {
    const clocked = clockedStore({ maxCounters: 1 })
    expect(clocked.take(chargeOf('hour', 1, 1, 'a'))).toBe(true)
    expect(clocked.take(chargeOf('hour', 0, 1, 'b'))).toBeGreaterThan(0)
    expect(clocked.admit([chargeOf('hour', 0, 1, 'b')], []).outcome).toBe('admitted')
  })

  it('a flood of tokens that are over makes room for the next ones as it goes', () => {
    const clocked = clockedStore({ maxCounters: 1_000 })
    for (let i = 0; i < 20_000; i++) {
      expect(clocked.take(chargeOf('minute', 1, 1, `token ${i}`))).toBe(true)
      clocked.pass(100)
    }
  })
})

describe('QTA-4: forgetting what has expired loses nothing that is taken', () => {
  it('a counter that has expired and is used again, beside one that is new, wherever the store is looking', () => {
    const [short, long] = [chargeOf('minute', 1, 1, 'short'), chargeOf('hour', 1, 1, 'long')]
    for (let before = 0; before < 4; before++) {
      for (let between = 0; between < 4; between++) {
        for (let later = 0; later < 4; later++) {
          const { admit, take, pass } = clockedStore()
          const fillUp = (count: number, name: string) => { for (let i = 0; i < count; i++) take(chargeOf('day', 9, 1, `${name} ${i}`)) }
          fillUp(before, 'before')
          take(short)
          fillUp(between, 'between')
          take(long)
          pass(2 * lengthOf.hour)
          fillUp(later, 'later')
          expect(admit([short, long]).outcome).toBe('admitted')
          expect([take(short), take(long)].filter((verdict) => verdict === true)).toEqual([])
        }
      }
    }
  })

  it('also where room has to be made', () => {
    const { admit, take, pass } = clockedStore({ maxCounters: 2 })
    const [one, other] = [chargeOf('hour', 1, 1, 'one'), chargeOf('hour', 1, 1, 'other')]
    expect(admit([one, other]).outcome).toBe('admitted')
    pass(2 * lengthOf.hour)
    expect(admit([one, other]).outcome).toBe('admitted')
    expect(take(one)).not.toBe(true)
    expect(take(other)).not.toBe(true)
  })
})
