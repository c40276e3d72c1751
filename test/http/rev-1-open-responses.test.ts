import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { aapGuard, memoryStore, requireCapability } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { collectAudit, expectValidRecord } from '../support/audit.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { serverKinds } from '../support/servers.js'
import { startApi, type ApiParts } from '../support/api.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const deadline = { timeout: 10_000, interval: 5 }

/** What a client sees of a response that goes on. */
async function open(port: number, path: string, token: string) {
  const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, headers: { authorization: `Bearer ${token}` } })
  request.on('error', () => undefined)
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (part: string) => { text += part })
  response.on('error', () => undefined)
  const closed = new Promise((resolve) => { response.on('close', resolve) })
  return { status: response.statusCode, text: () => text, isComplete: () => response.complete, closed }
}

describe.each(serverKinds)('REV-1: open responses on %s', (kind) => {
  let token: string
  beforeEach(async () => { token = await issuer.sign({ jti: 'jti-1', aap_capabilities: capabilities('a') }) })

  /** A handler of server-sent events that notes what becomes of it. */
  const streaming = async (more: object = {}) => {
    const seen: string[] = []
    const written: unknown[] = []
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => { release = resolve })
    const late = (_req: unknown, res: any): void => { void released.then(() => { res.end('late') }) }
    const api = await startApi(kind, { issuer: issuer.trusted, audience: issuer.audience, ...more }, ({ guard, handler }: ApiParts) => {
      const stream = handler('stream', (_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        res.write('data: first\n\n')
        const timer = setInterval(() => { written.push(res.write('data: more\n\n')) }, 5)
        res.on('close', () => {
          seen.push('closed')
          // A handler that does not notice.
          setTimeout(() => { clearInterval(timer) }, 50)
        })
      })
      return { use: [guard], routes: [{ path: '/stream', run: [requireCapability('a'), stream] }, { path: '/any', run: [requireCapability.none('for all'), stream] }, { path: '/slow', run: [requireCapability('a'), handler('slow', late)] }, { path: '/undecided', run: [handler('undecided', late)] }] }
    })
    return { api, seen, release }
  }

  it.each(['/stream', '/any'])('%s is cut, with a result record', async (path) => {
    const { api, seen } = await streaming()
    const response = await open(api.server.port, path, token)
    expect(response.status).toBe(200)
    await vi.waitFor(() => { expect(response.text()).toContain('data: more') }, deadline)
    await api.guard.revoke({ token: 'jti-1' })
    await response.closed
    expect(response.isComplete()).toBe(false)
    await vi.waitFor(() => { expect(seen).toEqual(['closed']) }, deadline)
    await api.server.idle()
    for (const record of api.audit.records) expectValidRecord(record)
    expect(api.audit.results()).toMatchObject([{ status: 200, aborted: true, rule: 'REV-1', detail: 'the token is revoked' }])
    expect(api.audit.decisions()).toHaveLength(1)
    expect(api.server.errors).toEqual([])
  })

  it('others go on', async () => {
    const { api } = await streaming()
    const other = await issuer.sign({ jti: 'jti-2', aap_capabilities: capabilities('a') })
    const [mine, theirs] = await Promise.all([open(api.server.port, '/stream', token), open(api.server.port, '/stream', other)])
    await api.guard.revoke({ token: 'jti-1' })
    await mine.closed
    const { length } = theirs.text()
    await vi.waitFor(() => { expect(theirs.text().length).toBeGreaterThan(length + 50) }, deadline)
    await api.guard.revoke({ agent: 'agent-researcher-01' })
    await theirs.closed
    await api.server.idle()
  })

  it.each([['/slow', 1], ['/undecided', 0]] as const)('%s, where nothing was sent yet, is answered 401', async (path, results) => {
    const { api, release } = await streaming()
    const answered = api.server.call(path, { token })
    await vi.waitFor(() => { expect(api.handled).toHaveLength(1) }, deadline)
    await api.guard.revoke({ task: 'task-123' })
    const answer = await answered
    expect(answer.status).toBe(401)
    expect(answer.json).toMatchObject({ error: 'invalid_token' })
    expect(answer.header('www-authenticate')).toContain('error="invalid_token"')
    expect(answer.text).not.toContain('task')
    release()
    await nextTurn()
    await api.server.idle()
    expect(api.audit.results()).toMatchObject(results === 1 ? [{ status: 401, rule: 'REV-1' }] : [])
    expect(api.audit.decisions()).toMatchObject([results === 1 ? { outcome: 'allow' } : { outcome: 'deny', status: 401, rule: 'REV-1' }])
    expect(api.server.errors).toEqual([])
  })

  it('a response that is complete for its handler, and not for its client, is cut', async () => {
    const sent: any[] = []
    const api = await startApi(kind, { issuer: issuer.trusted, audience: issuer.audience }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/big', run: [requireCapability('a'), handler('big', (_req, res) => { sent.push(res.end(Buffer.alloc(100_000_000))) })] }] }))
    const socket = connect({ host: '127.0.0.1', port: api.server.port })
    socket.on('error', () => undefined)
    socket.write(`GET /big HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    socket.pause()
    await vi.waitFor(() => { expect(sent).toHaveLength(1) }, deadline)
    await api.guard.revoke({ token: 'jti-1' })
    await api.server.idle()
    expect(api.audit.results()).toMatchObject([{ aborted: true, rule: 'REV-1' }])
    socket.destroy()
  })

  it('a request that is revoked while it is decided is refused', async () => {
    const memory = memoryStore()
    let admit = (): void => undefined
    const store = { name: 'slow', admit: async (admission: any) => {
      await new Promise<void>((resolve) => { admit = resolve })
      return memory.admit(admission)
    } }
    const asked = vi.spyOn(store, 'admit')
    const api = await startApi(kind, { issuer: issuer.trusted, audience: issuer.audience, store, storeTimeoutMs: 10_000 }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/counted', run: [requireCapability('a'), handler('counted')] }] }))
    const answered = api.server.call('/counted', { token: await issuer.sign({ jti: 'jti-3', aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 5 } }] }) })
    await vi.waitFor(() => { expect(asked).toHaveBeenCalledOnce() }, deadline)
    await api.guard.revoke({ token: 'jti-3' })
    await new Promise((resolve) => { setTimeout(resolve, 60) })
    admit()
    expect((await answered).status).toBe(401)
    expect(api.handled).toEqual([])
    expect(api.audit.results()).toMatchObject([{ status: 401, rule: 'REV-1' }])
  })

  it('a cached token is refused at the next request, on the same connection too', async () => {
    const { api, release } = await streaming()
    release()
    const ask = () => api.server.call('/slow', { token })
    expect((await ask()).status).toBe(200)
    await api.guard.revoke({ token: 'jti-1' })
    api.audit.clear()
    expect((await ask()).status).toBe(401)
    expect(api.audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 401, error: 'invalid_token', rule: 'REV-1', token_id: 'jti-1' })
  })
})

describe('REV-1: over HTTP/2', () => {
  it('the stream of a revoked token is reset, and the connection lives', async () => {
    const audit = collectAudit()
    const guard = aapGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: audit.sink })
    const route = requireCapability('a')
    const server = createHttp2Server((req: any, res: any) => {
      guard(req, res, () => {
        route(req, res, () => {
          res.writeHead(200)
          const timer = setInterval(() => { res.write('x') }, 5)
          res.on('close', () => { setTimeout(() => { clearInterval(timer) }, 50) })
        })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(async () => {
      session.destroy()
      server.close()
      await guard.guard.close()
    })
    const ask = async (jti: string) => {
      const stream = session.request({ ':path': '/x', authorization: `Bearer ${await issuer.sign({ jti, aap_capabilities: capabilities('a') })}` })
      stream.on('error', () => undefined)
      stream.resume()
      const [headers] = await once(stream, 'response')
      return { stream, status: headers[':status'] as number }
    }
    const { stream, status } = await ask('jti-1')
    expect(status).toBe(200)
    const closed = once(stream, 'close')
    await guard.guard.revoke({ token: 'jti-1' })
    await closed
    expect(stream.rstCode).toBe(8)
    await vi.waitFor(() => { expect(audit.results()).toMatchObject([{ aborted: true, rule: 'REV-1' }]) }, deadline)
    expect((await ask('jti-1')).status).toBe(401)
    const other = await ask('jti-2')
    expect(other.status).toBe(200)
    other.stream.close()
  })
})
