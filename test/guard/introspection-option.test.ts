import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createGuard, type GuardOptions } from '../../src/index.js'
import { limiterStore } from '../../src/state/limiter-store.js'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { operatorMessages } from '../support/operator-messages.js'

const issuer = 'https://as.example.com'
const client = { clientId: 'api', clientSecret: 'a-secret' }
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const guardWith = (introspection: unknown, more: object = {}, options: object = {}): unknown =>
  createGuard({ issuer: { issuer, introspection, ...more }, audience: 'https://api.example.com', audit: [], logger: operatorMessages(), ...options } as GuardOptions)

describe('INT-1: wrong introspection options fail at start-up, and say which', () => {
  it.each<[string, unknown, RegExp]>([
    ['a text', 'yes', /must be an object/], ['null', null, /must be an object/], ['true', true, /must be an object/], ['a list', [client], /must be an object/],
    ['an unknown name', { ...client, clientID: 'a' }, /clientID.*clientId/], ['a name of later', { ...client, resource: 'a' }, /resource/],
    ['nothing', {}, /clientId/], ['no secret', { clientId: 'api' }, /clientSecret/], ['an empty id', { ...client, clientId: '' }, /clientId/], ['an empty secret', { ...client, clientSecret: '' }, /clientSecret/], ['a number for a secret', { ...client, clientSecret: 1 }, /clientSecret/],
    ['a secret and a key', { ...client, privateKey }, /clientSecret or privateKey|private_key_jwt/], ['a key with another method', { clientId: 'a', clientSecret: 'b', authentication: 'client_secret_post', privateKey }, /privateKey/],
    ['a key id without a key', { ...client, keyId: 'k' }, /keyId/], ['an algorithm without a key', { ...client, algorithm: 'ES256' }, /algorithm/], ['no key', { clientId: 'a', authentication: 'private_key_jwt' }, /privateKey|key/], ['a key that is none', { clientId: 'a', privateKey: 'rubbish' }, /key/i],
    ['an algorithm of another key', { clientId: 'a', privateKey, algorithm: 'RS256' }, /RS256|algorithm/], ['another method', { ...client, authentication: 'none' }, /none|authentication|method/],
    ['a plain endpoint', { ...client, endpoint: 'http://as.example.com/introspect' }, /endpoint|https/], ['no URL', { ...client, endpoint: '/introspect' }, /endpoint|https/], ['a plain revocation endpoint', { ...client, revocationEndpoint: 'http://as.example.com/revoke' }, /https|revocation/],
    ['a prefix with a space', { ...client, tokenPrefix: 'a b' }, /tokenPrefix/], ['a prefix of a number', { ...client, tokenPrefix: 1 }, /tokenPrefix/],
    ['jwts: accept', { ...client, jwts: 'accept' }, /jwts/], ['jwts: true', { ...client, jwts: true }, /jwts/], ['signedAnswers: yes', { ...client, signedAnswers: 'yes' }, /signedAnswers/], ['signedAnswers: null', { ...client, signedAnswers: null }, /signedAnswers/], ['count: there', { ...client, count: 'there' }, /count/], ['count: true', { ...client, count: true }, /count/],
    ['maxLifetime 0', { ...client, maxLifetime: 0 }, /maxLifetime/], ['maxLifetime as text', { ...client, maxLifetime: '3600' }, /maxLifetime/], ['maxLifetime NaN', { ...client, maxLifetime: NaN }, /maxLifetime/], ['half a second', { ...client, maxLifetime: 0.5 }, /maxLifetime/],
    ['timeoutMs 0', { ...client, timeoutMs: 0 }, /timeoutMs/], ['timeoutMs 30,001', { ...client, timeoutMs: 30_001 }, /timeoutMs/], ['callsPerSecond 0', { ...client, callsPerSecond: 0 }, /callsPerSecond/], ['callsInFlight 1.5', { ...client, callsInFlight: 1.5 }, /callsInFlight/],
    ['inactivePerPeerPerMinute 0', { ...client, inactivePerPeerPerMinute: 0 }, /inactivePerPeerPerMinute/], ['Infinity calls', { ...client, callsPerSecond: Infinity }, /callsPerSecond/],
    ['scopes as a list', { ...client, scopes: ['a'] }, /scopes/], ['a scope for no action', { ...client, scopes: { read: 'not an action' } }, /scopes/], ['an unknown constraint', { ...client, scopes: { read: { action: 'a', constraints: { max_nothing: 1 } } } }, /scopes/], ['an unknown key of a scope', { ...client, scopes: { read: { action: 'a', constraint: {} } } }, /scopes/],
  ])('INT-1: %s', (_title, introspection, message) => {
    let thrown: unknown
    try {
      guardWith(introspection)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Error)
    expect(['TypeError', 'RangeError']).toContain((thrown as Error).name)
    expect((thrown as Error).message).toMatch(message)
    expect((thrown as Error).message).toMatch(/^(unknown|option).*introspection/)
    expect((thrown as Error).message).toContain(issuer)
    expect((thrown as Error).message).not.toContain('a-secret')
  })

  it.each<[string, unknown]>([
    ['a secret', client], ['a key', { clientId: 'a', privateKey }], ['a JWK', { clientId: 'a', privateKey: { ...privateKey.export({ format: 'jwk' }), kid: 'k' } }], ['a PEM', { clientId: 'a', privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) }],
    ['everything', { ...client, authentication: 'client_secret_post', endpoint: 'http://127.0.0.1:1/i', revocationEndpoint: 'https://as.example.com/r', scopes: { read: ['a', { action: 'b', constraints: { max_requests_per_hour: 1 } }] }, tokenPrefix: 'agt_', jwts: 'introspect', signedAnswers: true, count: 'issuer', maxLifetime: Infinity, timeoutMs: 1, callsPerSecond: 1, callsInFlight: 1, inactivePerPeerPerMinute: 1 }],
  ])('INT-1: %s is in order', (_title, introspection) => {
    expect(() => guardWith(introspection)).not.toThrow()
  })

  it('INT-1: jwts: refuse beside keys', () => {
    expect(() => guardWith({ ...client, jwts: 'refuse' }, { jwks: { keys: [] } })).toThrow(/introspection.*refuse/)
    expect(() => guardWith({ ...client, jwts: 'refuse' }, { jwksUri: `${issuer}/jwks` })).toThrow(/introspection.*refuse/)
    // Those of signed answers.
    expect(() => guardWith({ ...client, jwts: 'refuse', signedAnswers: true }, { jwksUri: `${issuer}/jwks` })).not.toThrow()
  })

  it('INT-1: two issuers whose tokens nothing tells apart', () => {
    const two = (one: object, other: object): (() => unknown) => () => createGuard({ issuer: [{ issuer, introspection: { ...client, ...one } }, { issuer: 'https://two.example.com', introspection: { ...client, ...other } }], audience: 'https://api.example.com', audit: [] })
    expect(two({}, {})).toThrow(/introspection.*https:\/\/as.*https:\/\/two.*tokenPrefix/)
    expect(two({ tokenPrefix: 'a' }, { tokenPrefix: 'a' })).toThrow(/tokenPrefix/)
    expect(two({ tokenPrefix: '' }, {})).toThrow(/tokenPrefix/)
    for (const [one, other] of [[{ tokenPrefix: 'a' }, {}], [{ tokenPrefix: 'a' }, { tokenPrefix: 'ab' }]] as const) expect(two(one, other)).not.toThrow()
  })

  it('INT-4: a store that counts in more than one step', () => {
    const store = limiterStore((limits) => new RateLimiterMemory(limits))
    expect(() => guardWith(client, {}, { store, dpop: false })).toThrow(/option `store`.*budgets.*introspection.*as\.example\.com/)
  })

  it('INT-1: tenants: the function may not give introspection, and their opaque tokens are refused', async () => {
    const operator = operatorMessages()
    const guard = createGuard({ issuer: (iss) => ({ issuer: iss, introspection: client }), audience: 'https://api.example.com', audit: [], logger: operator })
    const decide = (token: string) => guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'a')
    expect(await decide('opaque')).toMatchObject({ status: 401, reason: { rule: 'INT-1' } })
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    expect((await decide(`${part({ alg: 'ES256' })}.${part({ iss: issuer })}.AAAA`)).status).toBe(500)
    expect(operator.said.at(-1)?.message).toContain('`introspection` is for issuers that are named at start-up')
  })
})
