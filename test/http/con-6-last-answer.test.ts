import { afterEach, describe, expect, it, vi } from 'vitest'
import { aapGuard, createGuard, defineConstraint, memoryStore, pass, requireCapability, type GuardOptions } from '../../src/index.js'
import { bodyReader, collectBody, signal } from '../support/body-handlers.js'
import { chunk, head, lastChunk, openConnection, type Connection } from '../support/connection.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { expectValidRecord } from '../support/audit.js'
import { sendJson, startApi, type Api, type ApiParts } from '../support/api.js'
import { serverKinds, type App, type Middleware } from '../support/servers.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
expectHealthyProcess()
afterEach(() => { vi.useRealTimers() })

const limited = { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 100 } }] }
const options = (more: GuardOptions = {}): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience, hookTimeoutMs: 20_000, storeTimeoutMs: 20_000, ...more })
const app = (handle: (req: any, res: any) => void, ...parsers: Middleware[]) => ({ guard, handler }: ApiParts): App => ({
  use: [guard, ...parsers],
  routes: ['GET', 'POST'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x', handle)] })),
})
const start = async (more: GuardOptions, kind: (typeof serverKinds)[number], handle = bodyReader().read, ...parsers: Middleware[]) => {
  const api = await startApi(kind, options(more), app(handle, ...parsers))
  const token = await issuer.sign(limited)
  // The guard decides at once from here on.
  await api.server.call('/nowhere', { token })
  api.audit.clear()
  return { api, token, connection: await openConnection(api.server.port) }
}
const tooLong = chunk('x'.repeat(101))
const large = 5_000_000

describe.each(serverKinds)('CON-6 on %s: the client gets the answer (RFC 9112 section 9.6)', (kind) => {
  it.each([
    ['cut, in chunks', (token: string) => head('/x', token, 'chunked') + chunk('x'.repeat(large)) + lastChunk],
    ['refused, by its length', (token: string) => head('/x', token, large) + 'x'.repeat(large)],
  ])('who sends all of a body that is %s, and only then reads', async (_what, bytes) => {
    for (const parsers of [[], [collectBody]]) {
      const { api, token, connection } = await start({}, kind, undefined, ...parsers)
      await connection.send(bytes(token))
      const { answers, rest } = await connection.closed()
      expect([answers.map(({ status, json }) => [status, json.error]), rest]).toEqual([[[413, 'request_too_large']], ''])
      await api.server.idle()
      expect(api.audit.decisions()).toHaveLength(1)
    }
  })

  it('who sends all of a body that had been stopped when it was refused', async () => {
    const asked = signal()
    const open = signal()
    const api = await startApi(kind, options({ facts: async () => { asked.give(); await open.given; return {} } }), app(bodyReader().read))
    const connection = await openConnection(api.server.port)
    const sent = connection.send(head('/x', await issuer.sign(limited), large) + 'x'.repeat(large))
    await asked.given
    for (let i = 0; i < 50; i++) await nextTurn()
    // Time does not help.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    open.give()
    await sent
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
  })

  it.each([
    ['cut', (token: string) => head('/x', token, 'chunked') + tooLong, chunk('x')],
    ['refused', (token: string) => head('/x', token, 101) + 'x', 'x'],
  ])('who never finishes a body that is %s is let go after a second, by a timer that keeps no process alive', async (_what, bytes, more) => {
    const { api, token, connection } = await start({}, kind)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const set = vi.spyOn(globalThis, 'setTimeout')
    await connection.send(bytes(token))
    await connection.until('request_too_large')
    const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout)
    expect(timers.map((timer) => timer.hasRef())).toEqual([false])
    vi.advanceTimersByTime(999)
    await connection.send(more)
    for (let i = 0; i < 5; i++) await nextTurn()
    expect(api.audit.results()).toEqual([])
    vi.advanceTimersByTime(1)
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['finishes', async (connection: Connection) => { await connection.send(lastChunk) }],
    ['leaves', async (connection: Connection) => { connection.leave() }],
  ])('who %s is waited for no longer, and no timer is left', async (_what, act) => {
    const { api, token, connection } = await start({}, kind)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await connection.send(head('/x', token, 'chunked') + tooLong)
    await connection.until('request_too_large')
    expect(vi.getTimerCount()).toBe(1)
    await act(connection)
    await api.server.idle()
    expect(vi.getTimerCount()).toBe(0)
    expect(api.audit.results()).toMatchObject([{ status: 413, rule: 'CON-6' }])
    expect(api.audit.results()[0]).not.toHaveProperty('aborted')
  })

  it('of a client that never finishes a body below the limit nothing is cut, and nothing is lost when it leaves', async () => {
    const { read, seen } = bodyReader()
    const { api, token, connection } = await start({}, kind, read)
    await connection.send(head('/x', token, 'chunked') + chunk('x'.repeat(100)))
    while (seen[0]?.bytes !== 100) await nextTurn()
    connection.leave()
    await api.server.idle()
    expect(connection.received()).toBe('')
    expect(seen).toMatchObject([{ bytes: 100, hasEnded: false, error: { code: 'ECONNRESET' } }])
    expect(api.audit.results()).toMatchObject([{ aborted: true }])
    expect(api.audit.results()[0]).not.toHaveProperty('rule')
    expect(api.audit.takeDecision().outcome).toBe('allow')
  })

  it('AUD-1: a client that leaves its parser waiting leaves one record, and no decision behind it', async () => {
    const { api, token, connection } = await start({}, kind, undefined, collectBody)
    await connection.send(head('/x', token, 'chunked') + chunk('x'))
    for (let i = 0; i < 5; i++) await nextTurn()
    connection.leave()
    await api.server.idle()
    expect(api.audit.takeDecision().outcome).toBe('undecided')
  })

  it('AUD-1: a client that left while its token was verified leaves one record, and no handler runs', async () => {
    const asked = signal()
    const open = signal()
    const api = await startApi(kind, options({ facts: async () => { asked.give(); await open.given; return {} } }), app(bodyReader().read))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign(limited), 'chunked') + chunk('x'))
    await asked.given
    connection.leave()
    await api.server.idle()
    open.give()
    for (let i = 0; i < 5; i++) await nextTurn()
    expect(api.audit.takeDecision().outcome).toBe('undecided')
    expect(api.handled).toEqual([])
  })

  it('an answer to HEAD has its headers, and no body', async () => {
    const { api, token, connection } = await start({}, kind)
    const send = connection.send(head('/x', token, 101, { method: 'HEAD' }) + 'x'.repeat(101))
    await connection.until('\r\n\r\n')
    await send
    await api.server.idle()
    expect(connection.received()).toMatch(/^HTTP\/1.1 413 [^]*\r\n\r\n$/)
  })
})

describe.each(serverKinds)('CON-6 on %s: what is pipelined behind an answer that ends the connection', (kind) => {
  it.each<[string, (token: string) => string, Middleware[]]>([
    ['cut in the handler', (token) => head('/x', token, 'chunked') + tooLong + lastChunk, []],
    ['cut in a parser', (token) => head('/x', token, 'chunked') + tooLong + lastChunk, [collectBody]],
    ['refused by its length', (token) => head('/x', token, 101) + 'x'.repeat(101), []],
  ])('a body that is %s: no handler sees it, and nothing is on record for it', async (_what, first, parsers) => {
    for (const isSplit of [false, true]) {
      const { read } = bodyReader()
      const { api, token, connection } = await start({}, kind, read, ...parsers)
      const second = head('/x', token, 2) + 'ok'
      if (isSplit) {
        await connection.send(first(token).slice(0, -2))
        await connection.until('413')
        await connection.send(first(token).slice(-2))
        await connection.send(second)
      } else {
        await connection.send(first(token) + second + second)
      }
      const { answers, rest } = await connection.closed()
      expect([answers.map(({ status }) => status), rest]).toEqual([[413], ''])
      await api.server.idle()
      expect(api.handled.length).toBeLessThanOrEqual(1)
      expect(api.audit.decisions()).toHaveLength(1)
    }
  })

  it.each([['two steps', undefined], ['routes', { 'POST /x': 'a' }]])('also where its token has to be verified first, with %s', async (_what, routes) => {
    const asked = signal()
    const open = signal()
    const facts = async (req: any) => {
      if (req.url === '/x') return {}
      asked.give()
      await open.given
      return {}
    }
    const api = await startApi(kind, options({ facts, ...(routes && { routes }) }), (parts) => (routes === undefined ? app(bodyReader().read)(parts) : { use: [parts.guard, parts.handler('x')], routes: [] }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign(limited), 'chunked') + tooLong + lastChunk + head('/x?second', await issuer.sign(limited), 0))
    await asked.given
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    open.give()
    await api.server.idle()
    for (let i = 0; i < 20; i++) await nextTurn()
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'CON-6' })
    expect(api.handled).toEqual([])
  })

  it('what came before it is answered first, however long it takes', async () => {
    const slow = signal<any>()
    const { api, token, connection } = await start({}, kind, (req, res) => {
      if (req.method === 'GET') slow.give(res)
      else bodyReader().read(req, res)
    })
    await connection.send(head('/x', token, 0, { method: 'GET' }) + head('/x', token, 'chunked') + tooLong + lastChunk + head('/x', token, 0))
    const res = await slow.given
    for (let i = 0; i < 20; i++) await nextTurn()
    expect(connection.received()).toBe('')
    sendJson(res, { slow: true })
    const { answers, rest } = await connection.closed()
    expect([answers.map(({ status, json }) => [status, json.slow ?? json.error]), rest]).toEqual([[[200, true], [413, 'request_too_large']], ''])
    await api.server.idle()
    expect(api.handled).toEqual(['x', 'x'])
  })

  it('what came before it is answered first, also where it was late at the guard', async () => {
    const late = signal()
    const api = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [(req, _res, next) => { if (req.method === 'GET') void late.given.then(() => { next() }); else next() }, guard],
      routes: ['GET', 'POST'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x', bodyReader().read)] })),
    }))
    const token = await issuer.sign(limited)
    await api.server.call('/x', { method: 'POST', token, body: '' })
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', token, 0, { method: 'GET' }) + head('/x', token, 101) + 'x'.repeat(101) + head('/x', token, 0, { method: 'GET' }))
    for (let i = 0; i < 20; i++) await nextTurn()
    late.give()
    const { answers, rest } = await connection.closed()
    expect([answers.map(({ status }) => status), rest]).toEqual([[200, 413], ''])
    await api.server.idle()
    expect(api.handled).toEqual(['x', 'x'])
  })

  it('a connection on which nothing was cut serves one request after the other', async () => {
    const { api, token, connection } = await start({}, kind)
    for (let i = 1; i <= 3; i++) {
      await connection.send(head('/x', token, 'chunked') + chunk('x'.repeat(100)) + lastChunk + head('/x', token, 100) + 'x'.repeat(100))
      while (connection.received().split('{"bytes":100}').length <= 2 * i) await connection.until('{"bytes":100}').then(nextTurn)
    }
    connection.leave()
    await api.server.idle()
    expect(api.handled).toHaveLength(6)
  })
})

describe.each(serverKinds)('CON-6 on %s: the option respond at a cut', (kind) => {
  const neverSettles = () => new Promise<never>(() => undefined)
  const cut = async (respond: NonNullable<GuardOptions['respond']>, handle?: (req: any, res: any) => void) => {
    const { api, token, connection } = await start({ respond, ...(respond === neverSettles && { hookTimeoutMs: 50 }) }, kind, handle)
    await connection.send(head('/x', token, 'chunked') + chunk('x'.repeat(100)) + tooLong + lastChunk)
    const closed = await connection.closed()
    await api.server.idle()
    expect(api.audit.results()).toMatchObject([{ rule: 'CON-6' }])
    const [result] = api.audit.results()
    for (const record of api.audit.records) expectValidRecord(record)
    expect(api.audit.takeDecision().outcome).toBe('allow')
    return { ...closed, api, result: result! }
  }
  const seen = (answers: readonly { status: number; text: string }[]) => answers.map(({ status, text }) => [status, text])

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['at once', (denial, _req, res) => { res.statusCode = denial.status; res.end(`sorry: ${denial.error}`) }],
    ['with writeHead, in one go', (denial, _req, res) => { res.writeHead(denial.status, { 'content-type': 'text/plain' }).end(`sorry: ${denial.error}`) }],
    ['in pieces', (denial, _req, res) => { res.writeHead(denial.status, { 'content-length': 24 }); res.write('sorry: '); res.write(denial.error); res.end() }],
    ['in chunks', (denial, _req, res) => { res.statusCode = denial.status; res.write('sorry: '); res.end(denial.error) }],
    ['later, by a promise', async (denial, _req, res) => { await nextTurn(); res.statusCode = denial.status; res.end(`sorry: ${denial.error}`) }],
    ['later, by a callback', (denial, _req, res) => { setImmediate(() => { res.setHeader('content-type', 'text/plain').writeHead(denial.status); res.end(Buffer.from(`sorry: ${denial.error}`)) }) }],
    ['twice', (denial, _req, res) => { res.statusCode = denial.status; res.end(`sorry: ${denial.error}`); res.end('again'); res.end() }],
  ])('that answers %s shapes the only answer', async (_what, respond) => {
    const { answers, rest, result } = await cut(respond)
    expect([seen(answers), rest]).toEqual([[[413, 'sorry: request_too_large']], ''])
    expect(result.status).toBe(413)
    expect(result).not.toHaveProperty('aborted')
  })

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['throws', () => { throw new Error('respond') }],
    ['rejects', () => Promise.reject(new Error('respond'))],
    ['never settles', neverSettles],
    ['hands on', (_denial, _req, _res, next) => { next() }],
    ['hands an error on', (_denial, _req, _res, next) => { next(new Error('mine')) }],
    ['hands on later', (_denial, _req, _res, next) => { setImmediate(next) }],
  ])('that %s leaves it to the default, and no handler runs again', async (_what, respond) => {
    const { answers, rest, api } = await cut(respond)
    expect(rest).toBe('')
    expect(answers).toMatchObject([{ status: 413, json: { error: 'request_too_large' } }])
    expect(api.handled).toEqual(['x'])
    expect(api.server.errors).toEqual([])
  })

  it('that fails in the middle of its answer leaves nothing of it behind', async () => {
    const { answers, rest, result } = await cut((_denial, _req, res) => { res.writeHead(418, { 'content-length': 100, 'x-own': 'yes' }); res.write('half'); throw new Error('respond') })
    expect(answers).toMatchObject([{ status: 413, json: { error: 'request_too_large' } }])
    expect([answers[0]!.header('x-own'), rest, result.status]).toEqual([undefined, '', 413])
  })

  it('that fails after it has answered changes nothing', async () => {
    const { answers, rest } = await cut(async (denial, _req, res) => { res.writeHead(denial.status).end('sorry'); await nextTurn(); throw new Error('respond') })
    expect([seen(answers), rest]).toEqual([[[413, 'sorry']], ''])
  })

  it('whose callbacks wait gets them called', async () => {
    const called: string[] = []
    await cut((denial, _req, res) => { res.statusCode = denial.status; res.write('sor', () => { called.push('write') }); res.end('ry', () => { called.push('end') }) })
    expect(called).toEqual(['write', 'end'])
  })

  it('that takes its time is not talked over by the handler', async () => {
    const begun = signal()
    const { answers, rest } = await cut(async (denial, _req, res) => {
      begun.give()
      for (let i = 0; i < 5; i++) await nextTurn()
      res.statusCode = denial.status
      res.end('sorry')
    }, (req, res) => {
      req.resume()
      void begun.given.then(() => {
        res.setHeader('x-mine', '1')
        res.statusCode = 200
        res.writeHead(200)
        res.end('mine')
      })
    })
    expect([seen(answers), answers[0]!.header('x-mine'), rest]).toEqual([[[413, 'sorry']], undefined, ''])
  })

  it('that uses what a framework adds to the response', async () => {
    if (!kind.startsWith('Express')) return
    const { answers } = await cut((denial, _req, res) => { res.status(denial.status).set('x-own', 'yes').json({ sorry: denial.error }) })
    expect(answers).toMatchObject([{ status: 413, json: { sorry: 'request_too_large' } }])
    expect(answers[0]!.header('x-own')).toBe('yes')
  })

  it('at a refusal by length: its answer is whole, however it ends', async () => {
    for (const respond of [
      (denial: any, _req: any, res: any) => { res.statusCode = denial.status; res.end('sorry') },
      (denial: any, _req: any, res: any) => { res.writeHead(denial.status, { 'content-length': 5 }); res.write('sorry'); res.end(() => undefined) },
      async (denial: any, _req: any, res: any) => { await nextTurn(); res.statusCode = denial.status; res.setHeader('content-length', 5); res.end('sorry') },
      (denial: any, _req: any, res: any) => { res.writeHead(denial.status, { connection: 'close' }).end('sorry') },
    ]) {
      const { api, token, connection } = await start({ respond }, kind)
      await connection.send(head('/x', token, large) + 'x'.repeat(large))
      const { answers, rest } = await connection.closed()
      expect([seen(answers), rest]).toEqual([[[413, 'sorry']], ''])
      expect(answers[0]!.header('connection')).toBe('close')
      await api.server.idle()
    }
  })

  it('at a refusal by length: the connection is closed, whatever it says of it', async () => {
    const { api, token, connection } = await start({ respond: (denial, _req, res) => { res.writeHead(denial.status, { connection: 'keep-alive', 'content-length': 5 }); res.end('sorry') } }, kind)
    await connection.send(head('/x', token, 101) + 'x'.repeat(101))
    expect(seen((await connection.closed()).answers)).toEqual([[413, 'sorry']])
    await api.server.idle()
  })

  it('is called once, also where a decision was on its way', async () => {
    const asked = signal()
    const open = signal()
    let calls = 0
    const api = await startApi(kind, options({ respond: (denial, _req, res) => { calls++; res.statusCode = denial.status; res.end('sorry') } }), ({ guard, handler }) => ({
      use: [guard],
      routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), requireCapability('b', { purposes: async () => { asked.give(); await open.given; return true } }), handler('x')] }],
    }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign(limited), 'chunked'))
    await asked.given
    await connection.send(tooLong + lastChunk)
    await connection.until('sorry')
    open.give()
    expect(seen((await connection.closed()).answers)).toEqual([[413, 'sorry']])
    await api.server.idle()
    for (let i = 0; i < 5; i++) await nextTurn()
    expect([calls, api.handled]).toEqual([1, []])
  })

  it('at a refusal by length: next hands the error on, once', async () => {
    const { api, token, connection } = await start({ respond: (_denial, _req, _res, next) => { next() } }, kind)
    await connection.send(head('/x', token, large) + 'x'.repeat(large))
    expect((await connection.closed()).answers).toMatchObject([{ status: 413, json: { handled_by: 'the error handler' } }])
    expect(api.server.errors).toMatchObject([{ status: 413, code: 'request_too_large' }])
  })
})

describe.each(serverKinds)('CON-6 on %s: Expect: 100-continue', (kind) => {
  it.each([false, true])('a body that was waited for is counted like any other, and one that is announced too large is not asked for (left to the app: %s)', async (passesExpect) => {
    const api = await startApi(kind, options(), app((req, res) => {
      if (passesExpect) res.writeContinue()
      bodyReader().read(req, res)
    }), { passesExpect })
    const token = await issuer.sign(limited)
    await api.server.call('/nowhere', { token })
    const expecting = { lines: ['Expect: 100-continue'] }
    for (const [bytes, status] of [[100, 200], [101, 413]] as const) {
      const connection = await openConnection(api.server.port)
      await connection.send(head('/x', token, 'chunked', { lines: [...expecting.lines, 'Connection: close'] }))
      await connection.until('100 Continue')
      await connection.send(chunk('x'.repeat(bytes)) + lastChunk)
      expect((await connection.closed()).answers.map((answer) => answer.status)).toEqual([status])
    }
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', token, 101, expecting))
    await connection.until('HTTP/1.1 413')
    expect(connection.received().includes('100 Continue')).toBe(!passesExpect)
    connection.leave()
    await api.server.idle()
  })
})

describe.each(serverKinds)('CON-6 on %s: more than one guard', (kind) => {
  const sendTo = async ({ server }: Api, token: string, body: string) => {
    const connection = await openConnection(server.port)
    await connection.send(head('/x', token, 'chunked') + body + lastChunk)
    const closed = await connection.closed()
    await server.idle()
    return closed
  }

  it.each<[string, (parts: ApiParts, second: Middleware) => Middleware[]]>([
    ['twice the same', ({ guard }) => [guard, guard]],
    ['another behind it', ({ guard }, second) => [guard, second]],
    ['a parser between them', ({ guard }, second) => [guard, collectBody, second]],
  ])('%s: one cut, one answer, one decision record', async (_what, use) => {
    const { read } = bodyReader()
    const records: any[] = []
    const sink = { write: (record: unknown) => { records.push(record) } }
    const second = createGuard(options({ audit: sink }))
    const api = await startApi(kind, options({ audit: sink }), (parts) => ({ use: use(parts, aapGuard(second)), routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), parts.handler('x', read)] }] }))
    const token = await issuer.sign(limited)
    for (let i = 0; i < 2; i++) {
      records.length = 0
      expect((await sendTo(api, token, chunk('x'.repeat(60)) + tooLong)).answers).toMatchObject([{ status: 413 }])
      for (const record of records) expectValidRecord(record)
      expect(records.filter(({ kind: kindOf }) => kindOf === 'decision')).toHaveLength(1)
    }
    await second.close()
  })

  it.each([['lets it pass', {}], ['refuses it', { context: { network_zone: 'inner' } }]])('a body that goes over while another guard looks at the token ends the request there, though that one %s', async (_what, { context }: { context?: object }) => {
    const asked = signal()
    const open = signal()
    const records: unknown[] = []
    const second = createGuard(options({ audit: { write: (record) => { records.push(record) } }, facts: async () => { asked.give(); await open.given; return { zone: 'outer' } } }))
    const api = await startApi(kind, options({ facts: () => ({ zone: 'inner' }) }), ({ guard, handler }) => ({ use: [guard, aapGuard(second)], routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }] }))
    const token = await issuer.sign({ ...limited, ...(context && { aap_context: context }) })
    await api.server.call('/x', { token: 'nothing' })
    api.audit.clear()
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', token, 'chunked'))
    await asked.given
    await connection.send(tooLong)
    await connection.until('413')
    open.give()
    await connection.send(lastChunk)
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(api.handled).toEqual([])
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'CON-6' })
    expect(records).toEqual([])
    await second.close()
  })

  it('a limit that only the first of two guards knows holds, also while the second decides', async () => {
    const asked = signal()
    const open = signal()
    const compile = (isLimit: boolean) => [defineConstraint({ name: 'own', compile: () => (isLimit ? { kind: 'body-limit' as const, requestBytes: 100, check: () => pass } : () => pass) })]
    const store = memoryStore()
    const second = createGuard(options({ audit: [], constraints: compile(false), store: { name: 'slow', admit: async (admission) => { asked.give(); await open.given; return store.admit(admission) } } }))
    const api = await startApi(kind, options({ constraints: compile(true) }), ({ guard, handler }) => ({ use: [guard, (_req, _res, next) => { setImmediate(next) }, aapGuard(second)], routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }] }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { own: 1, max_requests_per_hour: 5 } }] }), 'chunked'))
    await asked.given
    await connection.send(tooLong + lastChunk)
    for (let i = 0; i < 5; i++) await nextTurn()
    open.give()
    expect((await connection.closed()).answers).toMatchObject([{ status: 413 }])
    await api.server.idle()
    expect(api.handled).toEqual([])
    await second.close()
  })

  it('AUD-1: an app that goes on after the cut gets no decision and no handler', async () => {
    const goOn = signal()
    const api = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard, (_req, _res, next) => { void goOn.given.then(() => { next() }) }],
      routes: [{ method: 'POST', path: '/x', run: [requireCapability('a'), handler('x')] }],
    }))
    const connection = await openConnection(api.server.port)
    await connection.send(head('/x', await issuer.sign(limited), 'chunked') + tooLong)
    await connection.until('413')
    goOn.give()
    await nextTurn()
    await connection.send(lastChunk)
    await connection.closed()
    await api.server.idle()
    expect(api.handled).toEqual([])
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'CON-6' })
  })

  it('ORD-1, AUD-1: a body that goes over while the decision is taken gets the answer of the decision', async () => {
    const store = memoryStore()
    for (const [path, slow, outcome, status, rule] of [['/a', 'admit', 'allow', 413, undefined], ['/a', 'purposes', 'deny', 413, 'CON-6'], ['/b', 'purposes', 'deny', 403, 'CAP-2']] as const) {
      const asked = signal()
      const open = signal()
      const wait = async (what: string) => {
        if (what !== slow) return
        asked.give()
        await open.given
      }
      const api = await startApi(kind, options({ store: { name: 'slow', admit: async (admission) => { await wait('admit'); return store.admit(admission) } } }), ({ guard, handler }) => ({
        use: [guard, (req, _res, next) => { setImmediate(next); req.on('data', () => undefined) }],
        routes: ['a', 'b'].map((action) => ({ method: 'POST', path: `/${action}`, run: [requireCapability(action, { purposes: async () => { await wait('purposes'); return true } }), handler(action)] })),
      }))
      const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_request_size: 100, max_requests_per_hour: 5 } }] })
      await api.server.call('/nowhere', { token })
      api.audit.clear()
      const connection = await openConnection(api.server.port)
      await connection.send(head(path, token, 'chunked') + chunk('x'))
      await asked.given
      await connection.send(tooLong)
      for (let i = 0; i < 5; i++) await nextTurn()
      expect(connection.received()).toBe('')
      open.give()
      await connection.until('HTTP/1.1')
      await connection.send(lastChunk)
      expect((await connection.closed()).answers).toMatchObject([{ status }])
      await api.server.idle()
      expect(api.handled).toEqual([])
      if (outcome === 'allow') expect(api.audit.results()).toMatchObject([{ status: 413, rule: 'CON-6' }])
      expect(api.audit.takeDecision()).toMatchObject({ outcome, ...(rule !== undefined && { rule }) })
    }
  })
})
