import type { EventEmitter } from 'node:events'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { clientKinds } from '../../support/redis-clients.js'
import { describeRedis, startRedis, type RedisServer } from '../../support/redis.js'
import { redisStore } from '../../../src/state/redis-store.js'

describeRedis('REV-1: guards that come and go on one client', () => {
  let server: RedisServer
  beforeAll(async () => { server = await startRedis() })
  afterAll(() => server.stop())

  it.each(clientKinds)('REV-1: by the client $name, a subscription that has ended leaves no listener behind', async ({ connect }) => {
    const connected = await connect([server.port])
    onTestFinished(() => { connected.close() })
    const emitter = connected.client as unknown as EventEmitter
    const feed = redisStore(connected.client).revocations!
    const before = emitter.listenerCount('end')
    for (let i = 0; i < 3; i++) {
      const subscription = feed.subscribe({ revoked: () => undefined, caughtUp: () => undefined, failed: () => undefined })
      await expect.poll(() => server.command('PUBSUB', 'NUMSUB', 'aap:revoked')).toEqual(['aap:revoked', 1])
      await expect.poll(() => emitter.listenerCount('end')).toBe(before + 1)
      subscription.close()
      await expect.poll(() => emitter.listenerCount('end')).toBe(before)
      await expect.poll(() => server.command('PUBSUB', 'NUMSUB', 'aap:revoked')).toEqual(['aap:revoked', 0])
    }
  })
})
