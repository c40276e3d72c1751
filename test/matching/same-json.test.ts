import { describe, expect, it } from 'vitest'
import { isSameJson } from '../../src/matching/same-json.js'

/** Lists in lists, so deep. */
function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('CAP-5: values that say the same', () => {
  it.each<[unknown, unknown]>([
    [1, 1],
    [0, -0],
    [NaN, NaN],
    ['a', 'a'],
    [null, null],
    [[], []],
    [{}, {}],
    [{ a: 1, b: [2, { c: null }] }, { b: [2, { c: null }], a: 1 }],
    [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
    [nested(32), nested(32)],
  ])('%j and %j', (a, b) => {
    expect(isSameJson(a, b)).toBe(true)
    expect(isSameJson(b, a)).toBe(true)
  })

  it.each<[unknown, unknown]>([
    [1, 2],
    [1, '1'],
    [0, false],
    [null, undefined],
    ['', null],
    [[], {}],
    [[1], [1, 2]],
    [[1, 2], [2, 1]],
    [[undefined], []],
    // eslint-disable-next-line no-sparse-arrays
    [[, 1], [2, 1]],
    [['a'], { 0: 'a', length: 1 }],
    [{ a: 1 }, {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: undefined }],
    [{ toString: 1 }, {}],
    [{}, JSON.parse('{"__proto__":{}}')],
    [new Date(0), new Date(0)],
    [new Map(), new Map()],
    [() => 1, () => 1],
    [nested(33), nested(33)],
  ])('%j and %j do not', (a, b) => {
    expect(isSameJson(a, b)).toBe(false)
    expect(isSameJson(b, a)).toBe(false)
  })

  it('TOK-7: what is nested without end is not followed to its end', () => {
    expect(isSameJson(nested(100_000), nested(100_000))).toBe(false)
    const [one, other]: unknown[][] = [[], []]
    one!.push(one)
    other!.push(other)
    expect(isSameJson(one, other)).toBe(false)
    expect(isSameJson(one, one)).toBe(true)
  })
})
