import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areRangesWithin, compileRanges, parseAddress } from '../../src/matching/ip-range.js'
import { checkProperty } from '../support/check-property.js'

describe('DEL-5: ranges within others', () => {
  const within = (inner: readonly string[], outer: readonly string[]) => areRangesWithin(compileRanges(inner)!, compileRanges(outer)!)

  /** The last bits of an address, which have a range of their own: all addresses can be tried. */
  const bits = 4
  const universe = { 4: Array.from({ length: 1 << bits }, (_, i) => `10.0.0.${i}`), 6: Array.from({ length: 1 << bits }, (_, i) => `2001:db8::${i.toString(16)}`) }
  const range = fc.record({ family: fc.constantFrom<4 | 6>(4, 6), at: fc.nat((1 << bits) - 1), host: fc.nat(bits) }).map(({ family, at, host }) => `${universe[family][at]!}/${(family === 4 ? 32 : 128) - host}`)

  it('for every two lists: never where an address of the one is not in the other, and always where one range of the other has them all', () => {
    const addresses = [...universe[4], ...universe[6]].map((text) => parseAddress(text)!)
    const covers = (outer: readonly string[], inner: readonly string[]) => {
      const [one, other] = [compileRanges(inner)!, compileRanges(outer)!]
      return addresses.every((address) => !one.includes(address) || other.includes(address))
    }
    checkProperty(
      fc.property(fc.array(range, { maxLength: 3 }), fc.array(range, { maxLength: 3 }), (inner, outer) => {
        if (within(inner, outer)) expect(covers(outer, inner)).toBe(true)
        expect(within(inner, outer)).toBe(inner.every((one) => outer.some((other) => covers([other], [one]))))
      }),
    )
  })
})
