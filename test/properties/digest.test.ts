import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { digestOf } from '../../src/claims/digest.js'

it('QTA-1: no two lists of parts share a digest: nothing in a part can move a boundary', () => {
  const part = fc.oneof(fc.string({ unit: fc.constantFrom('1', '2', ':', 'a', '\ud800', '\ufffd', '\0'), maxLength: 4 }), fc.constantFrom('1:a', '3:1:a', ''))
  const list = fc.array(part, { maxLength: 4 })
  // The same text cut at other places, which is what must not come to the same.
  const cutAgain = list.chain((one) => fc.tuple(fc.constant(one), fc.array(fc.nat({ max: 12 }), { maxLength: 3 }).map((cuts) => {
    const joined = one.join('')
    const places = [0, ...cuts.map((cut) => Math.min(cut, joined.length)).sort((a, b) => a - b), joined.length]
    return places.slice(1).map((end, i) => joined.slice(places[i], end))
  })))
  const seen = coverage({ same: 0.03, different: 0.5 })
  checkProperty(fc.property(fc.oneof(fc.tuple(list, list), cutAgain), ([one, other]) => {
    const isSame = JSON.stringify(one) === JSON.stringify(other)
    seen.note(isSame ? 'same' : 'different')
    expect(digestOf(...one) === digestOf(...other)).toBe(isSame)
  }), { runs: 2_000, coverage: seen })
})
