import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'redis'
import { freePort } from './free-port.js'

export interface RedisServer {
  readonly port: number
  /** As if the machine had lost power. */
  kill(): Promise<void>
  /** It hangs: connections are taken, and nothing is answered until it goes on. */
  hang(): void
  goOn(): void
  /** On the same port, with what it had written to its directory. Resolves when it takes commands, or at once where nobody is to wait. */
  restart(options?: { readonly isAwaited?: boolean; readonly settings?: readonly string[] }): Promise<void>
  /** Sends one command by a connection of its own. */
  command(...words: readonly string[]): Promise<unknown>
  stop(): Promise<void>
}

export interface RedisCluster {
  /** The masters that it was started with. */
  readonly nodes: readonly RedisServer[]
  /** One more node, without any slots. */
  add(): Promise<RedisServer>
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

/** On a free port of the loopback address, with a directory of its own and no persistence but by `settings`. */
export async function startRedis(settings: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'aap-redis-'))
  let port = await freePort()
  const start = async (isAwaited: boolean, more: readonly string[] = []): Promise<ChildProcess> => {
    const child = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', '', ...settings, ...more], { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...environment } })
    running.add(child)
    child.once('exit', () => running.delete(child))
    let log = ''
    child.stdout.on('data', (data: Buffer) => { log += data.toString() })
    while (isAwaited && !log.includes('Ready to accept connections')) {
      if (child.exitCode !== null) throw new Error(`redis-server has ended:\n${log}`)
      await delay(5)
    }
    return child
  }
  let child = await start(true).catch(async () => {
    // Somebody was quicker.
    port = await freePort()
    return start(true)
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    port,
    kill: () => end('SIGKILL'),
    hang: () => { child.kill('SIGSTOP') },
    goOn: () => { child.kill('SIGCONT') },
    restart: async ({ isAwaited = true, settings: more = [] } = {}) => {
      await end('SIGKILL')
      child = await start(isAwaited, more)
    },
    command: async (...words) => {
      const client = createClient({ socket: { host: '127.0.0.1', port } })
      client.on('error', () => undefined)
      await client.connect()
      try {
        return await client.sendCommand(words)
      } finally {
        client.destroy()
      }
    },
    stop: async () => {
      await end('SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Masters that share the 16,384 hash slots, without replicas. None takes another for dead that stood still for a few seconds. */
export async function startRedisCluster(masters = 3): Promise<RedisCluster> {
  const startNode = (): Promise<RedisServer> => startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '6000', '--repl-diskless-sync-delay', '0'])
  const nodes = await Promise.all(Array.from({ length: masters }, startNode))
  const all = [...nodes]
  const meet = async (node: RedisServer): Promise<void> => { await all[0]!.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port)) }
  const settled = async (): Promise<void> => {
    for (const node of all) {
      for (;;) {
        const info = String(await node.command('CLUSTER', 'INFO'))
        if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${all.length}`)) break
        await delay(20)
      }
    }
  }
  const slots = Array.from({ length: 16_384 }, (_, slot) => slot)
  await Promise.all(nodes.map(async (node, i) => {
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1))
    await node.command('CLUSTER', 'ADDSLOTS', ...slots.filter((slot) => Math.floor(slot * masters / 16_384) === i).map(String))
  }))
  for (const node of nodes.slice(1)) await meet(node)
  await settled()
  return {
    nodes,
    add: async () => {
      const node = await startNode()
      all.push(node)
      await meet(node)
      await settled()
      return node
    },
    stop: async () => { await Promise.all(all.map((node) => node.stop())) },
  }
}
