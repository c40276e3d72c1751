import { ignoreRejection } from '../model/maybe-promise.js'

/**
 * A client of the package `redis`, single or Cluster, known by its methods: nothing of the package is imported.
 */
export interface NodeRedisClient {
  evalSha(sha1: string, options?: NodeRedisScriptOptions): Promise<unknown>
  eval(script: string, options?: NodeRedisScriptOptions): Promise<unknown>
}

interface NodeRedisScriptOptions {
  keys?: string[]
  arguments?: string[]
}

/** A client of the package `ioredis`, single or Cluster, known by its methods: nothing of the package is imported. */
export interface IoRedisClient {
  readonly status: string
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: (string | Buffer)[]): Promise<unknown>
  eval(script: string, keyCount: number, ...keysAndArguments: (string | Buffer)[]): Promise<unknown>
  on(event: string, listener: () => void): unknown
}

/** What the Redis store asks of a client. */
export interface ScriptClient {
  /** Whether keys of one script have to be in one slot. */
  readonly isCluster: boolean
  /** Rejects where there is no connection, and none comes soon. */
  untilReady(): undefined | Promise<void>
  /** Runs it once, and never again where the answer is lost. Its first argument is `1`, or `0` where it must do nothing. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /**
   * Messages of a channel, by a connection of its own, which does not keep the process alive and ends with that of the client.
   *
   * @returns what ends it
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => void>
}

export interface Script {
  readonly text: string
  /** SHA-1 of the text, in hexadecimal. */
  readonly digest: string
}

type Send = (command: 'EVALSHA' | 'EVAL', textOrDigest: string) => Promise<unknown>

/** A server that does not know a script has not run it. */
async function runOnce({ text, digest }: Script, send: Send): Promise<unknown> {
  try {
    return await send('EVALSHA', digest)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return send('EVAL', text)
  }
}

/** For so long an admission waits for a connection that was lost; the guard has answered soon after (QTA-6). */
const reconnectMs = 200
/** And for the first one, at start-up. */
const firstConnectMs = 5_000
const lookEveryMs = 5

/** Stores that share a client share what listens to it. */
const known = new WeakMap<object, ScriptClient>()

/** @throws TypeError if it is a client of neither package, or one that cannot serve a store */
export function scriptClientOf(client: NodeRedisClient | IoRedisClient): ScriptClient {
  const unfit = unfitKinds.find(({ is }) => is(client))
  if (unfit !== undefined) throw new TypeError(`redisStore: client cannot be ${unfit.what}`)
  const scripts = known.get(client) ?? (isNodeRedis(client) ? new NodeRedisScripts(client) : isIoRedis(client) ? new IoRedisScripts(client) : undefined)
  if (scripts === undefined) throw new TypeError('redisStore: client must be a client of the package redis or ioredis')
  known.set(client, scripts)
  return scripts
}

/** `idle`: it connects when it is used. */
type ConnectionState = 'idle' | 'connecting' | 'ready' | 'closed'

abstract class Connection {
  #isFirst = true
  /** Whoever waited for it waited in vain: nobody else does until it is back. */
  #isAway = false
  #soon: Promise<void> | undefined

  protected abstract state(): ConnectionState

  untilReady(): undefined | Promise<void> {
    const state = this.state()
    if (state === 'connecting') return this.#isAway ? Promise.reject(notConnected()) : (this.#soon ??= this.#connecting())
    if (state === 'closed') return Promise.reject(new Error('the Redis client is closed'))
    if (state === 'ready') {
      this.#isFirst = false
      this.#isAway = false
    }
    return undefined
  }

  /** One look-out for all that wait, so that none of them is in the client's own queue, which has no end. */
  #connecting(): Promise<void> {
    const giveUpMs = performance.now() + (this.#isFirst ? firstConnectMs : reconnectMs)
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const state = this.state()
        if (state === 'connecting' && performance.now() < giveUpMs) {
          setTimeout(look, lookEveryMs).unref()
          return
        }
        this.#soon = undefined
        if (state === 'closed') reject(new Error('the Redis client is closed'))
        else if (state === 'connecting') {
          this.#isAway = true
          reject(notConnected())
        } else {
          resolve()
        }
      }
      look()
    })
  }
}

function notConnected(): Error {
  return new Error('the Redis client is not connected')
}

/** It rejects what was sent when a connection ends, and repeats nothing but what a Cluster node sent elsewhere. */
class NodeRedisScripts extends Connection implements ScriptClient {
  readonly isCluster: boolean
  readonly #client: NodeRedisClient & { readonly isOpen?: unknown; readonly isReady?: unknown }

  constructor(client: NodeRedisClient) {
    super()
    this.#client = client
    this.isCluster = 'masters' in client
  }

  protected state(): ConnectionState {
    const { isOpen, isReady } = this.#client
    if (isOpen === false) return 'closed'
    return isReady === false ? 'connecting' : 'ready'
  }

  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const options = { keys: [...keys], arguments: ['1', ...args] }
    return runOnce(script, (command, text) => (command === 'EVALSHA' ? this.#client.evalSha(text, options) : this.#client.eval(text, options)))
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    await this.untilReady()
    const client = this.#client as unknown as NodeRedisSubscriber
    // A Cluster has a connection for subscribers already, and looks for another node where that one is lost.
    if (this.isCluster) {
      await client.subscribe(channel, listener)
      return () => { ignoreRejection(client.unsubscribe(channel, listener)) }
    }
    const own = client.duplicate()
    const end = (): void => {
      client.off('end', end)
      if (own.isOpen) own.destroy()
    }
    own.on('error', ignore)
    client.on('end', end)
    own.unref()
    try {
      await own.connect()
      await own.subscribe(channel, listener)
    } catch (error) {
      end()
      throw error
    }
    return end
  }
}

/** What a client can do beside, where it subscribes. */
interface NodeRedisSubscriber {
  readonly isOpen: boolean
  duplicate(): NodeRedisSubscriber
  connect(): Promise<unknown>
  destroy(): void
  unref(): void
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<void>
}

/**
 * It sends again what had no answer when a connection ended: by `autoResendUnfulfilledCommands` of a client and by
 * `retryDelayOnFailover` of a Cluster, both on by default. Then the same bytes say `0`, which the script does nothing for.
 */
class IoRedisScripts extends Connection implements ScriptClient {
  readonly isCluster: boolean
  readonly #client: IoRedisClient
  /** An argument of everything that was sent since a connection was lost. */
  #isFirstTime = Buffer.alloc(1, '1')

  constructor(client: IoRedisClient) {
    super()
    this.#client = client
    this.isCluster = (client as { readonly isCluster?: unknown }).isCluster === true
    const lost = (): void => {
      this.#isFirstTime.fill('0')
      this.#isFirstTime = Buffer.alloc(1, '1')
    }
    client.on('close', lost)
    // Of a Cluster, which does not close when one of its nodes does.
    client.on('-node', lost)
  }

  protected state(): ConnectionState {
    const { status } = this.#client
    switch (status) {
      case 'ready': return 'ready'
      case 'wait': return 'idle'
      case 'end': return 'closed'
      default: return 'connecting'
    }
  }

  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    // Both commands have the same bytes: a server that started anew in between may have run the first one.
    const words = [...keys, this.#isFirstTime, ...args]
    return runOnce(script, (command, text) => (command === 'EVALSHA' ? this.#client.evalsha(text, keys.length, ...words) : this.#client.eval(text, keys.length, ...words)))
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    await this.untilReady()
    const client = this.#client as unknown as IoRedisSubscriber
    // A Cluster has a connection for subscribers already, and looks for another node where that one is lost.
    const own = this.isCluster ? client : client.duplicate({ lazyConnect: true, autoResubscribe: true, maxRetriesPerRequest: null, enableOfflineQueue: true })
    const hear = (from: string, message: string): void => { if (from === channel) listener(message) }
    own.on('message', hear)
    const end = (): void => {
      own.off('message', hear)
      client.off('end', end)
      if (own === client) ignoreRejection(own.unsubscribe(channel))
      else own.disconnect()
    }
    if (own !== client) {
      own.on('error', ignore)
      own.on('connect', () => { own.stream?.unref() })
      client.on('end', end)
    }
    try {
      await own.subscribe(channel)
    } catch (error) {
      end()
      throw error
    }
    return end
  }
}

/** What a client can do beside, where it subscribes. */
interface IoRedisSubscriber {
  readonly stream?: { unref(): void }
  duplicate(options: object): IoRedisSubscriber
  disconnect(): void
  on(event: string, listener: (...args: string[]) => void): unknown
  off(event: string, listener: (...args: string[]) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
}

function ignore(): void {
  // The client itself says so as well.
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasMethods(client, ['evalSha', 'eval'])
}

function isIoRedis(client: unknown): client is IoRedisClient {
  return hasMethods(client, ['evalsha', 'eval', 'on']) && typeof (client as { status?: unknown }).status === 'string'
}

/** What has a client's methods for scripts, and is none that a store can count by. The first that fits is named. */
const unfitKinds: readonly { readonly what: string; readonly is: (client: unknown) => boolean }[] = [
  { what: 'a pipeline or transaction: it answers nothing before `exec`', is: (client) => isIoRedisPipeline(client) || hasMethods(client, ['evalSha', 'exec']) },
  { what: 'one of createSentinel: it sends again what had no answer, which would count twice (QTA-6); ioredis can be given `sentinels`', is: (client) => hasMethods(client, ['evalSha', 'acquire']) },
  { what: 'a pool of createClientPool: it cannot subscribe; one client of createClient serves all requests', is: (client) => hasMethods(client, ['evalSha', 'execute']) && !hasMethods(client, ['duplicate']) },
  { what: 'one of `legacy()` or lent by another: give the client that it is of', is: (client) => hasMethods(client, ['evalSha', 'sendCommand']) && !hasMethods(client, ['connect', 'duplicate']) },
]

function isIoRedisPipeline(client: unknown): boolean {
  return hasMethods(client, ['evalsha', 'exec']) && (client as { isPipeline?: unknown }).isPipeline === true
}

function hasMethods(client: unknown, names: readonly string[]): boolean {
  return typeof client === 'object' && client !== null && names.every((name) => typeof (client as Record<string, unknown>)[name] === 'function')
}
