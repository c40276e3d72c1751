import { describe, expect, it } from 'vitest'
import { compileTimeWindow, isWithin } from '../../src/matching/time-window.js'

const start = '2025-01-01T09:00:00Z'
const end = '2025-01-01T17:00:00+00:00'
const startMs = Date.UTC(2025, 0, 1, 9)
const endMs = Date.UTC(2025, 0, 1, 17)

describe('CON-4: a time window', () => {
  it('is compiled from both ends', () => {
    expect(compileTimeWindow({ start, end })).toEqual({ startMs, endMs })
  })

  it('may have members of its own besides', () => {
    expect(compileTimeWindow({ start, end, label: 'office hours' })).toEqual({ startMs, endMs })
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', start],
    ['an array', [start, end]],
    ['an empty object', {}],
    ['no start', { end }],
    ['no end', { start }],
    ['a null end', { start, end: null }],
    ['epoch seconds', { start: startMs / 1000, end: endMs / 1000 }],
    ['an array as an end', { start: [start], end }],
    ['a Date', { start: new Date(startMs), end: new Date(endMs) }],
    ['a start without zone', { start: '2025-01-01T09:00:00', end }],
    ['an end without zone', { start, end: '2025-01-01T17:00:00' }],
    ['an end that does not exist', { start, end: '2025-02-30T17:00:00Z' }],
    ['end before start', { start: end, end: start }],
    ['end at start', { start, end: start }],
    ['end at start, in another offset', { start: '2025-01-01T09:00:00Z', end: '2025-01-01T10:00:00+01:00' }],
    ['the words of a range', { from: start, to: end }],
  ])('cannot be compiled: %s', (_, value) => {
    expect(compileTimeWindow(value)).toBeUndefined()
  })

  it.each([
    ['the last millisecond before', startMs - 1, false],
    ['just before', startMs - 0.001, false],
    ['the start', startMs, true],
    ['inside', startMs + 1, true],
    ['the last millisecond', endMs - 1, true],
    ['just before the end', endMs - 0.001, true],
    ['the end', endMs, false],
    ['after', endMs + 1, false],
    ['a clock that is broken', Number.NaN, false],
  ])('%s', (_, nowMs, expected) => {
    expect(isWithin({ startMs, endMs }, nowMs)).toBe(expected)
  })

  it('a window of one millisecond holds that one', () => {
    const window = compileTimeWindow({ start: '2025-01-01T09:00:00.000Z', end: '2025-01-01T09:00:00.001Z' })!
    expect([-1, 0, 1].map((offsetMs) => isWithin(window, startMs + offsetMs))).toEqual([false, true, false])
  })
})
