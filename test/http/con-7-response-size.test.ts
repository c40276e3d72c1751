import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import compression from 'compression'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aapGuard, createGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { chunk, head, openConnection } from '../support/connection.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { expectValidRecord } from '../support/audit.js'
import { sendJson, startApi, type Api, type ApiParts } from '../support/api.js'
import { serverKinds, type App, type Middleware, type ServerKind } from '../support/servers.js'
import { signal } from '../support/body-handlers.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const limit = 100
const limited = (responseBytes = limit, more: object = {}) => ({ aap_capabilities: [{ action: 'a', constraints: { max_response_size: responseBytes, ...more } }] })
const options = (more: GuardOptions = {}): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience, ...more })
type Handle = (req: any, res: any) => unknown
const app = (handle: Handle, { before = [], after = [] }: { before?: Middleware[]; after?: Middleware[] } = {}) => ({ guard, handler }: ApiParts): App => ({
  use: [...before, guard, ...after],
  routes: ['GET', 'POST'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x', handle)] })),
})

/** Runs a handler under the limit, and says what the client got, what is on record, and what became of the handler. */
async function answerOf(kind: ServerKind, handle: Handle, { method = 'GET', bytes = limit, parts, more, headers }: { method?: string; bytes?: number; parts?: Parameters<typeof app>[1]; more?: GuardOptions; headers?: Record<string, string> } = {}) {
  const settled = signal<unknown>()
  const api = await startApi(kind, options(more), app((req, res) => { Promise.resolve(handle(req, res)).then(settled.give, settled.give) }, parts))
  const answer = await api.server.call('/x', { method, token: await issuer.sign(limited(bytes)), ...(headers && { headers }) }).catch(() => undefined)
  await api.server.idle()
  return { answer, api, settled: settled.given, ...recorded(api) }
}

function recorded({ audit }: Api) {
  for (const record of audit.records) expectValidRecord(record)
  const [result] = audit.results()
  expect(audit.takeDecision().outcome).toBe('allow')
  return { result: result! }
}

const x = (bytes: number) => 'x'.repeat(bytes)
const violation = { status: 403, rule: 'CON-7' }

describe.each(serverKinds)('CON-7 on %s: before anything is sent', (kind) => {
  const ways: readonly (readonly [string, (bytes: number) => Handle])[] = [
    ['end', (bytes) => (_req, res) => { res.end(x(bytes)) }],
    ['end with a buffer', (bytes) => (_req, res) => { res.end(Buffer.alloc(bytes, 120)) }],
    ['end with an encoding', (bytes) => (_req, res) => { res.end('78'.repeat(bytes), 'hex') }],
    ['one write', (bytes) => (_req, res) => { res.write(x(bytes)); res.end() }],
    ['a length and end', (bytes) => (_req, res) => { res.setHeader('Content-Length', bytes); res.end(x(bytes)) }],
    ['a length and writes', (bytes) => (_req, res) => { res.setHeader('content-LENGTH', String(bytes)); for (let i = 0; i < bytes; i++) res.write('x'); res.end() }],
    ['writeHead with a length', (bytes) => (_req, res) => { res.writeHead(200, { 'CONTENT-length': bytes }); for (let i = 0; i < bytes; i++) res.write('x'); res.end() }],
    ['writeHead with a reason and a length', (bytes) => (_req, res) => { res.writeHead(200, 'Mine', { 'Content-Length': String(bytes) }).end(x(bytes)) }],
    ['writeHead with a list', (bytes) => (_req, res) => { res.writeHead(200, ['X-Mine', '1', 'Content-Length', String(bytes)]); res.end(x(bytes)) }],
    ['writeHead with a list of pairs', (bytes) => (_req, res) => { res.writeHead(200, [['X-Mine', '1'], ['Content-Length', String(bytes)]]); res.end(x(bytes)) }],
    ['writeHead with a list, and a header before', (bytes) => (_req, res) => { res.setHeader('x-mine', '1'); res.writeHead(200, ['Content-Length', String(bytes)]); res.end(x(bytes)) }],
    ['flushHeaders with a length', (bytes) => (_req, res) => { res.setHeader('Content-Length', bytes); res.flushHeaders(); res.end(x(bytes)) }],
    ['an error page', (bytes) => (_req, res) => { res.statusCode = 500; res.end(x(bytes)) }],
  ]

  // Where a header was set before, as Express does, Node takes no pairs.
  it.each(ways.filter(([what]) => !(kind.startsWith('Express') && what.endsWith('pairs'))))('%s: what fits is sent as it is, one byte more is a 403 without any of it', async (_what, handle) => {
    for (const bytes of [limit - 1, limit]) {
      const { answer, result } = await answerOf(kind, handle(bytes))
      expect([answer!.text, result.bytes]).toEqual([x(bytes), bytes])
      expect(result).not.toHaveProperty('rule')
    }
    for (const bytes of [limit + 1, 200_000]) {
      const { answer, result } = await answerOf(kind, handle(bytes))
      expect(answer).toMatchObject({ status: 403, json: { error: 'aap_constraint_violation', error_description: expect.any(String), error_correlation_id: expect.any(String) } })
      expect([answer!.header('www-authenticate'), answer!.header('connection'), answer!.header('x-mine')]).toEqual([expect.stringContaining('aap_constraint_violation'), 'close', undefined])
      expect(result).toMatchObject({ ...violation, bytes: answer!.text.length, correlation_id: answer!.json.error_correlation_id })
      expect(result).not.toHaveProperty('aborted')
    }
  })

  it('a limit of 0 admits an empty body and nothing else', async () => {
    for (const empty of [(_req: any, res: any) => { res.end() }, (_req: any, res: any) => { res.write(''); res.end('') }, (_req: any, res: any) => { res.writeHead(201, { 'content-length': 0 }).end() }]) expect((await answerOf(kind, empty, { bytes: 0 })).answer).toMatchObject({ text: '' })
    expect((await answerOf(kind, (_req, res) => { res.end('x') }, { bytes: 0 })).answer).toMatchObject({ status: 403 })
  })

  it.each<[string, Handle, string, number]>([
    ['HEAD', (_req, res) => { res.writeHead(200, { 'content-length': 5_000 }); res.write(x(3_000)); res.end(x(2_000)) }, 'HEAD', 200],
    ['HEAD of something in one go', (_req, res) => { res.end(x(5_000)) }, 'HEAD', 200],
    ['204', (_req, res) => { res.statusCode = 204; res.end(x(5_000)) }, 'GET', 204],
    ['304, with the length of what it stands for', (_req, res) => { res.writeHead(304, { 'content-length': 5_000 }); res.end() }, 'GET', 304],
  ])('%s has no body that could be too large', async (_what, handle, method, status) => {
    const { answer, result } = await answerOf(kind, handle, { method })
    expect([answer!.status, answer!.text]).toEqual([status, ''])
    expect(result).toMatchObject({ status, bytes: 0 })
    expect(result).not.toHaveProperty('rule')
  })

  it('a status that is changed to one without a body after the headers are gone does not lift the limit', async () => {
    const { answer, result } = await answerOf(kind, (_req, res) => { res.write('x'); res.statusCode = 204; res.end(x(limit)) })
    expect(answer).toBeUndefined()
    expect(result).toMatchObject({ rule: 'CON-7', aborted: true })
  })

  it('headers of middleware before the handler stay, and the handler\'s go', async () => {
    const set = (name: string): Middleware => (_req, res, next) => { res.setHeader(name, '1'); next() }
    const { answer } = await answerOf(kind, (_req, res) => { res.setHeader('etag', '"a"'); res.setHeader('date', 'mine'); res.statusMessage = 'Mine'; res.end(x(500)) }, { parts: { before: [set('x-before')], after: [set('x-after')] } })
    expect(['x-before', 'x-after', 'etag'].map((name) => answer!.header(name))).toEqual(['1', '1', undefined])
    expect(answer!.header('date')).toMatch(/GMT$/)
  })

  it('without anybody who keeps records the limit holds all the same', async () => {
    const { server } = await startApi(kind, options({ audit: [] }), app((_req, res) => { res.end(x(limit + 1)) }))
    expect((await server.call('/x', { token: await issuer.sign(limited()) })).status).toBe(403)
  })

  it('with the option routes as well', async () => {
    const { server } = await startApi(kind, options({ routes: { 'GET /x': 'a' } }), ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [handler('x', (_req, res) => { res.end(x(limit + 1)) })] }] }))
    expect((await server.call('/x', { token: await issuer.sign(limited()) })).status).toBe(403)
  })

  it('the rest of an upload does not keep the client from its answer', async () => {
    const { server, audit } = await startApi(kind, options(), app((_req, res) => { res.end(x(limit + 1)) }))
    const connection = await openConnection(server.port)
    await connection.send(head('/x', await issuer.sign(limited()), 3_000_000) + x(3_000_000))
    const { answers, rest } = await connection.closed()
    expect([answers.map(({ status }) => status), rest]).toEqual([[403], ''])
    await server.idle()
    expect(audit.results()).toMatchObject([violation])
  })
})

describe.each(serverKinds)('CON-7 on %s: while it streams', (kind) => {
  it.each<[string, Handle]>([
    ['writes', (_req, res) => { res.write(x(60)); res.write(x(40)); res.write('x'); res.end() }],
    ['writes and an end', (_req, res) => { res.writeHead(200); res.write(x(99)); res.end('xx') }],
    ['an end behind flushed headers', (_req, res) => { res.flushHeaders(); res.end(x(101)) }],
    ['a length that is a lie', (_req, res) => { res.writeHead(200, { 'content-length': 100 }); res.write(x(50)); res.end(x(51)) }],
    ['writes of later', async (_req, res) => { res.write(x(60)); await nextTurn(); res.write(x(41)); res.end() }],
  ])('%s over the limit cut the connection, so that what was sent cannot look whole', async (_what, handle) => {
    const started = await startApi(kind, options(), app(handle))
    const connection = await openConnection(started.server.port)
    await connection.send(head('/x', await issuer.sign(limited()), 0))
    const { answers, rest } = await connection.closed()
    await started.server.idle()
    expect(answers).toEqual([])
    expect(rest.split('x').length - 1).toBeLessThanOrEqual(limit)
    expect(recorded(started).result).toMatchObject({ status: 200, rule: 'CON-7', aborted: true })
  })

  it('what fits goes on as it would without a limit', async () => {
    const { answer, result } = await answerOf(kind, async (_req, res) => {
      res.write(x(30))
      await nextTurn()
      await new Promise((resolve) => { res.write(x(30), resolve) })
      await new Promise((resolve) => { res.end(x(40), resolve) })
    })
    expect([answer!.text, result.bytes, result.aborted]).toEqual([x(100), 100, undefined])
  })

  it('a connection on which nothing was cut serves one request after the other', async () => {
    const { server } = await startApi(kind, options(), app((_req, res) => { res.end(x(100)) }))
    const token = await issuer.sign(limited())
    const connection = await openConnection(server.port)
    await connection.send(head('/x', token, 0) + head('/x', token, 0, { lines: ['Connection: close'] }))
    expect((await connection.closed()).answers.map(({ text }) => text.length)).toEqual([100, 100])
  })

  it('what is pipelined behind an answer that took the place of another is not processed', async () => {
    const { server, audit, handled } = await startApi(kind, options(), app((_req, res) => { res.end(x(101)) }))
    const token = await issuer.sign(limited())
    await server.call('/nowhere', { token })
    audit.clear()
    const connection = await openConnection(server.port)
    await connection.send(head('/x', token, 0) + head('/x', token, 0))
    expect((await connection.closed()).answers).toMatchObject([{ status: 403 }])
    await server.idle()
    expect(handled).toEqual(['x'])
    expect(audit.decisions()).toHaveLength(1)
  })

  it('the lowest limit of those that admitted holds', async () => {
    for (const actions of [['a', 'b'], ['b', 'a']]) {
      const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [...actions.map((action) => requireCapability(action)), handler('x', (_req, res) => { res.end(x(50)) })] }] }))
      const token = (low: number) => issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_response_size: low } }, { action: 'b', constraints: { max_response_size: 1_000 } }] })
      expect((await server.call('/x', { token: await token(50) })).text).toBe(x(50))
      expect((await server.call('/x', { token: await token(49) })).status).toBe(403)
      expect(audit.results()).toMatchObject([{ status: 200 }, violation])
    }
  })

  it('CAP-3: of alternatives the one that admits, even where another has more room', async () => {
    const { server } = await startApi(kind, options(), app((_req, res) => { res.end(x(50)) }))
    const token = await issuer.sign({ aap_capabilities: [10, 1_000].map((bytes) => ({ action: 'a', constraints: { max_response_size: bytes } })) })
    expect((await server.call('/x', { token })).status).toBe(403)
  })

  it('two guards have one answer, one decision record and one result', async () => {
    const records: any[] = []
    const sink = { write: (record: unknown) => { records.push(record) } }
    const second = createGuard(options({ audit: sink }))
    const { server } = await startApi(kind, options({ audit: sink }), ({ guard, handler }) => ({ use: [guard, aapGuard(second)], routes: [{ path: '/x', run: [requireCapability('a'), handler('x', (_req, res) => { res.end(x(101)) })] }] }))
    expect((await server.call('/x', { token: await issuer.sign(limited()) })).status).toBe(403)
    expect(records.map(({ kind: of, outcome, status }) => [of, outcome ?? status])).toEqual([['decision', 'allow'], ['result', 403]])
    await second.close()
  })

  it('HTTP/1.0 delimits a stream by closing, so that a cut would look whole: without a length only what comes in one piece is sent', async () => {
    for (const [handle, status, text] of [
      [(_req: any, res: any) => { res.end(x(100)) }, 200, x(100)],
      [(_req: any, res: any) => { res.writeHead(200, { 'content-length': 100 }); res.write(x(50)); res.end(x(50)) }, 200, x(100)],
      [(_req: any, res: any) => { res.writeHead(200); res.end(x(100)) }, 200, x(100)],
      [(_req: any, res: any) => { res.write(x(50)); res.end(x(50)) }, 403, undefined],
      [(_req: any, res: any) => { res.flushHeaders(); res.end(x(50)) }, 403, undefined],
      [(_req: any, res: any) => { res.writeHead(200); res.write(x(50)); res.end(x(50)) }, undefined, undefined],
    ] as const) {
      const { server } = await startApi(kind, options(), app(handle))
      const connection = await openConnection(server.port)
      await connection.send(`GET /x HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${await issuer.sign(limited())}\r\n\r\n`)
      await connection.closed()
      const [head, body] = connection.received().split('\r\n\r\n')
      expect(head === '' ? undefined : Number(head!.split(' ')[1])).toBe(status)
      if (text !== undefined) expect(body).toBe(text)
    }
  })
})

describe.each(serverKinds)('CON-7 on %s: whoever writes', (kind) => {
  let folder: string
  const file = (bytes: number) => join(folder, String(bytes))
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'aap-guard-'))
    for (const bytes of [limit, 200_000, 5_000_000]) writeFileSync(file(bytes), x(bytes))
  })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  async function* endless() {
    for (;;) {
      yield x(60)
      await nextTurn()
    }
  }

  it.each<[string, Handle]>([
    ['a pipeline from a large file', (_req, res) => pipeline(createReadStream(file(5_000_000)), res)],
    ['a pipeline from a generator without end', (_req, res) => pipeline(endless, res)],
    ['a pipeline from a stream without end', (_req, res) => pipeline(Readable.from(endless()), res)],
    ['a pipeline behind headers that are gone', (_req, res) => { res.flushHeaders(); return pipeline(endless, res) }],
    ['a pipeline with a length', (_req, res) => { res.setHeader('content-length', 5_000_000); return pipeline(createReadStream(file(5_000_000)), res) }],
  ])('%s ends, with an error', async (_what, handle) => {
    const { settled, result } = await answerOf(kind, handle)
    expect(await settled).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
    expect(result.rule).toBe('CON-7')
  })

  it('a stream that is piped is not asked for more', async () => {
    const source = createReadStream(file(5_000_000))
    const { result } = await answerOf(kind, (_req, res) => { source.pipe(res) })
    for (let i = 0; i < 5; i++) await nextTurn()
    expect(result).toMatchObject(violation)
    expect(source.bytesRead).toBeLessThan(1_000_000)
    source.destroy()
  })

  it('a pipeline of what fits ends as it would without a limit', async () => {
    const { answer, settled } = await answerOf(kind, (_req, res) => pipeline(createReadStream(file(limit)), res))
    expect(answer).toMatchObject({ status: 200, text: x(limit) })
    expect(await settled).toBeUndefined()
  })

  it('callbacks of what is not sent are called, and nobody is told to go on', async () => {
    const called: unknown[] = []
    const { settled } = await answerOf(kind, async (_req, res) => {
      const note = (what: string) => (error?: NodeJS.ErrnoException) => { called.push([what, error?.code]) }
      expect(res.write(x(101), note('first'))).toBe(false)
      expect(res.write('x', 'utf8', note('second'))).toBe(false)
      expect(res.end('x', note('end'))).toBe(res)
      for (let i = 0; i < 5; i++) await nextTurn()
    })
    expect(await settled).toBeUndefined()
    expect(called).toEqual([['first', 'ERR_STREAM_DESTROYED'], ['second', 'ERR_STREAM_DESTROYED'], ['end', 'ERR_STREAM_DESTROYED']])
  })

  it('a handler that goes on and on does no harm', async () => {
    const { answer, settled } = await answerOf(kind, async (req, res) => {
      res.end(x(101))
      for (let i = 0; i < 20; i++) {
        res.setHeader('x-mine', '1')
        res.statusCode = 200
        res.writeHead(200, { 'x-mine': '1' })
        res.write(x(50))
        res.flushHeaders()
        res.writeContinue()
        res.end('mine')
        await nextTurn()
      }
      req.destroy()
      res.destroy()
    })
    expect(answer).toMatchObject({ status: 403 })
    expect(answer!.header('x-mine')).toBeUndefined()
    expect(await settled).toBeUndefined()
  })

  it.each<[string, Handle, number]>([
    ['send', (_req, res) => { res.send(x(101)) }, 403], ['send of what fits', (_req, res) => { res.send(x(100)) }, 200],
    ['json', (_req, res) => { res.json({ a: x(101) }) }, 403], ['json of what fits', (_req, res) => { res.json({ a: x(92) }) }, 200],
    ['sendFile', (_req, res) => { res.sendFile(file(200_000)) }, 403], ['sendFile of what fits', (_req, res) => { res.sendFile(file(limit)) }, 200],
    ['sendFile with a callback', (_req, res) => new Promise((resolve) => { res.sendFile(file(200_000), resolve) }), 403],
    ['redirect', (_req, res) => { res.redirect(`/${x(200)}`) }, 403],
  ])('Express: %s', async (_what, handle, status) => {
    if (!kind.startsWith('Express')) return
    const { answer } = await answerOf(kind, handle)
    expect(answer!.status).toBe(status)
    if (status === 403) expect(['etag', 'last-modified', 'location', 'accept-ranges'].map((name) => answer!.header(name))).toEqual([undefined, undefined, undefined, undefined])
  })

  it('Express: a range of a file that is too large', async () => {
    if (!kind.startsWith('Express')) return
    const { answer } = await answerOf(kind, (_req, res) => { res.sendFile(file(200_000)) }, { headers: { range: 'bytes=0-99' } })
    expect([answer!.status, answer!.text.length]).toEqual([206, 100])
  })
})

describe.each(serverKinds)('CON-7 on %s: compression', (kind) => {
  const text = x(50_000)
  const zip = () => compression({ threshold: 0 })
  const send: Handle = (_req, res) => { res.setHeader('content-type', 'text/plain'); res.end(text) }
  const ask = async (parts: Parameters<typeof app>[1], bytes: number, handle = send) => {
    const { server, audit } = await startApi(kind, options(), app(handle, parts))
    const connection = await openConnection(server.port)
    await connection.send(head('/x', await issuer.sign(limited(bytes)), 0, { lines: ['Accept-Encoding: gzip', 'Connection: close'] }))
    const { answers, rest } = await connection.closed()
    await server.idle()
    return { answer: answers[0], rest, audit }
  }

  it('mounted after the guard it is counted as it is sent', async () => {
    const { answer, audit } = await ask({ after: [zip()] }, 1_000)
    expect(gunzipSync(Buffer.from(answer!.text, 'latin1')).toString()).toBe(text)
    expect(audit.results()).toMatchObject([{ bytes: answer!.text.length }])
    const { server } = await startApi(kind, options({ audit: [] }), app(send, { after: [zip()] }))
    expect((await server.call('/x', { token: await issuer.sign(limited(1_000)), headers: { 'accept-encoding': 'gzip' } })).header('content-encoding')).toBe('gzip')
    const over = await ask({ after: [zip()] }, 20)
    expect(over.answer).toBeUndefined()
    expect(over.audit.results()).toMatchObject([{ rule: 'CON-7', aborted: true }])
  })

  it('mounted before the guard the bytes before compression count', async () => {
    const fits = await ask({ before: [zip()] }, 50_000)
    expect(gunzipSync(Buffer.from(fits.answer!.text, 'latin1')).toString()).toBe(text)
    expect(fits.audit.results()).toMatchObject([{ bytes: 50_000 }])
    const over = await ask({ before: [zip()] }, 49_999)
    expect(over.answer).toMatchObject({ status: 403, json: { error: 'aap_constraint_violation' } })
    expect(over.audit.results()).toMatchObject([violation])
  })

  it('what it held back of a handler that is silenced never comes', async () => {
    const handle: Handle = (_req, res) => { res.setHeader('content-type', 'text/plain'); res.setHeader('content-length', 30_000); res.write(x(10)); res.end(x(29_990)) }
    const { answer, rest } = await ask({ before: [zip()] }, 100, handle)
    expect([answer?.status, rest]).toEqual([403, ''])
  })
})

describe.each(serverKinds)('CON-7 on %s: the option respond', (kind) => {
  it.each<[string, NonNullable<GuardOptions['respond']>, string]>([
    ['answers', (denial, _req, res) => { res.writeHead(denial.status, { 'x-own': 'yes' }).end(`sorry: ${denial.error}`) }, 'sorry: aap_constraint_violation'],
    ['answers later', async (denial, _req, res) => { await nextTurn(); res.statusCode = denial.status; res.setHeader('x-own', 'yes'); res.end('sorry') }, 'sorry'],
    ['answers with more than the limit', (denial, _req, res) => { res.writeHead(denial.status, { 'x-own': 'yes' }).end(x(5_000)) }, x(5_000)],
  ])('%s in the place of the handler, who is not heard', async (_what, respond, text) => {
    const { answer, result } = await answerOf(kind, async (_req, res) => {
      res.write(x(101))
      await nextTurn()
      res.end('mine')
    }, { more: { respond } })
    expect([answer!.status, answer!.text, answer!.header('x-own')]).toEqual([403, text, 'yes'])
    expect(result).toMatchObject({ ...violation, bytes: text.length })
  })

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['throws', () => { throw new Error('respond') }], ['rejects', () => Promise.reject(new Error('respond'))], ['hands on', (_denial, _req, _res, next) => { next() }],
  ])('where it %s the default is sent', async (_what, respond) => {
    const { answer, api } = await answerOf(kind, (_req, res) => { res.end(x(101)) }, { more: { respond } })
    expect(answer).toMatchObject({ status: 403, json: { error: 'aap_constraint_violation' } })
    expect([api.handled, api.server.errors]).toEqual([['x'], []])
  })
})

describe.each(serverKinds)('CON-6 and CON-7 on %s together', (kind) => {
  it('whichever is over first ends the request, and it is ended once', async () => {
    const begun = signal<any>()
    const api = await startApi(kind, options(), app((req, res) => { req.resume(); begun.give(res) }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign(limited(limit, { max_request_size: limit })), 'chunked') + chunk(x(50)))
    const res = await begun.given
    res.end(x(101))
    await connection.send(chunk(x(101)))
    await connection.until('HTTP/1.1 403')
    await connection.send('0\r\n\r\n')
    expect((await connection.closed()).answers).toMatchObject([{ status: 403 }])
    await api.server.idle()
    expect(recorded(api).result).toMatchObject(violation)
  })

  it('sendJson within both limits is an ordinary answer', async () => {
    const { server, audit } = await startApi(kind, options(), app((_req, res) => { sendJson(res, { ok: true }) }))
    expect((await server.call('/x', { method: 'POST', token: await issuer.sign(limited(limit, { max_request_size: limit })), body: x(100), isChunked: true })).json).toEqual({ ok: true })
    expect(audit.results()).toMatchObject([{ status: 200, bytes: 11 }])
  })
})
