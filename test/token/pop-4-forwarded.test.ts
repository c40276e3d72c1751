import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { IncomingRequest } from '../../src/http/incoming-request.js'
import { readForwarded, type Forwarded } from '../../src/token/forwarded.js'
import { serverKinds, startServer } from '../support/servers.js'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'

const proxy = '10.0.0.1'
const proxies = new TrustedProxies([proxy])

type Header = readonly [name: string, value: string]

/** The same headers as a server of Node has them and as a caller of `guard.authorize` may state them. */
function outcomes(headers: readonly Header[], remoteAddress: string | undefined = proxy, named = proxies): unknown[] {
  const stated: Record<string, string[]> = {}
  for (const [name, value] of headers) (stated[name] ??= []).push(value)
  const requests: ResourceRequest[] = [
    { method: 'GET', url: '/', headers: {}, rawHeaders: headers.flat(), remoteAddress },
    { method: 'GET', url: '/', headers: stated, remoteAddress },
  ]
  return requests.map((request) => readForwarded(request, named))
}

function outcome(...args: Parameters<typeof outcomes>): unknown {
  const [received, stated] = outcomes(...args)
  expect(stated).toEqual(received)
  return received
}

const host = (value: string, name = 'X-Forwarded-Host'): Header => [name, value]
const proto = (value: string, name = 'X-Forwarded-Proto'): Header => [name, value]
const refused = (detail: string) => ({ code: 'invalid_request', rule: 'POP-4', detail })

describe('POP-4, CON-12: what a named proxy says', () => {
  it.each<[string, readonly Header[], Forwarded]>([
    ['both', [host('api.example.com'), proto('https')], { origin: 'https://api.example.com', encrypted: true }],
    ['both, without TLS', [host('api.example.com'), proto('http')], { origin: 'http://api.example.com', encrypted: false }],
    ['in another case', [host('API.Example.COM', 'x-forwarded-host'), proto('HTTPS', 'X-FORWARDED-PROTO')], { origin: 'https://api.example.com', encrypted: true }],
    ['a port of its own', [host('api.example.com:8443'), proto('https')], { origin: 'https://api.example.com:8443', encrypted: true }],
    ['the port of the scheme', [host('api.example.com:443'), proto('https')], { origin: 'https://api.example.com', encrypted: true }],
    ['the port of the other scheme', [host('api.example.com:443'), proto('http')], { origin: 'http://api.example.com:443', encrypted: false }],
    ['an IPv6 address', [host('[2001:DB8::1]:8443'), proto('https')], { origin: 'https://[2001:db8::1]:8443', encrypted: true }],
    ['the scheme alone', [proto('https')], { encrypted: true }],
    ['the scheme alone, without TLS', [proto('http')], { encrypted: false }],
    ['the host alone: its scheme is not known', [host('api.example.com')], {}],
    ['neither', [], {}],
    ['neither, with what others may send', [['Host', 'evil.example'], ['Forwarded', 'host=evil.example;proto=https'], ['X-Forwarded-Port', '8443'], ['X-Forwarded-Ssl', 'on'], ['Front-End-Https', 'on'], ['X-Forwarded-For', '192.0.2.1'], ['X-Original-Host', 'evil.example'], ['X-Forwarded-Server', 'evil.example']], {}],
    ['beside them', [['Host', 'evil.example'], ['Forwarded', 'host=evil.example'], ['X-Forwarded-Port', '8443'], host('api.example.com'), proto('https')], { origin: 'https://api.example.com', encrypted: true }],
    ['values that look like names', [['X-A', 'x-forwarded-host'], ['X-B', 'x-forwarded-proto']], {}],
  ])('%s', (_, headers, expected) => {
    expect(outcome(headers)).toEqual(expected)
  })
})

describe('POP-4: from anyone else they are ignored, whatever they hold', () => {
  const both = [host('evil.example'), proto('https')]

  it.each<[string, readonly Header[], string | undefined, TrustedProxies]>([
    ['a peer that is not named', both, '10.0.0.2', proxies],
    ['a peer without an address', both, undefined, proxies],
    ['a peer that only says that it is one', [...both, ['X-Forwarded-For', proxy], ['X-Real-IP', proxy]], '10.0.0.2', proxies],
    ['anybody where none is named', both, proxy, new TrustedProxies([])],
    ['several values', [...both, ...both], '10.0.0.2', proxies],
    ['malformed ones', [host('a/intended?'), proto('gopher')], '10.0.0.2', proxies],
    ['malformed ones where none is named', [host(''), proto(',')], proxy, new TrustedProxies([])],
  ])('%s', (_, headers, remoteAddress, named) => {
    const request: ResourceRequest = { method: 'GET', url: '/', headers: {}, rawHeaders: headers.flat(), remoteAddress }
    expect(readForwarded(request, named)).toEqual({})
    expect(outcome(headers, remoteAddress ?? '', named)).toEqual({})
  })
})

describe('POP-4: forwarded values that are several or not of their form are 400', () => {
  const notHost = refused('X-Forwarded-Host is not host[:port]')
  const notProto = refused('X-Forwarded-Proto is neither http nor https')

  it.each<[string, readonly Header[], unknown]>([
    ['two hosts', [host('a.example'), host('b.example'), proto('https')], refused('more than one X-Forwarded-Host header')],
    ['two equal hosts', [host('a.example'), host('a.example'), proto('https')], refused('more than one X-Forwarded-Host header')],
    ['two hosts without a scheme', [host('a.example'), host('a.example')], refused('more than one X-Forwarded-Host header')],
    ['two schemes', [proto('https'), proto('http')], refused('more than one X-Forwarded-Proto header')],
    ['two equal schemes', [host('a.example'), proto('https'), proto('https')], refused('more than one X-Forwarded-Proto header')],
    ['one of them empty', [host('a.example'), host(''), proto('https')], refused('more than one X-Forwarded-Host header')],
    ...['', ',', 'a.example, b.example', 'a.example,b.example', 'a.example,', ',a.example', 'a/intended?', 'a.example/', 'a.example?', 'a.example#', 'user@a.example', 'https://a.example', ':443', 'a.example:65536', 'a.example:x', 'a b', '"a.example"', 'a\\b', 'b\u00fccher.example', '\u212aube.example', '::1', '[::1', '%61.example']
      .flatMap((value): [string, readonly Header[], unknown][] => [
        [`host ${JSON.stringify(value)}`, [host(value), proto('https')], notHost],
        [`host ${JSON.stringify(value)} without a scheme`, [host(value)], notHost],
      ]),
    ...['', ',', 'https, http', 'https,https', 'https,', 'http,https', ' https', 'https:', 'https://', 'wss', 'h2', 'on', 'true', '1', '"https"', 'http\u017f', 'constructor', '__proto__']
      .flatMap((value): [string, readonly Header[], unknown][] => [
        [`scheme ${JSON.stringify(value)}`, [host('a.example'), proto(value)], notProto],
        [`scheme ${JSON.stringify(value)} without a host`, [proto(value)], notProto],
      ]),
  ])('%s', (_, headers, expected) => {
    expect(outcome(headers)).toEqual(expected)
  })

  it('two by the case of their names', () => {
    expect(outcome([host('a.example'), host('a.example', 'x-forwarded-host'), proto('https')])).toEqual(refused('more than one X-Forwarded-Host header'))
  })
})

describe('POP-4: a doubled Host is 400, from anyone', () => {
  const doubled = refused('more than one Host header')

  it.each<[string, readonly Header[]]>([
    ['two', [['Host', 'a.example'], ['Host', 'b.example']]],
    ['two equal ones', [['Host', 'a.example'], ['Host', 'a.example']]],
    ['two by case', [['Host', 'a.example'], ['hOsT', 'a.example']]],
    ['an empty one beside it', [['host', ''], ['Accept', '*/*'], ['host', 'a.example']]],
    ['three', [['Host', 'a'], ['Host', 'b'], ['Host', 'c']]],
    ['beside forwarded values', [['Host', 'a'], host('api.example.com'), proto('https'), ['Host', 'a']]],
  ])('%s', (_, headers) => {
    for (const peer of [proxy, '10.0.0.2']) {
      for (const named of [proxies, new TrustedProxies([])]) expect(outcome(headers, peer, named)).toEqual(doubled)
    }
  })

  it.each<[string, readonly Header[]]>([
    ['one', [['Host', 'a.example']]],
    ['none', [['Accept', '*/*']]],
    ['one that is no host', [['Host', 'a/intended?']]],
    ['one with a list', [['Host', 'a.example, b.example']]],
    ['a value that is the name', [['Host', 'host'], ['X-Name', 'Host'], ['X-Other', 'host']]],
    ['names that only contain it', [['Host', 'a'], ['Hosts', 'b'], ['X-Host', 'c'], ['Ghost', 'd'], ['Hos', 'e'], ['H\u00f6st', 'f'], [':authority', 'g']]],
  ])('not %s', (_, headers) => {
    expect(outcome(headers)).toEqual({})
  })

  it('the raw list decides where there is one', () => {
    const request = { method: 'GET', url: '/', headers: { host: ['a', 'b'] }, rawHeaders: ['Host', 'a'] }
    expect(readForwarded(request, proxies)).toEqual({})
    expect(readForwarded({ ...request, headers: { host: 'a' }, rawHeaders: ['Host', 'a', 'Host', 'a'] }, proxies)).toEqual(doubled)
  })

  it('without proxies nothing is read but the names of the headers', () => {
    const rawHeaders = ['Host', 'a', 'X-Forwarded-Host', 'b', 'X-Forwarded-Proto', 'https']
    const unread = (name: string) => (): never => { throw new Error(`${name} was read`) }
    const request: ResourceRequest = Object.defineProperties({ method: 'GET', url: '/', rawHeaders } as unknown as ResourceRequest, { headers: { get: unread('headers') }, remoteAddress: { get: unread('remoteAddress') } })
    expect(readForwarded(request, new TrustedProxies([]))).toEqual({})
  })
})

/** With its length, so that it is read as it was sent. */
function answer(res: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value)
  res.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text)
}

describe.each(serverKinds)('POP-4: over HTTP, %s', (kind) => {
  it.each<[string, readonly string[], unknown]>([
    ['a named proxy', ['X-Forwarded-Host: Public.example:443', 'X-Forwarded-Proto: HTTPS'], { origin: 'https://public.example', encrypted: true }],
    ['white space around a value', ['X-Forwarded-Host:  public.example  ', 'X-Forwarded-Proto:\thttp'], { origin: 'http://public.example', encrypted: false }],
    ['two lines', ['X-Forwarded-Proto: https', 'x-forwarded-proto: https'], refused('more than one X-Forwarded-Proto header')],
    ['a second Host', ['Host: a/intended?'], refused('more than one Host header')],
    ['a second Host that is the same', ['host: api.example.com'], refused('more than one Host header')],
  ])('%s', async (_, lines, expected) => {
    const named = new TrustedProxies(['127.0.0.1'])
    const server = await startServer(kind, { use: [(req, res) => { answer(res, readForwarded(new IncomingRequest(req), named)) }], routes: [] })
    try {
      expect((await server.sendTarget('/', lines)).json).toEqual(expected)
    } finally {
      await server.close()
    }
  })
})
