import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { isWindowWithin, isWithin } from '../../src/matching/time-window.js'

describe('DEL-5: a window within another', () => {
  it('for every two windows: every instant of the one is in the other', () => {
    const window = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 })).map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }))
    const instants = Array.from({ length: 14 }, (_, i) => i)
    checkProperty(
      fc.property(window, window, (inner, outer) => {
        expect(isWindowWithin(inner, outer)).toBe(instants.every((nowMs) => !isWithin(inner, nowMs) || isWithin(outer, nowMs)))
      }),
      { runs: 2_000 },
    )
  })
})
