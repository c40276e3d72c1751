import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createGuard } from '../../src/guard/create-guard.js'
import { requireCapability } from '../../src/http/require-capability.js'
import { guarding, requestBy } from './guarding.js'
import { audience, issuer, jwks } from '../token/signed-token.js'

/** What would demand something, were it read, by other means than members of a plain object. */
const hidden: readonly (readonly [string, object])[] = [
  ['an inherited approval', Object.create({ approval: 'required' }) as object],
  ['an inherited proof', Object.create({ proof: 'required' }) as object],
  ['an inherited hook', Object.create({ critical: () => true }) as object],
  ['a getter of a class', new (class { get purposes() { return ['other'] } })()],
  ['an instance of a class', new (class { readonly approval = 'required' })()],
  ['a getter', { get approval() { return 'required' } }],
  ['a hidden member', Object.defineProperty({}, 'approval', { value: 'required' })],
  ['a symbol', { [Symbol('approval')]: 'required' }],
  ['a map', new Map([['approval', 'required']])],
  ['a list', []],
]

/** What demands as it says. */
const plain: readonly (readonly [string, object])[] = [
  ['braces', { approval: 'required' }],
  ['an object without prototype', Object.assign(Object.create(null) as object, { approval: 'required' })],
  ['an object of another realm', runInNewContext('({ approval: "required" })') as object],
]

/** The same with a member more. */
const withMember = (options: object, name: string, value: unknown): object => Object.create(Object.getPrototypeOf(options) as object | null, { ...Object.getOwnPropertyDescriptors(options), [name]: { value, enumerable: true } }) as object
const guardWith = (options: object) => () => createGuard({ issuer: { issuer, jwks }, audience, audit: [], ...options })

describe('OVS-1, POP-2: what a route demands is refused where it would not be read', () => {
  it.each(hidden)('requireCapability: %s', (_, options) => {
    expect(() => requireCapability('a', options)).toThrow(TypeError)
    expect(() => requireCapability('a', options)).toThrow(/^requireCapability\('a'\): /)
  })

  it.each(hidden)('routes: %s', (_, options) => {
    expect(guardWith({ routes: { 'GET /x': withMember(options, 'action', 'a') } })).toThrow(/^option `routes`, "GET \/x"/)
  })

  it.each(hidden)('guard.authorize, which denies as for an unknown fact: %s', async (_, facts) => {
    const { guard } = guarding()
    expect(await guard.authorize(requestBy(), 'a', facts)).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2', detail: expect.stringContaining('guard.authorize: facts') } })
  })

  it.each(hidden)('the option facts, at once and later: %s', async (_, facts) => {
    for (const answer of [facts, Promise.resolve(facts)]) {
      const { guard } = guarding({ facts: () => answer })
      expect(await guard.authorize(requestBy(), 'a')).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2' } })
    }
  })

  it.each(plain)('%s is read', async (_, options) => {
    expect(() => requireCapability('a', options)).not.toThrow()
    expect(guardWith({ routes: { 'GET /x': { ...options, action: 'a' } } })).not.toThrow()
    const stated = guarding().guard.authorize(requestBy(), 'a', options)
    const common = guarding({ facts: () => options }).guard.authorize(requestBy(), 'a')
    for (const decision of [stated, common]) expect(await decision).toMatchObject({ status: 403, error: 'aap_approval_required' })
  })
})

describe('RTE-1: the table of routes is a plain object too', () => {
  it.each<[string, unknown]>([['a map', new Map([['GET /x', 'a']])], ['what inherits', Object.create({ 'GET /x': 'a' })], ['an instance of a class', new (class { readonly 'GET /x' = 'a' })()], ['a getter', { get 'GET /x'() { return 'a' } }]])('%s', (_, routes) => {
    expect(guardWith({ routes })).toThrow(TypeError)
    expect(guardWith({ routes })).toThrow(/^option `routes`/)
  })

  it('and a public route is public by a member of its own', () => {
    expect(guardWith({ routes: { 'GET /x': Object.create({ public: true }) as object } })).toThrow(/^option `routes`, "GET \/x"/)
  })
})

describe('CON-1: quantities are a plain object of integers', () => {
  it.each<[string, unknown]>([['a map', new Map([['emails', 1]])], ['a list', [1]], ['an empty list', []], ['what inherits', Object.create({ emails: 1 })]])('not %s', (_, quantities) => {
    expect(() => requireCapability('a', { quantities } as never)).toThrow(/`quantities` must be/)
    expect(guardWith({ routes: { 'GET /x': { action: 'a', quantities } } })).toThrow(/`quantities` must be/)
  })
})

