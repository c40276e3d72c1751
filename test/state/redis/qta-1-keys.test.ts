import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.js'
import { redisStore, type IoRedisClient, type NodeRedisClient, type RedisStoreOptions } from '../../../src/state/redis-store.js'
import type { QuotaCharge } from '../../../src/model/store.js'

const digest = () => randomBytes(32).toString('base64url')
const once = (key: string): QuotaCharge => ({ key, name: 'quota', window: 'hour', limit: 1, quantity: 1 })

/** Pairs that would meet if they were only put together. */
const hostile = [
  '', '{', '}', '{}', '}{', '{a}', 'a}', 'a}:h:b', 'b', 'h:b', ':', 'a:b', 'a}:p:b', 'a b', '*', '?', '[a]', '\\', '"', "'", '~', '~a',
  '\0', 'a\0', 'a\0b', '\r\n', 'a\r\nDEL x\r\n', '\n', '\u2028', 'é', 'e\u0301', '\ud800', '\udbff', '\udc00', '\ufffd', '__proto__', 'constructor', '-1', '0',
  'a'.repeat(64), 'a'.repeat(65), 'a'.repeat(100_000), `${'a'.repeat(100_000)}b`, '{'.repeat(100_000),
]

describeRedis('QTA-1: keys in a Cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => { cluster = await startRedisCluster() })
  afterAll(() => cluster.stop())

  const keysOf = async (): Promise<string[]> => (await Promise.all(cluster.nodes.map(async (node) => await node.command('KEYS', '*') as string[]))).flat().sort()
  const flush = async (): Promise<void> => { for (const node of cluster.nodes) await node.command('FLUSHALL') }

  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    let connected: ConnectedClient
    beforeAll(async () => { connected = await connect(cluster.nodes.map(({ port }) => port)) })
    afterAll(() => { connected.close() })

    it('hold the digests of the contract as they are, behind the prefix, in the slot of the scope', async () => {
      await flush()
      const [scope, key, proof] = [digest(), digest(), digest()]
      for (const prefix of ['aap:', 'staging/aap.2:']) {
        await redisStore(connected.client, { prefix }).admit({ scope, proof: { key: proof, keepMs: 60_001 }, alternatives: [{ quotas: (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ ...once(key), window })) }] })
      }
      expect(await keysOf()).toEqual(['aap:', 'staging/aap.2:'].flatMap((prefix) => [`c:${key}`, `m:${key}:quota`, `p:${proof}`, `s:${key}:quota`].map((rest) => `${prefix}{${scope}}:${rest}`)))
    })

    it('keep the admissions of any scope in one slot, wherever that is', async () => {
      await flush()
      const store = redisStore(connected.client)
      for (let i = 0; i < 100; i++) {
        const verdict = await store.admit({ scope: digest(), proof: { key: digest(), keepMs: 60_001 }, chargeOnly: [once(digest())], alternatives: [{ quotas: [once(digest()), once(digest())] }] })
        expect(verdict).toEqual({ outcome: 'admitted', alternative: 0 })
      }
      for (const node of cluster.nodes) expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(20)
    })

    it('of any two keys do not meet, whatever they hold', async () => {
      const store = redisStore(connected.client, { prefix: `any-key-${digest()}:` })
      const take = async (key: string) => (await store.admit({ scope: 's', proof: { key, keepMs: 60_001 }, alternatives: [{ quotas: [once(key)] }] })).outcome
      expect(await Promise.all(hostile.map(take))).toEqual(hostile.map(() => 'admitted'))
      expect(await Promise.all(hostile.map(take))).toEqual(hostile.map(() => 'replayed'))
    })

    it('of any two scopes do not meet, and are in one slot each', async () => {
      const store = redisStore(connected.client, { prefix: `any-scope-${digest()}:` })
      for (const scope of hostile) {
        const take = async () => (await store.admit({ scope, alternatives: [{ quotas: [once('b'), once('}:h:b'), { ...once('c'), window: 'minute' }] }] })).outcome
        expect([await take(), await take()], JSON.stringify(scope.slice(0, 20))).toEqual(['admitted', 'full'])
      }
    })

    it('of two prefixes do not meet', async () => {
      const [prefix, other] = [`a-${digest()}:`, `b-${digest()}:`]
      for (const each of [prefix, other]) expect(await redisStore(connected.client, { prefix: each }).admit({ scope: 's', alternatives: [{ quotas: [once('k')] }] })).toMatchObject({ outcome: 'admitted' })
    })
  })
})

describe('redisStore refuses at start-up', () => {
  const client = { evalSha: async () => 'admitted:0', eval: async () => 'admitted:0' }

  it.each(['', '{', 'a{b}', '}', 'a b', 'a\n', '\0', 'é', 'a'.repeat(65), '*'])('the prefix %j', (prefix) => {
    expect(() => redisStore(client, { prefix })).toThrow(RangeError)
    expect(() => redisStore(client, { prefix })).toThrow(/prefix/)
  })

  it.each([{ prefix: 1 }, { prefix: null }, { now: 5 }, { prefx: 'a:' }, { maxCounters: 5 }])('the options %j', (options) => {
    expect(() => redisStore(client, options as RedisStoreOptions)).toThrow(TypeError)
    expect(() => redisStore(client, options as RedisStoreOptions)).toThrow(new RegExp(Object.keys(options)[0]!))
  })

  it.each([undefined, null, {}, 'redis://127.0.0.1', () => undefined, { evalsha: () => undefined }, { eval: () => undefined }, new Map()])('the client %o', (other) => {
    expect(() => redisStore(other as never)).toThrow(TypeError)
    expect(() => redisStore(other as never)).toThrow(/client/)
  })

  const nowhere = { host: '127.0.0.1', port: 1 }
  const single = createClient({ socket: nowhere })
  const cluster = createCluster({ rootNodes: [{ socket: nowhere }] })
  const ioClient = new IoRedis({ ...nowhere, lazyConnect: true })
  const ioCluster = new IoCluster([nowhere], { lazyConnect: true })

  it.each<[string, unknown, RegExp]>([
    ['createClientPool of redis', createClientPool({ socket: nowhere }), /a pool of createClientPool/], ['one with types of its own', createClientPool({ socket: nowhere }).withTypeMapping({}), /a pool of createClientPool/],
    ['createSentinel of redis', createSentinel({ name: 'x', sentinelRootNodes: [nowhere] }), /createSentinel.*twice.*`sentinels`/],
    ['legacy()', single.legacy(), /`legacy\(\)`/], ['multi()', single.multi(), /transaction.*`exec`/], ['multi() of a Cluster', cluster.multi(), /transaction/], ['multi() of legacy()', single.legacy().multi(), /transaction/],
    ['pipeline() of ioredis', ioClient.pipeline(), /pipeline.*`exec`/], ['multi() of ioredis', ioClient.multi(), /pipeline/], ['pipeline() of its Cluster', ioCluster.pipeline(), /pipeline/],
  ])('QTA-6: %s, by name', (_, other, reason) => {
    expect(() => redisStore(other as never)).toThrow(TypeError)
    expect(() => redisStore(other as never)).toThrow(reason)
  })

  it.each<[string, NodeRedisClient | IoRedisClient]>([
    ['createClient', single], ['createClient with types of its own', single.withTypeMapping({})], ['a duplicate', single.duplicate()], ['createCluster', cluster], ['createCluster with types of its own', cluster.withTypeMapping({})],
    ['Redis', ioClient], ['Redis behind sentinels', new IoRedis({ sentinels: [nowhere], name: 'x', lazyConnect: true })], ['Cluster', ioCluster],
  ])('but not %s', (_, other) => {
    expect(redisStore(other).name).toBe('redis')
  })
})

describe('redisStore believes no answer that the admission cannot have', () => {
  const storeOf = (answer: unknown) => redisStore({ evalSha: async () => answer, eval: async () => answer })
  const two = { scope: 's', alternatives: [{ quotas: [once('a')] }, { quotas: [once('b')] }] }

  it.each([
    undefined, null, '', 0, 1, true, [], ['admitted:0'], {}, 'OK', 'admitted', 'admitted:', 'admitted:-1', 'admitted:2', 'admitted:01x', 'admitted:0 ', ' admitted:0', 'admitted:0\n', 'admitted:1e0', 'ADMITTED:0', 'admitted:9999999999',
    'full', 'full:', 'full:0', 'full:-5', 'full:86400001', 'full:1.5', 'full:nan', 'replayed:1', 'proofs-full', 'late', Buffer.from('admitted:5'), new Uint8Array(2),
  ])('%j', async (answer) => {
    await expect(storeOf(answer).admit(two)).rejects.toThrow(/Redis/)
  })

  it.each([['admitted:0', { outcome: 'admitted', alternative: 0 }], ['admitted:1', { outcome: 'admitted', alternative: 1 }], ['full:86400000', { outcome: 'full', retryAfterMs: 86_400_000 }], ['replayed', { outcome: 'replayed' }], [Buffer.from('admitted:1'), { outcome: 'admitted', alternative: 1 }]])('but %j', async (answer, verdict) => {
    expect(await storeOf(answer).admit(two)).toEqual(verdict)
  })

  it('and without alternatives none but -1', async () => {
    expect(await storeOf('admitted:-1').admit({ scope: 's', alternatives: [] })).toEqual({ outcome: 'admitted', alternative: -1 })
    for (const answer of ['admitted:0', 'full:5']) await expect(storeOf(answer).admit({ scope: 's', alternatives: [] })).rejects.toThrow(/Redis/)
  })
})

describe('redisStore sends nothing for an admission that is none', () => {
  const store = redisStore({ evalSha: () => { throw new Error('sent') }, eval: () => { throw new Error('sent') } })

  it.each([
    { limit: -1 }, { limit: 0.5 }, { limit: 2 ** 53 }, { limit: NaN }, { limit: Infinity }, { limit: '5' }, { limit: undefined },
    { quantity: -1 }, { quantity: 1.5 }, { quantity: 2 ** 53 }, { quantity: null }, { window: 'week' }, { window: '__proto__' }, { window: undefined }, { key: 5 }, { key: undefined },
  ])('a charge with %j', async (wrong) => {
    await expect(store.admit({ scope: 's', alternatives: [{ quotas: [{ ...once('k'), ...wrong } as QuotaCharge] }] })).rejects.toThrow(/an admission has/)
  })

  it.each([0, -1, 1.5, NaN, '5', 2 ** 53])('a proof to be kept for %j', async (keepMs) => {
    await expect(store.admit({ scope: 's', proof: { key: 'p', keepMs: keepMs as number }, alternatives: [] })).rejects.toThrow(/keepMs/)
  })

  it.each([NaN, Infinity, undefined])('a clock that gives %j', async (nowMs) => {
    const clocked = redisStore({ evalSha: async () => 'admitted:0', eval: async () => 'admitted:0' }, { now: () => nowMs as number })
    await expect(clocked.admit({ scope: 's', alternatives: [{ quotas: [] }] })).rejects.toThrow(TypeError)
  })
})

describeRedis('QTA-1: keys on a single server', () => {
  let server: RedisServer
  beforeAll(async () => { server = await startRedis() })
  afterAll(() => server.stop())

  it.each(clientKinds)('are the same in any scope: local policy may count by others, and a proof is spent with any token (POP-3), by the client $name', async ({ connect }) => {
    const connected = await connect([server.port])
    const store = redisStore(connected.client, { prefix: `${digest()}:` })
    const [key, proof] = [digest(), digest()]
    const take = async (more: object) => (await store.admit({ scope: digest(), alternatives: [{ quotas: [{ ...once(key), limit: 2 }] }], ...more })).outcome
    expect([await take({}), await take({ proof: { key: proof, keepMs: 60_001 } }), await take({}), await take({ proof: { key: proof, keepMs: 60_001 } })]).toEqual(['admitted', 'admitted', 'full', 'replayed'])
    connected.close()
  })
})
