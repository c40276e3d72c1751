import { pipeline, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { freePort } from './free-port.js'
import { bytes, cutOff, hang, json, stall, startIssuerServer, status, type Answer } from '../token/keys/issuer-server.js'
import { ec, type KeyPair } from '../token/keys/json-web-keys.js'

/** One way of an issuer to fail. */
export interface Failure {
  /** Completes "an issuer that …". */
  readonly title: string
  /** What it answers, or that nobody listens on its port any more. */
  readonly answer: Answer | 'nobody listens'
  /** Whether its metadata are as they were, and only its keys fail. */
  readonly onlyKeys?: boolean
  /** What the operator is told of it. */
  readonly told: RegExp
}

const metadataPath = '/.well-known/oauth-authorization-server'
const keysPath = '/keys'
const elsewherePath = '/elsewhere'
const allPaths = [metadataPath, '/.well-known/openid-configuration', keysPath]

/** Bytes of an answer that is far too long. */
export const floodBytes = 100_000_000

/** 100 kB on the wire, 100 MB inflated: a hundred times the same member (RFC 1952 section 2.2). */
const bomb = Buffer.concat(Array<Buffer>(100).fill(gzipSync(Buffer.alloc(1_000_000, ' '))))

/** Failures that are over as soon as they are received. */
export const loudFailures: readonly Failure[] = [
  { title: 'answers 500', answer: status(500), told: /status 500/ },
  { title: 'answers 503', answer: status(503, { 'retry-after': '3600' }), told: /status 503/ },
  { title: 'refuses connections', answer: 'nobody listens', told: /could not be fetched/ },
  { title: 'cuts connections', answer: cutOff, told: /could not be fetched/ },
  { title: 'speaks another protocol', answer: ({ socket }) => { socket.end('SSH-2.0-OpenSSH_9.9\r\n') }, told: /could not be fetched/ },
  { title: 'sends 100 kB of header fields', answer: bytes('{}', { 'x-padding': 'x'.repeat(100_000) }), told: /could not be fetched/ },
  { title: 'sends a page in HTML', answer: bytes('<!doctype html><title>Back soon</title>', { 'content-type': 'text/html' }), told: /not JSON/ },
  { title: 'sends half a JSON document', answer: bytes('{"issuer":"http://127.0.0.1","keys":[{"kty":"EC","crv":"P-2', { 'content-type': 'application/json' }), told: /not JSON/ },
  { title: 'sends JSON that is no key set', answer: json(['keys']), onlyKeys: true, told: /no key set/ },
  { title: 'sends an empty set', answer: json({ keys: [] }), onlyKeys: true, told: /no key in it is usable/ },
  { title: 'sends a set without a usable key', answer: json({ keys: [{ kty: 'oct', kid: 'a', k: 'AAAA' }, ec({ kid: 'a', use: 'enc' }).jwk, { kty: 'EC', kid: 'a', crv: 'P-256', x: 'AA', y: 'AA' }] }), onlyKeys: true, told: /no key in it is usable/ },
  { title: 'redirects to good keys', answer: status(302, { location: elsewherePath }), told: /status 302/ },
  { title: 'sends 100 MB', answer: flood(), told: /more than 65536 bytes/ },
  { title: 'sends 100 MB in 100 kB of gzip', answer: bytes(bomb, { 'content-encoding': 'gzip' }), told: /more than 65536 bytes/ },
]

/** Failures that only the deadline of 5 s ends. */
export const silentFailures: readonly Failure[] = [
  { title: 'takes requests and never answers', answer: hang, told: /no complete answer within 5000 ms/ },
  { title: 'begins an answer and never ends it', answer: stall, told: /no complete answer within 5000 ms/ },
]

export interface Flood {
  (...args: Parameters<Answer>): void
  /** Bytes of bodies that were taken from us so far, kernel buffers included. */
  sentBytes(): number
  /** Answers that ended, each as whether it was sent to its end. */
  readonly ended: boolean[]
}

/** Sends 100 MB of white space before `document`, as fast as they are taken: a good answer for who reads to the end. */
export function flood(document: unknown = {}, statusCode = 200): Flood {
  const chunk = Buffer.alloc(65_536, ' ')
  let sentBytes = 0
  const ended: boolean[] = []
  function* body(): Generator<Buffer | string> {
    for (let size = 0; size < floodBytes; size += chunk.length) {
      sentBytes += chunk.length
      yield chunk
    }
    yield JSON.stringify(document)
  }
  const answer: Answer = (_request, response) => {
    response.writeHead(statusCode, { 'content-type': 'application/json' })
    pipeline(Readable.from(body()), response, () => { ended.push(response.writableFinished) })
  }
  return Object.assign(answer, { sentBytes: () => sentBytes, ended })
}

/** An issuer over HTTP with keys of its own, which stops behaving when it is told to. */
export interface MisbehavingIssuer {
  /** Its `iss`, by which its metadata are found. */
  readonly issuer: string
  readonly key: KeyPair
  /** How often it was asked for its keys, wherever it said they were. */
  keyFetches(): number
  /** How often it was asked for anything. */
  requests(): number
  /** How often somebody went where it redirected to. */
  redirectsFollowed(): number
  /** Answers as an issuer should, with these public keys. */
  publish(...keys: readonly KeyPair[]): void
  /** Answers the request for its keys like this. */
  answerKeys(answer: Answer): void
  fail(failure: Failure): Promise<void>
  /** Behaves again, on the same port: with these public keys, or with those that it published last. */
  recover(...keys: readonly KeyPair[]): Promise<void>
  close(): Promise<void>
}

export async function startMisbehavingIssuer(): Promise<MisbehavingIssuer> {
  const key = ec({ kid: 'first', alg: 'ES256', use: 'sig' })
  let server = await startIssuerServer(await freePort())
  const { origin, port } = server
  let isListening = true
  let published: readonly KeyPair[] = [key]
  /** Of servers that stood on this port before. */
  let earlierHits: readonly string[] = []

  const hits = (): readonly string[] => [...earlierHits, ...(isListening ? server.hits : [])]
  const hitsAt = (path: string): number => hits().filter((hit) => hit === path).length
  const stop = async (): Promise<void> => {
    if (!isListening) return
    earlierHits = hits()
    isListening = false
    await server.close()
  }
  const behave = (): void => {
    const keys = json({ keys: published.map(({ jwk }) => jwk) })
    server.at.clear()
    server.at.set(metadataPath, json({ issuer: origin, jwks_uri: `${origin}${keysPath}` }))
    server.at.set(keysPath, keys)
    server.at.set(elsewherePath, keys)
  }
  behave()

  return {
    issuer: origin,
    key,
    keyFetches: () => hitsAt(keysPath),
    requests: () => hits().length,
    redirectsFollowed: () => hitsAt(elsewherePath),
    publish: (...keys) => {
      published = keys
      behave()
    },
    answerKeys: (answer) => { server.at.set(keysPath, answer) },
    fail: async ({ answer, onlyKeys = false }) => {
      if (answer === 'nobody listens') await stop()
      else for (const path of onlyKeys ? [keysPath] : allPaths) server.at.set(path, answer)
    },
    recover: async (...keys) => {
      if (keys.length > 0) published = keys
      if (!isListening) {
        server = await startIssuerServer(port)
        isListening = true
      }
      behave()
    },
    close: stop,
  }
}
