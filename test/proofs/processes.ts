import { compileProgram } from '../support/child-process.js'
import { clientKinds } from '../support/redis-clients.js'
import { startRedis, startRedisCluster } from '../support/redis-server.js'
import type { Task } from '../state/redis/counting-process.js'
import { dayHasLeft, type Proof } from './proof.js'

const processCount = 4
const requestsEach = 2_500
const limit = 100
const rounds = 20

/** QTA-4: exactly as many as the limit, over all processes that share a store. */
export async function proveProcesses(): Promise<Proof> {
  const rows: (readonly (string | number)[])[] = []
  const broken: string[] = []
  const program = await compileProgram(new URL('../state/redis/counting-process.ts', import.meta.url))
  try {
    for (const kind of ['one server', 'Cluster of three masters']) {
      const server = kind === 'one server' ? await startRedis() : await startRedisCluster()
      const ports = 'nodes' in server ? server.nodes.map(({ port }) => port) : [server.port]
      for (const { name: client } of clientKinds) {
        const processes = Array.from({ length: processCount }, () => program.start())
        const totals: number[] = []
        const start = performance.now()
        for (let round = 0; round < rounds; round++) {
          await dayHasLeft()
          const quotas = (['minute', 'day'] as const).map((window) => ({ key: `${client}-${window}-${round}`, name: 'quota', window, limit, quantity: 1 }))
          const counts = await Promise.all(processes.map(({ ask }) => ask({ client, ports, times: requestsEach, quotas } satisfies Task))) as number[]
          const total = counts.reduce((sum, count) => sum + count)
          totals.push(total)
          if (total !== limit) broken.push(`${client}, ${kind}, round ${round}: ${counts.join(' + ')} were admitted, and not ${limit}`)
        }
        const seconds = (performance.now() - start) / 1000
        rows.push([client, kind, rounds * processCount * requestsEach, `${Math.min(...totals)} to ${Math.max(...totals)}`, seconds.toFixed(1)])
        for (const { stop } of processes) stop()
      }
      await server.stop()
    }
  } finally {
    program.remove()
  }
  return { headings: ['client', 'Redis', 'requests', `admitted, of ${limit}, in each of ${rounds} rounds`, 'seconds'], rows, broken }
}
