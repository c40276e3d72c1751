import { gzipSync } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { requireCapability, type GuardOptions } from '../../src/index.js'
import { bodyReader, collectBody, signal } from '../support/body-handlers.js'
import { chunk, head, lastChunk, openConnection } from '../support/connection.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { expectValidRecord, type AuditCollector } from '../support/audit.js'
import { sendJson, startApi, type Api, type ApiParts } from '../support/api.js'
import { serverKinds, type App, type Middleware } from '../support/servers.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const limit = 100
const limited = (requestBytes = limit) => ({ aap_capabilities: [{ action: 'a', constraints: { max_request_size: requestBytes } }] })
const options = (more: GuardOptions = {}): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience, ...more })
const json = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`

/** Guard, then parsers, then the capability. */
const inTwoSteps = (handle: (req: any, res: any) => void, ...parsers: Middleware[]) => ({ guard, handler }: ApiParts): App => ({
  use: [guard, ...parsers],
  routes: ['POST', 'GET', 'PUT'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x', handle)] })),
})

/** What a cut leaves in the audit trail: a refusal, or a decision that admitted and a result that says why it ended. */
function expectCutOnRecord(audit: AuditCollector, { status = 413, rule = 'CON-6', isAborted = false } = {}): 'deny' | 'allow' {
  for (const record of audit.records) expectValidRecord(record)
  const results = audit.results()
  const decision = audit.takeDecision()
  if (decision.outcome === 'deny') {
    expect(decision).toMatchObject({ status, rule, error: rule === 'CON-6' ? 'request_too_large' : 'aap_constraint_violation' })
    expect(results).toEqual([])
    return 'deny'
  }
  expect(decision.outcome).toBe('allow')
  expect(results).toEqual([expect.objectContaining({ correlation_id: decision.correlation_id, status, rule, detail: expect.stringContaining('over') })])
  expect(results[0]!.aborted).toBe(isAborted ? true : undefined)
  return 'allow'
}

/** A token that the guard has verified before, so that it decides at once. */
async function knownToken({ server, audit, handled }: Api, claims: object = limited(), path = '/nowhere'): Promise<string> {
  const token = await issuer.sign(claims as Record<string, unknown>)
  await server.call(path, { token })
  audit.clear()
  handled.length = 0
  return token
}

describe.each(serverKinds)('CON-6 on %s: bodies of every kind and size', (kind) => {
  const ways: readonly (readonly [string, Middleware[], GuardOptions['routes'] | undefined])[] = [
    ['two steps, and the handler reads', [], undefined],
    ['two steps around express.json()', [express.json({ type: () => true })], undefined],
    ['two steps around a parser of its own', [collectBody], undefined],
    ['routes, and the handler reads', [], { 'POST /x': 'a' }],
    ['routes before express.json()', [express.json({ type: () => true })], { 'POST /x': 'a' }],
  ]

  describe.each(ways)('%s', (_way, parsers, routes) => {
    it.each([
      ['Content-Length', false, 'below', limit - 1, 200], ['Content-Length', false, 'at', limit, 200], ['Content-Length', false, 'one over', limit + 1, 413], ['Content-Length', false, 'far over', 1_000_000, 413],
      ['chunks', true, 'below', limit - 1, 200], ['chunks', true, 'at', limit, 200], ['chunks', true, 'one over', limit + 1, 413], ['chunks', true, 'far over', 1_000_000, 413],
    ] as const)('by %s (%s), %s the limit: %i bytes', async (_coding, isChunked, _where, bytes, status) => {
      const { read, seen } = bodyReader()
      const handle = parsers.length === 0 ? read : (req: any, res: any) => { sendJson(res, { bytes: Buffer.isBuffer(req.body) ? req.body.length : JSON.stringify(req.body).length }) }
      const api = await startApi(kind, options(routes && { routes }), ({ guard, handler }) => (routes === undefined
        ? inTwoSteps(handle, ...parsers)({ guard, handler })
        : { use: [guard, ...parsers], routes: [{ method: 'POST', path: '/x', run: [handler('x', handle)] }] }))
      for (const token of [await issuer.sign(limited()), await knownToken(api)]) {
        api.audit.clear()
        const answer = await api.server.call('/x', { method: 'POST', token, body: json(bytes), isChunked, headers: { 'content-type': 'application/json' } })
        expect(answer.status).toBe(status)
        for (const one of seen.splice(0)) expect(one.bytes).toBeLessThanOrEqual(limit)
        if (status === 200) {
          expect(answer.json).toEqual({ bytes })
          expect(api.audit.results()).toMatchObject([{ status: 200 }])
          expect(api.audit.results()[0]).not.toHaveProperty('rule')
          expect(api.audit.takeDecision().outcome).toBe('allow')
        } else {
          expect(answer.json).toEqual({ error: 'request_too_large', error_description: expect.any(String), error_correlation_id: expect.any(String) })
          expect(answer.header('connection')).toBe('close')
          expect(answer.header('x-handler')).toBeUndefined()
          expectCutOnRecord(api.audit)
        }
      }
    })
  })

  it('a token without a limit is not counted, and neither is a body of another token', async () => {
    const { read } = bodyReader()
    const { server } = await startApi(kind, options(), inTwoSteps(read))
    for (const isChunked of [true, false]) {
      expect((await server.call('/x', { method: 'POST', token: await issuer.sign({ aap_capabilities: [{ action: 'a' }] }), body: 'x'.repeat(300_000), isChunked })).json).toEqual({ bytes: 300_000 })
    }
  })
})

describe.each(serverKinds)('CON-6 on %s: where the body is cut', (kind) => {
  it('in the handler: it sees whole chunks up to the limit, never an end, and an error', async () => {
    const { read, seen } = bodyReader()
    const api = await startApi(kind, options(), inTwoSteps(read))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await knownToken(api), 'chunked') + chunk('x'.repeat(60)) + chunk('x'.repeat(40)) + chunk('x') + chunk('x'.repeat(500)) + lastChunk)
    const { answers, rest } = await connection.closed()
    await api.server.idle()
    expect([answers.map(({ status }) => status), rest]).toEqual([[413], ''])
    expect(seen).toEqual([{ bytes: 100, hasEnded: false, error: expect.objectContaining({ status: 413, statusCode: 413, type: 'entity.too.large', code: 'request_too_large' }) }])
    expect(expectCutOnRecord(api.audit)).toBe('allow')
  })

  it('a chunk that crosses the limit is dropped whole', async () => {
    const { read, seen } = bodyReader()
    const api = await startApi(kind, options(), inTwoSteps(read))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await knownToken(api), 'chunked') + chunk('x'.repeat(60)) + chunk('x'.repeat(41)) + lastChunk)
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(seen).toMatchObject([{ bytes: 60, hasEnded: false }])
  })

  it.each([['express.json()', express.json()], ['a parser of its own', collectBody]])('in %s, before any decision: one refusal on record, and nothing behind the parser runs', async (_what, parser) => {
    const { server, audit, handled, operator, ...api } = await startApi(kind, options(), inTwoSteps(() => undefined, parser))
    const connection = await openConnection(server.port)
    await connection.send(head('/x', await knownToken({ server, audit, handled, operator, ...api }), 'chunked', { lines: ['Content-Type: application/json'] }) + chunk('{"a":"') + chunk('x'.repeat(200)) + lastChunk)
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await server.idle()
    await nextTurn()
    expect(handled).toEqual([])
    expect(server.errors).toMatchObject([{ status: 413, type: 'entity.too.large' }])
    expect(expectCutOnRecord(audit)).toBe('deny')
    expect(operator.said).toEqual([])
  })

  it('by the largest limit until a capability is asked for, and then by its own', async () => {
    const claims = { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 10 } }, { action: 'b', constraints: { max_request_size: 100 } }, { action: 'c', constraints: { max_request_size: 50 } }] }
    const api = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard, collectBody],
      routes: ['a', 'b', 'c'].map((action) => ({ method: 'POST', path: `/${action}`, run: [requireCapability(action), handler(action)] })),
    }))
    const token = await knownToken(api, claims)
    for (const [path, bytes, status, ran] of [['/a', 10, 200, ['a']], ['/a', 11, 413, []], ['/b', 100, 200, ['b']], ['/b', 101, 413, []], ['/c', 50, 200, ['c']], ['/c', 51, 413, []], ['/c', 100, 413, []], ['/c', 101, 413, []]] as const) {
      for (const isChunked of [true, false]) {
        api.handled.length = 0
        const answer = await api.server.call(path, { method: 'POST', token, body: 'x'.repeat(bytes), isChunked })
        expect([path, bytes, isChunked, answer.status, api.handled]).toEqual([path, bytes, isChunked, status, ran])
        if (status === 413) expect(expectCutOnRecord(api.audit)).toBe('deny')
        else expect(api.audit.takeDecision().outcome).toBe('allow')
      }
    }
  })

  it('by no limit while a capability has none', async () => {
    const claims = { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 10 } }, { action: 'b' }] }
    const { server, handled } = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard, collectBody],
      routes: ['a', 'b'].map((action) => ({ method: 'POST', path: `/${action}`, run: [requireCapability(action), handler(action)] })),
    }))
    const token = await issuer.sign(claims)
    expect((await server.call('/b', { method: 'POST', token, body: 'x'.repeat(50_000), isChunked: true })).status).toBe(200)
    expect((await server.call('/a', { method: 'POST', token, body: 'x'.repeat(11), isChunked: true })).status).toBe(413)
    expect(handled).toEqual(['b'])
  })

  it('CAP-3: alternatives are tried by what was counted', async () => {
    const { read } = bodyReader()
    const { server, audit } = await startApi(kind, options(), inTwoSteps((req, res) => { if (req.body === undefined) read(req, res); else sendJson(res, { index: req.aap.decision.capability.index }) }, collectBody))
    const token = await issuer.sign({ aap_capabilities: [10, 50, 100].map((bytes) => ({ action: 'a', constraints: { max_request_size: bytes } })) })
    for (const [bytes, index] of [[10, 0], [11, 1], [51, 2]] as const) {
      expect((await server.call('/x', { method: 'POST', token, body: 'x'.repeat(bytes), isChunked: true })).json).toEqual({ index })
      audit.clear()
    }
    expect((await server.call('/x', { method: 'POST', token, body: 'x'.repeat(101), isChunked: true })).status).toBe(413)
    expectCutOnRecord(audit)
  })

  it('by the lowest of two that admitted, whichever came first', async () => {
    const claims = { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 10 } }, { action: 'b', constraints: { max_request_size: 100 } }] }
    for (const actions of [['a', 'b'], ['b', 'a']] as const) {
      const { read, seen } = bodyReader()
      const api = await startApi(kind, options(), ({ guard, handler }) => ({ use: [guard], routes: [{ method: 'POST', path: '/x', run: [...actions.map((action) => requireCapability(action)), handler('x', read)] }] }))
      const connection = await openConnection(api.server.port)
      await connection.send(head('/x', await knownToken(api, claims), 'chunked') + chunk('x'.repeat(10)) + chunk('x') + lastChunk)
      expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
      await api.server.idle()
      expect(seen).toMatchObject([{ bytes: 10, hasEnded: false }])
      // Two actions are two decisions.
      expect(api.audit.decisions().map(({ outcome }) => outcome)).toEqual(['allow', 'allow'])
      expect(api.audit.results()).toMatchObject([{ status: 413, rule: 'CON-6' }])
    }
  })

  it('not on a route that needs no capability', async () => {
    const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({ use: [guard, requireCapability.none('uploads of any size'), collectBody, handler('x', (req, res) => { sendJson(res, { bytes: req.body.length }) })], routes: [] }))
    expect((await server.call('/x', { method: 'POST', token: await issuer.sign(limited()), body: 'x'.repeat(5_000), isChunked: true })).json).toEqual({ bytes: 5_000 })
    expect(audit.takeDecision().outcome).toBe('undecided')
  })

  it('a chunked body of a GET counts as well', async () => {
    const { read } = bodyReader()
    const { server } = await startApi(kind, options(), inTwoSteps(read))
    const token = await issuer.sign(limited())
    expect((await server.call('/x', { token, body: 'x'.repeat(100), isChunked: true })).json).toEqual({ bytes: 100 })
    expect((await server.call('/x', { token, body: 'x'.repeat(101), isChunked: true })).status).toBe(413)
  })

  it('in front of a limit of 0 only an empty body is none', async () => {
    const { read } = bodyReader()
    const { server } = await startApi(kind, options(), inTwoSteps(read))
    const token = await issuer.sign(limited(0))
    expect((await server.call('/x', { method: 'POST', token, body: '', isChunked: true })).json).toEqual({ bytes: 0 })
    expect((await server.call('/x', { method: 'POST', token, body: 'x', isChunked: true })).status).toBe(413)
  })
})

describe.each(serverKinds)('CON-6 on %s: what was received before it could be counted', (kind) => {
  const gated = () => {
    const asked = signal()
    const open = signal()
    return { asked, open, facts: async () => { asked.give(); await open.given; return {} } }
  }

  it.each([['fits', 100, 200], ['is over', 101, 413], ['is far over, and stopped', 200_000, 413]] as const)('a body that is there when the token is verified %s (%i bytes)', async (_what, bytes, status) => {
    for (const routes of [undefined, { 'POST /x': 'a' }]) {
      const { asked, open, facts } = gated()
      const { read, seen } = bodyReader()
      const api = await startApi(kind, options({ facts, ...(routes && { routes }) }), ({ guard, handler }) => (routes === undefined ? inTwoSteps(read)({ guard, handler }) : { use: [guard], routes: [{ method: 'POST', path: '/x', run: [handler('x', read)] }] }))
      const connection = await openConnection(api.server.port)
      await connection.send(head('/x', await issuer.sign(limited()), 'chunked'))
      await asked.given
      void connection.send(chunk('x'.repeat(bytes)) + lastChunk)
      for (let i = 0; i < 20; i++) await nextTurn()
      open.give()
      await connection.until(`HTTP/1.1 ${status}`)
      if (status === 200) {
        await api.server.idle()
        expect(seen).toMatchObject([{ bytes, hasEnded: true }])
        expect(api.audit.takeDecision().outcome).toBe('allow')
      } else {
        expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
        await api.server.idle()
        for (const one of seen) expect(one.bytes).toBeLessThanOrEqual(limit)
        expectCutOnRecord(api.audit)
      }
    }
  })

  /** A body of 5,000 bytes waits when the guard hands the request on. */
  const withBodyWaiting = async (use: readonly Middleware[], path = '/x') => {
    const { asked, open, facts } = gated()
    const api = await startApi(kind, options({ facts }), ({ guard, handler }) => ({ use: [guard, ...use], routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }, { method: 'POST', path: '/other', run: [requireCapability('b'), handler('other')] }] }))
    const connection = await openConnection(api.server.port)
    await connection.send(head(path, await issuer.sign(limited()), 'chunked'))
    await asked.given
    await connection.send(chunk('x'.repeat(5_000)) + lastChunk)
    for (let i = 0; i < 20; i++) await nextTurn()
    open.give()
    return { api, connection }
  }

  it.each<[string, (req: any, see: (bytes: number) => void) => void]>([
    ['at once', (req, see) => { see(req.read()?.length ?? 0); req.on('readable', () => { see(req.read()?.length ?? 0) }) }],
    ['by an iterator', (req, see) => { void (async () => { for await (const data of req) see(data.length) })().catch(() => undefined) }],
    ['by events', (req, see) => { req.on('data', (data: Buffer) => { see(data.length) }) }],
  ])('a parser that reads %s gets nothing of a body that is over every limit', async (_what, read) => {
    let seen = 0
    const { api, connection } = await withBodyWaiting([(req, _res, next) => { read(req, (bytes) => { seen += bytes }); req.on('error', next) }])
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(seen).toBe(0)
    expect(expectCutOnRecord(api.audit)).toBe('deny')
  })

  it('ORD-1: a route gets the answer that is its own, whether the body was there or came later', async () => {
    const { api, connection } = await withBodyWaiting([], '/other')
    await connection.until('HTTP/1.1 403')
    await api.server.idle()
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'CAP-2' })
  })

  it('a route that needs no capability gets all of it', async () => {
    const { connection } = await withBodyWaiting([requireCapability.none('uploads of any size'), collectBody, (req, res) => { sendJson(res, { bytes: req.body.length }) }])
    await connection.until('{"bytes":5000}')
  })

  const before = (eager: Middleware) => startApi(kind, options(), ({ guard, handler }) => ({ use: [eager, guard], routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }] }))

  it.each<[string, Middleware]>([
    ['a parser', collectBody],
    ['somebody who looks and lets it flow', (req, _res, next) => { req.once('data', () => { next() }) }],
    ['somebody who throws it away', (req, _res, next) => { req.resume(); req.once('end', () => { next() }) }],
    ['somebody who made text of it', (req, _res, next) => { req.setEncoding('utf8'); next() }],
  ])('CAP-6: a chunked body that went to %s has no known size, and an announced one has', async (_what, eager) => {
    const { server, audit, handled } = await before(eager)
    const token = await issuer.sign(limited())
    expect((await server.call('/x', { method: 'POST', token, body: 'x', isChunked: true })).json.error).toBe('request_too_large')
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'CON-6', detail: expect.stringContaining('neither announced nor counted') })
    expect((await server.call('/x', { method: 'POST', token, body: 'x'.repeat(101) })).status).toBe(413)
    audit.takeDecision()
    expect(handled).toEqual([])
    expect((await server.call('/x', { method: 'POST', token, body: 'x'.repeat(100) })).status).toBe(200)
    expect(handled).toEqual(['x'])
  })

  it('a chunked body that was empty all the same is known to be', async () => {
    const { server } = await before(collectBody)
    expect((await server.call('/x', { method: 'POST', token: await issuer.sign(limited(0)), body: '', isChunked: true })).status).toBe(200)
  })

  it('a body without any end that HTTP knows is none that could be counted', async () => {
    const { server, handled } = await startApi(kind, options(), inTwoSteps(() => undefined))
    const token = await issuer.sign(limited())
    for (let i = 0; i < 2; i++) {
      const answer = await server.sendTarget('/x', [`Authorization: Bearer ${token}`, 'Transfer-Encoding: xchunked'], { method: 'POST', body: 'x'.repeat(500) })
      expect([400, 413]).toContain(answer.status)
    }
    expect(handled).toEqual([])
  })
})

describe.each(serverKinds)('CON-6 on %s: bytes of the wire', (kind) => {
  it('a compressed body counts as it is sent, however much it becomes', async () => {
    const bomb = gzipSync(JSON.stringify({ a: 'x'.repeat(90_000) }))
    expect(bomb.length).toBeGreaterThan(limit)
    const { server } = await startApi(kind, options(), inTwoSteps((req, res) => { sendJson(res, { bytes: JSON.stringify(req.body).length }) }, express.json({ limit: '1mb' })))
    for (const isChunked of [true, false]) {
      const send = async (requestBytes: number) => server.call('/x', { method: 'POST', token: await issuer.sign(limited(requestBytes)), body: bomb, isChunked, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })
      expect((await send(bomb.length)).json).toEqual({ bytes: 90_008 })
      expect((await send(bomb.length - 1)).status).toBe(413)
    }
  })

  it('split at every byte, in one segment with the head or after it', async () => {
    const { read, seen } = bodyReader()
    const api = await startApi(kind, options(), inTwoSteps(read))
    const token = await knownToken(api, limited(6))
    for (const [body, status] of [['abcdef', 200], ['abcdefg', 413]] as const) {
      const bytes = head('/x', token, 'chunked', { lines: ['Connection: close'] }) + chunk(body.slice(0, 3)) + chunk(body.slice(3)) + lastChunk
      const start = bytes.indexOf('\r\n\r\n')
      for (let at = start; at <= bytes.length; at++) {
        seen.length = 0
        const connection = await openConnection(api.server.port)
        await connection.send(bytes.slice(0, at))
        await nextTurn()
        await connection.send(bytes.slice(at))
        expect([at, (await connection.closed()).answers.map((answer) => answer.status)]).toEqual([at, [status]])
        await api.server.idle()
        expect(seen.every((one) => one.bytes <= 6 && one.hasEnded === (status === 200))).toBe(true)
      }
    }
  })
})

describe.each(serverKinds)('CON-6 on %s: lengths that are no lengths', (kind) => {
  it.each<[string, (token: string) => string, number | undefined]>([
    ['announces more than it sends, and leaves', (token) => `${head('/x', token, 100)}${'x'.repeat(60)}`, undefined],
    ['announces less than it sends', (token) => `${head('/x', token, 50)}${'x'.repeat(200)}`, 400],
    ['has a chunk that is longer than it says', (token) => `${head('/x', token, 'chunked')}32\r\n${'x'.repeat(200)}\r\n${lastChunk}`, 400],
    ['has a chunk that is shorter than it says', (token) => `${head('/x', token, 'chunked')}64\r\n${'x'.repeat(60)}\r\n${lastChunk}`, undefined],
    ['has a chunk of a size that cannot be', (token) => `${head('/x', token, 'chunked')}fffffffffffffffff\r\n${'x'.repeat(60)}`, 400],
    ['never ends its chunks, and leaves', (token) => `${head('/x', token, 'chunked')}${chunk('x'.repeat(100))}`, undefined],
  ])('a body that %s never shows its handler more than the limit', async (_what, bytes, status) => {
    const { read, seen } = bodyReader()
    const api = await startApi(kind, options(), inTwoSteps(read))
    const connection = await openConnection(api.server.port)
    await connection.send(bytes(await knownToken(api)))
    if (status === undefined) for (let i = 0; i < 20; i++) await nextTurn()
    else await connection.until(`HTTP/1.1 ${status}`)
    connection.leave()
    await api.server.idle()
    // What it announced is whole where it announced too little.
    for (const one of seen) expect(one.bytes <= limit && (!one.hasEnded || one.bytes === 50)).toBe(true)
    expect(api.audit.decisions().length).toBeLessThanOrEqual(1)
    expect(api.audit.results().every(({ rule }) => rule === undefined)).toBe(true)
  })
})

describe.each(serverKinds)('CON-6 on %s: whoever waits for the body', (kind) => {
  const cutIn = async (handle: (req: any, res: any) => void, more: GuardOptions = {}) => {
    const api = await startApi(kind, options(more), inTwoSteps(handle))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await knownToken(api), 'chunked') + chunk('x'.repeat(100)))
    return { api, connection }
  }

  it.each<[string, (req: any) => Promise<unknown>]>([
    ['an async iterator', async (req) => { for await (const data of req) expect(data).toBeInstanceOf(Buffer) }],
    ['a pipeline', async (req) => pipeline(req, new Writable({ write: (_data, _encoding, done) => { done() } }))],
  ])('%s throws, and the body does not look complete', async (_what, consume) => {
    const failed = signal<any>()
    const { connection, api } = await cutIn((req) => { consume(req).catch((error: unknown) => { failed.give([error, req.complete, req.destroyed, req.aborted]) }) })
    await connection.send(chunk('x') + lastChunk)
    expect(await failed.given).toEqual([expect.objectContaining({ status: 413 }), false, true, true])
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
  })

  it('nobody: a handler without an error listener does not end the process', async () => {
    const events: string[] = []
    const { connection, api } = await cutIn((req) => { for (const event of ['data', 'end', 'close', 'aborted']) req.on(event, () => events.push(event)) })
    await connection.send(chunk('x') + lastChunk)
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(events).toEqual(['data', 'close', 'aborted'])
  })

  it.each<[string, (req: any, res: any) => void]>([
    ['ends the response', (_req, res) => { res.statusCode = 500; res.end('mine') }],
    ['writes it in pieces', (_req, res) => { res.writeHead(500, 'Mine', { 'x-mine': '1' }); res.write('m', () => undefined); res.end('ine', () => undefined) }],
    ['sets headers', (_req, res) => { res.setHeader('x-mine', '1').setHeader('x-more', '2'); res.appendHeader('x-mine', '3'); res.removeHeader('x-mine'); res.flushHeaders(); res.end() }],
    ['sends what comes before an answer', (_req, res) => { res.writeContinue(); res.writeProcessing(); res.writeEarlyHints({ link: '</x>; rel=preload' }); res.addTrailers({ a: 'b' }) }],
    ['closes the connection', (req) => { req.socket.destroy() }],
    ['destroys the response', (_req, res) => { res.destroy() }],
    ['destroys the request', (req) => { req.destroy(new Error('mine')) }],
    ['throws', () => { throw new Error('mine') }],
  ])('a handler that on an error %s changes nothing', async (what, act) => {
    const { connection, api } = await cutIn((req, res) => {
      req.resume()
      req.on('error', () => {
        if (what !== 'throws') act(req, res)
        else try { act(req, res) } catch { res.end('mine') }
      })
    })
    await connection.send(chunk('x') + lastChunk)
    const { answers, rest } = await connection.closed()
    expect([answers.length, rest]).toEqual([1, ''])
    expect(answers[0]).toMatchObject({ status: 413, json: { error: 'request_too_large' } })
    expect(answers[0]!.headers.map(([name]) => name).filter((name) => name.startsWith('x-m'))).toEqual([])
    await api.server.idle()
    expect(expectCutOnRecord(api.audit)).toBe('allow')
  })

  it('a handler that goes on writing, and knows nothing, adds nothing', async () => {
    const held = signal<any>()
    const { connection, api } = await cutIn((req, res) => { req.resume(); res.setHeader('x-mine', '1'); held.give(res) })
    const res = await held.given
    await connection.send(chunk('x'))
    await connection.until('\r\n\r\n{')
    const called: unknown[] = []
    expect(res.write('mine', (error: unknown) => { called.push(error) })).toBe(false)
    expect(res.writeHead(200)).toBe(res)
    expect(res.end('mine', (error: unknown) => { called.push(error) })).toBe(res)
    await connection.send(lastChunk)
    const { answers, rest } = await connection.closed()
    expect([answers.map(({ status }) => status), answers[0]!.header('x-mine'), rest]).toEqual([[413], undefined, ''])
    await api.server.idle()
    expect(called).toEqual([expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' }), expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' })])
    expect(res.writableFinished).toBe(false)
    expectCutOnRecord(api.audit)
  })

  it('what caught hold of the response between guard and parser has no voice either', async () => {
    const { server } = await startApi(kind, options({ audit: [] }), ({ guard, handler }) => ({
      use: [guard, (req, res, next) => {
        const { end, writeHead } = res
        if (req.method === 'POST') {
          req.on('close', () => { writeHead.call(res, 200); end.call(res, 'mine') })
          setImmediate(() => { end.call(res, 'mine') })
        }
        next()
      }, collectBody],
      routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }],
    }))
    const token = await issuer.sign(limited())
    await server.call('/nowhere', { token })
    const connection = await openConnection(server.port)
    await connection.send(head('/x', token, 'chunked') + chunk('x'.repeat(101)) + lastChunk)
    const { answers, rest } = await connection.closed()
    expect([answers.map(({ status }) => status), rest]).toEqual([[413], ''])
    await server.idle()
  })

  it('an answer that was begun is cut, and does not look whole', async () => {
    for (const headers of [{}, { 'content-length': '50' }]) {
      const { connection, api } = await cutIn((req, res) => { res.writeHead(200, headers); res.write('half'); req.resume() })
      await connection.until('half')
      await connection.send(chunk('x'))
      const { answers, rest } = await connection.closed()
      expect(answers).toEqual([])
      expect(rest).toContain('half')
      await api.server.idle()
      expectCutOnRecord(api.audit, { status: 200, isAborted: true })
    }
  })

  it('an answer that was finished stays whole, and the connection is closed behind it', async () => {
    const { connection, api } = await cutIn((req, res) => { req.on('data', () => undefined); sendJson(res, { early: true }) })
    await connection.until('early')
    await connection.send(chunk('x') + lastChunk)
    expect((await connection.closed()).answers).toMatchObject([{ status: 200, json: { early: true } }])
    await api.server.idle()
    expect(api.audit.results()).toMatchObject([{ status: 200 }])
  })

  it('headers of middleware before the handler stay, and the handler\'s go', async () => {
    const api = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [(_req, res, next) => { res.setHeader('access-control-allow-origin', '*'); res.setHeader('set-cookie', ['a=1']); next() }, guard, (_req, res, next) => { res.setHeader('x-after', '1'); next() }],
      routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x', (req, res) => { res.setHeader('access-control-allow-origin', 'mine'); res.appendHeader('set-cookie', 'b=2'); res.setHeader('etag', '"a"'); res.statusMessage = 'Mine'; req.resume() })] }],
    }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await knownToken(api), 'chunked') + chunk('x'.repeat(101)) + lastChunk)
    const [answer] = (await connection.closed()).answers
    expect(['access-control-allow-origin', 'x-after', 'etag', 'date'].map((name) => answer!.header(name))).toEqual(['*', '1', undefined, expect.any(String)])
    expect(answer!.headers.filter(([name]) => name === 'set-cookie')).toEqual([['set-cookie', 'a=1']])
    expect(connection.received()).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\n/)
  })
})
