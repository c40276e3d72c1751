import { Redis as IoRedis } from 'ioredis'
import { createClient, RESP_TYPES } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeRedis, startRedis, type RedisServer } from '../../support/redis.js'
import { redisStore, type IoRedisClient, type NodeRedisClient } from '../../../src/state/redis-store.js'
import type { QuotaCharge } from '../../../src/model/store.js'
import { stoppedClock } from '../../support/stopped-clock.js'

const quotas: readonly QuotaCharge[] = (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ key: 'k', name: 'quota', window, limit: window === 'day' ? 2 : 100, quantity: 1 }))

describeRedis('QTA-4: the Redis store counts whatever its client is set to', () => {
  let server: RedisServer
  beforeAll(async () => { server = await startRedis() })
  afterAll(() => server.stop())

  const socket = () => ({ host: '127.0.0.1', port: server.port })
  const variants: readonly [name: string, make: () => (NodeRedisClient | IoRedisClient) & { readonly close: () => void }][] = [
    ['redis: RESP 2', () => opened(createClient({ socket: socket(), RESP: 2 }))],
    ['redis: RESP 3', () => opened(createClient({ socket: socket(), RESP: 3 }))],
    ['redis: texts as bytes', () => opened(createClient({ socket: socket(), commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } }))],
    ['redis: no queue while it is not connected', () => opened(createClient({ socket: socket(), disableOfflineQueue: true }))],
    ['ioredis: connects when it is used', () => ended(new IoRedis({ ...socket(), lazyConnect: true }))],
    ['ioredis: no queue while it is not connected', () => ended(new IoRedis({ ...socket(), enableOfflineQueue: false }))],
    ['ioredis: pipelines by itself', () => ended(new IoRedis({ ...socket(), enableAutoPipelining: true }))],
    ['ioredis: a prefix of its own', () => ended(new IoRedis({ ...socket(), keyPrefix: 'mine:{x}:' }))],
    ['ioredis: numbers as texts', () => ended(new IoRedis({ ...socket(), stringNumbers: true }))],
  ]

  it.each(variants)('%s', async (_, make) => {
    await server.command('FLUSHALL')
    await server.command('SCRIPT', 'FLUSH')
    const client = make()
    try {
      // At once, while it is still connecting.
      const store = redisStore(client, stoppedClock())
      const outcomes = await Promise.all(Array.from({ length: 9 }, async (__, i) => (await store.admit({ scope: 's', proof: { key: `p${i % 6}`, keepMs: 60_001 }, alternatives: [{ quotas }] })).outcome))
      expect(outcomes.sort()).toEqual(['admitted', 'admitted', 'full', 'full', 'full', 'full', 'replayed', 'replayed', 'replayed'])
    } finally {
      client.close()
    }
  })
})

function opened<T extends NodeRedisClient & { connect(): Promise<unknown>; destroy(): void; on(event: 'error', listener: () => void): unknown }>(client: T): T & { readonly close: () => void } {
  client.on('error', () => undefined)
  void client.connect()
  return Object.assign(client, { close: () => { client.destroy() } })
}

function ended(client: IoRedis): IoRedis & { readonly close: () => void } {
  client.on('error', () => undefined)
  return Object.assign(client, { close: () => { client.disconnect() } })
}
