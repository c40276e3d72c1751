import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisStore } from '../../../src/state/redis-store.js'
import { storeContract } from '../../../src/state/store-contract.js'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.js'

let stores = 0

describeRedis('QTA-4: the Redis store does what every store has to do', () => {
  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    describe.each(['a single server', 'a Cluster of three masters'])('%s', (kind) => {
      let server: RedisServer | RedisCluster
      let connected: ConnectedClient

      beforeAll(async () => {
        server = kind === 'a single server' ? await startRedis() : await startRedisCluster()
        connected = await connect('nodes' in server ? server.nodes.map(({ port }) => port) : [server.port])
      })
      afterAll(async () => {
        connected.close()
        await server.stop()
      })

      for (const { part, name, run } of storeContract((now) => redisStore(connected.client, { now, prefix: `store-${++stores}:` }))) it(`${name} (${part})`, run)
    })
  })
})
