import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isAllowedIssuerUrl, isAllowedEndpoint } from '../../../src/token/issuer-metadata.js'
import { createRemoteKeySet, createStaticKeySet, KeysUnavailable } from '../../../src/token/key-set.js'
import { clockedKeySet, hour, second } from './clocked-key-set.js'
import { bytes, json, startIssuerServer, status, type IssuerServer } from './issuer-server.js'
import { ec, keySetOf } from './json-web-keys.js'

const oauth = '/.well-known/oauth-authorization-server'
const openid = '/.well-known/openid-configuration'

let server: IssuerServer
let issuer: string
beforeEach(async () => {
  server = await startIssuerServer()
  issuer = server.origin
})
afterEach(() => server.close())

const kidsOf = (keys: readonly { kid: string | undefined }[]) => keys.map(({ kid }) => kid)

describe('KEY-1 where the keys are', () => {
  it('KEY-1 at a given jwksUri, without asking for metadata', async () => {
    server.at.set('/k?tenant=1', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer: 'https://issuer.example', jwksUri: `${server.origin}/k?tenant=1` })
    expect(kidsOf(await keySet.find('a', 'ES256'))).toEqual(['a'])
    expect(server.hits).toEqual(['/k?tenant=1'])
  })

  it.each([
    { path: '', at: oauth },
    { path: '/', at: oauth },
    { path: '/tenant', at: `${oauth}/tenant` },
    { path: '/tenant/', at: `${oauth}/tenant` },
    { path: '/a/b', at: `${oauth}/a/b` },
    { path: '', at: openid },
    { path: '/', at: openid },
    { path: '/tenant', at: `/tenant${openid}` },
    { path: '/tenant/', at: `/tenant${openid}` },
  ])('KEY-1 by the metadata of the issuer "$path" at $at', async ({ path, at }) => {
    issuer = server.origin + path
    server.at.set(at, json({ issuer, jwks_uri: `${server.origin}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer })
    expect(kidsOf(await keySet.find('a', 'ES256'))).toEqual(['a'])
    expect(server.hitsAt('/keys')).toBe(1)
  })

  it.each([
    ['HTML', bytes('<!doctype html>', { 'content-type': 'text/html' })],
    ['another issuer', json({ issuer: 'https://other.example', jwks_uri: 'https://other.example/keys' })],
    ['a 500', status(500)],
    ['null', json(null)],
  ])('KEY-1 goes on to the OpenID metadata when the OAuth one is %s', async (_title, answer) => {
    server.at.set(oauth, answer)
    server.at.set(openid, json({ issuer, jwks_uri: `${issuer}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer })
    expect(kidsOf(await keySet.find('a', 'ES256'))).toEqual(['a'])
  })

  it.each([
    ['of another issuer', (own: string) => ({ issuer: 'https://other.example', jwks_uri: `${own}/keys` })],
    ['with a slash at the end of the issuer', (own: string) => ({ issuer: `${own}/`, jwks_uri: `${own}/keys` })],
    ['with the issuer in another case', (own: string) => ({ issuer: own.toUpperCase(), jwks_uri: `${own}/keys` })],
    ['without issuer', (own: string) => ({ jwks_uri: `${own}/keys` })],
    ['with a list as issuer', (own: string) => ({ issuer: [own], jwks_uri: `${own}/keys` })],
    ['without jwks_uri', (own: string) => ({ issuer: own })],
    ['with plain http elsewhere', (own: string) => ({ issuer: own, jwks_uri: 'http://keys.example/keys' })],
    ['with a file as jwks_uri', (own: string) => ({ issuer: own, jwks_uri: 'file:///keys' })],
    ['with a jwks_uri that is no URL', (own: string) => ({ issuer: own, jwks_uri: '/keys' })],
  ])('KEY-1 refuses metadata %s', async (_title, metadata) => {
    server.at.set(oauth, json(metadata(issuer)))
    server.at.set(openid, json(metadata(issuer)))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, problems, fetched } = clockedKeySet({ issuer })
    await expect(keySet.find('a', 'ES256')).rejects.toThrow(KeysUnavailable)
    expect(fetched).toEqual([issuer + oauth, issuer + openid])
    expect(problems).toHaveLength(1)
  })

  it('KEY-1 remembers where the keys are, and reads the metadata once for each refresh', async () => {
    server.at.set(oauth, json({ issuer, jwks_uri: `${issuer}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, pass } = clockedKeySet({ issuer })
    await keySet.ready()
    pass(25 * hour)
    await keySet.ready()
    expect([server.hitsAt(oauth), server.hitsAt('/keys'), server.hits.length]).toEqual([2, 2, 4])
  })

  it('KEY-1 looks again where the keys are when fetching them fails, within the same refresh', async () => {
    server.at.set(oauth, json({ issuer, jwks_uri: `${issuer}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer })
    await keySet.ready()
    server.at.set(oauth, json({ issuer, jwks_uri: `${issuer}/moved` }))
    server.at.set('/moved', json(keySetOf('b')))
    server.at.delete('/keys')
    expect(kidsOf(await keySet.find('b', 'ES256'))).toEqual(['b'])
    expect([server.hitsAt(oauth), server.hitsAt('/keys'), server.hitsAt('/moved'), server.hits.length]).toEqual([2, 2, 1, 5])
  })

  it('KEY-1 does not ask the same place twice in one refresh', async () => {
    server.at.set(oauth, json({ issuer, jwks_uri: `${issuer}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, problems, pass } = clockedKeySet({ issuer })
    await keySet.ready()
    server.at.set('/keys', status(500))
    expect(await keySet.find('b', 'ES256')).toEqual([])
    expect([server.hitsAt(oauth), server.hitsAt('/keys'), server.hits.length]).toEqual([2, 2, 4])
    expect(problems).toEqual([`The keys of the issuer ${issuer} could not be fetched: ${issuer}/keys: status 500`])

    server.at.set('/keys', json(keySetOf('b')))
    pass(1 * second)
    expect(kidsOf(await keySet.find('b', 'ES256'))).toEqual(['b'])
  })

  it('KEY-1 tells of both where neither metadata nor keys can be had', async () => {
    server.at.set(oauth, json({ issuer, jwks_uri: `${issuer}/keys` }))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, problems } = clockedKeySet({ issuer })
    await keySet.ready()
    server.at.clear()
    expect(await keySet.find('b', 'ES256')).toEqual([])
    expect(problems).toEqual([`The keys of the issuer ${issuer} could not be fetched: ${issuer}/keys: status 404; no metadata (${issuer}${oauth}: status 404; ${issuer}${openid}: status 404)`])
  })

  it('KEY-1 fetches nothing at construction', () => {
    const { fetched } = clockedKeySet({ issuer })
    expect(fetched).toEqual([])
  })
})

describe('KEY-1 https only, plain http for loopback hosts alone', () => {
  it.each([
    'https://issuer.example', 'https://issuer.example/', 'https://issuer.example/tenant/', 'https://issuer.example:8443', 'https://10.0.0.1',
    'http://localhost', 'http://localhost:3000/a', 'http://LOCALHOST', 'http://127.0.0.1:8080', 'http://127.8.9.10', 'http://127.1', 'http://[::1]:3000',
  ])('KEY-1 allows %s', (url) => {
    expect(isAllowedIssuerUrl(url)).toBe(true)
    expect(isAllowedEndpoint(url)).toBe(true)
  })

  it.each([
    'http://issuer.example', 'http://10.0.0.1', 'http://0.0.0.0', 'http://128.0.0.1', 'http://localhost.example', 'http://127.0.0.1.example',
    'http://example/127.0.0.1', 'http://[::2]', 'http://[::ffff:127.0.0.1]', 'http://localhost@issuer.example', 'https://user@issuer.example',
    'https://:secret@issuer.example', 'ftp://localhost', 'file:///etc/keys', 'javascript:0', 'data:application/json,{}', 'issuer.example', '//issuer.example', '', 'https://',
  ])('KEY-1 refuses %s', (url) => {
    expect(isAllowedIssuerUrl(url)).toBe(false)
    expect(isAllowedEndpoint(url)).toBe(false)
    expect(() => createRemoteKeySet({ issuer: url, fetch, now: Date.now, onProblem: () => undefined })).toThrow(TypeError)
    expect(() => createRemoteKeySet({ issuer: 'https://issuer.example', jwksUri: url, fetch, now: Date.now, onProblem: () => undefined })).toThrow(TypeError)
  })

  it.each(['https://issuer.example?a', 'https://issuer.example/#', 'https://issuer.example/?'])('KEY-1 refuses %s as issuer: RFC 8414 section 2', (url) => {
    expect(isAllowedIssuerUrl(url)).toBe(false)
    expect(isAllowedEndpoint(url)).toBe(true)
  })
})

describe('KEY-1 given keys', () => {
  it('KEY-1 are found at once, and do not expire', async () => {
    const keySet = createStaticKeySet(keySetOf('a', 'b'))
    const found = keySet.find('a', 'ES256') as readonly never[]
    expect(kidsOf(found)).toEqual(['a'])
    expect(keySet.find('c', 'ES256')).toEqual([])
    expect(keySet.find('a', 'RS256')).toEqual([])
    expect(keySet.holds(found[0]!)).toBe(true)
    expect(keySet.holds((createStaticKeySet(keySetOf('a')).find('a', 'ES256') as never[])[0]!)).toBe(false)
    await expect(keySet.ready()).resolves.toBeUndefined()
  })

  it.each([
    ['nothing', undefined], ['no keys', { keys: [] }], ['a single key', ec().jwk], ['a private key', { keys: [{ ...ec().privateKey.export({ format: 'jwk' }) }] }],
    ['101 keys', keySetOf(...Array.from({ length: 101 }, (_, index) => String(index)))],
  ])('KEY-1 of which none is usable are a TypeError at start-up: %s', (_title, jwks) => {
    expect(() => createStaticKeySet(jwks)).toThrow(TypeError)
    expect(() => createStaticKeySet(jwks)).toThrow(/no usable key/)
  })
})
