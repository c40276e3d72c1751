import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeysUnavailable } from '../../../src/token/key-set.js'
import type { Fetch } from '../../../src/token/fetch-json.js'
import { clockedKeySet } from './clocked-key-set.js'
import { bytes, cutOff, hang, json, stall, startIssuerServer, status, type Answer, type IssuerServer } from './issuer-server.js'
import { ec, keySetOf } from './json-web-keys.js'

let server: IssuerServer
let jwksUri: string
beforeEach(async () => {
  server = await startIssuerServer()
  jwksUri = `${server.origin}/keys`
})
afterEach(() => server.close())

const good = keySetOf('b')

/** A good key set, as JSON of exactly so many bytes. */
const padTo = (size: number): string => JSON.stringify({ ...good, pad: '' }).replace('"pad":""', `"pad":"${' '.repeat(size - JSON.stringify({ ...good, pad: '' }).length)}"`)

/** A stream of something that no body of `fetch` should stream. */
const streamOf = (chunk: any): ReadableStream => new ReadableStream({
  start: (controller) => {
    controller.enqueue(chunk)
    controller.close()
  },
})

const failures: [string, Answer, RegExp][] = [
  ['a 500', status(500), /status 500/],
  ['a 404', status(404), /status 404/],
  ['a 204', status(204), /status 204/],
  ['a 201 with good keys', (_request, response) => { response.writeHead(201).end(JSON.stringify(good)) }, /status 201/],
  ['a redirect to good keys', status(302, { location: '/elsewhere' }), /status 302/],
  ['a permanent redirect to good keys', status(308, { location: '/elsewhere' }), /status 308/],
  ['a cut connection', cutOff, /keys: /],
  ['HTML', bytes('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }), /not JSON/],
  ['nothing', bytes(''), /not JSON/],
  ['garbage', bytes(Buffer.from([0xff, 0xfe, 0x00])), /not JSON/],
  ['JSON in broken UTF-8', bytes(Buffer.concat([Buffer.from(`${JSON.stringify(good).slice(0, -1)},"x":"`), Buffer.from([0xff]), Buffer.from('"}')])), /not JSON/],
  ['JSON with something behind it', bytes(`${JSON.stringify(good)}x`), /not JSON/],
  ['a broken gzip stream', bytes('not gzip', { 'content-encoding': 'gzip' }), /keys: /],
  ['null', json(null), /no key/],
  ['an empty set', json({ keys: [] }), /no key/],
  ['a set without a usable key', json({ keys: [{ kty: 'oct', k: 'AA' }, { ...ec().jwk, use: 'enc' }] }), /no key/],
  ['101 keys', json({ keys: Array.from({ length: 101 }, (_, index) => ({ ...good.keys[0], kid: index === 0 ? 'b' : String(index) })) }), /100/],
  ['65,537 bytes', bytes(padTo(65_537)), /more than 65536 bytes/],
  ['10 MB', bytes(padTo(10_000_000)), /more than 65536 bytes/],
  ['a gzip bomb of 100 MB', bytes(gzipSync(Buffer.alloc(100_000_000, ' ')), { 'content-encoding': 'gzip' }), /more than 65536 bytes/],
  ['no answer', hang, /no complete answer within 3000 ms/],
  ['half an answer', stall, /no complete answer within 3000 ms/],
]

/** Only what never answers has to run into the deadline: on a busy machine anything else would now and then. */
const neverAnswers = (answer: Answer): boolean => answer === hang || answer === stall
const deadlineFor = (answer: Answer): number | undefined => (neverAnswers(answer) ? 3_000 : undefined)

describe.each(failures)('KEY-6 %s is a failure', (_title, answer, message) => {
  it('KEY-6 KEY-4 without keys: unavailable', async () => {
    server.at.set('/elsewhere', json(good))
    server.at.set('/keys', answer)
    const { keySet, problems } = clockedKeySet({ issuer: server.origin, jwksUri, deadlineMs: deadlineFor(answer) })
    await expect(keySet.find('b', 'ES256')).rejects.toThrow(KeysUnavailable)
    expect(problems).toEqual([expect.stringMatching(message)])
    // A machine that stood still may not have asked before the deadline.
    expect(server.hits).toEqual(neverAnswers(answer) && server.hits.length === 0 ? [] : ['/keys'])
  })

  it('KEY-6 with keys: the old set stays', async () => {
    server.at.set('/elsewhere', json(good))
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, problems } = clockedKeySet({ issuer: server.origin, jwksUri, deadlineMs: deadlineFor(answer) })
    const [key] = await keySet.find('a', 'ES256')
    server.at.set('/keys', answer)
    expect(await keySet.find('b', 'ES256')).toEqual([])
    expect(problems).toEqual([expect.stringMatching(message)])
    expect(keySet.holds(key!)).toBe(true)
    expect(keySet.find('a', 'ES256')).toEqual([key])
  })
})

describe('KEY-6 what is still allowed', () => {
  it.each<[string, Answer]>([
    ['exactly 65,536 bytes', bytes(padTo(65_536))],
    ['a compressed answer', bytes(gzipSync(JSON.stringify(good)), { 'content-encoding': 'gzip' })],
    ['any content type', json(good, { 'content-type': 'text/plain' })],
    ['a byte order mark', bytes(`\ufeff${JSON.stringify(good)}`)],
    ['100 keys', json({ keys: Array.from({ length: 100 }, (_, index) => ({ ...good.keys[0], kid: index === 0 ? 'b' : String(index) })) })],
  ])('KEY-6 %s', async (_title, answer) => {
    server.at.set('/keys', answer)
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri })
    expect(await keySet.find('b', 'ES256')).toHaveLength(1)
  })
})

describe('KEY-6 the deadline', () => {
  it('KEY-6 holds for discovery and fetch together', async () => {
    const metadata = json({ issuer: server.origin, jwks_uri: jwksUri })
    server.at.set('/.well-known/oauth-authorization-server', metadata)
    server.at.set('/keys', hang)
    const { keySet, problems } = clockedKeySet({ issuer: server.origin, deadlineMs: 200 })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    expect(problems).toEqual([expect.stringContaining('no complete answer within 200 ms')])
  })

  it('KEY-6 no second document is asked for after it', async () => {
    server.at.set('/.well-known/oauth-authorization-server', hang)
    const { keySet, fetched } = clockedKeySet({ issuer: server.origin, deadlineMs: 100 })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    await new Promise(setImmediate)
    expect(fetched).toHaveLength(1)
  })

  it.each([['no answer', hang], ['half an answer', stall]])('KEY-6 after it the connection is closed: %s', async (_title, answer) => {
    let closed: Promise<unknown> | undefined
    server.at.set('/keys', (request, response) => {
      closed = once(response, 'close')
      answer(request, response)
    })
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, deadlineMs: 100 })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    await closed
  })

  it.each<[string, Fetch]>([
    ['that never settles', () => new Promise<never>(() => undefined)],
    ['whose body never comes', () => Promise.resolve(new Response(new ReadableStream()))],
    ['that answers after the deadline', (_url, { signal }) => new Promise((resolve) => {
      signal!.addEventListener('abort', () => resolve(Response.json(good)))
    })],
  ])('KEY-6 binds a fetch of the user\'s that does not heed the signal: one %s', async (_title, fetch) => {
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, fetch, deadlineMs: 50 })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    await new Promise(setImmediate)
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
  })

  it('KEY-6 after it the body of such a fetch is cancelled', async () => {
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({ cancel: () => resolve() })
      const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, fetch: () => Promise.resolve(new Response(body)), deadlineMs: 50 })
      void keySet.ready().catch(() => undefined)
    })
    await cancelled
  })

  it('KEY-6 a body that is refused is not read to its end', async () => {
    for (const code of [200, 500]) {
      const cancelled = new Promise<void>((resolve) => {
        const body = new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
          cancel: () => resolve(),
        })
        const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, fetch: () => Promise.resolve(new Response(body, { status: code })) })
        void keySet.ready().catch(() => undefined)
      })
      await cancelled
    }
  })

  it('KEY-6 its timer does not keep the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, fetch: () => new Promise<never>(() => undefined), deadlineMs: 100 })
    const waiting = keySet.ready()
    expect(timers()).toBe(before)
    await expect(waiting).rejects.toThrow(KeysUnavailable)
  })
})

describe('KEY-6 a fetch of the user\'s', () => {
  it('KEY-6 may not follow redirects by itself', async () => {
    server.at.set('/keys', status(302, { location: '/elsewhere' }))
    server.at.set('/elsewhere', json(good))
    const { keySet, problems } = clockedKeySet({ issuer: server.origin, jwksUri, fetch: (url) => fetch(url) })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    expect(problems).toEqual([expect.stringContaining('a redirect was followed')])
  })

  it.each<[string, Fetch, string]>([
    ['throws', () => { throw new Error('no\r\nproxy\u2028\u001b[31m') }, 'no??proxy??[31m'],
    ['rejects with no error', () => Promise.reject('x'), 'unknown reason'],
    ['rejects with a very long message', () => Promise.reject(new Error('x'.repeat(10_000))), 'xxx'],
    ['answers without a body', () => Promise.resolve(new Response(null)), 'no body'],
    ['streams what has no length', () => Promise.resolve(new Response(streamOf('{"keys":[]}'))), 'keys: '],
  ])('KEY-6 is a failure when it %s, told in one printable line', async (_title, fetch, message) => {
    const { keySet, problems } = clockedKeySet({ issuer: server.origin, jwksUri, fetch })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    expect(problems).toEqual([expect.stringContaining(message)])
    expect(problems[0]).toMatch(/^[\x20-\x7e]{1,500}$/)
  })

  it('KEY-6 is asked not to follow redirects, and to stop at the deadline', async () => {
    server.at.set('/keys', json(good))
    const asked: RequestInit[] = []
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri, fetch: (url, init) => {
      asked.push(init)
      return fetch(url, init)
    } })
    await keySet.ready()
    expect(asked).toEqual([{ headers: { accept: 'application/json' }, redirect: 'manual', signal: expect.any(AbortSignal) }])
  })
})
