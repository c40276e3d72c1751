import { LRUCache } from 'lru-cache'
import type { AnswerStore } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import { ignoreRejection, type MaybePromise } from '../model/maybe-promise.js'
import { digestOf } from '../claims/digest.js'
import { AnswerCache } from './answer-cache.js'
import { CallBudget } from './call-budget.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { describeFailure } from './describe-failure.js'
import { FailureLimit } from './failure-limit.js'
import type { IntrospectionAnswer } from './introspection-answer.js'
import type { IntrospectionEndpoint } from './introspection-endpoint.js'
import { IntrospectionUnavailable } from './introspection-unavailable.js'
import { SharedAnswers, writeAnswer, type SharedAnswer } from './shared-answers.js'
import { tellSafely } from './tell-safely.js'

export interface IntrospectionOptions {
  readonly issuer: string
  readonly endpoint: Pick<IntrospectionEndpoint, 'introspect'>
  /** Of the shared store. Without it each process asks for itself. */
  readonly answers?: AnswerStore | undefined
  /** For one look into the shared store: milliseconds from 1 to 60,000. Default 250. */
  readonly storeTimeoutMs?: number | undefined
  /**
   * `'here'`, the default: answers are remembered. `'issuer'`: the issuer counts what it is asked, so an active answer is
   * good for one request and remembered nowhere (INT-4).
   */
  readonly count?: 'here' | 'issuer' | undefined
  readonly now: Clock
  /** Tells the operator. @param cause by which repeated messages are left out */
  readonly warn: (cause: string, message: string) => void
  /** Calls that may be made in a second, and at once after a rest: an integer from 1. Default 500. */
  readonly callsPerSecond?: number | undefined
  /** Calls under way at a time: an integer from 1. Default 100. */
  readonly callsInFlight?: number | undefined
  /** Inactive tokens that one peer may make us ask about in a minute, an integer from 1. Default 100. */
  readonly inactivePerPeerPerMinute?: number | undefined
  /** Failed calls in a row after which the issuer is left alone, an integer from 1. Default 5. */
  readonly failuresInARow?: number | undefined
}

/** What is known of an issuer's opaque tokens. */
export interface Introspection {
  /**
   * From this process, else from the shared store, else from the issuer, once for all who ask at the same time. Synchronous
   * where this process knows. An active answer counts for min(30 s, until `exp`) from the instant at which the issuer was
   * asked, wherever it was kept meanwhile; an inactive one for 5 s (INT-1).
   *
   * Rejects with `IntrospectionUnavailable` where nobody knows. Never throws.
   *
   * @param nowMs epoch milliseconds of the request
   * @param peer address that the token came from; without one no limit per peer
   */
  find(token: string, nowMs: number, peer?: string): MaybePromise<IntrospectionAnswer>
}

/** @throws RangeError for a number out of bounds, TypeError for another `count` */
export function createIntrospection(options: IntrospectionOptions): Introspection {
  return new TieredIntrospection(options)
}

const activeForMs = 30_000
const inactiveForMs = 5_000

/** A part of both budgets that is left to tokens that were active when this process last knew. */
const reservedShare = 0.25
const maxKnown = 50_000
/** Tokens that are looked up at a time, in the shared store or at the issuer. */
const maxLookUps = 10_000
/** For a request that waits for its turn where each needs an answer of its own. */
const longestTurnMs = 5_000

class TieredIntrospection implements Introspection {
  readonly #issuer: string
  readonly #endpoint: IntrospectionOptions['endpoint']
  readonly #now: Clock
  readonly #warn: IntrospectionOptions['warn']
  readonly #isCountedByIssuer: boolean
  readonly #maxCalls: number
  readonly #maxUnknownCalls: number
  readonly #reserved: number

  readonly #cache = new AnswerCache()
  readonly #shared: SharedAnswers | undefined
  readonly #budget: CallBudget
  readonly #peers: FailureLimit
  readonly #breaker: CircuitBreaker
  /** Digests of tokens that were active when this process last knew. */
  readonly #known = new LRUCache<string, true>({ max: maxKnown })
  /** The one look-up of a token that is under way, however many wait for it. */
  readonly #lookUps = new Map<string, Promise<IntrospectionAnswer>>()
  #calls = 0

  constructor(options: IntrospectionOptions) {
    const { issuer, endpoint, answers, count = 'here', now, warn, storeTimeoutMs = 250, callsPerSecond = 500, callsInFlight = 100, inactivePerPeerPerMinute = 100, failuresInARow = 5 } = options
    for (const [name, value] of Object.entries({ callsPerSecond, callsInFlight, inactivePerPeerPerMinute, failuresInARow })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be an integer from 1`)
    }
    if (!Number.isInteger(storeTimeoutMs) || storeTimeoutMs < 1 || storeTimeoutMs > 60_000) throw new RangeError('storeTimeoutMs must be an integer from 1 to 60000')
    if (!['here', 'issuer'].includes(count)) throw new TypeError('count must be \'here\' or \'issuer\'')
    this.#issuer = issuer
    this.#endpoint = endpoint
    this.#now = now
    this.#warn = warn
    this.#isCountedByIssuer = count === 'issuer'
    this.#maxCalls = callsInFlight
    this.#maxUnknownCalls = callsInFlight - Math.floor(callsInFlight * reservedShare)
    this.#reserved = Math.floor(callsPerSecond * reservedShare)
    this.#budget = new CallBudget({ most: callsPerSecond, regainMs: 1_000 / callsPerSecond })
    this.#peers = new FailureLimit(inactivePerPeerPerMinute)
    this.#breaker = new CircuitBreaker(failuresInARow)
    this.#shared = answers && new SharedAnswers({ store: answers, timeoutMs: storeTimeoutMs, now, onProblem: (message) => { this.#tell('shared answers', message) } })
  }

  find(token: string, nowMs: number, peer?: string): MaybePromise<IntrospectionAnswer> {
    const key = digestOf(this.#issuer, token)
    const cached = this.#cache.get(key, nowMs)
    if (cached !== undefined) return cached
    const found = this.#isCountedByIssuer ? this.#takeTurn(key, token, peer) : this.#lookUp(key, token, peer)
    ignoreRejection(found) // the request may be gone by then (ERR-2)
    return found
  }

  /** Joins the look-up of this token that is under way, or starts one. */
  #lookUp(key: string, token: string, peer: string | undefined): Promise<IntrospectionAnswer> {
    const underWay = this.#lookUps.get(key)
    if (underWay !== undefined) return underWay
    if (this.#lookUps.size >= maxLookUps) return Promise.reject(this.#overrun(`${maxLookUps} tokens are being looked up`))
    const started = this.#find(key, token, peer).finally(() => { this.#lookUps.delete(key) })
    this.#lookUps.set(key, started)
    return started
  }

  /** Still one call for a token at a time, but an active answer is for the request that asked for it (INT-4). */
  async #takeTurn(key: string, token: string, peer: string | undefined): Promise<IntrospectionAnswer> {
    const sinceMs = performance.now()
    for (let underWay = this.#lookUps.get(key); underWay !== undefined; underWay = this.#lookUps.get(key)) {
      const answer = await underWay
      if (!answer.active) return answer
      if (performance.now() - sinceMs > longestTurnMs) throw this.#overrun('too many requests with one token wait for their turn')
    }
    return this.#lookUp(key, token, peer)
  }

  async #find(key: string, token: string, peer: string | undefined): Promise<IntrospectionAnswer> {
    const nowMs = this.#now()
    const shared = await this.#shared?.get(key)
    return (shared && this.#keepShared(key, shared, nowMs)) ?? this.#ask(key, token, peer)
  }

  /**
   * For no longer than the store would have, by the store's clock, and no longer than this process's clock says: clocks that
   * differ make it shorter and not longer.
   *
   * @param nowMs before the store was asked
   */
  #keepShared(key: string, { answer, askedAtMs, remainingMs, characters }: SharedAnswer, nowMs: number): IntrospectionAnswer | undefined {
    if (answer.active && this.#isCountedByIssuer) return undefined
    const untilMs = Math.min(this.#endOf(answer, askedAtMs), this.#endOf(answer, nowMs), nowMs + remainingMs)
    if (!(untilMs > nowMs)) return undefined
    if (answer.active) this.#known.set(key, true)
    this.#cache.set(key, answer, { sinceMs: nowMs, untilMs }, characters)
    return answer
  }

  async #ask(key: string, token: string, peer: string | undefined): Promise<IntrospectionAnswer> {
    const askedAtMs = this.#now()
    const isKnown = this.#known.get(key) === true
    this.#admitCall(isKnown, peer, askedAtMs)
    const attempt = this.#breaker.begin()
    this.#calls++
    let answer: IntrospectionAnswer
    try {
      answer = await this.#endpoint.introspect(token)
    } catch (error) {
      const isLeftAlone = attempt.fail(this.#now())
      const failure = error instanceof IntrospectionUnavailable ? error : new IntrospectionUnavailable(`the issuer ${this.#issuer} could not be asked about a token`, 'failure')
      this.#tell('introspection', `Tokens cannot be introspected${isLeftAlone ? ', and the issuer is left alone for a while' : ''}: ${describeFailure(failure)}`)
      throw failure
    } finally {
      this.#calls--
    }
    attempt.succeed()
    this.#remember(key, answer, askedAtMs)
    if (!answer.active && peer !== undefined) this.#peers.count(peer, this.#now())
    return answer
  }

  /** @throws IntrospectionUnavailable where the issuer must not be asked now */
  #admitCall(isKnown: boolean, peer: string | undefined, nowMs: number): void {
    const breakerMs = this.#breaker.waitMs(nowMs)
    if (breakerMs > 0) throw new IntrospectionUnavailable(`the issuer ${this.#issuer} failed too often and is left alone`, 'breaker', toSeconds(breakerMs))
    const peerMs = isKnown || peer === undefined ? 0 : this.#peers.waitMs(peer, nowMs)
    if (peerMs > 0) throw new IntrospectionUnavailable('this peer sent too many inactive tokens', 'peer', toSeconds(peerMs))
    if (this.#calls >= (isKnown ? this.#maxCalls : this.#maxUnknownCalls)) throw this.#overrun(`${this.#calls} calls are under way`)
    if (!this.#budget.take(nowMs, isKnown ? 0 : this.#reserved)) throw this.#overrun('the calls of this second are spent')
  }

  #remember(key: string, answer: IntrospectionAnswer, askedAtMs: number): void {
    if (answer.active) this.#known.set(key, true)
    else this.#known.delete(key)
    if (answer.active && this.#isCountedByIssuer) return
    const nowMs = this.#now()
    // Where the clock stepped back meanwhile, nobody knows how long the call took.
    const keepMs = Math.floor(this.#endOf(answer, askedAtMs) - nowMs)
    if (nowMs < askedAtMs || !(keepMs >= 1)) return
    const text = writeAnswer(answer, askedAtMs)
    this.#cache.set(key, answer, { sinceMs: askedAtMs, untilMs: nowMs + keepMs }, text.length)
    this.#shared?.set(key, text, keepMs)
  }

  /** Not a number for an active answer that cannot be kept, since it does not say when it ends: it is refused anyway (INT-1). */
  #endOf(answer: IntrospectionAnswer, askedAtMs: number): number {
    if (!answer.active) return askedAtMs + inactiveForMs
    const { exp } = answer.members
    return typeof exp === 'number' ? Math.min(askedAtMs + activeForMs, exp * 1_000) : NaN
  }

  #overrun(why: string): IntrospectionUnavailable {
    this.#tell('introspection budget', `The issuer ${this.#issuer} is asked too much: ${why}`)
    return new IntrospectionUnavailable(`the issuer ${this.#issuer} is asked too much: ${why}`, 'budget')
  }

  #tell(cause: string, message: string): void {
    tellSafely(() => { this.#warn(`${cause} of ${this.#issuer}`, message) })
  }
}

function toSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1_000))
}
