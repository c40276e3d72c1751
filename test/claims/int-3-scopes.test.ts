import { describe, expect, it } from 'vitest'
import { CapabilityCompiler } from '../../src/claims/compile-capability.js'
import { actionsFrom, authorizationFrom, parsedFrom, refusalOf, tableOf } from './answers.js'
import { candidatesFor, compileAuthorization } from '../../src/claims/compile-authorization.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { noPolicy } from '../../src/checks/local-policy.js'

describe('INT-3: scopes that are names of actions stand for these', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['one', 'search.web', ['search.web']],
    ['several, in their order', 'cms.draft search.web', ['cms.draft', 'search.web']],
    ['twice is once', 'a b a', ['a', 'b']],
    ['case counts', 'A a', ['A', 'a']],
    ['spaces', '  a   b ', ['a', 'b']],
    ['none', '', []],
    ['absent', undefined, []],
    ['a tab is no space, and in no name', 'a\tb c', ['c']],
    ['nor is a line break', 'a\nb c\n', []],
    ['nor any other', 'a\u00a0b\u3000c d', ['d']],
    ['no wildcards and no colons', '* a.* read:all https://example.org/x a', ['a']],
    ['no empty components', '.a a. a..b a.b', ['a.b']],
    ['names that objects have anyway', '__proto__ constructor hasOwnProperty', ['constructor', 'hasOwnProperty']],
    ['the longest', `${'a'.repeat(128)} ${'b'.repeat(129)}`, ['a'.repeat(128)]],
    ['a lone surrogate', 'a\ud800 b', ['b']],
  ])('%s', (_, scope, actions) => {
    expect(actionsFrom({ scope })).toEqual(actions)
  })

  it('without constraints', () => {
    expect(authorizationFrom({ scope: 'a' }).capabilities).toEqual([{ action: 'a', constraints: {} }])
  })
})

describe('INT-3: scopes by table', () => {
  const scopes = tableOf({
    read: ['posts.read'],
    write: ['posts.write', { action: 'posts.read', constraints: { allowed_methods: ['GET'] } }],
    nothing: [],
    ['__proto__']: ['a'],
    constructor: ['b'],
  })

  it.each<[string, string, readonly string[]]>([
    ['one', 'read', ['posts.read']],
    ['several actions', 'write', ['posts.write', 'posts.read']],
    ['alternatives, in the order of the token', 'write read', ['posts.write', 'posts.read', 'posts.read']],
    ['a scope that is not in it stands for nothing, be it an action\'s name', 'posts.write admin read', ['posts.read']],
    ['a scope that stands for nothing', 'nothing', []],
    ['names that objects have anyway', 'toString constructor', ['b']],
  ])('%s', (_, scope, actions) => {
    expect(actionsFrom({ scope }, { scopes })).toEqual(actions)
  })

  it('with the constraints of the table', () => {
    expect(authorizationFrom({ scope: 'write' }, { scopes }).capabilities[1]).toEqual({ action: 'posts.read', constraints: { allowed_methods: ['GET'] } })
  })

  it('an empty table permits nothing', () => {
    expect(actionsFrom({ scope: 'posts.read' }, { scopes: new Map() })).toEqual([])
  })
})

describe('INT-3: intersected with task_scopes', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['a text', 'b d', ['b']],
    ['a list', ['c', 'a'], ['a', 'c']],
    ['all', 'a b c', ['a', 'b', 'c']],
    ['more than was granted', 'a admin', ['a']],
    ['an empty text', '', []],
    ['an empty list', [], []],
    ['entries of a list are whole scopes', ['a b', ' c', 'c '], []],
    ['a text is split at spaces only', 'a,b a\tb', []],
    ['another case', 'A', []],
    ['absent', undefined, ['a', 'b', 'c']],
  ])('%s', (_, task_scopes, actions) => {
    expect(actionsFrom({ scope: 'a b c', task_scopes })).toEqual(actions)
  })

  it('on scopes, not on what they stand for', () => {
    const scopes = tableOf({ read: ['posts.read'], write: ['posts.write', 'posts.read'] })
    expect(actionsFrom({ scope: 'read write', task_scopes: 'write' }, { scopes })).toEqual(['posts.write', 'posts.read'])
    expect(actionsFrom({ scope: 'read write', task_scopes: 'posts.read' }, { scopes })).toEqual([])
  })

  it('task_scopes alone grant nothing', () => {
    expect(actionsFrom({ scope: undefined, task_scopes: 'a' })).toEqual([])
  })
})

describe('INT-3: any number of scopes', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`).join(' ')

  it('1,000 capabilities are read, more are invalid_token', () => {
    expect(actionsFrom({ scope: many(1_000) })).toHaveLength(1_000)
    expect(refusalOf({ scope: many(1_001) })).toBe('invalid_token INT-3')
    expect(refusalOf({ scope: many(10_000) })).toBe('invalid_token INT-3')
  })

  it('what stands for nothing does not count, and neither does a scope again', () => {
    expect(actionsFrom({ scope: many(10_000) }, { scopes: tableOf({ s5: ['a'] }) })).toEqual(['a'])
    expect(actionsFrom({ scope: 'a '.repeat(10_000) })).toEqual(['a'])
    expect(actionsFrom({ scope: many(10_000), task_scopes: ['s9999'] })).toEqual(['s9999'])
  })
})

describe('CAP-2, CAP-3: an agent token compiles like any other', () => {
  const compiler = new CapabilityCompiler(createRegistry({ registered: [], countedPerRequest: new Set() }), noPolicy)
  const compile = (scope: string) => compileAuthorization(parsedFrom({ scope }, { scopes: tableOf({ a: ['x', { action: 'x', constraints: { max_requests_per_hour: 1 } }] }) }), { issuer: 'i', id: 'j' }, undefined, compiler)

  it('with candidates by action', () => {
    expect(candidatesFor(compile('a'), 'x').map(({ index, charges }) => [index, charges.length])).toEqual([[0, 0], [1, 1]])
  })

  it('and where its scopes stand for nothing, with none', () => {
    const compiled = compile('b')
    expect(compiled).toMatchObject({ candidates: [], agentDenial: undefined, delegationDenial: undefined, requestCeilingBytes: undefined, limitsResponses: false })
    expect(candidatesFor(compiled, 'x')).toEqual([])
  })
})
