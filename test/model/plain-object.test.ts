import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { copyMembers, isPlainObject, refuseUnknownMembers } from '../../src/model/plain-object.js'

class Members { readonly a = 1 }

describe('a plain object is what braces and JSON make', () => {
  it.each<[string, unknown]>([
    ['empty', {}], ['braces', { a: 1 }], ['without prototype', Object.create(null)], ['JSON', JSON.parse('{}')], ['frozen', Object.freeze({ a: 1 })],
    ['of another realm', runInNewContext('({ a: 1 })')],
  ])('%s', (_, value) => {
    expect(isPlainObject(value)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['a list', []], ['null', null], ['undefined', undefined], ['a number', 1], ['a text', 'a'], ['a date', new Date(0)], ['a map', new Map()], ['an error', new TypeError()], ['a function', () => 1], ['an instance', new Members()],
    ['what inherits', Object.create({ a: 1 })], ['what inherits from an object without prototype', Object.create(Object.assign(Object.create(null), { a: 1 }))], ['a map of another realm', runInNewContext('new Map()')], ['a list of another realm', runInNewContext('[]')],
  ])('but not %s', (_, value) => {
    expect(isPlainObject(value)).toBe(false)
  })
})

describe('members are copied', () => {
  it('as they are, an own __proto__ included', () => {
    const given = JSON.parse('{ "a": [1], "__proto__": { "b": 1 } }') as object
    const copy = copyMembers('x', given)
    expect(Object.entries(copy)).toEqual(Object.entries(given))
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })

  it.each<[string, unknown, RegExp]>([
    ['an instance', new Members(), /^the options must be a plain object/],
    ['a getter', { get a() { return 1 } }, /^the options: `a` must/],
    ['a hidden member', Object.defineProperty({}, 'a', { value: 1 }), /^the options: `a` must/],
    ['a symbol', { [Symbol('a')]: 1 }, /^the options: `Symbol\(a\)` must/],
  ])('not %s', (_, value, message) => {
    expect(() => copyMembers('the options', value)).toThrow(TypeError)
    expect(() => copyMembers('the options', value)).toThrow(message)
  })
})

it('a member that nobody reads is named, with those that there are', () => {
  expect(() => { refuseUnknownMembers('x', { a: 1 }, ['a', 'b']) }).not.toThrow()
  expect(() => { refuseUnknownMembers('x', { a: 1, c: undefined }, ['a', 'b']) }).toThrow(new TypeError('x: unknown member `c`; there are `a`, `b`'))
})
