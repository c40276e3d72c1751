import { afterAll, beforeAll } from 'vitest'
import { clientKinds, type ConnectedClient } from './redis-clients.js'
import { startRedis, type RedisServer } from './redis.js'

export interface ConnectedRedis {
  readonly server: RedisServer
  readonly client: ConnectedClient['client']
}

/** One Redis for all tests of a suite, with a client of the package `redis`. Its members are there once the tests run. */
export function useConnectedRedis(): ConnectedRedis {
  let server: RedisServer | undefined
  let connected: ConnectedClient | undefined

  beforeAll(async () => {
    server = await startRedis()
    connected = await clientKinds[0]!.connect([server.port])
  })
  afterAll(async () => {
    connected?.close()
    await server?.stop()
  })

  return {
    get server() { return server! },
    get client() { return connected!.client },
  }
}
