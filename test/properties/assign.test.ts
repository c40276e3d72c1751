import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign } from '../../src/claims/assign.js'
import { checkProperty } from '../support/check-property.js'

/** Tries everybody in every place, or in none. */
function most(wanted: readonly (readonly number[])[], taken: readonly number[] = []): number {
  const [places, ...rest] = wanted
  if (places === undefined) return 0
  return Math.max(most(rest, taken), ...places.filter((place) => !taken.includes(place)).map((place) => 1 + most(rest, [...taken, place])))
}

describe('DEL-5: a place for each', () => {
  it.each<[string, readonly (readonly number[])[], readonly boolean[]]>([
    ['nobody', [], []],
    ['nothing suits', [[]], [false]],
    ['the second is too many', [[7], [7]], [true, false]],
    ['the first moves for the second', [[0, 1], [0]], [true, true]],
    ['both move for the third', [[0, 1], [1, 2], [0]], [true, true, true]],
    ['three and two places', [[0, 1], [0, 1], [0, 1]], [true, true, false]],
    ['the first is served first', [[3], [3], [5]], [true, false, true]],
    ['a place wanted twice by one', [[1, 1], [1]], [true, false]],
  ])('%s', (_, wanted, expected) => {
    expect(assign(wanted)).toEqual(expected)
  })

  it('for all wishes: as many as trying everything finds', () => {
    checkProperty(
      fc.property(fc.array(fc.uniqueArray(fc.nat(4)), { maxLength: 6 }), (wanted) => {
        expect(assign(wanted).filter(Boolean)).toHaveLength(most(wanted))
      }),
      { runs: 2_000 },
    )
  })

  it('a chain in which everybody has to move for each newcomer', () => {
    const size = 2_000
    const wanted = [...Array.from({ length: size }, (_, i) => [i, i + 1]), ...[[0], [0]]]
    expect(assign(wanted).filter((hasPlace) => !hasPlace)).toEqual([false])
  })
})
