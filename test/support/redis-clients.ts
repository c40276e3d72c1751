import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { IoRedisClient, NodeRedisClient } from '../../src/state/redis-store.js'

export interface ConnectedClient {
  readonly client: NodeRedisClient | IoRedisClient
  close(): void
}

export interface ClientKind {
  readonly name: string
  /** By one of these ports, which are those of a Cluster where there are several. */
  readonly connect: (ports: readonly number[]) => Promise<ConnectedClient>
}

/** With their defaults, as their users have them. */
export const clientKinds: readonly ClientKind[] = [
  {
    name: 'redis',
    connect: async ([port, ...others]) => {
      const client = others.length > 0
        ? createCluster({ rootNodes: [port!, ...others].map((one) => ({ socket: { host: '127.0.0.1', port: one } })) })
        : createClient({ socket: { host: '127.0.0.1', port: port! } })
      client.on('error', () => undefined)
      await client.connect()
      return { client, close: () => { client.destroy() } }
    },
  },
  {
    name: 'ioredis',
    connect: async ([port, ...others]) => {
      const client = others.length > 0 ? new IoCluster([port!, ...others].map((one) => ({ host: '127.0.0.1', port: one }))) : new IoRedis(port!, '127.0.0.1')
      client.on('error', () => undefined)
      return { client, close: () => { client.disconnect() } }
    },
  },
]
