import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/state/memory-store.js'
import { chargeOf, clockedStore, countRoom, hour } from './clocked-store.js'

const open = chargeOf('hour', 100, 1, 'open')
const tight = chargeOf('minute', 1, 1, 'tight')
const shut = chargeOf('day', 0, 1, 'shut')

describe('CAP-3: the first alternative that has room is taken, whole, and nothing of the others', () => {
  it('each in its turn', () => {
    const { admit, take } = clockedStore()
    const second = chargeOf('hour', 2, 1, 'second')
    const third = chargeOf('hour', 1, 1, 'third')
    const taken = Array.from({ length: 4 }, () => admit([tight], [second], [third])).map((verdict) => (verdict.outcome === 'admitted' ? verdict.alternative : verdict.outcome))
    expect(taken).toEqual([0, 1, 1, 2])
    expect(admit([tight], [second], [third]).outcome).toBe('full')
    expect([take(tight), take(second), take(third)].every((wait) => wait !== true)).toBe(true)
  })

  it('one quota that is full leaves the others of its alternative as they were', () => {
    const { admit, take } = clockedStore()
    for (let i = 0; i < 5; i++) admit([open, shut], [shut, open], [open, tight])
    // One was admitted by the third alternative; nothing was taken by the first two.
    expect(countRoom(take, open)).toBe(99)
  })

  it('an alternative without quotas always has room', () => {
    const { admit } = clockedStore()
    expect(admit([shut], [])).toEqual({ outcome: 'admitted', alternative: 1 })
    expect(admit([])).toEqual({ outcome: 'admitted', alternative: 0 })
  })

  it('a quota that two alternatives share is taken once', () => {
    const { admit, take } = clockedStore()
    admit([open, shut], [open])
    expect(countRoom(take, open)).toBe(99)
  })
})

describe('QTA-2: chargeOnly is taken whole or not at all, and never changes the answer', () => {
  it('whole, where all windows have room', () => {
    const { charge, take } = clockedStore()
    expect(charge(open, tight)).toEqual({ outcome: 'admitted', alternative: -1 })
    expect(take(tight)).not.toBe(true)
    expect(countRoom(take, open)).toBe(99)
  })

  it('not at all, where any is full', () => {
    const { charge, take } = clockedStore()
    for (let i = 0; i < 5; i++) expect(charge(open, shut)).toEqual({ outcome: 'admitted', alternative: -1 })
    for (let i = 0; i < 5; i++) expect(charge(open, tight).outcome).toBe('admitted')
    expect(countRoom(take, open)).toBe(99)
  })

  it('an admission that asks for nothing is one that takes nothing', () => {
    const { store, charge } = clockedStore()
    expect(store.admit({ scope: 's', alternatives: [] })).toEqual({ outcome: 'admitted', alternative: -1 })
    expect(charge()).toEqual({ outcome: 'admitted', alternative: -1 })
  })
})

describe('QTA-1: counters are kept apart by their key', () => {
  it('whatever the scope', () => {
    const { store } = clockedStore()
    expect(store.admit({ scope: 'a', alternatives: [{ quotas: [tight] }] })).toMatchObject({ outcome: 'admitted' })
    expect(store.admit({ scope: 'b', alternatives: [{ quotas: [tight] }] })).toMatchObject({ outcome: 'full' })
    expect(store.admit({ scope: 'a', alternatives: [{ quotas: [{ ...tight, key: 'other' }] }] })).toMatchObject({ outcome: 'admitted' })
  })

  it.each(['__proto__', 'constructor', ''])('%j is a key like any other', (key) => {
    const { take } = clockedStore()
    expect(take(chargeOf('hour', 1, 1, key))).toBe(true)
    expect(take(chargeOf('hour', 1, 1, key))).not.toBe(true)
  })

  it('two stores know nothing of each other', () => {
    const [one, other] = [clockedStore(), clockedStore()]
    expect([one.take(tight), other.take(tight)]).toEqual([true, true])
  })
})

describe('the memory store', () => {
  it('answers synchronously, so that nothing comes between a look and its change (QTA-4)', () => {
    const verdict = memoryStore().admit({ scope: 's', alternatives: [{ quotas: [open] }] })
    expect(verdict).toEqual({ outcome: 'admitted', alternative: 0 })
  })

  it('QTA-4: exactly N of many at once are admitted', async () => {
    const store = memoryStore({ now: () => hour * 10 })
    const verdicts = await Promise.all(Array.from({ length: 50 }, async () => store.admit({ scope: 's', alternatives: [{ quotas: [chargeOf('hour', 7)] }] })))
    expect(verdicts.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(7)
  })

  it.each([0, -1, 0.5, NaN, Infinity, '5', null])('maxCounters %j is refused', (maxCounters) => {
    expect(() => memoryStore({ maxCounters: maxCounters as never })).toThrow(RangeError)
  })

  it.each([{ maxCounter: 5 }, { prefix: 'a:' }, { now: 5 }, { now: null }, { monotonicNow: 'now' }])('the options %j are refused', (options) => {
    expect(() => memoryStore(options as never)).toThrow(TypeError)
    expect(() => memoryStore(options as never)).toThrow(new RegExp(Object.keys(options)[0]!))
  })

  it.each([NaN, Infinity, -Infinity, undefined, '0'])('a wall clock that gives %j admits nothing', (broken) => {
    const store = memoryStore({ now: () => broken as number, monotonicNow: () => 0 })
    expect(() => store.admit({ scope: 's', alternatives: [{ quotas: [open] }] })).toThrow(TypeError)
  })

  it.each([NaN, Infinity, undefined])('a monotonic clock that gives %j admits nothing over a limit either', (broken) => {
    const store = memoryStore({ now: () => hour, monotonicNow: () => broken! })
    const admitted: unknown[] = []
    for (let i = 0; i < 5; i++) {
      try {
        admitted.push(store.admit({ scope: 's', alternatives: [{ quotas: [chargeOf('minute', 1)] }] }))
      } catch {
        // To throw is the answer that denies.
      }
    }
    expect(admitted.filter((verdict) => (verdict as { outcome: string }).outcome === 'admitted').length).toBeLessThanOrEqual(1)
  })
})
