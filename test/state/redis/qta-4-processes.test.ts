import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientKinds } from '../../support/redis-clients.js'
import { compileProgram, type ChildProgram } from '../../support/child-process.js'
import { describeRedis, startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.js'
import type { Task } from './counting-process.js'

describeRedis('QTA-4: four processes share one limit', () => {
  let program: ChildProgram
  let processes: readonly ReturnType<ChildProgram['start']>[]
  beforeAll(async () => {
    program = await compileProgram(new URL('counting-process.ts', import.meta.url))
    processes = Array.from({ length: 4 }, () => program.start())
  })
  afterAll(() => {
    for (const { stop } of processes) stop()
    program.remove()
  })

  describe.each(['a single server', 'a Cluster of three masters'])('%s', (kind) => {
    let server: RedisServer | RedisCluster
    let ports: readonly number[]
    beforeAll(async () => {
      server = kind === 'a single server' ? await startRedis() : await startRedisCluster()
      ports = 'nodes' in server ? server.nodes.map(({ port }) => port) : [server.port]
    })
    afterAll(() => server.stop())

    it.each(clientKinds)('by $name: exactly 100 of 2,000 that come at once, each time', async ({ name: client }) => {
      for (let round = 0; round < 5; round++) {
        // The day may end while this runs, and the minute slides over its end.
        const quotas = (['minute', 'day'] as const).map((window) => ({ key: `${client}-${window}-${round}`, name: 'quota', window, limit: 100, quantity: 1 }))
        const counts = await Promise.all(processes.map(({ ask }) => ask({ client, ports, times: 500, quotas } satisfies Task)))
        expect((counts as number[]).reduce((sum, count) => sum + count), counts.join(' + ')).toBe(100)
      }
    })
  })
})
