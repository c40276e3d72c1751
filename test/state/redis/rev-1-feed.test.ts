import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, startRedisCluster, type RedisServer } from '../../support/redis.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { redisStore } from '../../../src/state/redis-store.js'
import type { RevocationFeed, RevocationNotice } from '../../../src/model/store.js'

const deadline = { timeout: 20_000, interval: 5 }
const later = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds
const key = (i: number) => i.toString(16).padStart(16, '0')

expectHealthyProcess()

/** A subscriber that keeps what it hears. */
function listen(feed: RevocationFeed) {
  const heard = new Map<string, number>()
  const failures: unknown[] = []
  let looks = 0
  const subscription = feed.subscribe({
    revoked: (notices: readonly RevocationNotice[]) => { for (const { key: each, until } of notices) heard.set(each, until) },
    caughtUp: () => { looks++ },
    failed: (error) => { failures.push(error) },
  })
  onTestFinished(() => { subscription.close() })
  return { heard, failures, looks: () => looks, close: () => { subscription.close() } }
}

describeRedis('REV-1: revocations between processes that share a Redis', () => {
  describe.each([['one server', false], ['a Cluster', true]] as const)('%s', (_where, isCluster) => {
    let ports: number[]
    let servers: readonly RedisServer[]
    let stop: () => Promise<void>
    beforeAll(async () => {
      if (isCluster) {
        const cluster = await startRedisCluster()
        servers = cluster.nodes
        stop = () => cluster.stop()
      } else {
        const server = await startRedis()
        servers = [server]
        stop = () => server.stop()
      }
      ports = servers.map(({ port }) => port)
    }, 60_000)
    afterAll(() => stop())

    describe.each(clientKinds)('by the client $name', ({ name, connect }) => {
      const connected: ConnectedClient[] = []
      const feedOf = async (prefix: string): Promise<RevocationFeed> => {
        const client = await connect(ports)
        connected.push(client)
        return redisStore(client.client, { prefix }).revocations!
      }
      afterAll(() => { for (const client of connected) client.close() })
      const prefixOf = (test: string) => `${name}-${isCluster ? 'c' : 's'}-${test}:`

      it('a notice reaches who listens, and who comes later', async () => {
        const prefix = prefixOf('reach')
        const [mine, theirs] = [await feedOf(prefix), await feedOf(prefix)]
        const early = listen(theirs)
        await vi.waitFor(() => { expect(early.looks()).toBeGreaterThanOrEqual(2) }, deadline)
        const until = later(100)
        await mine.publish([{ key: key(1), until }, { key: key(2), until: until + 1 }], 100)
        await vi.waitFor(() => { expect([...early.heard]).toEqual([[key(1), until], [key(2), until + 1]]) }, deadline)
        const late = listen(await feedOf(prefix))
        await vi.waitFor(() => { expect(new Map([...late.heard].sort())).toEqual(new Map([[key(1), until], [key(2), until + 1]])) }, deadline)
        expect([...early.failures, ...late.failures]).toEqual([])
      })

      it('other prefixes hear nothing', async () => {
        const other = listen(await feedOf(prefixOf('other')))
        const mine = await feedOf(prefixOf('mine'))
        const same = listen(mine)
        await mine.publish([{ key: key(1), until: later(100) }], 100)
        await vi.waitFor(() => { expect(same.heard.size).toBe(1) }, deadline)
        expect(other.heard.size).toBe(0)
      })

      it('of two ends the later one is kept, every key expires with the last, and a full set refuses', async () => {
        const prefix = prefixOf('keep')
        const feed = await feedOf(prefix)
        const until = later(100)
        await feed.publish([{ key: key(1), until }], 3)
        await feed.publish([{ key: key(1), until: until - 50 }, { key: key(2), until: until - 50 }], 3)
        const found: unknown[] = []
        for (const server of servers) {
          for (const each of (await server.command('KEYS', `${prefix}*`)) as string[]) {
            const ttl = Number(await server.command('PTTL', each))
            expect(ttl).toBeGreaterThan(90_000)
            expect(ttl).toBeLessThanOrEqual(101_000)
            found.push(each)
          }
        }
        expect(found.sort()).toEqual([`${prefix}{revoked}:ends`, `${prefix}{revoked}:version`])
        const listener = listen(feed)
        await vi.waitFor(() => { expect(listener.heard.get(key(1))).toBe(until) }, deadline)
        await expect(feed.publish([{ key: key(3), until }, { key: key(4), until }], 3)).rejects.toThrow(/keeps 3 revocations/)
        // What it knows takes no room.
        await feed.publish([{ key: key(1), until }, { key: key(2), until }], 2)
        const soon = later(1)
        await feed.publish([{ key: key(5), until: soon }], 3)
        const early = await feed.publish([{ key: key(6), until }], 3).then(() => 'kept', String)
        // On a machine that stood still it may be over already.
        if (Date.now() < soon * 1_000) expect(early).toMatch(/keeps 3 revocations/)
        await vi.waitFor(() => feed.publish([{ key: key(6), until }], 3), deadline)
      })

      it('many at once are told in parts, and read in parts', async () => {
        const prefix = prefixOf('many')
        const feed = await feedOf(prefix)
        const until = later(100)
        await feed.publish(Array.from({ length: 5_500 }, (_, i) => ({ key: key(i), until })), 10_000)
        const late = listen(feed)
        await vi.waitFor(() => { expect(late.heard.size).toBe(5_500) }, deadline)
        late.close()
        const looks = late.looks()
        await new Promise((resolve) => { setTimeout(resolve, 600) })
        expect(late.looks()).toBe(looks)
      })
    })
  })

  describe.each(clientKinds)('one server that goes away, by the client $name', ({ connect }) => {
    const start = async (options?: readonly string[]) => {
      const server = await startRedis(options)
      const [mine, theirs] = [await connect([server.port]), await connect([server.port])]
      onTestFinished(async () => {
        mine.close()
        theirs.close()
        await server.stop()
      })
      return { server, mine, theirs }
    }

    it('what was missed is heard once it is back, and what somebody else wrote is left alone', async () => {
      const { server, mine, theirs } = await start(['--appendonly', 'yes', '--appendfsync', 'always'])
      const listener = listen(redisStore(theirs.client).revocations!)
      const feed = redisStore(mine.client).revocations!
      await feed.publish([{ key: key(1), until: later(100) }], 100)
      await vi.waitFor(() => { expect(listener.heard.size).toBe(1) }, deadline)
      await server.kill()
      await vi.waitFor(() => { expect(listener.failures).not.toEqual([]) }, deadline)
      await expect(feed.publish([{ key: key(2), until: later(100) }], 100)).rejects.toThrow()
      await server.restart()
      await vi.waitFor(() => feed.publish([{ key: key(3), until: later(100) }], 100), deadline)
      await vi.waitFor(() => { expect(listener.heard.has(key(3))).toBe(true) }, deadline)
      await server.command('PUBLISH', 'aap:revoked', 'garbage')
      await server.command('PUBLISH', 'aap:revoked', '')
      await server.command('PUBLISH', 'aap:revoked', '1 2 x:y,0000000000000009:-1,0000000000000008:1e400,:')
      await server.command('ZADD', 'aap:{revoked}:ends', '5', '__proto__')
      await feed.publish([{ key: key(4), until: later(100) }], 100)
      await vi.waitFor(() => { expect(listener.heard.has(key(4))).toBe(true) }, deadline)
      expect([...listener.heard.keys()].sort()).toEqual([key(1), key(3), key(4)])
    }, 60_000)

    it('a connection for subscribers that was cut without a word is no loss', async () => {
      const { server, mine, theirs } = await start()
      const listener = listen(redisStore(theirs.client).revocations!)
      await vi.waitFor(() => { expect(listener.looks()).toBeGreaterThanOrEqual(2) }, deadline)
      await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await redisStore(mine.client).revocations!.publish([{ key: key(1), until: later(100) }], 100)
      await vi.waitFor(() => { expect(listener.heard.has(key(1))).toBe(true) }, deadline)
    })
  })
})
