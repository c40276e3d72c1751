import { once } from 'node:events'
import connectTo from 'connect'
import express from 'express'
import express4 from 'express4'
import { createServer, type RequestListener } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { aapGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { call, type Answer } from '../support/http-client.js'
import { createProofMaker } from '../support/dpop.js'
import { useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { sendJson, startApi } from '../support/api.js'
import { serverKinds, type ServerKind } from '../support/servers.js'

const issuer = useTestIssuer()
expectHealthyProcess()

/** Both ways to be refused: by the guard, and by the route. */
async function startRefusing(kind: ServerKind, respond: NonNullable<GuardOptions['respond']>) {
  return startApi(kind, { issuer: issuer.trusted, audience: issuer.audience, hookTimeoutMs: 20, respond }, ({ guard, handler }) => ({
    use: [guard],
    routes: [{ path: '/search', run: [requireCapability('no.such'), handler('search')] }],
  }))
}

const origin = 'https://api.example.com'
const client = createProofMaker()
const bodyHeaders: ReadonlySet<string> = new Set(['content-type', 'content-length', 'transfer-encoding'])

/** Refusals whose headers differ: what is asked, and how the answers come again. */
const refusals: readonly [what: string, status: number, names: readonly string[], ask: () => Promise<{ method?: string; path?: string; headers: Record<string, string>; body?: string }>][] = [
  ['malformed credentials', 400, ['www-authenticate'], async () => ({ headers: { authorization: 'Bearer a b' } })],
  ['no credentials', 401, ['www-authenticate'], async () => ({ headers: {} })],
  ['a proof without a nonce', 401, ['www-authenticate', 'dpop-nonce'], async () => {
    const token = await issuer.sign({ cnf: client.confirmation })
    return { headers: { authorization: `DPoP ${token}`, dpop: client.proof({ token }) } }
  }],
  ['no capability', 403, ['www-authenticate'], async () => ({ path: '/none', headers: { authorization: `Bearer ${await issuer.sign()}` } })],
  ['too large a body', 413, ['connection'], async () => ({ method: 'POST', headers: { authorization: `Bearer ${await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_request_size: 1 } }] })}` }, body: 'long' })],
  ['a quota', 429, ['retry-after'], async () => ({ headers: { authorization: `Bearer ${await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_hour: 0 } }] })}` } })],
]

const refusing = (respond?: GuardOptions['respond']): GuardOptions => ({
  issuer: issuer.trusted, audience: issuer.audience, baseUrl: origin, dpop: { nonceSecret: 'a secret of at least 32 characters' }, storeTimeoutMs: 20_000, hookTimeoutMs: 20_000, ...(respond !== undefined && { respond }),
})

/** All but those of the body. Some go by the clock. */
const refusalHeadersOf = ({ headers }: Answer) => headers.filter(([name]) => !bodyHeaders.has(name)).map(([name, value]) => (['date', 'retry-after', 'dpop-nonce'].includes(name) ? name : `${name}: ${value}`)).sort()

describe.each(serverKinds)('TRN-4, POP-6: the headers of a refusal, with respond on %s', (kind) => {
  const app = (options: GuardOptions) => startApi(kind, options, ({ guard, handler }) => ({
    use: [guard],
    routes: ['GET', 'POST'].flatMap((method) => [{ method, path: '/search', run: [requireCapability('search.web'), handler('search')] }, { method, path: '/none', run: [requireCapability('no.such'), handler('none')] }]),
  }))
  const answerTo = async (options: GuardOptions, ask: (typeof refusals)[number][3]) => {
    const { server } = await app(options)
    const { path = '/search', ...more } = await ask()
    return server.call(path, more)
  }

  it.each(refusals)('are there where it only sets a status and ends: %s', async (_what, status, names, ask) => {
    const custom = await answerTo(refusing((denial, _req, res) => { res.statusCode = denial.status; res.end('sorry') }), ask)
    const plain = await answerTo(refusing(), ask)
    expect([custom.status, custom.text, custom.header('content-type')]).toEqual([status, 'sorry', undefined])
    expect(refusalHeadersOf(custom)).toEqual(refusalHeadersOf(plain))
    for (const name of [...names, 'cache-control']) expect(custom.headers.filter(([sent]) => sent === name), name).toHaveLength(1)
  })

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['setHeader', (denial, _req, res) => { res.setHeader('WWW-Authenticate', 'Mine'); res.statusCode = denial.status; res.end() }],
    ['writeHead', (denial, _req, res) => { res.writeHead(denial.status, { 'WWW-Authenticate': 'Mine' }).end() }],
    ['writeHead with a list', (denial, _req, res) => { res.writeHead(denial.status, ['WWW-Authenticate', 'Mine']).end() }],
  ])('may be others, by %s', async (_how, respond) => {
    const answer = await answerTo(refusing(respond), async () => ({ headers: {} }))
    expect(answer.headers.filter(([name]) => name === 'www-authenticate')).toEqual([['www-authenticate', 'Mine']])
  })

  it('are there once where it sets those of the denial itself', async () => {
    for (const respond of [(denial, _req, res) => { res.writeHead(denial.status, denial.headers).end() }, (denial, _req, res) => { res.setHeaders(new Map(Object.entries(denial.headers))); res.statusCode = denial.status; res.end() }] satisfies NonNullable<GuardOptions['respond']>[]) {
      const answer = await answerTo(refusing(respond), async () => ({ headers: {} }))
      expect(answer.headers.filter(([name]) => name === 'www-authenticate')).toHaveLength(1)
      expect(answer.header('content-type')).toContain('json')
    }
  })

  it('ERR-2: are those of the default again where it set others and failed', async () => {
    const answer = await answerTo(refusing((_denial, _req, res) => {
      res.setHeader('WWW-Authenticate', 'Mine')
      res.removeHeader('cache-control')
      res.setHeader('content-type', 'text/html')
      throw new Error('respond')
    }), async () => ({ headers: {} }))
    expect(answer.header('www-authenticate')).toMatch(/^Bearer .*, DPoP /)
    expect([answer.status, answer.header('cache-control'), answer.json.error_correlation_id]).toEqual([401, 'no-store', expect.any(String)])
  })

  it('reach the answer of an error handler that says nothing of them, and stand in the error', async () => {
    const { server } = await app(refusing((_denial, _req, _res, next) => { next() }))
    const answer = await server.call('/search')
    expect([answer.status, answer.json]).toEqual([401, { handled_by: 'the error handler' }])
    expect(answer.header('www-authenticate')).toMatch(/^Bearer .*, DPoP /)
    expect(server.errors).toMatchObject([{ headers: { 'www-authenticate': answer.header('www-authenticate'), 'cache-control': 'no-store' } }])
    expect(Object.keys(server.errors[0].headers)).not.toContain('content-type')
  })

  it('do no harm to an answer that was sent before', async () => {
    const { server, operator } = await startApi(kind, refusing((_denial, _req, res) => { res.end() }), ({ guard }) => ({
      use: [(_req, res, next) => { sendJson(res, { early: true }); next() }, guard],
      routes: [],
    }))
    const answer = await server.call('/search')
    expect([answer.status, answer.json]).toEqual([200, { early: true }])
    expect(operator.said.filter(({ level }) => level === 'error')).toEqual([])
  })
})

it.each<[string, (use: any) => RequestListener]>([
  ['Express 5', (guard) => express().use(guard)], ['Express 4', (guard) => express4().use(guard)], ['Connect', (guard) => connectTo().use(guard)],
])('TRN-4: next() of respond leaves the headers to the last error handler of %s', async (_kind, app) => {
  const guard = aapGuard({ ...refusing((_denial, _req, res, next) => { for (const name of res.getHeaderNames()) res.removeHeader(name); next() }), audit: [] })
  const server = createServer(app(guard)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    await guard.guard.close()
  })
  const answer = await call((server.address() as AddressInfo).port, '/')
  expect([answer.status, answer.header('content-type')]).toEqual([401, expect.stringContaining('text/html')])
  expect(answer.header('www-authenticate')).toMatch(/^Bearer .*, DPoP /)
})

it('TRN-4, POP-6: over HTTP/2 respond has the headers of the refusal as well', async () => {
  const warnings: string[] = []
  const warned = ({ name }: Error): void => { warnings.push(name) }
  process.on('warning', warned)
  const guard = aapGuard({ ...refusing((denial, _req, res) => { res.statusCode = denial.status; res.end('sorry') }), audit: [], routes: { 'GET /search': 'search.web', 'POST /search': 'search.web', 'GET /none': 'no.such' } })
  const server = createHttp2Server((req: any, res: any) => { guard(req, res, () => { res.end('handled') }) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    session.destroy()
    server.close()
    process.off('warning', warned)
    await guard.guard.close()
  })
  for (const [what, status, names, ask] of refusals) {
    const { method = 'GET', path = '/search', headers, body } = await ask()
    const stream = session.request({ ':method': method, ':path': path, ...headers, ...(body !== undefined && { 'content-length': String(body.length) }) }, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const [answered] = await once(stream, 'response')
    let text = ''
    for await (const part of stream) text += String(part)
    expect([answered[':status'], text], what).toEqual([status, 'sorry'])
    for (const name of names) if (name !== 'connection') expect(answered[name], `${what}: ${name}`).toEqual(expect.any(String))
    expect(answered['cache-control'], what).toBe('no-store')
  }
  expect(warnings).toEqual([])
})

describe.each(serverKinds)('respond on %s', (kind) => {
  it('shapes a denial from its public side only', async () => {
    const given: any[] = []
    const { server, audit, handled } = await startRefusing(kind, (denial, req, res) => {
      given.push(denial, req.url)
      res.writeHead(denial.status, { 'x-own': 'yes', 'www-authenticate': denial.headers['www-authenticate'] })
      res.end(`sorry: ${denial.error ?? 'none'}`)
    })
    const answer = await server.call('/search', { token: await issuer.sign() })
    expect([answer.status, answer.text, answer.header('x-own')]).toEqual([403, 'sorry: aap_invalid_capability', 'yes'])
    const { correlation_id } = audit.takeDecision()
    const [denial, url] = given
    expect(url).toBe('/search')
    expect(Object.keys(denial).sort()).toEqual(['body', 'correlationId', 'description', 'error', 'headers', 'status'])
    expect(denial.correlationId).toBe(correlation_id)
    expect(JSON.stringify(denial)).not.toMatch(/CAP-2|no\.such/)
    expect(Object.isFrozen(denial) && Object.isFrozen(denial.headers) && Object.isFrozen(denial.body)).toBe(true)
    expect(handled).toEqual([])
  })

  it.each<[string, NonNullable<GuardOptions['respond']>]>([
    ['throws', () => { throw new Error('respond') }],
    ['throws null', () => { throw null }],
    ['rejects', () => Promise.reject(new Error('respond'))],
    ['rejects with undefined', () => Promise.reject(undefined)],
    ['never settles', () => new Promise(() => undefined)],
    ['is a thenable that throws', () => ({ then() { throw new Error('then') } })],
  ])('ERR-2: where it %s the default is sent', async (_what, respond) => {
    const { server, audit, operator, handled } = await startRefusing(kind, respond)
    for (const [token, status] of [[undefined, 401], [await issuer.sign(), 403]] as const) {
      const answer = await server.call('/search', token === undefined ? {} : { token })
      expect(answer.status).toBe(status)
      expect(answer.json.error_correlation_id).toBe(audit.takeDecision().correlation_id)
      expect(answer.header('www-authenticate')).toBeDefined()
    }
    expect(handled).toEqual([])
    expect(operator.said.map(({ level }) => level)).toContain('error')
  })

  it('ERR-2: an answer that was begun and then fails is cut, and does not look whole', async () => {
    const { server, handled } = await startRefusing(kind, (_denial, _req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('half')
      throw new Error('respond')
    })
    await expect(server.call('/search')).rejects.toThrow()
    await server.idle()
    expect(handled).toEqual([])
  })

  it('ERR-2: one that answers after the default was sent does no harm', async () => {
    let goOn = (): void => undefined
    const late = new Promise<void>((resolve) => { goOn = resolve })
    const { server, handled } = await startRefusing(kind, async (_denial, _req, res, next) => {
      await late
      next()
      sendJson(res, { late: true })
    })
    expect((await server.call('/search')).status).toBe(401)
    goOn()
    expect(handled).toEqual([])
  })

  it.each<[string, (next: (error?: unknown) => void) => void]>([
    ['next()', (next) => { next() }],
    ['next(null)', (next) => { next(null) }],
    ['next(false)', (next) => { next(false) }],
    ['next(0)', (next) => { next(0) }],
    ['next(\'\')', (next) => { next('') }],
    ['next(NaN)', (next) => { next(NaN) }],
    ['next(\'route\')', (next) => { next('route') }],
    ['next(\'router\')', (next) => { next('router') }],
  ])('%s hands on an error with the denial\'s status, and never lets the request through', async (_what, callNext) => {
    const { server, audit, handled } = await startRefusing(kind, (_denial, _req, _res, next) => { callNext(next) })
    for (const [token, status] of [[await issuer.sign(), 403], [undefined, 401]] as const) {
      const answer = await server.call('/search', token === undefined ? {} : { token })
      expect(handled, 'handlers that ran').toEqual([])
      expect([answer.status, answer.json]).toEqual([status, { handled_by: 'the error handler' }])
      audit.takeDecision()
    }
    expect(server.errors).toMatchObject([{ status: 403, code: 'aap_invalid_capability' }, { status: 401 }])
  })

  it('next(error) hands on that error', async () => {
    const { server, handled } = await startRefusing(kind, (_denial, _req, _res, next) => { next(Object.assign(new Error('mine'), { status: 418 })) })
    expect((await server.call('/search')).status).toBe(418)
    expect(server.errors).toMatchObject([{ message: 'mine' }])
    expect(handled).toEqual([])
  })
})
