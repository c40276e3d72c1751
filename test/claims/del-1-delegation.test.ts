import { describe, expect, it } from 'vitest'
import { checkDelegation } from '../../src/checks/delegation.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { parseDelegation } from '../../src/claims/parse-delegation.js'

const invalid = 'aap_invalid_delegation_chain'
const excessive = 'aap_excessive_delegation'
const names = ['origin', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
const subjects = (length: number) => names.slice(0, length)
const hops = (length: number) => names.slice(1, length + 1).map((sub) => ({ sub }))

/** What is wrong with a delegation claim and an `act`, as `code rule`; `undefined` where nothing is. */
function judge(claim: unknown, act?: unknown): string | undefined {
  const { delegation, denial = checkDelegation(delegation, noPolicy.delegation) } = parseDelegation(claim, act)
  return denial === undefined ? undefined : `${denial.code} ${denial.rule}`
}

describe('DEL-1: depth and max_depth', () => {
  it('no delegation claim means depth 0', () => {
    expect(parseDelegation(undefined, undefined)).toEqual({ delegation: { depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] } })
    expect(judge(undefined)).toBeUndefined()
  })

  it.each([-1, 11, 0.5, 1e9, '1', true, [1], {}, undefined])('%j is no depth', (number) => {
    expect(judge({ depth: number, max_depth: 10 })).toBe(`${invalid} DEL-1`)
    expect(judge({ depth: 0, max_depth: number })).toBe(`${invalid} DEL-1`)
  })

  it.each([['a string', '0'], ['a list', []], ['a number', 0], ['an empty object', {}]])('%s is no delegation claim', (_, claim) => {
    expect(judge(claim)).toBe(`${invalid} DEL-1`)
  })

  it('for every two from 0 to 10: depth above max_depth is excessive, before the chain is looked at', () => {
    for (let depth = 0; depth <= 10; depth++) {
      for (let max_depth = 0; max_depth <= 10; max_depth++) {
        expect(judge({ depth, max_depth, chain: subjects(depth + 1) })).toBe(depth <= max_depth ? undefined : `${excessive} DEL-1`)
        if (depth > max_depth) expect(judge({ depth, max_depth })).toBe(`${excessive} DEL-1`)
      }
    }
  })
})

describe('DEL-2: the chain', () => {
  const lengths = Array.from({ length: 11 }, (_, depth) => depth)

  it.each(lengths)('depth %i: of strings depth + 1, of hops depth, and no other length', (depth) => {
    for (let length = 1; length <= 12; length++) {
      expect(judge({ depth, max_depth: 10, chain: subjects(length) })).toBe(length === depth + 1 ? undefined : `${invalid} DEL-2`)
      if (length < 12) expect(judge({ depth, max_depth: 10, chain: hops(length) })).toBe(length === depth ? undefined : `${invalid} DEL-2`)
    }
    expect(judge({ depth, max_depth: 10, chain: [] })).toBe(`${invalid} DEL-2`)
    expect(judge({ depth, max_depth: 10 })).toBe(depth === 0 ? undefined : `${invalid} DEL-2`)
  })

  it.each<[string, unknown]>([
    ['mixed, strings first', ['a', { sub: 'b' }]],
    ['mixed, hops first', [{ sub: 'a' }, 'b']],
    ['a string', 'ab'],
    ['an object', { 0: 'a', 1: 'b', length: 2 }],
    ['numbers', [1, 2]],
    ['hops without sub', [{ delegated_at: 1 }]],
    ['hops whose sub is no string', [{ sub: 1 }]],
    ['hops whose time is a string', [{ sub: 'b', delegated_at: '1' }]],
    ['lists', [['a'], ['b']]],
  ])('%s is no chain', (_, chain) => {
    expect(judge({ depth: 1, max_depth: 1, chain })).toBe(`${invalid} DEL-2`)
  })

  it.each([
    [[1, 2, 3], undefined],
    [[1, 1, 1], undefined],
    [[1, undefined, 1], undefined],
    [[undefined, undefined, undefined], undefined],
    [[undefined, 5, undefined], undefined],
    [[-1, 0, 0.5], undefined],
    [[2, 1, 3], `${invalid} DEL-2`],
    [[1, 3, 2], `${invalid} DEL-2`],
    [[2, undefined, 1], `${invalid} DEL-2`],
    [[1, 1, 0.999], `${invalid} DEL-2`],
  ])('delegated_at %j: %s', (times, expected) => {
    const chain = times.map((delegated_at, i) => ({ sub: names[i + 1], ...(delegated_at !== undefined && { delegated_at }) }))
    expect(judge({ depth: 3, max_depth: 3, chain })).toBe(expected)
  })

  it('parent_jti may be absent', () => {
    expect(judge({ depth: 1, max_depth: 1, chain: ['a', 'b'] })).toBeUndefined()
    expect(parseDelegation({ depth: 1, max_depth: 1, chain: ['a', 'b'], parent_jti: 'j' }, undefined).delegation.parentJti).toBe('j')
    expect(judge({ depth: 1, max_depth: 1, chain: ['a', 'b'], parent_jti: 1 })).toBe(`${invalid} DEL-2`)
  })
})

describe('DEL-3: act', () => {
  const actOf = (...subs: readonly unknown[]): unknown => subs.reduceRight<unknown>((act, sub) => ({ sub, ...(act !== undefined && { act }) }), undefined)
  const claim = { depth: 3, max_depth: 3, chain: ['a', 'b', 'c', 'd'] }

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['the current actor alone', actOf('d')],
    ['all actors', actOf('d', 'c', 'b')],
    ['some, in reverse order', actOf('d', 'b')],
    ['down to the origin', actOf('d', 'b', 'a')],
    ['with other members', { sub: 'd', iss: 'x', act: { sub: 'c', more: 1 } }],
  ])('%s', (_, act) => {
    expect(judge(claim, act)).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['another actor', actOf('x')],
    ['an earlier one first', actOf('c')],
    ['another case', actOf('D')],
    ['an inner actor that is unknown', actOf('d', 'x')],
    ['inner actors in the order of the chain', actOf('d', 'b', 'c')],
    ['the current actor twice', actOf('d', 'd')],
    ['more nesting than depth', actOf('d', 'c', 'b', 'a')],
    ['no sub', {}],
    ['a sub that is a number', actOf(1)],
    ['an inner actor without sub', { sub: 'd', act: {} }],
    ['an inner act that is a string', { sub: 'd', act: 'c' }],
    ['a string', 'd'],
    ['a list', [{ sub: 'd' }]],
    ['a number', 1],
    ['true', true],
    ['an empty sub', actOf('')],
  ])('%s is refused', (_, act) => {
    expect(judge(claim, act)).toBe(`${invalid} DEL-3`)
  })

  it('the last of a chain of hops is the current actor', () => {
    expect(judge({ depth: 2, max_depth: 2, chain: hops(2) }, actOf('c', 'b'))).toBeUndefined()
    expect(judge({ depth: 2, max_depth: 2, chain: hops(2) }, actOf('b'))).toBe(`${invalid} DEL-3`)
  })

  it('a subject that occurs twice is found at its place', () => {
    const back = { depth: 3, max_depth: 3, chain: ['a', 'b', 'a', 'b'] }
    expect(judge(back, actOf('b', 'a', 'b'))).toBeUndefined()
    expect(judge(back, actOf('b', 'b', 'a'))).toBeUndefined()
    expect(judge(back, actOf('b', 'a', 'a'))).toBeUndefined()
    expect(judge(back, actOf('b', 'b', 'b'))).toBe(`${invalid} DEL-3`)
  })

  it('at depth 0, and without a delegation claim, there is nobody to act', () => {
    expect(judge({ depth: 0, max_depth: 0, chain: ['a'] }, actOf('a'))).toBe(`${invalid} DEL-3`)
    expect(judge({ depth: 0, max_depth: 3 }, actOf('a'))).toBe(`${invalid} DEL-3`)
    expect(judge(undefined, actOf('a'))).toBe(`${invalid} DEL-3`)
    expect(judge(undefined, 'a')).toBe(`${invalid} DEL-3`)
  })
})
