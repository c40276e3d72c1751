import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.js'
import { redisStore } from '../../../src/state/redis-store.js'
import type { QuotaCharge, StateStore } from '../../../src/model/store.js'
import { stoppedClock } from '../../support/stopped-clock.js'

const limit = 400
const scope = 'moving'
const quotas: readonly QuotaCharge[] = (['minute', 'hour', 'day'] as const).map((window) => ({ key: window, name: 'quota', window, limit, quantity: 1 }))

describeRedis('QTA-4: a Cluster whose slots move', () => {
  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    let cluster: RedisCluster
    let connected: ConnectedClient
    let store: StateStore
    beforeAll(async () => {
      cluster = await startRedisCluster()
      connected = await connect(cluster.nodes.map(({ port }) => port))
      store = redisStore(connected.client, stoppedClock())
    })
    afterAll(async () => {
      connected.close()
      await cluster.stop()
    })

    /** Asks without end while something happens, and then until nothing is admitted any more. */
    async function admittedDuring(prefix: string, happening: () => Promise<void>): Promise<{ admitted: number; refused: number; failed: number }> {
      const counts = { admitted: 0, refused: 0, failed: 0 }
      const ask = async (): Promise<string> => {
        try {
          const { outcome } = await store.admit({ scope, alternatives: [{ quotas: quotas.map((each) => ({ ...each, key: `${prefix}-${each.key}` })) }] })
          counts[outcome === 'admitted' ? 'admitted' : 'refused']++
          return outcome
        } catch {
          counts.failed++
          return 'failed'
        }
      }
      const over = new AbortController()
      const asking = Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted) {
          await ask()
          await delay(5)
        }
      })
      await happening()
      over.abort()
      await Promise.all(asking)
      for (let last = ''; last !== 'full';) {
        last = await ask()
        if (last === 'failed') await delay(20)
      }
      return counts
    }

    const owner = async (): Promise<{ slot: string; from: RedisServer; others: RedisServer[] }> => {
      const slot = String(await cluster.nodes[0]!.command('CLUSTER', 'KEYSLOT', `{${scope}}`))
      const index = Math.floor(Number(slot) * cluster.nodes.length / 16_384)
      return { slot, from: cluster.nodes[index]!, others: cluster.nodes.filter((_, i) => i !== index) }
    }
    const idOf = async (node: RedisServer): Promise<string> => String(await node.command('CLUSTER', 'MYID'))

    it('to another master, key by key, while requests come', async () => {
      const { slot, from, others } = await owner()
      const to = others[0]!
      const counts = await admittedDuring('moved', async () => {
        await delay(100)
        await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from))
        await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to))
        for (;;) {
          const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '1') as string[]
          if (keys.length === 0) break
          await from.command('MIGRATE', '127.0.0.1', String(to.port), keys[0]!, '0', '5000')
          await delay(30)
        }
        for (const node of [to, from, ...others.slice(1)]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(to))
        await delay(100)
      })
      expect(counts.admitted).toBe(limit)
    })

    it('to a replica that takes over, and the old master is killed', async () => {
      const slotOwner = String(await cluster.nodes[0]!.command('CLUSTER', 'KEYSLOT', `{${scope}}`))
      const replica = await cluster.add()
      const ids = await Promise.all(cluster.nodes.map(idOf))
      const shards = String(await cluster.nodes[0]!.command('CLUSTER', 'NODES')).split('\n')
      const master = cluster.nodes[ids.findIndex((id) => shards.some((line) => line.startsWith(id) && holds(line, Number(slotOwner))))]!
      await replica.command('CLUSTER', 'REPLICATE', await idOf(master))
      while (!String(await replica.command('INFO', 'replication')).includes('master_link_status:up')) await delay(20)
      const counts = await admittedDuring('failed-over', async () => {
        await delay(100)
        // The other masters may not have heard of the replica yet, and then do not vote for it.
        for (let look = 0; !String(await replica.command('INFO', 'replication')).includes('role:master'); look++) {
          if (look % 50 === 0) await replica.command('CLUSTER', 'FAILOVER')
          await delay(10)
        }
        await master.kill()
        await delay(200)
      })
      // What had no answer may have been counted.
      expect(counts.admitted).toBeLessThanOrEqual(limit)
      expect(counts.admitted).toBeGreaterThanOrEqual(limit - counts.failed)
    }, 90_000)
  })
})

/** Whether a line of `CLUSTER NODES` names this slot. */
function holds(line: string, slot: number): boolean {
  return line.split(' ').slice(8).some((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return slot >= first! && slot <= last!
  })
}
