import { connect, createServer } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { aapGuard, requireCapability } from '../../src/index.js'
import { collectAudit } from '../support/audit.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
expectHealthyProcess()

/** A client of an API over HTTP/2 whose guard decides `a`, unless nobody decides. */
async function startApi(handle: (req: any, res: any) => void, isDecided = true) {
  const audit = collectAudit()
  const guard = aapGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: audit.sink, logger: { info: () => undefined, warn: () => undefined, error: () => undefined } })
  const route = requireCapability('a')
  const server = createServer((req: any, res: any) => {
    guard(req, res, () => {
      if (isDecided) route(req, res, () => { handle(req, res) })
      else handle(req, res)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    session.destroy()
    server.close()
    await guard.guard.close()
  })
  return { audit, session }
}

/** One request to a handler that answers how much it read. */
async function ask(constraints: object, { method = 'POST', body, headers = {} }: { method?: string; body?: string; headers?: Record<string, string> }) {
  const { audit, session } = await startApi((req, res) => {
    let bytes = 0
    req.on('data', (data: Buffer) => { bytes += data.length })
    req.on('end', () => { res.end(String(bytes)) })
  })
  const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints }] })
  const stream = session.request({ ':method': method, ':path': '/x', authorization: `Bearer ${token}`, ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [answered] = await once(stream, 'response')
  let text = ''
  for await (const part of stream) text += String(part)
  const status = answered[':status'] as number
  // The server may be done with it a little later than its client.
  if (status === 200) await vi.waitFor(() => { expect(audit.results()).not.toEqual([]) }, { timeout: 15_000, interval: 5 })
  return { status, text, audit }
}

describe('HTTP/2: what cannot be counted is refused', () => {
  const x = (bytes: number) => 'x'.repeat(bytes)
  const length = (bytes: number) => ({ 'content-length': String(bytes) })

  it.each<[string, object, Parameters<typeof ask>[1], number, string?]>([
    ['no limit', {}, { body: x(500) }, 200],
    ['CON-6, no body', { max_request_size: 10 }, { method: 'GET' }, 200], ['CON-6, no body with POST', { max_request_size: 0 }, {}, 200],
    ['CON-6, an announced body that fits', { max_request_size: 10 }, { body: x(10), headers: length(10) }, 200], ['CON-6, an announced body that does not', { max_request_size: 10 }, { body: x(11), headers: length(11) }, 413, 'CON-6'],
    ['CON-6, a body of unannounced length', { max_request_size: 10 }, { body: x(5) }, 413, 'CON-6'], ['CON-6, one with GET', { max_request_size: 10 }, { method: 'GET', body: x(500) }, 413, 'CON-6'],
    ['CON-7, whatever is sent', { max_response_size: 1_000_000 }, { method: 'GET' }, 403, 'CON-7'],
  ])('%s', async (_what, constraints, request, status, rule) => {
    const answer = await ask(constraints, request)
    expect(answer.status).toBe(status)
    expect(answer.audit.results()).toHaveLength(status === 200 ? 1 : 0)
    expect(answer.audit.takeDecision()).toMatchObject(rule === undefined ? { outcome: 'allow' } : { outcome: 'deny', rule })
    if (status === 200) expect(answer.text).toBe(String(request.body?.length ?? 0))
  })

  it('the bytes of a response are counted once', async () => {
    const { audit, text } = await ask({}, { body: x(100) })
    expect(audit.results()).toMatchObject([{ bytes: text.length }])
  })
})

it('CON-6: what is said of a length that nobody knows is that, and nothing that HTTP/2 has no field for', async () => {
  const warnings: string[] = []
  const warned = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', warned)
  onTestFinished(() => { process.off('warning', warned) })
  const { status, audit } = await ask({ max_request_size: 10 }, { body: 'x' })
  expect(status).toBe(413)
  expect(audit.takeDecision().detail).toBe('max_request_size: the length of the body is not known, and max_request_size is 10')
  // Node emits one in the next tick.
  await nextTurn()
  expect(warnings.filter((message) => message.includes('connection'))).toEqual([])
})

describe('AUD-1: a stream that its caller resets', () => {
  const cut = async (handle: (res: any) => void, isDecided: boolean) => {
    let reached = (): void => undefined
    const handlerRan = new Promise<void>((resolve) => { reached = resolve })
    const { audit, session } = await startApi((_req, res) => { handle(res); reached() }, isDecided)
    const stream = session.request({ ':path': '/x', authorization: `Bearer ${await issuer.sign({ aap_capabilities: [{ action: 'a' }] })}` })
    stream.on('error', () => undefined)
    await handlerRan
    stream.close(8)
    await vi.waitFor(() => { expect(audit.records.some(({ kind }) => kind === (isDecided ? 'result' : 'decision'))).toBe(true) }, { timeout: 15_000, interval: 5 })
    return audit
  }

  it('in the middle of a response: the result says so', async () => {
    const audit = await cut((res) => { res.write('half') }, true)
    expect(audit.results()).toMatchObject([{ status: 200, bytes: 4, aborted: true }])
  })

  it('before a response: an undecided request has no status', async () => {
    const record = (await cut(() => undefined, false)).takeDecision()
    expect(record).toMatchObject({ outcome: 'undecided', detail: 'the connection ended before a response began, without a capability decision' })
    expect(record).not.toHaveProperty('status')
  })

  it('in the middle of one that nobody decided', async () => {
    expect((await cut((res) => { res.write('half') }, false)).takeDecision()).toMatchObject({ outcome: 'undecided', status: 200, detail: 'the connection ended in the middle of the response, without a capability decision' })
  })
})
