import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/http-client.js'
import { clientKinds } from '../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { createForger } from '../support/forge.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { exampleClaims } from '../../src/testing/index.js'
import type { RevokingTask } from './revoking-process.js'

const audience = 'https://api.example.com'
const issuer = 'https://as.example.com'

describeRedis('REV-1: servers that share a Redis', () => {
  let server: RedisServer
  let program: ChildProgram
  beforeAll(async () => { [server, program] = await Promise.all([startRedis(), compileProgram(new URL('revoking-process.ts', import.meta.url))]) })
  afterAll(async () => {
    program.remove()
    await server.stop()
  })

  describe.each(clientKinds)('by the client $name', ({ name: client }) => {
    const forger = createForger()
    const seconds = Math.floor(Date.now() / 1_000)
    const tokenWith = (claims: Readonly<Record<string, unknown>>) => forger.token(exampleClaims({ iss: issuer, aud: audience, iat: seconds - 10, exp: seconds + 600, aap_capabilities: [{ action: 'a' }], ...claims }))
    const start = async () => {
      const { ask, stop } = program.start()
      const tell = (task: RevokingTask) => ask(task)
      return { tell, stop, port: await tell({ serve: { client, redisPort: server.port, options: { issuer: forger.issuer, audience } } }) as number }
    }
    const processes: Awaited<ReturnType<typeof start>>[] = []
    beforeAll(async () => { processes.push(...await Promise.all([start(), start()])) })
    afterAll(() => { for (const { stop } of processes) stop() })

    it.each([
      ['token', (id: string) => ({ jti: id })],
      ['parent', (id: string) => ({ jti: `child-of-${id}`, aap_delegation: { depth: 1, max_depth: 2, chain: ['x', 'y'], parent_jti: id } })],
      ['agent', (id: string) => ({ jti: `of-${id}`, aap_agent: { id, type: 't', operator: 'o' } })],
      ['task', (id: string) => ({ jti: `for-${id}`, aap_task: { id, purpose: 'p' } })],
    ] as const)('a %s that one process revokes is refused by the other within a second, and its open responses end', async (kind, claims) => {
      const [mine, theirs] = processes as [typeof processes[number], typeof processes[number]]
      /** Milliseconds until the other process refused it. */
      const revoke = async (id: string): Promise<number> => {
        const token = tokenWith(claims(id))
        for (const { port } of processes) expect((await call(port, '/search', { token })).status).toBe(200)
        const request = httpRequest({ host: '127.0.0.1', port: theirs.port, path: '/stream', agent: false, headers: { authorization: `Bearer ${token}` } }).end()
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        const ended = new Promise((resolve) => { response.on('error', () => undefined).on('close', resolve).resume() })
        const startedAtMs = performance.now()
        expect(await mine.tell({ revoke: { [kind]: id } as never })).toBe('revoked')
        expect((await call(mine.port, '/search', { token })).status).toBe(401)
        await vi.waitFor(async () => { expect((await call(theirs.port, '/search', { token })).status).toBe(401) }, { timeout: 20_000, interval: 1 })
        const tookMs = performance.now() - startedAtMs
        await ended
        expect((await call(theirs.port, '/search', { token: tokenWith({ jti: `other-${id}` }) })).status).toBe(200)
        return tookMs
      }
      // A machine may stand still in the midst of it. Without messages, each would be told by a look, 5 s after the one before: quickly by chance once, and never twice.
      for (let round = 0, quick = 0; quick < 2; round++) {
        expect(round, 'rounds').toBeLessThan(8)
        if (await revoke(`${kind}-${client}-${round}`) < 1_000) quick++
      }
    }, 60_000)

    it('a process that starts later knows before its first answer', async () => {
      const [mine] = processes
      await mine!.tell({ revoke: { token: `late-${client}` } })
      const late = await start()
      expect((await call(late.port, '/search', { token: tokenWith({ jti: `late-${client}` }) })).status).toBe(401)
      late.stop()
    })

    it('each process listens by a connection of its own, which does not keep it alive', async () => {
      const ending = await start()
      expect((await call(ending.port, '/search', { token: tokenWith({ jti: 'any' }) })).status).toBe(200)
      await vi.waitFor(async () => { expect(await server.command('PUBSUB', 'NUMSUB', 'aap:revoked')).toEqual(['aap:revoked', expect.any(Number)]) }, { timeout: 20_000, interval: 20 })
      await expect(ending.tell({ end: true })).rejects.toThrow('the process has ended with 0')
      await vi.waitFor(async () => { expect(await server.command('PUBSUB', 'NUMSUB', 'aap:revoked')).toEqual(['aap:revoked', 2]) }, { timeout: 20_000, interval: 20 })
    })
  })
})
