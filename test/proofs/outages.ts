import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis as IoRedis } from 'ioredis'
import { createClient } from 'redis'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { startSilencingProxy, type SilencingProxy } from './silencing-proxy.js'
import { createGuard, type Guard } from '../../src/guard/create-guard.js'
import { redisStore, type IoRedisClient, type NodeRedisClient } from '../../src/state/redis-store.js'
import { createTestIssuer, exampleClaims, type TestIssuer } from '../../src/testing/index.js'
import { dayHasLeft, type Proof } from './proof.js'

const limit = 5_000
const workers = 8
const normalMs = 300
const outageMs = 1_500
const giveUpMs = 12_000

interface Outage {
  readonly name: string
  readonly settings?: readonly string[]
  readonly prepare?: (server: RedisServer) => Promise<unknown>
  /** Resolves when Redis is back, as seen by another connection. */
  readonly happen: (server: RedisServer, proxy: SilencingProxy) => Promise<unknown>
}

/** With `everysec`, the default, a server that is killed may have forgotten what it answered. */
const durable = ['--appendonly', 'yes', '--appendfsync', 'no', '--aof-use-rdb-preamble', 'no']

const outages: readonly Outage[] = [
  {
    name: 'down',
    settings: durable,
    happen: async (server) => {
      await server.kill()
      await delay(outageMs)
      await server.restart()
    },
  },
  {
    name: 'killed and restarted, five times',
    settings: durable,
    happen: async (server) => {
      for (let i = 0; i < 5; i++) {
        await server.kill()
        await server.restart()
        await delay(i < 4 ? 200 : 0)
      }
    },
  },
  {
    name: 'hanging',
    happen: async (server) => {
      server.hang()
      await delay(outageMs)
      server.goOn()
      await server.command('PING')
    },
  },
  {
    name: 'out of memory',
    happen: async (server) => {
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
      await delay(outageMs)
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    },
  },
  {
    name: 'a replica, and primary again',
    settings: ['--repl-diskless-sync-delay', '0'],
    happen: async (server) => {
      const other = await startRedis(['--repl-diskless-sync-delay', '0'])
      try {
        await other.command('REPLICAOF', '127.0.0.1', String(server.port))
        await until(async () => String(await other.command('INFO', 'replication')).includes('master_link_status:up'))
        await delay(200)
        await handOver(server, other)
        await delay(outageMs)
        await handOver(other, server)
      } finally {
        await other.stop()
      }
    },
  },
  {
    name: 'loading its data',
    settings: durable,
    prepare: async (server) => server.command('EVAL', "for i = 1, 5000 do redis.call('SET', 'filler-' .. i, string.rep('x', 1024), 'PX', 600000) end", '0'),
    happen: async (server) => {
      await server.restart({ isAwaited: false, settings: ['--key-load-delay', '300', '--loading-process-events-interval-bytes', '1024'] })
      await until(async () => await server.command('PING') === 'PONG')
    },
  },
  {
    name: 'a connection that has gone silent',
    happen: async (_, proxy) => { proxy.silence() },
  },
]

interface ClientSettings {
  readonly name: string
  readonly connect: (port: number) => Promise<{ readonly client: NodeRedisClient | IoRedisClient; readonly close: () => void }>
}

const backoff = (retries: number): number => Math.min(50 * 2 ** retries, 400) + Math.random() * 100

/** The latter are those that docs/state.md recommends. */
const clients: readonly ClientSettings[] = [
  { name: 'redis, defaults', connect: async (port) => nodeRedis({ port }) },
  { name: 'redis', connect: async (port) => nodeRedis({ port, connectTimeout: 500, reconnectStrategy: backoff }) },
  { name: 'ioredis, defaults', connect: async (port) => ioRedis({ port }) },
  { name: 'ioredis', connect: async (port) => ioRedis({ port, connectTimeout: 500, socketTimeout: 500, maxLoadingRetryTime: 200, retryStrategy: (times: number) => backoff(times - 1) }) },
]

async function nodeRedis(socket: object) {
  const client = createClient({ socket: { host: '127.0.0.1', ...socket } })
  client.on('error', () => undefined)
  await client.connect()
  return { client, close: () => { client.destroy() } }
}

async function ioRedis(options: object) {
  const client = new IoRedis({ host: '127.0.0.1', ...options })
  client.on('error', () => undefined)
  return { client, close: () => { client.disconnect() } }
}

/** QTA-6: a Redis that fails, behind a guard with the time-out that it has by default. Times are reported and not judged. */
export async function proveOutages(): Promise<Proof> {
  const rows: (readonly (string | number)[])[] = []
  const broken: string[] = []
  const issuer = await createTestIssuer()
  for (const outage of outages) {
    for (const settings of clients) {
      await dayHasLeft()
      const { admitted, refused, slowestMs, stallMs, firstMs, lastMs } = await during(outage, settings, issuer)
      const what = `${outage.name}, ${settings.name}`
      rows.push([outage.name, settings.name, admitted, refused, `${slowestMs.toFixed(0)} ms`, `${stallMs.toFixed(0)} ms`, inSeconds(firstMs), inSeconds(lastMs)])
      if (admitted > limit) broken.push(`${what}: ${admitted} were admitted, and not ${limit}`)
    }
  }
  await issuer.close()
  return { headings: ['Redis is', 'client', `admitted, of ${limit}`, 'refused by 503', 'slowest answer', 'the process stood still for at most', 'first admitted when it was back, after', 'last 503, after'], rows, broken }
}

function inSeconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? `not in ${giveUpMs / 1000} s` : `${(milliseconds / 1000).toFixed(2)} s`
}

interface Observed {
  readonly admitted: number
  readonly refused: number
  readonly slowestMs: number
  readonly stallMs: number
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
}

async function during(outage: Outage, { connect }: ClientSettings, as: TestIssuer): Promise<Observed> {
  const server = await startRedis(outage.settings)
  await outage.prepare?.(server)
  const proxy = await startSilencingProxy(server.port)
  const isProxied = outage.name.includes('silent')
  const connected = await connect(isProxied ? proxy.port : server.port)
  const guard = createGuard({ issuer: { issuer: as.issuer, jwks: as.jwks }, audience: as.audience, store: redisStore(connected.client), audit: [], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } })
  const token = await as.sign(exampleClaims({ exp: Math.floor(Date.now() / 1000) + 3_600, aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: limit } }] }))
  await ask(guard, token)

  const seen = { admitted: 1, refused: 0, full: 0, slowestMs: 0, backAt: undefined as number | undefined, firstBack: undefined as number | undefined, lastRefused: undefined as number | undefined }
  const over = new AbortController()
  const stalls = monitorEventLoopDelay({ resolution: 1 })
  stalls.enable()
  const once = async (): Promise<number> => {
    const start = performance.now()
    const status = await ask(guard, token)
    const end = performance.now()
    seen.slowestMs = Math.max(seen.slowestMs, end - start)
    if (status === 200) {
      seen.admitted++
      if (seen.backAt !== undefined) seen.firstBack ??= end
    } else if (status === 503) {
      seen.refused++
      seen.lastRefused = end
    } else if (status === 429) {
      seen.full++
    } else {
      throw new Error(`the guard answered ${status}`)
    }
    return status
  }
  const load = Array.from({ length: workers }, async () => {
    while (!over.signal.aborted) {
      await once()
      await delay(5)
    }
  })

  await delay(normalMs)
  await outage.happen(server, proxy)
  const backAt = performance.now()
  seen.backAt = backAt
  while (performance.now() - backAt < giveUpMs && (seen.firstBack === undefined || performance.now() - Math.max(seen.firstBack, seen.lastRefused ?? 0) < 700)) await delay(5)
  const isBack = seen.firstBack !== undefined
  const lastRefused = seen.lastRefused
  over.abort()
  await Promise.all(load)
  const stallMs = stalls.max / 1e6
  stalls.disable()
  // Until nothing is left of the limit, so that what should not have been admitted is.
  if (isBack) {
    await Promise.all(Array.from({ length: workers }, async () => {
      for (let full = 0; full < 10;) full = await once() === 429 ? full + 1 : 0
    }))
  }
  connected.close()
  await guard.close()
  await proxy.close()
  await server.stop()
  return {
    admitted: seen.admitted,
    refused: seen.refused,
    slowestMs: seen.slowestMs,
    stallMs,
    firstMs: seen.firstBack === undefined ? undefined : seen.firstBack - backAt,
    lastMs: isBack ? Math.max(0, (lastRefused ?? 0) - backAt) : undefined,
  }
}

async function ask(guard: Guard, token: string): Promise<number> {
  const { outcome, status } = await guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `Bearer ${token}` } }, 'search.web')
  return outcome === 'allow' ? 200 : status
}

/** Nothing is lost: writes wait until the replica has all of them. */
async function handOver(from: RedisServer, to: RedisServer): Promise<void> {
  await from.command('FAILOVER', 'TO', '127.0.0.1', String(to.port))
  await until(async () => String(await to.command('INFO', 'replication')).includes('role:master') && String(await from.command('INFO', 'replication')).includes('master_link_status:up'))
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo().catch(() => false)) await delay(5)
}
