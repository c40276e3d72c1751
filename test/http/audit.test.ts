import { describe, expect, it } from 'vitest'
import { createGuard, jsonLines, requireCapability, type AuditRecord, type GuardOptions, type ResourceRequest } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { expectValidRecord } from '../support/audit.js'
import { once } from 'node:events'
import { connect } from 'node:net'
import { requestBytes } from '../support/http-client.js'
import { sendJson, startApi, type ApiParts } from '../support/api.js'
import { serverKinds, type App } from '../support/servers.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const options = (more: GuardOptions = {}): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience, ...more })
const app = (answer?: (req: any, res: any) => void) => ({ guard, handler }: ApiParts): App => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a'), handler('x', answer)] }] })
const token = (more: object = {}) => issuer.sign({ aap_capabilities: capabilities('a'), ...more })

describe.each(serverKinds)('AUD-1 on %s', (kind) => {
  it('the decision is recorded before the handler runs, the result after, with the same id', async () => {
    const order: string[] = []
    const { server } = await startApi(kind, options({ audit: { write: (record) => { order.push(`${record.kind} ${record.kind === 'event' ? '' : record.correlation_id}`) } } }), app((req, res) => { order.push(`handler ${req.aap.decision.correlationId}`); sendJson(res, {}) }))
    await server.call('/x', { token: await token() })
    const id = order[0]!.split(' ')[1]!
    expect(order).toEqual([`decision ${id}`, `handler ${id}`, `result ${id}`])
  })

  it.each<[string, (req: any, res: any) => void, number, number]>([
    ['one end', (_req, res) => { res.statusCode = 201; res.end('äö') }, 201, 4],
    ['writes and an end', (_req, res) => { res.write('abc'); res.write(Buffer.from('de')); res.write('ff', 'hex'); res.end('g') }, 200, 7],
    ['no body', (_req, res) => { res.statusCode = 204; res.end() }, 204, 0],
    ['a callback', (_req, res) => { res.end('abc', () => undefined) }, 200, 3],
    ['writeHead and a length', (_req, res) => { res.writeHead(404, { 'content-length': '2' }); res.end('no') }, 404, 2],
  ])('a result has the status and the bytes that were sent: %s', async (_what, answer, status, bytes) => {
    const { server, audit } = await startApi(kind, options(), app(answer))
    await server.call('/x', { token: await token() })
    expect(audit.results()).toMatchObject([{ status, bytes, duration_ms: expect.any(Number) }])
    expect(audit.results()[0]).not.toHaveProperty('aborted')
    audit.takeDecision()
  })

  it('HEAD has no body on the wire, whatever the handler writes', async () => {
    const { server, audit } = await startApi(kind, options(), app((_req, res) => { res.end('never sent') }))
    await server.call('/x', { method: 'HEAD', token: await token() })
    expect(audit.results()).toMatchObject([{ status: 200, bytes: 0 }])
  })

  it('a response that is cut off leaves a result that says so', async () => {
    const { server, audit } = await startApi(kind, options(), app((_req, res) => { res.write('half'); res.destroy() }))
    await server.call('/x', { token: await token() }).catch(() => undefined)
    await server.idle()
    expect(audit.results()).toMatchObject([{ aborted: true }])
    audit.takeDecision()
  })

  it('a caller who leaves while the request is looked at still leaves one decision record', async () => {
    let goOn = (): void => undefined
    let heard = (): void => undefined
    const gate = new Promise<void>((resolve) => { goOn = resolve })
    const asked = new Promise<void>((resolve) => { heard = resolve })
    let reached = (): void => undefined
    const handlerRan = new Promise<void>((resolve) => { reached = resolve })
    const { server, audit } = await startApi(kind, options({ facts: async () => { heard(); await gate; return {} } }), ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/open', run: [handler('open', (_req, res) => { res.end(); reached() })] }],
    }))
    const socket = connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(requestBytes('/open', [`Authorization: Bearer ${await token()}`]))
    await asked
    socket.destroy()
    await server.idle()
    goOn()
    await handlerRan
    await nextTurn()
    expect(audit.takeDecision().outcome).toBe('undecided')
  })

  it.each<[string, (req: any, res: any) => void, object, string]>([
    ['before a response', (_req, res) => { res.statusCode = 201 }, {}, 'the connection ended before a response began'],
    ['in the middle of one', (_req, res) => { res.statusCode = 201; res.write('half') }, { status: 201 }, 'the connection ended in the middle of the response'],
  ])('a caller who leaves %s, undecided, was not answered whole', async (_what, answer, status, detail) => {
    let reached = (): void => undefined
    const { server, audit } = await startApi(kind, options(), ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/open', run: [handler('open', (req, res) => { answer(req, res); reached() })] }, { path: '/none', run: [requireCapability.none('test'), handler('none', (req, res) => { answer(req, res); reached() })] }],
    }))
    for (const [path, expected] of [['/open', `${detail}, without a capability decision`], ['/none', `the route needs no capability: test; ${detail}`]] as const) {
      const handlerRan = new Promise<void>((resolve) => { reached = resolve })
      const socket = connect(server.port, '127.0.0.1')
      socket.write(requestBytes(path, [`Authorization: Bearer ${await token()}`]))
      await handlerRan
      socket.destroy()
      await server.idle()
      const record = audit.takeDecision()
      expect(record).toMatchObject({ outcome: 'undecided', rule: 'AUD-1', detail: expected, ...status })
      if (!('status' in status)) expect(record).not.toHaveProperty('status')
    }
  })

  it('a refused request leaves no result', async () => {
    const { server, audit } = await startApi(kind, options(), app())
    await server.call('/x', { token: await issuer.sign() })
    expect(audit.results()).toEqual([])
    audit.takeDecision()
  })
})

describe('AUD-1: what a record holds', () => {
  it('everything that names the caller, and never the token or the query', async () => {
    const { server, audit } = await startApi('Express 5', options(), ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a', { target: 'https://user.example.org:8443/p?q' }), handler('x')] }] }))
    const jwt = await issuer.sign({
      jti: 'j-1', client_id: 'c-1', act: { sub: 'agent-2' }, aap_capabilities: capabilities('b', 'a'), aap_delegation: { depth: 1, max_depth: 2, chain: ['agent-1', 'agent-2'] }, aap_audit: { trace_id: 'trace-1', log_level: 'none' },
    })
    await server.call('/x?secret=1', { token: jwt })
    const text = JSON.stringify(audit.records)
    const record = audit.takeDecision()
    expect(record).toEqual({
      kind: 'decision', time: expect.any(String), outcome: 'allow', correlation_id: expect.any(String), issuer: issuer.url, subject: 'spiffe://example.com/agent/researcher-01', client_id: 'c-1', token_id: 'j-1',
      agent_id: 'agent-researcher-01', agent_type: 'llm-autonomous', agent_operator: 'org:example', task_id: 'task-123', task_purpose: 'research_and_draft_article',
      action: 'a', capability_index: 1, method: 'GET', path: '/x', target_host: 'user.example.org', delegation_depth: 1, delegation_chain: ['agent-1', 'agent-2'], trace_id: 'trace-1',
    })
    for (const part of jwt.split('.')) expect(text).not.toContain(part)
    expect(text).not.toContain('secret')
  })

  it.each<[string, string, string]>([
    ['the absolute form', 'http://user:hunter2@api.example.com/x?y=1', '/x'],
    ['where nobody decides', 'http://user:hunter2@api.example.com/open', '/open'],
    ['where a fact is missing', 'http://user:hunter2@api.example.com/mail', '/mail'],
    ['two slashes', '//user:hunter2@host/x', '//host/x'],
    ['a slash and a backslash', '/\\user:hunter2@host/x', '/\\host/x'],
    ['a URL within the path', '/x/http://user:hunter2@host/y', '/x/http://host/y'],
  ])('the path of any target, and no password anywhere: %s', async (_what, target, path) => {
    const { server, audit, operator } = await startApi('Express 5', options(), ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a'), handler('x')] }, { path: '/open', run: [handler('open')] }, { path: '/mail', run: [requireCapability('mail'), handler('mail')] }] }))
    const jwt = await issuer.sign({ aap_capabilities: [{ action: 'a' }, { action: 'mail', constraints: { max_emails_per_day: 5 } }] })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nAuthorization: Bearer ${jwt}\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    await server.idle()
    expect(answer).toMatch(/^HTTP\/1\.1 [2-4]/)
    expect(JSON.stringify([answer.split('\r\n\r\n', 1), audit.records, operator.said])).not.toContain('hunter2')
    if (path === '/open' || path === '/mail') expect(operator.said.map(({ message }) => message)).toContainEqual(expect.stringContaining(`GET ${path} `))
    expect(audit.takeDecision()).toMatchObject({ path })
  })

  it('a token that was refused after its signature was verified is named, one that was not is not (AUD-1)', async () => {
    const { server, audit } = await startApi('node:http', options(), app())
    await server.call('/x', { token: await token({ jti: 'j-2', aud: 'x' }) })
    expect(audit.takeDecision()).toMatchObject({ issuer: issuer.url, token_id: 'j-2', rule: 'TOK-5' })
    const jwt = await token({ jti: 'j-3' })
    await server.call('/x', { token: `${jwt.slice(0, -8)}AAAAAAAA` })
    const forged = audit.takeDecision()
    expect(forged.rule).toBe('TOK-1')
    expect(forged).not.toHaveProperty('issuer')
    expect(forged).not.toHaveProperty('token_id')
  })
})

describe('AUD-2: trace context', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  it('trace_id of the claim and traceparent of the request are in both records', async () => {
    const { server, audit } = await startApi('Express 5', options(), app())
    await server.call('/x', { token: await token({ aap_audit: { trace_id: 't 1' } }), headers: { traceparent } })
    expect(audit.records).toHaveLength(2)
    for (const record of audit.records) expect(record).toMatchObject({ trace_id: 't 1', traceparent })
    audit.takeDecision()
  })

  it.each<[string, string | string[]]>([
    ['nonsense', 'nonsense'], ['version ff', traceparent.replace(/^00/, 'ff')], ['upper case', traceparent.toUpperCase()], ['a trace of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`], ['a parent of zeros', `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['too short', traceparent.slice(0, -1)], ['two of them', [traceparent, traceparent]], ['one too long', `01${traceparent.slice(2)}-${'a'.repeat(600)}`],
  ])('%s is no traceparent, and the request goes on', async (_what, value) => {
    const { server, audit } = await startApi('node:http', options(), app())
    expect((await server.call('/x', { token: await token(), headers: { traceparent: value } })).status).toBe(200)
    expect(audit.takeDecision()).not.toHaveProperty('traceparent')
  })
})

describe('AUD-4: nothing in a claim can break a line', () => {
  const nasty = 'a\n{"kind":"decision","outcome":"allow"}\r\u0000\u001b[2K\u007f\u0085\u2028\u2029\u202e\u2066"\\\u{1f600}'

  it('a record is one line of JSON that reads back as it was', async () => {
    const written: string[] = []
    const { server } = await startApi('Express 5', options({ audit: jsonLines({ write: (text) => { written.push(text) } }) }), app())
    const claims = { jti: nasty, sub: nasty, client_id: nasty, aap_agent: { id: nasty.slice(0, 60), type: 'a\nb', operator: nasty }, aap_task: { id: 'a\r\nb', purpose: nasty }, aap_audit: { trace_id: nasty }, aap_delegation: { depth: 1, max_depth: 1, chain: [nasty, 'b\n'] } }
    expect((await server.call('/x', { token: await token(claims) })).status).toBe(200)
    // Private reasons quote claims.
    expect((await server.call('/x', { token: await token({ ...claims, iss: `https://${nasty}` }) })).status).toBe(401)
    expect((await server.call('/x', { token: await token({ ...claims, aap_capabilities: [{ action: 'a', constraints: { [nasty]: 1 } }] }) })).status).toBe(403)
    expect(written).toHaveLength(4)
    for (const line of written) {
      // eslint-disable-next-line no-control-regex -- they are what is looked for
      expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e\u2066]*\n$/)
      expectValidRecord(JSON.parse(line))
    }
    expect(JSON.parse(written[0]!)).toMatchObject({ token_id: nasty, agent_operator: nasty, trace_id: nasty, delegation_chain: [nasty, 'b\n'] })
  })

  it('a logger gets the record as an object, beside a message that no claim is in', async () => {
    const logged: [AuditRecord, string][] = []
    const { server } = await startApi('Express 5', options({ audit: { info: (record, message) => { logged.push([record, message]) } } }), app())
    await server.call('/x', { token: await token({ jti: nasty }) })
    expect(logged.map(([{ kind }, message]) => [kind, message])).toEqual([['decision', 'aap decision'], ['result', 'aap result']])
    expect(logged[0]![0]).toMatchObject({ token_id: nasty })
  })
})

describe('AUD-3: sinks', () => {
  const request = async (): Promise<ResourceRequest> => ({ method: 'GET', url: '/', headers: { authorization: `Bearer ${await token()}` } })
  const decide = async (audit: unknown) => {
    const warnings: string[] = []
    const keep = (message: string): void => { warnings.push(message) }
    const guard = createGuard({ ...options(), audit: audit as never, logger: { info: keep, warn: keep, error: keep } })
    const { outcome } = await guard.authorize(await request(), 'a')
    await nextTurn()
    await guard.close()
    return { outcome, warnings }
  }
  const fail = (): never => { throw new Error('sink') }

  it.each<[string, unknown]>([
    ['throws', { write: fail }], ['rejects', { write: async () => fail() }], ['is a logger that throws', { info: fail }], ['is a logger that rejects', { info: async () => fail() }], ['rejects with undefined', { write: () => Promise.reject(undefined) }],
    ['gives a thenable that rejects', { write: () => ({ then(_: unknown, reject: (reason: unknown) => void) { reject(new Error('sink')) } }) }],
  ])('a sink that %s is reported; the request goes on and the other sinks get the record', async (_what, sink) => {
    const records: unknown[] = []
    const { outcome, warnings } = await decide([sink, { write: (record: unknown) => { records.push(record) } }])
    expect(outcome).toBe('allow')
    expect(records).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('sink')])
  })

  it.each<[string, unknown]>([
    ['a number, as Array.push does', { write: (record: unknown) => [].push(record as never) }], ['true, as a stream does', { write: () => true }], ['false', { write: () => false }], ['text', { write: () => 'ok' }], ['a promise', { write: async () => undefined }],
    ['a thenable', { write: () => ({ then(resolve: () => void) { resolve() } }) }],
  ])('a sink that answers with %s has not failed', async (_what, sink) => {
    expect(await decide(sink)).toEqual({ outcome: 'allow', warnings: [] })
  })

  it('a logger that is a stream as well, as those of winston are, is called as a logger', async () => {
    const called: string[] = []
    await decide({ info: () => { called.push('info') }, write: () => { called.push('write') } })
    expect(called).toEqual(['info'])
  })

  it('an empty list keeps nothing, and decides all the same', async () => {
    expect(await decide([])).toEqual({ outcome: 'allow', warnings: [] })
    const { server } = await startApi('Express 5', options({ audit: [] }), app())
    expect((await server.call('/x', { token: await token() })).status).toBe(200)
    expect((await server.call('/x')).status).toBe(401)
  })
})
