import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import type { ClientAuthentication } from '../../../src/token/client-authentication.js'
import type { Fetch } from '../../../src/token/fetch-json.js'
import { IntrospectionUnavailable } from '../../../src/token/introspection-unavailable.js'
import { createIntrospectionEndpoint, RevocationFailed, type IntrospectionEndpoint, type IntrospectionEndpointOptions } from '../../../src/token/introspection-endpoint.js'
import { flood } from '../../support/misbehaving-issuer.js'
import { bytes, cutOff, hang, json, stall, status, type Answer } from '../keys/issuer-server.js'
import { active, expSeconds, startMs, useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const token = 'opaque+token/with=signs~._-'

const failureOf = async (work: Promise<unknown>): Promise<Error> => work.then((value) => { throw new Error(`settled with ${JSON.stringify(value)}`) }, (error: unknown) => error as Error)

const answerText = JSON.stringify({ active: true, sub: 'agent', exp: expSeconds })
const trickle: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => { response.write(' ') }, 20)
  response.on('close', () => { clearInterval(timer) })
}

const failures: readonly (readonly [title: string, answer: Answer, message: RegExp])[] = [
  ['a page in HTML', bytes('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }), /not JSON/],
  ['nothing', bytes(''), /not JSON/],
  ['garbage', bytes(Buffer.from([0xff, 0xfe, 0x00, 0x7b])), /not JSON/],
  ['half a document', bytes(answerText.slice(0, -3)), /not JSON/],
  ['a document and more', bytes(`${answerText}{}`), /not JSON/],
  ['JSON in broken UTF-8', bytes(Buffer.concat([Buffer.from('{"active":true,"sub":"'), Buffer.from([0xff]), Buffer.from('"}')])), /in one way only|not JSON/],
  ['a list', bytes(`[${answerText}]`), /not one object/],
  ['the word true', json(true), /not one object/],
  ['null', json(null), /not one object/],
  ['a text', json('active'), /not one object/],
  ['active twice', bytes(`{"active":false,"active":true,"exp":${expSeconds}}`), /in one way only/],
  ['active twice, once escaped', bytes(`{"active":false,"\\u0061ctive":true,"exp":${expSeconds}}`), /in one way only/],
  ['a repeated member further down', bytes('{"active":true,"cnf":{"jkt":"a","jkt":"b"}}'), /in one way only/],
  ['a member __proto__', bytes('{"active":true,"__proto__":{"active":true}}'), /in one way only/],
  ['a number that is not finite', bytes('{"active":true,"exp":1e999}'), /in one way only/],
  ['33 objects in each other', bytes(`{"active":true,"a":${'{"a":'.repeat(32)}1${'}'.repeat(33)}`), /in one way only/],
  ['400 unsupported_token_type', (_request, response) => { response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"unsupported_token_type"}') }, /status 400/],
  ['400 and inactive', (_request, response) => { response.writeHead(400, { 'content-type': 'application/json' }).end('{"active":false}') }, /status 400/],
  ['401', status(401, { 'www-authenticate': 'Basic' }), /status 401/],
  ['403', status(403), /status 403/],
  ['404', status(404), /status 404/],
  ['429', status(429, { 'retry-after': '3600' }), /status 429/],
  ['500', status(500), /status 500/],
  ['500 and active', (_request, response) => { response.writeHead(500).end(answerText) }, /status 500/],
  ['201 and active', (_request, response) => { response.writeHead(201).end(answerText) }, /status 201/],
  ['204', status(204), /status 204/],
  ['a redirect to a good answer', status(302, { location: '/elsewhere' }), /status 302/],
  ['a redirect that keeps the method', status(307, { location: '/elsewhere' }), /status 307/],
  ['65,537 bytes', bytes(answerText.padEnd(65_537)), /more than 65536 bytes/],
  ['100 MB', flood(JSON.parse(answerText)), /more than 65536 bytes/],
  ['100 MB in a little gzip', bytes(Buffer.concat(Array<Buffer>(100).fill(gzipSync(Buffer.alloc(1_000_000, ' ')))), { 'content-encoding': 'gzip' }), /more than 65536 bytes/],
  ['a broken gzip stream', bytes('not gzip', { 'content-encoding': 'gzip' }), /could not be asked/],
  ['a cut connection', cutOff, /could not be asked/],
  ['no answer', hang, /no complete answer within 500 ms/],
  ['half an answer', stall, /no complete answer within 500 ms/],
  ['an answer drop by drop', trickle, /no complete answer within 500 ms/],
]
const isSlow = (answer: Answer): boolean => [hang, stall, trickle].includes(answer)

describe('INT-1: what is no answer is a failure, neither inactive nor active', () => {
  it.each(failures)('INT-1: %s', async (_title, answer, message) => {
    issuer.server.at.set('/elsewhere', active())
    issuer.answer(() => answer)
    const failure = await failureOf(issuer.endpoint(isSlow(answer) ? { timeoutMs: 500 } : {}).introspect(token))
    expect(failure).toBeInstanceOf(IntrospectionUnavailable)
    expect(failure).toMatchObject({ reason: 'failure', retryAfterSeconds: 1, message: expect.stringMatching(message) })
    expect(issuer.server.hitsAt('/elsewhere')).toBe(0)
  })

  it('INT-1: a refused connection', async () => {
    const endpoint = issuer.endpoint()
    await issuer.stop()
    expect(await failureOf(endpoint.introspect(token))).toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringContaining('ECONNREFUSED') })
  })

  it('INT-1: a stream of something else than bytes', async () => {
    const fetch: Fetch = () => Promise.resolve(new Response(new ReadableStream({ start: (stream) => { stream.enqueue('x' as any); stream.close() } })))
    expect(await failureOf(issuer.endpoint({ fetch }).introspect(token))).toBeInstanceOf(IntrospectionUnavailable)
  })

  it('INT-1: a fetch that does not heed its signal', async () => {
    const endpoint = issuer.endpoint({ timeoutMs: 50, fetch: () => new Promise(() => undefined) })
    expect(await failureOf(endpoint.introspect(token))).toMatchObject({ message: expect.stringContaining('no complete answer within 50 ms') })
  })
})

describe('INT-1: what is an answer', () => {
  it.each([
    ['false', { active: false }], ['the text true', { active: 'true' }], ['the number 1', { active: 1 }], ['null', { active: null }], ['a list', { active: [true] }],
    ['an object', { active: {} }], ['in another case', { Active: true }], ['absent', { sub: 'agent', exp: expSeconds }],
  ])('INT-1: active: %s is inactive', async (_title, body) => {
    issuer.answer(() => json(body))
    expect(await issuer.endpoint().introspect(token)).toEqual({ active: false })
  })

  it('INT-1: active: true comes with all members as they are, frozen', async () => {
    issuer.answer(() => active({ cnf: { jkt: 'x' }, task_id: null, aud: ['a', 'b'] }))
    const answer = await issuer.endpoint().introspect(token)
    expect(answer).toEqual({ active: true, members: { active: true, sub: 'agent', exp: expSeconds, cnf: { jkt: 'x' }, task_id: null, aud: ['a', 'b'] } })
    expect(Object.isFrozen((answer as any).members.cnf)).toBe(true)
  })

  it('INT-1: 65,536 bytes, and gzip, are read', async () => {
    issuer.answer(() => bytes(answerText.padEnd(65_536)))
    expect(await issuer.endpoint().introspect(token)).toMatchObject({ active: true })
    issuer.answer(() => bytes(gzipSync(answerText), { 'content-encoding': 'gzip' }))
    expect(await issuer.endpoint().introspect(token)).toMatchObject({ active: true })
  })
})

describe('INT-1: what is sent', () => {
  const ask = async (client: ClientAuthentication) => {
    await issuer.endpoint({ client }).introspect(token)
    await issuer.endpoint({ client }).revoke(token)
    expect(issuer.revocations[0]!.form.get('token')).toBe(token)
    expect(issuer.revocations[0]!.headers.authorization).toBe(issuer.introspections[0]!.headers.authorization)
    return issuer.introspections[0]!
  }

  it('INT-1: a form with the token and its kind, and id and secret form-encoded in Basic', async () => {
    const { method, headers, form } = await ask({ method: 'client_secret_basic', clientId: 'my:api é', clientSecret: 'p%+ ä:&' })
    expect(method).toBe('POST')
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' })
    expect([...form]).toEqual([['token', token], ['token_type_hint', 'access_token']])
    expect(Buffer.from(headers.authorization!.slice('Basic '.length), 'base64').toString()).toBe('my%3Aapi+%C3%A9:p%25%2B+%C3%A4%3A%26')
  })

  it('INT-1: id and secret in the form', async () => {
    const { headers, form } = await ask({ method: 'client_secret_post', clientId: 'my:api', clientSecret: 'p%+ ä:&' })
    expect(headers.authorization).toBeUndefined()
    expect([...form]).toEqual([['token', token], ['token_type_hint', 'access_token'], ['client_id', 'my:api'], ['client_secret', 'p%+ ä:&']])
  })

  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed25519 = generateKeyPairSync('ed25519')
  it.each([
    ['ES256', ec, { privateKey: ec.privateKey }, undefined],
    ['ES256', ec, { privateKey: { ...ec.privateKey.export({ format: 'jwk' }), kid: 'of the JWK' } }, 'of the JWK'],
    ['RS256', rsa, { privateKey: rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, keyId: 'k' }, 'k'],
    ['PS256', rsa, { privateKey: rsa.privateKey, algorithm: 'PS256' }, undefined],
    ['EdDSA', ed25519, { privateKey: ed25519.privateKey, keyId: 'k' }, 'k'],
  ] as const)('INT-1: an assertion signed by %s', async (alg, { publicKey }, settings, kid) => {
    const client: ClientAuthentication = { method: 'private_key_jwt', clientId: 'api', ...settings }
    const { headers, form } = await ask(client)
    expect(headers.authorization).toBeUndefined()
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const [head, body, signature] = form.get('client_assertion')!.split('.') as [string, string, string]
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(decode(head)).toEqual({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) })
    const claims = decode(body)
    expect(claims).toEqual({ iss: 'api', sub: 'api', aud: issuer.issuer, iat: startMs / 1000, exp: startMs / 1000 + 60, jti: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    const key = { key: createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })), ...(alg === 'ES256' && { dsaEncoding: 'ieee-p1363' as const }), ...(alg === 'PS256' && { padding: 6, saltLength: 32 }) }
    expect(verify(alg === 'EdDSA' ? null : 'sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(decode(issuer.revocations[0]!.form.get('client_assertion')!.split('.')[1]!).jti).not.toBe(claims.jti)
  })
})

describe('INT-1: where the issuer is asked', () => {
  it('INT-1: as its metadata say, which are read once', async () => {
    const endpoint = issuer.endpoint({ endpoint: undefined, revocationEndpoint: undefined })
    await Promise.all(Array.from({ length: 20 }, () => endpoint.introspect(token)))
    await endpoint.introspect(token)
    await endpoint.revoke(token)
    expect(issuer.introspections).toHaveLength(21)
    expect(issuer.revocations).toHaveLength(1)
    expect(issuer.server.hitsAt('/.well-known/oauth-authorization-server')).toBe(2)
  })

  it('INT-1: metadata without it, of another issuer, or with another place than https, are a failure', async () => {
    const url = 'http://issuer.example/introspect'
    for (const [metadata, message] of [
      [{ issuer: issuer.issuer }, 'no `introspection_endpoint`'],
      [{ issuer: 'https://other.example', introspection_endpoint: `${issuer.issuer}/introspect` }, 'of the issuer "https://other.example"'],
      [{ issuer: issuer.issuer, introspection_endpoint: url }, '`introspection_endpoint` is not https'],
    ] as const) {
      issuer.server.at.set('/.well-known/oauth-authorization-server', json(metadata))
      expect(await failureOf(issuer.endpoint({ endpoint: undefined }).introspect(token))).toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringContaining(message) })
    }
    expect(issuer.introspections).toEqual([])
  })

  it('INT-1: after a failure it is looked for again, and where that fails as well it is asked where it was', async () => {
    const endpoint = issuer.endpoint({ endpoint: undefined })
    await endpoint.introspect(token)
    issuer.answer(() => status(404))
    await failureOf(endpoint.introspect(token))
    issuer.answer(() => active())
    issuer.server.at.set('/.well-known/oauth-authorization-server', status(500))
    expect(await endpoint.introspect(token)).toMatchObject({ active: true })

    issuer.answer(() => status(404))
    await failureOf(endpoint.introspect(token))
    issuer.server.at.set('/moved', active({ sub: 'moved' }))
    issuer.server.at.set('/.well-known/oauth-authorization-server', json({ issuer: issuer.issuer, introspection_endpoint: `${issuer.issuer}/moved` }))
    expect(await endpoint.introspect(token)).toMatchObject({ members: { sub: 'moved' } })
  })
})

describe('INT-1 KEY-1: an issuer that moves its endpoints and goes on answering where they were', () => {
  const metadataPath = '/.well-known/oauth-authorization-server'
  const looks = (): number => issuer.server.hitsAt(metadataPath)
  const move = (): void => {
    issuer.server.at.set('/moved', active({ sub: 'moved' }))
    issuer.server.at.set('/revoke-moved', status(200))
    issuer.server.at.set(metadataPath, json({ issuer: issuer.issuer, introspection_endpoint: `${issuer.issuer}/moved`, revocation_endpoint: `${issuer.issuer}/revoke-moved` }))
  }
  const start = (options: Partial<IntrospectionEndpointOptions> = {}) => {
    let nowMs = startMs
    const problems: string[] = []
    const endpoint = issuer.endpoint({ endpoint: undefined, revocationEndpoint: undefined, now: () => nowMs, onProblem: (message) => problems.push(message), ...options })
    return { endpoint, problems, pass: (milliseconds: number) => { nowMs += milliseconds } }
  }
  const minute = 60_000
  const hour = 60 * minute
  const untilMoved = (endpoint: IntrospectionEndpoint) =>
    vi.waitFor(async () => { expect(await endpoint.introspect(token)).toMatchObject({ members: { sub: 'moved' } }) }, { timeout: 20_000, interval: 5 })

  it('INT-1: the metadata are read again after 10 minutes, once, and nobody waits for that', async () => {
    const { endpoint, pass, problems } = start()
    await endpoint.introspect(token)
    move()
    pass(10 * minute - 1)
    await endpoint.introspect(token)
    expect(looks()).toBe(1)
    let answerNow: () => void = () => undefined
    const metadata = issuer.server.at.get(metadataPath)!
    issuer.server.at.set(metadataPath, (request, response) => { answerNow = () => { metadata(request, response) } })
    pass(1)
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => endpoint.introspect(token)))) expect(answer).toMatchObject({ members: { sub: 'agent' } })
    await vi.waitFor(() => { expect(looks()).toBe(2) }, { timeout: 20_000, interval: 5 })
    answerNow()
    await untilMoved(endpoint)
    expect(looks()).toBe(2)
    expect(problems).toEqual([])
  })

  it('INT-1: after a day, and where a clock stepped back so far, whoever comes first waits for that', async () => {
    for (const passed of [24 * hour + 1, -24 * hour - 1]) {
      const { endpoint, pass } = start()
      await endpoint.introspect(token)
      const before = issuer.introspections.length
      move()
      pass(passed)
      expect(await endpoint.introspect(token)).toMatchObject({ members: { sub: 'moved' } })
      expect(issuer.introspections).toHaveLength(before)
      issuer.server.at.set(metadataPath, json({ issuer: issuer.issuer, introspection_endpoint: `${issuer.issuer}/introspect` }))
    }
  })

  it('INT-1: so is where tokens are revoked', async () => {
    const { endpoint, pass } = start()
    await endpoint.revoke(token)
    move()
    pass(25 * hour)
    await endpoint.revoke(token)
    expect([issuer.revocations.length, issuer.server.hitsAt('/revoke-moved')]).toEqual([1, 1])
  })

  it('KEY-4: where the metadata cannot be had, the known endpoint stays in use, the operator is told, and looks back off', async () => {
    const { endpoint, pass, problems } = start()
    await endpoint.introspect(token)
    const { hits } = issuer.server
    const looksOf = (): number => hits.filter((path) => path === metadataPath).length
    issuer.server.at.set(metadataPath, status(500))
    pass(10 * minute)
    for (const looked of [1, 2, 3]) {
      for (let i = 0; i < 20; i++) expect(await endpoint.introspect(token)).toMatchObject({ active: true })
      await vi.waitFor(() => { expect(problems).toHaveLength(looked) }, { timeout: 20_000, interval: 5 })
      for (let i = 0; i < 20; i++) expect(await endpoint.introspect(token)).toMatchObject({ active: true })
      expect(looksOf()).toBe(1 + looked)
      pass(2 ** (looked - 1) * 1_000)
    }
    expect(problems[0]).toBe(`The introspection_endpoint of the issuer ${issuer.issuer} is used where it was, since its metadata could not be had: no metadata (${issuer.issuer}${metadataPath}: status 500; ${issuer.issuer}/.well-known/openid-configuration: status 404)`)
    pass(25 * hour)
    expect(await endpoint.introspect(token)).toMatchObject({ active: true })
    expect(problems).toHaveLength(4)

    move()
    pass(8_000)
    await untilMoved(endpoint)
  })

  it('KEY-4: metadata that never come leave a call time to be made', async () => {
    const { endpoint, pass, problems } = start({ timeoutMs: 6_000 })
    await endpoint.introspect(token)
    issuer.server.at.set(metadataPath, hang)
    pass(25 * hour)
    expect(await endpoint.introspect(token)).toMatchObject({ active: true })
    expect(problems).toEqual([expect.stringMatching(/no complete answer within 3000 ms/)])
  })

  it('ERR-2: an operator\'s logger that throws costs nothing', async () => {
    const { endpoint, pass } = start({ onProblem: () => { throw new Error('full') } })
    await endpoint.introspect(token)
    issuer.server.at.set(metadataPath, status(500))
    pass(25 * hour)
    expect(await endpoint.introspect(token)).toMatchObject({ active: true })
  })
})

describe('INT-1: revocation', () => {
  it.each([
    ['nothing', bytes('')], ['a page', bytes('<!doctype html>')], ['100 MB', flood()], ['half an answer', stall],
  ] as const)('INT-1: a 200 with %s is a success', async (_title, answer) => {
    issuer.answerRevocations(() => answer)
    await issuer.endpoint().revoke(token)
  })

  it.each([
    ['400', status(400)], ['401', status(401)], ['503', status(503)], ['a redirect', status(302, { location: '/elsewhere' })], ['a cut connection', cutOff], ['no answer', hang],
  ] as const)('INT-1: %s is a failure', async (_title, answer) => {
    issuer.answerRevocations(() => answer)
    expect(await failureOf(issuer.endpoint({ timeoutMs: 500 }).revoke(token))).toBeInstanceOf(RevocationFailed)
  })

  it('INT-1: an issuer whose name is no URL and that has no place for it', async () => {
    const endpoint = createIntrospectionEndpoint({ issuer: 'my issuer', endpoint: `${issuer.issuer}/introspect`, client: { method: 'client_secret_post', clientId: 'a', clientSecret: 'b' }, fetch: globalThis.fetch, now: () => startMs })
    expect(await endpoint.introspect(token)).toMatchObject({ active: true })
    expect(await failureOf(endpoint.revoke(token))).toBeInstanceOf(RevocationFailed)
  })
})

describe('INT-1: the token is in no message', () => {
  it.each([['as it is', token], ['as it is sent', new URLSearchParams({ token }).toString()]])('INT-1: of a fetch that quotes it %s', async (_title, quoted) => {
    const endpoint = issuer.endpoint({ fetch: () => Promise.reject(new Error(`cannot send ${quoted}`, { cause: new Error(quoted) })) })
    for (const failure of [await failureOf(endpoint.introspect(token)), await failureOf(endpoint.revoke(token))]) {
      expect(failure.message).not.toContain(token)
      expect(failure.message).not.toContain(quoted)
      expect(failure.cause).toBeUndefined()
      expect(failure.stack).not.toContain(token)
      expect(failure.stack).not.toContain(quoted)
    }
  })

  it('INT-1: of an issuer that echoes it', async () => {
    for (const answer of [bytes(token), bytes(`{"active":true,"${token}":1,"${token}":2}`), json({ active: false })]) {
      issuer.answer(() => answer)
      const failure = await issuer.endpoint().introspect(token).catch((error: unknown) => error as Error)
      expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(token)
    }
  })
})

describe('INT-1: a wrong configuration fails at start-up', () => {
  const secret: ClientAuthentication = { method: 'client_secret_basic', clientId: 'api', clientSecret: 's' }
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyed = (settings: object) => ({ client: { method: 'private_key_jwt', clientId: 'api', ...settings } as any })
  it.each<[string, object, RegExp]>([
    ['a plain http endpoint elsewhere', { endpoint: 'http://issuer.example/introspect' }, /introspection_endpoint/],
    ['an endpoint with credentials', { endpoint: 'https://a:b@issuer.example/' }, /introspection_endpoint/],
    ['no URL as endpoint', { revocationEndpoint: 'revoke' }, /revocation_endpoint/],
    ['no endpoint and no URL as issuer', { issuer: 'me', endpoint: undefined }, /introspection_endpoint must be given/],
    ['no client', { client: undefined }, /client/],
    ['no method', { client: { clientId: 'a' } }, /method/],
    ['another method', { client: { ...secret, method: 'none' } }, /method/],
    ['no id', { client: { ...secret, clientId: '' } }, /clientId/],
    ['no secret', { client: { ...secret, clientSecret: '' } }, /clientSecret/],
    ['no key', keyed({}), /privateKey/],
    ['a text that is no key', keyed({ privateKey: 'top secret' }), /privateKey/],
    ['a public key', keyed({ privateKey: p256.publicKey }), /privateKey/],
    ['a small RSA key', keyed({ privateKey: small.privateKey }), /2048 bits/],
    ['P-384', keyed({ privateKey: p384.privateKey }), /P-256/],
    ['an algorithm of another key', keyed({ privateKey: p256.privateKey, algorithm: 'RS256' }), /privateKey/],
    ['HS256', keyed({ privateKey: p256.privateKey, algorithm: 'HS256' }), /privateKey/],
    ['an empty keyId', keyed({ privateKey: p256.privateKey, keyId: '' }), /keyId/],
    ['no time', { timeoutMs: 0 }, /timeoutMs/],
    ['too much time', { timeoutMs: 30_001 }, /timeoutMs/],
  ])('INT-1: %s', (_title, options, message) => {
    expect(() => issuer.endpoint(options)).toThrow(message)
    try { issuer.endpoint(options) } catch (error) { expect(String(error)).not.toContain('top secret') }
  })
})
