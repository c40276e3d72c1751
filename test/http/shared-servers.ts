import { afterAll, beforeAll, describe } from 'vitest'
import { call } from '../support/http-client.js'
import { clientKinds } from '../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../support/child-process.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { startAgentTokenIssuer, type AgentTokenIssuer } from '../support/agent-token-issuer.js'
import type { IntrospectionOptions } from '../../src/index.js'
import type { Service } from './guarded-process.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const audience = 'https://api.example.com'

/** Two processes that share a Redis, and the issuer that both ask. */
export interface SharedServers {
  readonly issuer: AgentTokenIssuer
  /** What one of them answers to a request for `/search`. */
  readonly statusOf: (process: 0 | 1, token: string) => Promise<number>
}

/** Runs the cases with each client of Redis. */
export function describeSharedServers(title: string, introspection: Partial<IntrospectionOptions>, cases: (shared: SharedServers) => void): void {
  describeRedis(title, () => {
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
        const service: Service = { client, redisPort: redis.port, options: { issuer: issuer.trusted(introspection), audience, baseUrl: audience }, nowMs }
        ports = await Promise.all(processes.map(async ({ ask }) => await ask(service) as number))
      })
      afterAll(() => { for (const { stop } of processes) stop() })

      cases({
        get issuer() { return issuer },
        statusOf: async (process, token) => (await call(ports[process]!, '/search', { token })).status,
      })
    })
  })
}
