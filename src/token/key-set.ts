import type { Clock } from '../model/clock.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { Algorithm } from './algorithms.js'
import { BackOff } from './back-off.js'
import { CallBudget } from './call-budget.js'
import { describeFailure } from './describe-failure.js'
import type { Fetch } from './fetch-json.js'
import { isAllowedIssuerUrl, isAllowedEndpoint } from './issuer-metadata.js'
import { freshForSeconds, shortestSeconds, usableForMs } from './key-freshness.js'
import { KeySource } from './key-source.js'
import { KnownKeys } from './known-keys.js'
import { tellSafely } from './tell-safely.js'
import { parseKeySet, type VerificationKey } from './verification-key.js'

/** The keys of one issuer. */
export interface KeySet {
  /**
   * The keys to try for a token's header, none if the token cannot be verified. Synchronous when the answer is
   * known; a promise while keys are fetched, for the first time or for a `kid` that is not known (KEY-3).
   * Rejects with `KeysUnavailable` when the issuer has no usable key set at all (KEY-4).
   */
  find(kid: string | undefined, algorithm: Algorithm): MaybePromise<readonly VerificationKey[]>

  /**
   * Whether a key that verified a token is still the issuer's (TOK-11). Also starts the refresh of a stale set,
   * since on the hot path nothing else would.
   *
   * @throws KeysUnavailable when the keys are past 24 hours. The refresh is on its way; who can wait for it asks `find`.
   */
  holds(key: VerificationKey): boolean

  /** Settles when there are keys. Rejects with `KeysUnavailable` if they cannot be had now. */
  ready(): Promise<void>
}

/** The issuer has no usable key set at all: 503 with `Retry-After` (KEY-4). */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'

  /** @param retryAfterSeconds whole seconds, at least 1, until the issuer is asked again */
  constructor(issuer: string, readonly retryAfterSeconds: number) {
    super(`the issuer ${issuer} has no usable key set`)
  }
}

/**
 * Keys that were given in the configuration (KEY-1). They do not expire.
 *
 * @throws TypeError if no key in it can be used
 */
export function createStaticKeySet(jwks: unknown): KeySet {
  const parsed = parseKeySet(jwks)
  if (parsed.length === 0) {
    throw new TypeError('the key set has no usable key: expected { keys: [...] } with 1 to 100 entries, at least one of them the public JWK of an EC, RSA (2048 to 8192 bits) or Ed25519 signing key')
  }
  const keys = new KnownKeys(parsed)
  return {
    find: (kid, algorithm) => keys.find(kid, algorithm) ?? none,
    holds: (key) => keys.has(key),
    ready: () => Promise.resolve(),
  }
}

/** Of an issuer whose JWTs are refused. */
export const noKeySet: KeySet = { find: () => none, holds: () => false, ready: () => Promise.resolve() }

export interface RemoteKeySetOptions {
  readonly issuer: string
  /** Where the keys are. Without it they are found by the issuer's metadata (KEY-1). */
  readonly jwksUri?: string
  readonly fetch: Fetch
  readonly now: Clock
  /** Gets one line for the operator for each refresh that failed, or for which the metadata could not be had. */
  readonly onProblem: (message: string) => void
  /** @internal Milliseconds for a whole refresh, 5000 by default (KEY-6). */
  readonly deadlineMs?: number
}

/**
 * Keys that are fetched from the issuer: at the first `find` or `ready`, not at construction.
 *
 * @throws TypeError if the place to ask is not one that KEY-1 allows
 */
export function createRemoteKeySet(options: RemoteKeySetOptions): KeySet {
  const { issuer, jwksUri } = options
  if (jwksUri !== undefined && !isAllowedEndpoint(jwksUri)) {
    throw new TypeError(`jwksUri of the issuer ${issuer} must be an https URL, or http on a loopback host, without credentials`)
  }
  if (jwksUri === undefined && !isAllowedIssuerUrl(issuer)) {
    throw new TypeError(`issuer ${issuer} must be an https URL, or http on a loopback host, without credentials, query and fragment`)
  }
  return new RemoteKeySet(options)
}

const none: readonly VerificationKey[] = Object.freeze([])
const noKeys = new KnownKeys([])

const defaultDeadlineMs = 5_000

interface Refresh {
  /** Never rejects. */
  readonly done: Promise<void>
  /**
   * Whether the turn of the event loop in which it began is over. A request of the same turn was there before the issuer
   * was asked, so the answer knows of every key that its token can name; a later one may know more than the answer.
   */
  isSent: boolean
}

class RemoteKeySet implements KeySet {
  private readonly issuer: string
  private readonly now: Clock
  private readonly onProblem: (message: string) => void
  private readonly source: KeySource
  private readonly backOff = new BackOff()
  private readonly budget = new CallBudget({ most: 2, regainMs: 30_000 })

  private keys = noKeys
  private fetchedAtMs = -Infinity
  /**
   * When they were last fetched from where the issuer says that they are: keys are never used longer than a day after that
   * (KEY-2). Where its metadata cannot be had but the keys can, those keep the set up to date (KEY-4, KEY-5), the metadata are
   * read again after at most 5 minutes, and the operator is told; but the day goes on: without them nobody knows whether the
   * issuer still stands by that set.
   */
  private locatedAtMs = -Infinity
  /** Never past the end of the day for which they are usable. */
  private freshForMs = 0
  /** The one fetch that is under way, however many wait for it. */
  private refreshing: Refresh | undefined

  constructor({ issuer, jwksUri, fetch, now, onProblem, deadlineMs = defaultDeadlineMs }: RemoteKeySetOptions) {
    this.issuer = issuer
    this.now = now
    this.onProblem = onProblem
    this.source = new KeySource({ issuer, jwksUri, fetch, deadlineMs })
  }

  find(kid: string | undefined, algorithm: Algorithm): MaybePromise<readonly VerificationKey[]> {
    const nowMs = this.now()
    if (!this.isUsable(nowMs)) return this.findFirst(kid, algorithm)
    if (!this.isFresh(nowMs)) void this.refresh()
    return this.keys.find(kid, algorithm) ?? this.findUnknown(kid, algorithm)
  }

  holds(key: VerificationKey): boolean {
    const nowMs = this.now()
    if (!this.isFresh(nowMs)) {
      void this.refresh()
      if (!this.isUsable(nowMs)) throw this.unavailable()
    }
    return this.keys.has(key)
  }

  async ready(): Promise<void> {
    if (this.isUsable(this.now())) return
    await this.refresh()
    if (!this.isUsable(this.now())) throw this.unavailable()
  }

  /** Where there are no keys to look in before the refresh. */
  private async findFirst(kid: string | undefined, algorithm: Algorithm): Promise<readonly VerificationKey[]> {
    const isTooEarly = this.refreshing?.isSent === true
    await this.ready()
    return this.keys.find(kid, algorithm) ?? (isTooEarly ? this.findUnknown(kid, algorithm) : none)
  }

  /**
   * A `kid` that is not in the set: perhaps the issuer has rotated its keys (KEY-3). Whoever comes while a
   * refresh is under way waits for that one. If it was sent before, it may have missed the rotation, and then there is one more,
   * shared by all who wait. Only who starts one pays for it.
   */
  private findUnknown(kid: string | undefined, algorithm: Algorithm): MaybePromise<readonly VerificationKey[]> {
    const { refreshing } = this
    if (refreshing !== undefined) {
      const isTooEarly = refreshing.isSent
      return refreshing.done.then(() => this.keys.find(kid, algorithm) ?? (isTooEarly ? this.findUnknown(kid, algorithm) : none))
    }
    if (this.waitMs() > 0 || !this.budget.take(this.now())) return none
    return this.refresh().then(() => {
      const found = this.keys.find(kid, algorithm)
      if (found) this.budget.refund()
      return found ?? none
    })
  }

  /** Joins the fetch that is under way or starts one, unless a failure is too recent (KEY-4). */
  private refresh(): Promise<void> {
    if (this.refreshing) return this.refreshing.done
    if (this.waitMs() > 0) return Promise.resolve()
    const refreshing: Refresh = {
      isSent: false,
      done: this.fetchKeys().finally(() => { this.refreshing = undefined }),
    }
    this.refreshing = refreshing
    setImmediate(() => { refreshing.isSent = true })
    return refreshing.done
  }

  /** Whatever is wrong with the answer, the keys that are known stay (KEY-6). */
  private async fetchKeys(): Promise<void> {
    const startedAtMs = this.now()
    try {
      const { keys, cacheControl, unlocated } = await this.source.fetchKeys()
      this.keys = new KnownKeys(keys, this.keys)
      this.fetchedAtMs = startedAtMs
      this.freshForMs = freshForSeconds(cacheControl) * 1_000
      if (unlocated === undefined) this.locatedAtMs = startedAtMs
      else this.carryOn(startedAtMs, unlocated)
      if (this.isUsable(startedAtMs)) this.backOff.succeed()
      else this.backOff.fail(this.now())
    } catch (error) {
      this.backOff.fail(this.now())
      this.report(`The keys of the issuer ${this.issuer} could not be fetched: ${describeFailure(error)}`)
    }
  }

  /** With keys from where they were when the metadata were last read. */
  private carryOn(nowMs: number, unlocated: string): void {
    this.freshForMs = Math.min(this.freshForMs, shortestSeconds * 1_000, this.locatedAtMs + usableForMs - nowMs)
    const end = this.isUsable(nowMs) ? 'they are used until it has been so for 24 hours' : 'it has been so for 24 hours, and they are not used'
    this.report(`The keys of the issuer ${this.issuer} were fetched from where they were, but not where they are now; ${end}: ${unlocated}`)
  }

  private report(message: string): void {
    tellSafely(() => { this.onProblem(message) })
  }

  private unavailable(): KeysUnavailable {
    return new KeysUnavailable(this.issuer, Math.max(1, Math.ceil(this.waitMs() / 1_000)))
  }

  private waitMs(): number {
    return this.backOff.remainingMs(this.now())
  }

  /** A negative age is a clock that stepped back: then nobody knows, and the issuer is asked. */
  private isFresh(nowMs: number): boolean {
    const ageMs = nowMs - this.fetchedAtMs
    return ageMs >= 0 && ageMs < this.freshForMs
  }

  private isUsable(nowMs: number): boolean {
    return Math.abs(nowMs - this.locatedAtMs) <= usableForMs
  }
}
