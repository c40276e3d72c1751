import { describe, expect, it } from 'vitest'
import { createForger } from '../support/forge.js'
import { createGuard, type Facts, type GuardOptions } from '../../src/index.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { operatorMessages } from '../support/operator-messages.js'

const forger = createForger()
const nonceSecret = 'a secret of at least 32 characters'

/** What start-up says: the error, or the warnings. */
function started(options: GuardOptions): unknown {
  const operator = operatorMessages()
  try {
    createGuard({ issuer: forger.issuer, audience: 'https://api.example.com', audit: [], logger: operator, ...options })
    return operator.said.map(({ level, message }) => `${level}: ${message}`)
  } catch (error) {
    return error
  }
}

describe('start-up names the option that is wrong', () => {
  it.each<[string, GuardOptions, typeof TypeError | typeof RangeError, RegExp]>([
    ['strict with everything off', { profile: 'strict', dpop: false, mtls: false }, TypeError, /`profile` is 'strict', and with `dpop` and `mtls` off/],
    ['a route that demands proof with everything off', { dpop: false, mtls: false, routes: { 'GET /a': 'a', 'GET /pay': { action: 'pay', proof: 'required' } } }, TypeError, /`routes`, "GET \/pay": `proof` is 'required', and with `dpop` and `mtls` off/],
    ['a profile that is none', { profile: 'stict' as never }, TypeError, /`profile` must be 'standard' or 'strict'/],
    ['dpop that is a word', { dpop: 'on' as never }, TypeError, /`dpop` must be true, false or an object/],
    ['dpop that is null inside', { dpop: [] as never }, TypeError, /`dpop` must be true, false or an object/],
    ['a name of dpop that is misspelt', { dpop: { nonceSecrets: nonceSecret } as never }, TypeError, /option `dpop`:.*nonceSecrets.*did you mean `nonceSecret`/],
    ['symmetric algorithms', { dpop: { algorithms: ['HS256' as never] } }, TypeError, /dpop.*algorithms/],
    ['no algorithm', { dpop: { algorithms: ['none' as never] } }, TypeError, /dpop.*algorithms/],
    ['an empty list of algorithms', { dpop: { algorithms: [] } }, TypeError, /dpop.*algorithms/],
    ['a secret of 31 characters', { dpop: { nonceSecret: 'x'.repeat(31) } }, TypeError, /`nonceSecret` must be a string of at least 32 characters/],
    ['a period without a secret', { dpop: { noncePeriod: 60 } }, TypeError, /`noncePeriod` needs `nonceSecret`/],
    ['a period that is too short', { dpop: { nonceSecret, noncePeriod: 9 } }, RangeError, /noncePeriod.*10.*3.?600/],
    ['a period that is too long', { dpop: { nonceSecret, noncePeriod: 3_601 } }, RangeError, /noncePeriod/],
    ['a store that is not atomic', { store: { ...memoryStore(), name: 'loose', isAtomic: false, admit: () => ({ outcome: 'admitted', alternative: 0 }) } }, TypeError, /`store`: loose is not atomic.*`dpop: false`/],
    ['a proxy that is a name', { trustedProxies: ['proxy.example.com'] }, TypeError, /`trustedProxies`.*proxy\.example\.com/],
  ])('%s', (_what, options, kind, message) => {
    const error = started(options)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain(nonceSecret)
  })

  it.each<[string, GuardOptions]>([
    ['strict with DPoP', { profile: 'strict' }], ['strict with certificates', { profile: 'strict', dpop: false, mtls: true }], ['strict with certificates, which are on by default', { profile: 'strict', dpop: false }], ['a store that is not atomic, without DPoP', { dpop: false, store: { name: 'loose', isAtomic: false, admit: () => ({ outcome: 'admitted', alternative: 0 }) } }],
    ['a store that says it is atomic', { store: { name: 'tight', isAtomic: true, admit: () => ({ outcome: 'admitted', alternative: 0 }) } }], ['a secret of 32 characters', { dpop: { nonceSecret: 'x'.repeat(32), noncePeriod: 3_600 } }], ['all of it by default', {}],
    ['a route that demands proof, with DPoP', { mtls: false, routes: { 'GET /pay': { action: 'pay', proof: 'required' } } }], ['one with certificates', { dpop: false, routes: { 'GET /pay': { action: 'pay', proof: 'required' } } }], ['no demand with everything off', { dpop: false, mtls: false, routes: { 'GET /a': 'a', 'GET /b': { action: 'b', proof: undefined } as never } }],
  ])('%s is fine, and nothing is said', (_what, options) => {
    expect(started(options)).toEqual([])
  })
})

describe('POP-2: a demand for proof that nobody can meet', () => {
  const off: GuardOptions = { dpop: false, mtls: false }

  it.each<[string, GuardOptions, Facts, readonly string[]]>([
    ['by the caller', off, { proof: 'required' }, ["warn: aap-guard: a is always refused (POP-2): GET /x demands `proof: 'required'`, and with `dpop` and `mtls` off no token can be bound"]],
    ['by the caller, where certificates are on', { ...off, mtls: true }, { proof: 'required' }, []], ['by nobody', off, {}, []],
  ])('%s', async (_who, options, facts, said) => {
    const operator = operatorMessages()
    const guard = createGuard({ issuer: forger.issuer, audience: 'https://api.example.com', audit: [], logger: operator, ...options })
    for (let i = 0; i < 3; i++) expect((await guard.authorize({ method: 'GET', url: '/x?y', headers: {} }, 'a', facts)).outcome).toBe('deny')
    expect(operator.said.map(({ level, message }) => `${level}: ${message}`)).toEqual(said)
  })
})

describe('POP-4: start-up says where no proof can hold', () => {
  const other = createForger('https://other.example.com')
  const warning = (issuer: string): string => `warn: aap-guard: Every DPoP proof with a token of ${issuer} will be refused, since nothing says where this server is: set the option \`baseUrl\`, or \`dpop: false\` (POP-4)`

  it.each<[string, GuardOptions, readonly string[]]>([
    ['an audience that is no URL', { audience: 'urn:example:api' }, [warning('https://as.example.com')]],
    ['several that are none', { audience: ['api', 'urn:x'] }, [warning('https://as.example.com')]],
    ['one that is a URL beside one that is none', { audience: ['urn:x', 'https://api.example.com'] }, []],
    ['a URL of http', { audience: 'http://localhost:3000' }, []],
    ['no URL, and baseUrl', { audience: 'urn:x', baseUrl: 'https://api.example.com' }, []],
    ['no URL, and DPoP is off', { audience: 'urn:x', dpop: false }, []],
    ['no URL, and proxies that will say', { audience: 'urn:x', trustedProxies: ['10.0.0.7'] }, []],
    ['an issuer with an audience of its own', { audience: 'https://api.example.com', issuer: [forger.issuer, { ...other.issuer, audience: 'urn:y' }] }, [warning('https://other.example.com')]],
    ['two issuers without', { audience: 'urn:x', issuer: [forger.issuer, { ...other.issuer, audience: 'urn:y' }] }, [warning('https://as.example.com'), warning('https://other.example.com')]],
    ['issuers that only a function knows', { audience: 'urn:x', issuer: () => undefined }, []],
  ])('%s', (_what, options, expected) => {
    expect(started(options)).toEqual(expected)
  })
})
