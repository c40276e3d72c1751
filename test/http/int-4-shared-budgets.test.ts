import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/http-client.js'
import { clientKinds } from '../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { startAgentTokenIssuer, type AgentTokenIssuer } from '../support/agent-token-issuer.js'
import type { Service } from './guarded-process.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const audience = 'https://api.example.com'

describeRedis('INT-4: servers that share a Redis', () => {
  let redis: RedisServer
  let program: ChildProgram
  let issuer: AgentTokenIssuer
  beforeAll(async () => { [redis, program, issuer] = await Promise.all([startRedis(), compileProgram(new URL('guarded-process.ts', import.meta.url)), startAgentTokenIssuer({ now: () => nowMs })]) })
  afterAll(async () => {
    program.remove()
    await Promise.all([redis.stop(), issuer.close()])
  })

  describe.each(clientKinds)('by the client $name', ({ name: client }) => {
    const processes: ReturnType<ChildProgram['start']>[] = []
    let ports: number[]
    beforeAll(async () => {
      processes.push(program.start(), program.start())
      const service: Service = { client, redisPort: redis.port, options: { issuer: issuer.trusted(), audience, baseUrl: audience }, nowMs }
      ports = await Promise.all(processes.map(async ({ ask }) => await ask(service) as number))
    })
    afterAll(() => { for (const { stop } of processes) stop() })

    const statusesOf = async (token: string, times: number): Promise<readonly number[]> =>
      (await Promise.all(Array.from({ length: times }, (_, i) => call(ports[i % 2]!, '/search', { token })))).map(({ status }) => status)
    const admitted = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

    it('INT-4: a budget is one budget, exactly, of many requests at once', async () => {
      const token = await issuer.issue({ max_operations: 7 })
      const statuses = await statusesOf(token, 60)
      expect([admitted(statuses), statuses.filter((status) => status === 401).length]).toEqual([7, 53])
      expect(admitted(await statusesOf(token, 4))).toBe(0)
    })

    it('INT-4: the last operation is taken by one process', async () => {
      for (let round = 0; round < 25; round++) {
        expect((await statusesOf(await issuer.issue({ max_operations: 1 }), 2)).toSorted()).toEqual([200, 401])
      }
    })

    it('INT-4: expires_on_completion: it is revoked, and both refuse', async () => {
      const token = await issuer.issue({ max_operations: 3, expires_on_completion: true })
      expect(admitted(await statusesOf(token, 10))).toBe(3)
      await expect.poll(() => issuer.revoked.has(token)).toBe(true)
      expect(new Set(await statusesOf(token, 4))).toEqual(new Set([401]))
      expect(issuer.revocations.filter((revoked) => revoked === token).length).toBeLessThanOrEqual(2)
    })

    it('INT-1: what one process was answered, the other need not ask', async () => {
      const token = await issuer.issue()
      for (const port of [ports[0]!, ports[1]!, ports[0]!]) expect((await call(port, '/search', { token })).status).toBe(200)
      expect(issuer.asked.filter((asked) => asked === token)).toHaveLength(1)
    })
  })
})
