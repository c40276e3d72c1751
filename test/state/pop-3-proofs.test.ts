import { describe, expect, it } from 'vitest'
import type { Admission, AdmissionVerdict } from '../../src/model/store.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { chargeOf, clockedStore, countRoom, day, hour, minute, second } from './clocked-store.js'

type Clocked = ReturnType<typeof clockedStore>

const show = ({ store }: Pick<Clocked, 'store'>, name: string, keepMs = 60_001, others: Partial<Admission> = {}): AdmissionVerdict['outcome'] =>
  (store.admit({ scope: 's', alternatives: [], ...others, proof: { key: name, keepMs } }) as AdmissionVerdict).outcome

describe('POP-3: a memory store that is full refuses new proofs and forgets none', () => {
  it('proofs-full, known ones are still replays, and there is room again when they are over', () => {
    const clocked = clockedStore({ maxProofs: 3 })
    for (const name of ['a', 'b', 'c']) expect(show(clocked, name)).toBe('admitted')
    for (let i = 0; i < 10; i++) expect(show(clocked, `new ${i}`)).toBe('proofs-full')
    for (const name of ['a', 'b', 'c']) expect(show(clocked, name)).toBe('replayed')
    clocked.pass(60_000)
    expect(show(clocked, 'd')).toBe('proofs-full')
    for (const name of ['a', 'b', 'c']) expect(show(clocked, name, 1)).toBe('replayed')
    clocked.pass(10_001)
    for (const name of ['d', 'e', 'f']) expect(show(clocked, name)).toBe('admitted')
    expect(show(clocked, 'g')).toBe('proofs-full')
  })

  it('room comes back as each is over, not only when all are', () => {
    // Of one proof each 10 s, seven live at a time, and one may wait to be forgotten.
    const clocked = clockedStore({ maxProofs: 8 })
    for (let i = 0; i < 40; i++) {
      expect(show(clocked, `p${i}`)).toBe('admitted')
      clocked.pass(10 * second)
      if (i >= 5) expect(show(clocked, `p${i - 5}`, 1)).toBe('replayed')
    }
  })

  it('takes no quota and no counter for a proof that it cannot remember', () => {
    const clocked = clockedStore({ maxProofs: 1 })
    expect(show(clocked, 'a')).toBe('admitted')
    const quota = chargeOf('hour', 5)
    for (let i = 0; i < 9; i++) expect(show(clocked, `b${i}`, 60_001, { alternatives: [{ quotas: [quota] }], chargeOnly: [quota] })).toBe('proofs-full')
    expect(countRoom(clocked.take, quota)).toBe(5)
  })

  it('counts go on where proofs are full, and proofs where counters are', () => {
    const clocked = clockedStore({ maxProofs: 1, maxCounters: 1 })
    expect(show(clocked, 'a')).toBe('admitted')
    expect(clocked.take(chargeOf('hour', 2))).toBe(true)
    expect(show(clocked, 'b')).toBe('proofs-full')
    expect(clocked.take(chargeOf('hour', 2))).toBe(true)
  })

  it('a counter that finds no room refuses the request, and its proof is remembered all the same', () => {
    const clocked = clockedStore({ maxCounters: 1 })
    expect(clocked.take(chargeOf('day', 9, 1, 'one'))).toBe(true)
    expect(() => show(clocked, 'p', 60_001, { alternatives: [{ quotas: [chargeOf('day', 9, 1, 'other')] }] })).toThrow(/full/)
    expect(show(clocked, 'p')).toBe('replayed')
  })

  it.each([0, -1, 0.5, NaN, Infinity, '5', null])('maxProofs %j is refused', (maxProofs) => {
    expect(() => memoryStore({ maxProofs: maxProofs as never })).toThrow(/maxProofs must be an integer from 1/)
    expect(() => memoryStore({ maxProofs: maxProofs as never })).toThrow(RangeError)
  })
})

describe('POP-3: nothing pushes a proof out', () => {
  it('100,000 different proofs, then the first again', () => {
    const clocked = clockedStore()
    expect(show(clocked, 'first')).toBe('admitted')
    let admitted = 0
    for (let i = 0; i < 100_000; i++) {
      if (i % 2_000 === 0) clocked.pass(second)
      if (show(clocked, `p${i}`) === 'admitted') admitted++
    }
    expect(admitted).toBe(100_000)
    expect(show(clocked, 'first')).toBe('replayed')
    expect(show(clocked, 'p0')).toBe('replayed')
    expect(show(clocked, 'p99999')).toBe('replayed')
  })

  it.each(['__proto__', 'constructor', ''])('%j is a key like any other', (key) => {
    const clocked = clockedStore()
    expect([show(clocked, key), show(clocked, key)]).toEqual(['admitted', 'replayed'])
  })

  it('two stores know nothing of each other', () => {
    expect([show(clockedStore(), 'p'), show(clockedStore(), 'p')]).toEqual(['admitted', 'admitted'])
  })

  it('whatever the scope: the key alone names a proof', () => {
    const { store } = clockedStore()
    const proof = { key: 'p', keepMs: 1_000 }
    expect(store.admit({ scope: 'a', proof, alternatives: [] })).toMatchObject({ outcome: 'admitted' })
    expect(store.admit({ scope: 'b', proof, alternatives: [] })).toMatchObject({ outcome: 'replayed' })
  })
})

describe('POP-3: steps of the wall clock', () => {
  it.each([second, minute, hour, 40 * day])('forward by %i ms and back: what was forgotten in between is not new', (milliseconds) => {
    const clocked = clockedStore()
    expect(show(clocked, 'p')).toBe('admitted')
    clocked.step(milliseconds)
    show(clocked, 'other')
    clocked.step(-milliseconds)
    expect(show(clocked, 'p')).toBe('replayed')
    clocked.pass(59_999)
    expect(show(clocked, 'p', 1)).toBe('replayed')
  })

  it('back by a day, and time goes by: still known', () => {
    const clocked = clockedStore()
    expect(show(clocked, 'p')).toBe('admitted')
    clocked.step(-day)
    for (let i = 0; i < 100; i++) {
      expect(show(clocked, 'p')).toBe('replayed')
      clocked.pass(10 * second)
    }
  })

  it('back by a day: new proofs are accepted, once each, and make room again on that clock', () => {
    const clocked = clockedStore({ maxProofs: 4 })
    expect(show(clocked, 'before')).toBe('admitted')
    clocked.step(-day)
    for (let i = 0; i < 20; i++) {
      expect([show(clocked, `p${i}`), show(clocked, `p${i}`)]).toEqual(['admitted', 'replayed'])
      clocked.pass(30 * second)
    }
  })

  it.each([NaN, Infinity, -Infinity])('a clock that gives %d remembers nothing and accepts nothing', (broken) => {
    const store = memoryStore({ now: () => broken, monotonicNow: () => 0 })
    expect(() => show({ store }, 'p')).toThrow(TypeError)
  })
})
