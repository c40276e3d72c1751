import { describe, expect, it } from 'vitest'
import { compileLegacyScopes } from '../../src/guard/compile-legacy-scopes.js'
import { createGuard } from '../../src/guard/create-guard.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { pass } from '../../src/model/verdict.js'

const own = { name: 'own_limit', compile: (value: unknown) => { if (typeof value !== 'number') throw new TypeError('must be a number'); return () => pass } }
const registry = createRegistry({ registered: [own], countedPerRequest: new Set() })

/** The message of the error that start-up ends with; `undefined` where there is none. */
function refusalOf(scopes: unknown): string | undefined {
  try {
    compileLegacyScopes(scopes, registry)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
}

const actionsOf = (scopes: unknown) => Object.fromEntries([...compileLegacyScopes(scopes, registry)!].map(([scope, capabilities]) => [scope, capabilities]))

describe('DIA-5: what legacyScopes can say', () => {
  it.each<[string, unknown, unknown]>([
    ['an action', { 'read:posts': 'posts.read' }, { 'read:posts': [{ action: 'posts.read', constraints: {} }] }],
    ['an action in an object', { a: { action: 'x' } }, { a: [{ action: 'x', constraints: {} }] }],
    ['with constraints', { a: { action: 'x', constraints: { max_requests_per_hour: 5, own_limit: 1 } } }, { a: [{ action: 'x', constraints: { max_requests_per_hour: 5, own_limit: 1 } }] }],
    ['undefined for no constraints', { a: { action: 'x', constraints: undefined } }, { a: [{ action: 'x', constraints: {} }] }],
    ['a list, in its order', { a: ['x', { action: 'y' }, 'x'] }, { a: [{ action: 'x', constraints: {} }, { action: 'y', constraints: {} }, { action: 'x', constraints: {} }] }],
    ['nothing for a scope', { a: [] }, { a: [] }],
    ['nothing at all', {}, {}],
    ['scopes that are URLs', { 'https://example.com/auth/posts.read': 'posts.read' }, { 'https://example.com/auth/posts.read': [{ action: 'posts.read', constraints: {} }] }],
    ['all printable ASCII but space, quote and backslash', { '!#$%&\'()*+,-./09:;<=>?@AZ[]^_`az{|}~': 'x' }, { '!#$%&\'()*+,-./09:;<=>?@AZ[]^_`az{|}~': [{ action: 'x', constraints: {} }] }],
    ['names that objects have anyway', { constructor: 'constructor', toString: 'toString' }, { constructor: [{ action: 'constructor', constraints: {} }], toString: [{ action: 'toString', constraints: {} }] }],
  ])('%s', (_, scopes, expected) => {
    expect(actionsOf(scopes)).toEqual(expected)
  })

  it('an own __proto__ is a scope like any other', () => {
    const compiled = compileLegacyScopes(JSON.parse('{"__proto__": "x"}'), registry)!
    expect([...compiled]).toEqual([['__proto__', [{ action: 'x', constraints: {} }]]])
  })

  it('absent, there is no table', () => {
    expect(compileLegacyScopes(undefined, registry)).toBeUndefined()
  })
})

describe('and what it cannot', () => {
  it.each(['a b', '', ' a', 'a\n', 'a\t', 'a"b', 'a\\b', 'ä', '\u007f', 'a\u0000'])('%j is no scope', (scope) => {
    expect(refusalOf({ [scope]: 'x' })).toContain('is no scope (RFC 6749 section 3.3)')
  })

  it.each(['', 'a b', '*', 'posts.*', '.a', 'a..b', '1a', 'read:posts', 'a'.repeat(129)])('CAP-1: %j is no action', (action) => {
    for (const entry of [action, { action }, ['x', action], [{ action }]]) expect(refusalOf({ s: entry })).toContain(`option \`legacyScopes\`, "s": ${JSON.stringify(action)} is no action name (CAP-1)`)
  })

  it.each<[string, unknown]>([['a number', 5], ['null', null], ['undefined', undefined], ['true', true], ['a list in a list', [['x']]], ['null in a list', [null]], ['no action', {}], ['an action of the wrong type', { action: 5 }], ['a list as action', { action: ['x'] }]])('an entry that is %s', (_, entry) => {
    expect(refusalOf({ s: entry })).toMatch(/^option `legacyScopes`, "s": /)
  })

  it.each([['constraint', 'constraints'], ['Action', 'action'], ['constrains', 'constraints']])('%s, did you mean %s?', (name, meant) => {
    expect(refusalOf({ s: { action: 'x', [name]: {} } })).toMatch(new RegExp(`"s".*\`${name}\`, did you mean \`${meant}\`\\?$`))
  })

  it.each(['resources', 'conditions', 'description', 'constructor', ''])('an entry with %j, which nobody reads', (name) => {
    expect(refusalOf({ s: { action: 'x', [name]: {} } })).toContain(`\`${name}\``)
  })

  it.each<[string, unknown, string]>([
    ['null', null, 'must be an object of constraints'],
    ['a list', [], 'must be an object of constraints'],
    ['text', 'max_depth', 'must be an object of constraints'],
    ['unknown', { max_depht: 1 }, 'has an unknown constraint `max_depht`, did you mean `max_depth`?'],
    ['of a wrong type', { max_depth: '1' }, 'max_depth does not compile'],
    ['of a wrong form', { domains_allowed: ['*.example.org'] }, 'domains_allowed has an entry that is no host: "*.example.org"'],
    ['undefined', { own_limit: undefined }, 'own_limit does not compile'],
    ['a quota that cannot hold', { max_requests_per_hour: -1 }, 'max_requests_per_hour does not compile'],
    ['a quota for a week', { max_requests_per_week: 1 }, 'unknown constraint `max_requests_per_week`'],
    ['__proto__', JSON.parse('{"__proto__": {}}'), 'unknown constraint `__proto__`'],
  ])('constraints that are %s', (_, constraints, message) => {
    expect(refusalOf({ s: { action: 'x', constraints } })).toContain(message)
  })

  it.each<[string, unknown]>([['a Map', new Map([['s', 'x']])], ['a Map as entry', { s: new Map([['action', 'x']]) }], ['a Map of constraints', { s: { action: 'x', constraints: new Map([['max_depth', 0]]) } }], ['a function', { s: () => 'x' }], ['what inherits', Object.create({ s: 'x' })], ['an infinite number', { s: { action: 'x', constraints: { require_approval_threshold: Infinity } } }]])('%s is no plain data', (_, scopes) => {
    expect(refusalOf(scopes)).toMatch(/^option `legacyScopes` must be plain data, as in JSON/)
  })

  it.each([null, 5, 'x', [], ['x'], true, () => ({})])('a table that is %j', (scopes) => {
    expect(() => createGuard({ issuer: 'https://as.example.com', audience: 'x', legacyScopes: scopes } as never)).toThrow(/option `legacyScopes`/)
  })
})

it('what is done to the table after start-up changes nothing', () => {
  const scopes: Record<string, any> = { s: [{ action: 'x', constraints: { domains_allowed: ['example.org'] } }] }
  const compiled = compileLegacyScopes(scopes, registry)!
  scopes.s[0].constraints.domains_allowed.push('example.com')
  scopes.s.push('y')
  scopes.t = 'z'
  expect([...compiled]).toEqual([['s', [{ action: 'x', constraints: { domains_allowed: ['example.org'] } }]]])
  expect(Object.isFrozen(scopes.s[0].constraints)).toBe(false)
})
