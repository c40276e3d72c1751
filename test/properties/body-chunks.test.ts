import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { requireCapability, type GuardOptions } from '../../src/index.js'
import { bodyReader } from '../support/body-handlers.js'
import { chunk, head, lastChunk, openConnection } from '../support/connection.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { serverKinds, type App } from '../support/servers.js'
import { startApi, type ApiParts } from '../support/api.js'
import { useTestIssuer } from '../support/issuer.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const options = (): GuardOptions => ({ issuer: issuer.trusted, audience: issuer.audience })
const app = (handle: (req: any, res: any) => unknown) => ({ guard, handler }: ApiParts): App => ({
  use: [guard],
  routes: ['GET', 'POST'].map((method) => ({ method, path: '/x', run: [requireCapability('a'), handler('x', handle)] })),
})
const x = (bytes: number) => 'x'.repeat(bytes)

describe.each(serverKinds)('CON-6 on %s: every way to cut a body into chunks', (kind) => {
  it('whatever the chunks, the handler sees all of the body or no more than the limit', async () => {
    const { read, seen } = bodyReader()
    const api = await startApi(kind, options(), app(read))
    const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_request_size: 50 } }] })
    await checkProperty(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }), fc.array(fc.nat({ max: 400 }), { maxLength: 4 }), async (sizes, cuts) => {
      seen.length = 0
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const bytes = head('/x', token, 'chunked', { lines: ['Connection: close'] }) + sizes.map((size) => chunk('x'.repeat(size))).join('') + lastChunk
      const connection = await openConnection(api.server.port)
      let from = 0
      for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
        await connection.send(bytes.slice(from, Math.max(from, to)))
        await nextTurn()
        from = Math.max(from, to)
      }
      const { answers } = await connection.closed()
      await api.server.idle()
      expect(answers.map(({ status }) => status)).toEqual([total <= 50 ? 200 : 413])
      if (total <= 50) expect(seen).toMatchObject([{ bytes: total, hasEnded: true }])
      else for (const one of seen) expect(one.bytes <= 50 && !one.hasEnded).toBe(true)
    }), { runs: 25 })
  })
})

describe.each(serverKinds)('CON-7 on %s: every way to write a response', (kind) => {
  it('whatever the chunks, the client gets all of the response, a 403, or no more than the limit', async () => {
    let sizes: readonly number[] = []
    let isPatient = false
    const { server } = await startApi(kind, options(), app(async (_req, res) => {
      for (const size of sizes) {
        res.write(x(size))
        if (isPatient) await nextTurn()
      }
      res.end()
    }))
    const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_response_size: 50 } }] })
    await checkProperty(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }), fc.boolean(), async (chunks, patient) => {
      sizes = chunks
      isPatient = patient
      const total = chunks.reduce((sum, size) => sum + size, 0)
      const connection = await openConnection(server.port)
      await connection.send(head('/x', token, 0, { lines: ['Connection: close'] }))
      const { answers, rest } = await connection.closed()
      await server.idle()
      if (total <= 50) expect(answers).toMatchObject([{ status: 200, text: x(total) }])
      else expect([answers, rest.slice(rest.indexOf('\r\n\r\n')).split('x').length - 1 <= 50]).toEqual([[], true])
    }), { runs: 25 })
  })
})
