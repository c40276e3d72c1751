import { describe, expect, it } from 'vitest'
import { requireCapability } from '../../src/index.js'
import { useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { serverKinds } from '../support/servers.js'
import { startApi } from '../support/api.js'

const issuer = useTestIssuer()
expectHealthyProcess()

describe.each(serverKinds)('CON-6 on %s', (kind) => {
  const limited = { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 100 } }] }
  const start = () => startApi(kind, { issuer: issuer.trusted, audience: issuer.audience }, ({ guard, handler }) => ({
    use: [guard],
    routes: ['GET', 'POST', 'DELETE'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x')] })),
  }))

  it.each([
    ['none', 'GET', undefined, false, 200], ['none, with DELETE', 'DELETE', undefined, false, 200], ['an empty one', 'POST', '', false, 200], ['one of the limit', 'POST', 'x'.repeat(100), false, 200],
    ['one byte too many', 'POST', 'x'.repeat(101), false, 413], ['a large one', 'POST', 'x'.repeat(300_000), false, 413],
    ['a chunked one of the limit', 'POST', 'x'.repeat(100), true, 200], ['a chunked one with GET', 'GET', 'x', true, 200],
  ] as const)('a body of length %s', async (_what, method, body, isChunked, status) => {
    const { server, audit, handled } = await start()
    const answer = await server.call('/x', { method, token: await issuer.sign(limited), ...(body !== undefined && { body }), isChunked })
    expect(answer.status).toBe(status)
    expect(handled).toHaveLength(status === 200 ? 1 : 0)
    const record = audit.takeDecision()
    if (status === 200) return
    expect(answer.json.error).toBe('request_too_large')
    expect(answer.header('connection')).toBe('close')
    expect(answer.header('www-authenticate')).toBeUndefined()
    expect(record).toMatchObject({ outcome: 'deny', status: 413, rule: 'CON-6' })
  })

  it('what HTTP cannot say twice does not get to the handler: two lengths, a length and chunks, signs and spaces', async () => {
    const { server, handled } = await start()
    const authorization = `Authorization: Bearer ${await issuer.sign(limited)}`
    for (const lines of [['Content-Length: 5', 'Content-Length: 500'], ['Content-Length: 5', 'Transfer-Encoding: chunked'], ['Content-Length: +5'], ['Content-Length: -1'], ['Content-Length: 0x5'], ['Content-Length: 5, 5'], ['Transfer-Encoding: chunked, identity'], ['Transfer-Encoding: xchunked']]) {
      const answer = await server.sendTarget('/x', [authorization, ...lines], { method: 'POST', body: 'x'.repeat(500) })
      expect([lines, [400, 413].includes(answer.status)]).toEqual([lines, true])
    }
    expect(handled).toEqual([])
  })

  it('an upload that does not wait for the answer is answered once, and the server goes on', async () => {
    const { server, audit, handled } = await start()
    const token = await issuer.sign(limited)
    const answer = await server.sendTarget('/x', [`Authorization: Bearer ${token}`, 'Content-Length: 5000000'], { method: 'POST', body: 'x'.repeat(2_000_000) })
    expect(answer.status).toBe(413)
    audit.takeDecision()
    expect((await server.call('/x', { token })).status).toBe(200)
    expect(handled).toEqual(['x'])
  })
})
