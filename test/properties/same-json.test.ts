import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { isSameJson } from '../../src/matching/same-json.js'

describe('DEL-5: the same JSON', () => {
  it('for every two values: as their texts with sorted members', () => {
    const sorted = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(sorted)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]))
    }
    // Few leaves, so that equal values come up.
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constantFrom(null, true, 0, 1, 'a'), fc.array(tie('tree'), { maxLength: 2 }), fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('tree'), { maxKeys: 2 })),
    }))
    checkProperty(
      fc.property(tree, tree, (a, b) => {
        expect(isSameJson(a, b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
        expect(isSameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true)
      }),
      { runs: 3_000 },
    )
  })
})
