import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/http-client.js'
import { clientKinds } from '../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { startAgentTokenIssuer, type AgentTokenIssuer } from '../support/agent-token-issuer.js'
import type { Service } from './guarded-process.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const audience = 'https://api.example.com'

describeRedis('INT-5: servers that share a Redis', () => {
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
      // So that each request asks the issuer, whichever process it comes to.
      const service: Service = { client, redisPort: redis.port, options: { issuer: issuer.trusted({ count: 'issuer' }), audience, baseUrl: audience }, nowMs }
      ports = await Promise.all(processes.map(async ({ ask }) => await ask(service) as number))
    })
    afterAll(() => { for (const { stop } of processes) stop() })

    const statusOf = async (process: 0 | 1, token: string): Promise<number> => (await call(ports[process]!, '/search', { token })).status

    it('INT-5: an ephemeral token is for the task that any of them saw it with first', async () => {
      const token = await issuer.issue({ agent_type: 'ephemeral', task_id: 'one' })
      expect(await statusOf(0, token)).toBe(200)
      issuer.amend(token, { task_id: 'another' })
      expect([await statusOf(1, token), await statusOf(0, token)]).toEqual([401, 401])
      issuer.amend(token, { task_id: 'one' })
      expect([await statusOf(1, token), await statusOf(0, token)]).toEqual([200, 200])
    })

    it('INT-5: seen is seen, also by a request that is refused', async () => {
      const token = await issuer.issue({ agent_type: 'ephemeral', task_id: 'one', scope: 'posts.read' })
      expect(await statusOf(0, token)).toBe(403)
      issuer.amend(token, { task_id: 'another', scope: 'search.web' })
      expect(await statusOf(1, token)).toBe(401)
    })
  })
})
