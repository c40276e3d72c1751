import type { Clock } from '../model/clock.js'
import type { Denial } from '../model/denial.js'
import type { VerifiedToken } from './verify-token.js'
import type { RevocationPrint } from '../claims/revocation-prints.js'
import { describeError } from '../model/describe-error.js'
import { endless, RevocationList, type Entered } from './revocation-list.js'

export interface RevocationsOptions {
  /** Default 1,000,000. */
  readonly maxEntries?: number | undefined
  /** For so long an expired token may still be accepted: seconds. */
  readonly toleranceSeconds: number
  readonly now: Clock
  /** Tells the operator. @param cause by which repeated messages are left out */
  readonly warn: (cause: string, message: string) => void
}

/** The part of a verified token by which it can be revoked. */
export type Revocable = Pick<VerifiedToken, 'times'> & {
  readonly compiled: Pick<VerifiedToken['compiled'], 'revocable'>
  readonly issuer: Pick<VerifiedToken['issuer'], 'issuer'>
}

interface Watch {
  readonly token: Revocable
  readonly then: (denial: Denial) => void
}

const keepSeconds = 86_400
/** Watched tokens are looked up at most once in so many milliseconds, however fast revocations come. */
const lookEveryMs = 50

/** What this process knows to be revoked, and who wants to know (REV-1). */
export class Revocations {
  readonly #list: RevocationList
  readonly #maxEntries: number
  readonly #toleranceSeconds: number
  readonly #now: Clock
  readonly #warn: RevocationsOptions['warn']
  /** By issuer, or for all under `undefined`: when the last revocation ends for which the list had no room. */
  readonly #overflows = new Map<string | undefined, number>()
  readonly #watches = new Set<Watch>()
  #isLookDue = false
  #lookedAtMs = -Infinity

  constructor({ maxEntries = 1_000_000, toleranceSeconds, now, warn }: RevocationsOptions) {
    this.#list = new RevocationList(maxEntries)
    this.#maxEntries = maxEntries
    this.#toleranceSeconds = toleranceSeconds
    this.#now = now
    this.#warn = warn
  }

  /** When it is forgotten, in epoch seconds: a token is accepted for a while after its `exp`. */
  endOf(until: number | undefined): number {
    const end = Math.ceil(until ?? this.#now() / 1_000 + keepSeconds) + this.#toleranceSeconds
    return end < endless ? end : endless
  }

  /**
   * From here on it is revoked. Where the list is full, all tokens of the issuer are refused until the revocation would have
   * ended: what is known is never forgotten for what comes.
   *
   * @param end as `endOf` says; one that has passed changes nothing
   * @param issuer `undefined` where nobody says whose it is
   */
  enter(print: RevocationPrint, end: number, issuer: string | undefined): Entered {
    const nowSeconds = this.#now() / 1_000
    if (!(end > nowSeconds)) return 'known'
    const entered = this.#list.add(print, end, nowSeconds)
    if (entered === 'full') {
      this.#overflows.set(issuer, Math.max(end, this.#overflows.get(issuer) ?? 0))
      this.#tell('revocations full', `${this.#maxEntries} revocations are known, and there is no room for more: ${issuer === undefined ? 'all tokens' : `all tokens of ${issuer}`} are refused. Raise \`maxRevocations\``)
    }
    if (entered !== 'known') this.#lookSoon()
    return entered
  }

  /** Why the token may not be used; `undefined` where nothing is known against it. */
  denialOf(token: Revocable, nowMs: number): Denial | undefined {
    const nowSeconds = nowMs / 1_000
    for (const part of token.compiled.revocable) {
      if (!this.#list.has(part, nowSeconds)) continue
      // Whoever shows it again tomorrow finds it revoked all the same.
      if (part.name !== 'its agent' && part.name !== 'its task') this.#list.add(part, this.endOf(token.times.expiresAt), nowSeconds)
      return { code: 'invalid_token', rule: 'REV-1', detail: `${part.name} is revoked` }
    }
    if (this.#overflows.size === 0) return undefined
    return this.#overflowOf(token.issuer.issuer, nowSeconds) ?? this.#overflowOf(undefined, nowSeconds)
  }

  /**
   * Calls back once, in a later turn, when the token is revoked or if it is already.
   *
   * @returns what ends the watch
   */
  watch(token: Revocable, then: (denial: Denial) => void): () => void {
    const watch = { token, then }
    this.#watches.add(watch)
    // It may have been revoked since it was looked up for its decision.
    if (this.#list.size > 0 && this.#revocationOf(watch) !== undefined) this.#lookSoon()
    return () => { this.#watches.delete(watch) }
  }

  #overflowOf(issuer: string | undefined, nowSeconds: number): Denial | undefined {
    const end = this.#overflows.get(issuer)
    if (end === undefined) return undefined
    if (end > nowSeconds) return { code: 'temporarily_unavailable', rule: 'REV-1', detail: 'there was no room for a revocation', retryAfterSeconds: 60 }
    this.#overflows.delete(issuer)
    return undefined
  }

  #lookSoon(): void {
    if (this.#isLookDue || this.#watches.size === 0) return
    this.#isLookDue = true
    const waitMs = this.#lookedAtMs + lookEveryMs - performance.now()
    if (waitMs > 0) setTimeout(() => { this.#look() }, waitMs).unref()
    else setImmediate(() => { this.#look() })
  }

  #look(): void {
    this.#isLookDue = false
    for (const watch of this.#watches) {
      const denial = this.#revocationOf(watch)
      if (denial === undefined) continue
      this.#watches.delete(watch)
      try {
        watch.then(denial)
      } catch (error) {
        this.#tell('revoked response', `An open response could not be ended: ${describeError(error)}`)
      }
    }
    this.#lookedAtMs = performance.now()
  }

  /** Never throws, as the clock may. */
  #revocationOf({ token }: Watch): Denial | undefined {
    try {
      const denial = this.denialOf(token, this.#now())
      return denial?.code === 'invalid_token' ? denial : undefined
    } catch (error) {
      this.#tell('revoked response', `An open response could not be looked at: ${describeError(error)}`)
      return undefined
    }
  }

  /** A logger that throws changes nothing (ERR-2). */
  #tell(cause: string, message: string): void {
    try {
      this.#warn(cause, message)
    } catch {
      // there is nobody else to tell
    }
  }
}
