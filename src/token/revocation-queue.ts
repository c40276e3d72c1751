import { LRUCache } from 'lru-cache'
import { digestOf } from '../claims/digest.js'
import { describeFailure } from './describe-failure.js'
import type { IntrospectionEndpoint } from './introspection-endpoint.js'

export interface RevocationQueueOptions {
  readonly issuer: string
  readonly endpoint: Pick<IntrospectionEndpoint, 'revoke'>
  /** Tells the operator. @param cause by which repeated messages are left out */
  readonly warn: (cause: string, message: string) => void
  /** How often the issuer is asked for one token, an integer from 1. Default 8: the last time about two minutes after the first. */
  readonly attempts?: number | undefined
  /** Tokens that wait at a time, an integer from 1; more are not revoked, and the operator is told. Default 1,000. */
  readonly maxWaiting?: number | undefined
  /** @internal Milliseconds after the first failure, 1,000 by default; twice as long each time, up to a minute. */
  readonly firstRetryMs?: number | undefined
}

/** Tokens to be revoked at their issuer, while nobody waits for it (INT-4). */
export interface RevocationQueue {
  /**
   * Asks the issuer to revoke the token, again after a failure; once, however often this is called while it waits and after it
   * succeeded. Never throws.
   */
  revokeOnce(token: string): void
  /** Tokens that are not revoked yet. */
  readonly waiting: number
  /** Gives up on what waits, and takes nothing any more. */
  close(): void
}

/** @throws RangeError for a number out of bounds */
export function createRevocationQueue(options: RevocationQueueOptions): RevocationQueue {
  return new Queue(options)
}

const longestRetryMs = 60_000
const maxParallel = 4
const maxRemembered = 20_000

interface Waiting {
  readonly key: string
  readonly token: string
  failures: number
}

class Queue implements RevocationQueue {
  readonly #issuer: string
  readonly #endpoint: RevocationQueueOptions['endpoint']
  readonly #warn: RevocationQueueOptions['warn']
  readonly #attempts: number
  readonly #maxWaiting: number
  readonly #firstRetryMs: number

  /** By digest, from the first call until the issuer has answered or is given up. */
  readonly #waiting = new Map<string, Waiting>()
  /** Whose turn it is, once one of four calls has ended. */
  readonly #due: Waiting[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Digests of tokens that the issuer has revoked. */
  readonly #revoked = new LRUCache<string, true>({ max: maxRemembered })
  #calls = 0
  #isClosed = false

  constructor({ issuer, endpoint, warn, attempts = 8, maxWaiting = 1_000, firstRetryMs = 1_000 }: RevocationQueueOptions) {
    for (const [name, value] of Object.entries({ attempts, maxWaiting, firstRetryMs })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be an integer from 1`)
    }
    this.#issuer = issuer
    this.#endpoint = endpoint
    this.#warn = warn
    this.#attempts = attempts
    this.#maxWaiting = maxWaiting
    this.#firstRetryMs = firstRetryMs
  }

  get waiting(): number {
    return this.#waiting.size
  }

  revokeOnce(token: string): void {
    const key = digestOf(this.#issuer, token)
    if (this.#isClosed || this.#waiting.has(key) || this.#revoked.has(key)) return
    if (this.#waiting.size >= this.#maxWaiting) {
      this.#tell('revocations waiting', `A token of ${this.#issuer} is not revoked there: ${this.#maxWaiting} others wait already`)
      return
    }
    const waiting: Waiting = { key, token, failures: 0 }
    this.#waiting.set(key, waiting)
    this.#due.push(waiting)
    this.#callNext()
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#waiting.size > 0) this.#tell('revocations given up', `${this.#waiting.size} tokens of ${this.#issuer} are not revoked there: the guard was closed`)
    this.#timers.clear()
    this.#waiting.clear()
    this.#due.length = 0
  }

  #callNext(): void {
    while (this.#calls < maxParallel) {
      const next = this.#due.shift()
      if (next === undefined) return
      this.#calls++
      void this.#revoke(next).finally(() => {
        this.#calls--
        this.#callNext()
      })
    }
  }

  /** Never rejects. */
  async #revoke(waiting: Waiting): Promise<void> {
    const { key, token } = waiting
    try {
      await this.#endpoint.revoke(token)
      this.#revoked.set(key, true)
      this.#waiting.delete(key)
    } catch (error) {
      if (this.#isClosed) return
      waiting.failures++
      const isLast = waiting.failures >= this.#attempts
      if (isLast) this.#waiting.delete(key)
      else this.#retryLater(waiting)
      // Not the same cause, so that being given up is not left out.
      this.#tell(isLast ? 'revocations given up' : 'revocation', `${isLast ? 'A token stays valid at its issuer until it expires' : 'A token is not revoked yet'}: ${describeFailure(error)}`)
    }
  }

  #retryLater(waiting: Waiting): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#due.push(waiting)
      this.#callNext()
    }, Math.min(longestRetryMs, this.#firstRetryMs * 2 ** (waiting.failures - 1))).unref()
    this.#timers.add(timer)
  }

  /** A logger that throws must not reject what nobody waits for: that would end the process (ERR-2). */
  #tell(cause: string, message: string): void {
    try {
      this.#warn(`${cause} of ${this.#issuer}`, message)
    } catch {
      // there is nobody else to tell
    }
  }
}
