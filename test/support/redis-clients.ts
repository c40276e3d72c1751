import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { IoRedisClient, NodeRedisClient } from '../../src/state/redis-store.js'

export interface ConnectedClient {
  readonly client: NodeRedisClient | IoRedisClient
  close(): void
}

export interface ClientKind {
  readonly name: string
  /**
   * By one of these ports, which are those of a Cluster where there are several.
   *
   * @param ways by which port each port of a Cluster is reached
   */
  readonly connect: (ports: readonly number[], ways?: ReadonlyMap<number, number>) => Promise<ConnectedClient>
}

/** With their defaults, as their users have them. */
export const clientKinds: readonly ClientKind[] = [
  {
    name: 'redis',
    connect: async ([port, ...others], ways) => {
      const client = others.length > 0
        ? createCluster({ rootNodes: [port!, ...others].map((one) => ({ socket: { host: '127.0.0.1', port: one } })), ...(ways !== undefined && { nodeAddressMap: natOf(ways) }) })
        : createClient({ socket: { host: '127.0.0.1', port: port! } })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => { client.destroy() } }
    },
  },
  {
    name: 'ioredis',
    connect: async ([port, ...others], ways) => {
      const client = others.length > 0 ? new IoCluster([port!, ...others].map((one) => ({ host: '127.0.0.1', port: one })), ways === undefined ? {} : { natMap: natOf(ways) }) : new IoRedis(port!, '127.0.0.1')
      client.on('error', () => undefined)
      return { client, close: () => { client.disconnect() } }
    },
  },
]

function natOf(ways: ReadonlyMap<number, number>): Record<string, { host: string; port: number }> {
  return Object.fromEntries([...ways].map(([from, to]) => [`127.0.0.1:${from}`, { host: '127.0.0.1', port: to }]))
}
