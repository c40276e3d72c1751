import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.js'
import { redisStore } from '../../../src/state/redis-store.js'
import type { Admission, StateStore } from '../../../src/model/store.js'
import { startLosingProxy, type LosingProxy } from '../../support/losing-proxy.js'
import { stoppedClock } from '../../support/stopped-clock.js'

const ask = (name: string, limit = 100): Admission => ({
  scope: 'scope',
  proof: { key: `proof-${name}`, keepMs: 60_001 },
  chargeOnly: [],
  alternatives: [{ quotas: (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ key: `${name.split(' ')[0]!}-${window}`, name: 'quota', window, limit: window === 'day' ? limit : 1_000, quantity: 1 })) }],
})

/** Asks until there is an answer. */
async function settle(store: StateStore, admission: Admission): Promise<string> {
  for (;;) {
    try {
      return (await store.admit(admission)).outcome
    } catch {
      await delay(20)
    }
  }
}

describeRedis('QTA-6: one command an admission, and none twice', () => {
  let server: RedisServer
  let cluster: RedisCluster
  beforeAll(async () => { [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]) })
  afterAll(() => Promise.all([server.stop(), cluster.stop()]))

  describe.each(clientKinds)('by the client $name', ({ name: clientName, connect }) => {
    describe.each(['a single server', 'a Cluster'])('%s', (kind) => {
      const nodes = (): readonly RedisServer[] => (kind === 'a Cluster' ? cluster.nodes : [server])
      let proxies: readonly LosingProxy[]
      let connected: ConnectedClient
      let store: StateStore

      beforeAll(async () => {
        proxies = await Promise.all(nodes().map(({ port }) => startLosingProxy(port)))
        connected = await connect(proxies.map(({ port }) => port), new Map(nodes().map(({ port }, i) => [port, proxies[i]!.port])))
        store = redisStore(connected.client, stoppedClock())
      })
      beforeEach(async () => { for (const node of nodes()) await node.command('FLUSHALL') })
      afterAll(async () => {
        connected.close()
        for (const proxy of proxies) await proxy.close()
      })

      /** How often commands were called by clients since the last time: a script's own are told apart by nobody. */
      const calls = async (): Promise<Record<string, number>> => {
        const found: Record<string, number> = {}
        for (const node of nodes()) {
          const stats = String(await node.command('INFO', 'commandstats'))
          for (const [, command, times] of stats.matchAll(/cmdstat_(evalsha|eval|multi|ping|script\|load):calls=(\d+)/g)) found[command!] = (found[command!] ?? 0) + Number(times)
          await node.command('CONFIG', 'RESETSTAT')
        }
        return found
      }

      it('sends one, by the digest of the script', async () => {
        await store.admit(ask('first'))
        await calls()
        for (let i = 0; i < 50; i++) expect(await store.admit(ask(`one ${i}`))).toEqual({ outcome: 'admitted', alternative: 0 })
        expect(await calls()).toEqual({ evalsha: 50 })
      })

      it('sends the script itself where the server has lost it, and counts once', async () => {
        await store.admit(ask('first'))
        for (const node of nodes()) await node.command('SCRIPT', 'FLUSH')
        await calls()
        const admitted: unknown[] = []
        for (let i = 0; i < 5; i++) admitted.push((await store.admit(ask(`flushed ${i}`, 3))).outcome)
        expect(admitted).toEqual(['admitted', 'admitted', 'admitted', 'full', 'full'])
        expect(await calls()).toEqual({ evalsha: 5, eval: 1 })
      })

      it('admits exactly the limit while scripts are lost all the time', async () => {
        const over = new AbortController()
        const flushing = (async () => {
          while (!over.signal.aborted) {
            for (const node of nodes()) await node.command('SCRIPT', 'FLUSH')
          }
        })()
        const verdicts = await Promise.all(Array.from({ length: 600 }, async (_, i) => {
          await delay(i / 2)
          return store.admit(ask(`flushing ${i}`, 100))
        }))
        over.abort()
        await flushing
        expect(verdicts.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(100)
      })

      it('nor where the server has lost the script in the meantime, as one that was started anew', async () => {
        await store.admit(ask('before'))
        const name = `forgotten-${clientName}`
        const answer = { text: `proof-${name}`, isTaken: false }
        for (const proxy of proxies) proxy.lose(answer)
        const rejected = expect(store.admit(ask(name, 5))).rejects.toThrow()
        while (!answer.isTaken) await delay(1)
        for (const proxy of proxies) proxy.isOpen = false
        for (const node of nodes()) await node.command('SCRIPT', 'FLUSH')
        for (const proxy of proxies) proxy.isOpen = true
        await rejected
        const left = await Promise.all(Array.from({ length: 9 }, async (_, i) => settle(store, ask(`${name} again ${i}`, 5))))
        expect(left.filter((outcome) => outcome === 'admitted')).toHaveLength(4)
      })

      it('rejects where the answer is lost, and is not counted again when the client has connected again', async () => {
        await store.admit(ask('before'))
        for (let i = 0; i < 3; i++) {
          const name = `lost-${clientName}-${i}`
          const answer = { text: `proof-${name}`, isTaken: false }
          for (const proxy of proxies) proxy.lose(answer)
          const before = proxies.reduce((sum, proxy) => sum + proxy.lost, 0)
          await expect(store.admit(ask(name, 5))).rejects.toThrow()
          expect(proxies.reduce((sum, proxy) => sum + proxy.lost, 0)).toBe(before + 1)
          // It was counted, once: four of five are left.
          const after: string[] = []
          while (after.length < 6) after.push(await settle(store, ask(`${name} again ${after.length}`, 5)))
          expect(after).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'full', 'full'])
          expect((await store.admit(ask(name, 5))).outcome).toBe('replayed')
        }
      })
    })
  })
})
