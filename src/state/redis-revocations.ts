import type { RevocationFeed, RevocationListener, RevocationNotice, RevocationSubscription } from '../model/store.js'
import { publishRevocationsText, readRevocationsText } from './revocation-scripts.js'
import { runWhenReady, scriptOf } from './redis-script.js'
import type { ScriptClient } from './redis-client.js'
import { withDeadline } from '../token/deadline.js'

const publishScript = scriptOf(publishRevocationsText)
const readScript = scriptOf(readRevocationsText)

/** Notices that one script takes. */
const mostAtOnce = 1_000
/** Between two looks whether a message was missed. */
const lookEveryMs = 5_000
/** Where there are no messages. */
const lookOftenMs = 500
/** For one answer of Redis: a client may wait for its connection for as long as it likes. */
const answerMs = 5_000

/**
 * Published in a channel, and kept in a sorted set for whoever was not listening (REV-1). The set is looked at again and
 * again, since a connection can be broken without a sign, or its messages kept out by an ACL.
 */
export class RedisRevocations implements RevocationFeed {
  readonly #client: ScriptClient
  readonly #keys: readonly string[]
  readonly #channel: string

  constructor(client: ScriptClient, prefix: string) {
    this.#client = client
    this.#keys = [`${prefix}{revoked}:ends`, `${prefix}{revoked}:version`]
    this.#channel = `${prefix}revoked`
  }

  async publish(notices: readonly RevocationNotice[], mostKept: number): Promise<void> {
    for (let start = 0; start < notices.length; start += mostAtOnce) {
      const args = notices.slice(start, start + mostAtOnce).flatMap(({ key, until }) => [key, String(until)])
      const reply = textOf(await withDeadline(answerMs, () => runWhenReady(this.#client, publishScript, this.#keys, [this.#channel, String(mostKept), ...args])))
      if (reply === 'full') throw new Error(`Redis keeps ${mostKept} revocations, and takes no more`)
      if (!/^\d+$/.test(reply)) throw new Error('Redis answered something else than a version')
    }
  }

  subscribe(listener: RevocationListener): RevocationSubscription {
    return new Subscription(this.#client, this.#keys, this.#channel, listener)
  }
}

class Subscription implements RevocationSubscription {
  readonly #client: ScriptClient
  readonly #keys: readonly string[]
  readonly #listener: RevocationListener
  /** Of the set, as far as it is known; nothing where some of it may not be. */
  #version = ''
  #isSubscribed = false
  #isLooking = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #unsubscribe: (() => void) | undefined

  constructor(client: ScriptClient, keys: readonly string[], channel: string, listener: RevocationListener) {
    this.#client = client
    this.#keys = keys
    this.#listener = listener
    void this.#listen(channel)
    void this.#look()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#unsubscribe?.()
  }

  /** Clients subscribe anew by themselves after a connection was lost. */
  async #listen(channel: string): Promise<void> {
    try {
      const unsubscribe = await this.#client.subscribe(channel, (message) => { this.#hear(message) })
      if (this.#closed()) {
        unsubscribe()
        return
      }
      this.#unsubscribe = unsubscribe
      this.#isSubscribed = true
      // What was published in between.
      void this.#look()
    } catch (error) {
      if (this.#closed()) return
      this.#listener.failed(error)
      setTimeout(() => { if (!this.#isClosed) void this.#listen(channel) }, lookEveryMs).unref()
    }
  }

  #closed(): boolean {
    return this.#isClosed
  }

  #hear(message: string): void {
    if (this.#isClosed) return
    const [before = '', version = '', entries = ''] = message.split(' ')
    this.#listener.revoked(entries.split(',').flatMap((entry) => noticeOf(...entry.split(':') as [string, string])))
    if (before === this.#version) this.#version = version
    else void this.#look()
  }

  /** Everything that is kept, where it is not what is known already. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    clearTimeout(this.#timer)
    const sinceMs = performance.now()
    try {
      const version = await this.#read()
      if (version !== undefined) this.#version = version
      if (!this.#closed()) this.#listener.caughtUp(sinceMs)
    } catch (error) {
      if (!this.#closed()) this.#listener.failed(error)
    }
    this.#isLooking = false
    if (!this.#closed()) this.#timer = setTimeout(() => { void this.#look() }, this.#isSubscribed ? lookEveryMs : lookOftenMs).unref()
  }

  /** @returns the version that is known from here on; `undefined` where it was known before */
  async #read(): Promise<string | undefined> {
    let known: string | undefined
    let cursor = '0'
    do {
      const reply: unknown = await withDeadline(answerMs, () => runWhenReady(this.#client, readScript, this.#keys, [cursor, this.#version]))
      if (!Array.isArray(reply)) throw new Error('Redis answered something else than revocations')
      const [version, next, page] = reply as unknown[]
      // What is published from now on comes by a message, or changes the version.
      known ??= textOf(version)
      if (next === undefined) return undefined
      const words = (page as unknown[]).map(textOf)
      this.#listener.revoked(words.flatMap((key, i) => (i % 2 === 0 ? noticeOf(key, words[i + 1] ?? '') : [])))
      cursor = textOf(next)
    } while (cursor !== '0' && !this.#isClosed)
    return known
  }
}

/** Clients can be told to give texts as bytes, and numbers. */
function textOf(reply: unknown): string {
  if (Buffer.isBuffer(reply)) return reply.toString('latin1')
  if (typeof reply !== 'string' && typeof reply !== 'number') throw new Error('Redis answered something else than revocations')
  return String(reply)
}

/** Empty for what this package does not write. */
function noticeOf(key: string, until = ''): readonly RevocationNotice[] {
  const seconds = Number(until)
  return /^[0-9a-f]{16}$/.test(key) && Number.isInteger(seconds) && seconds > 0 ? [{ key, until: seconds }] : []
}
