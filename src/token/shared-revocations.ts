import type { Denial } from '../model/denial.js'
import type { RevocationFeed, RevocationNotice, RevocationSubscription, StateStore } from '../model/store.js'
import { describeError } from '../model/describe-error.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'
import { Hearing } from './hearing.js'
import { parsePrint, textOfPrint, type RevocationPrint } from '../claims/revocation-prints.js'
import type { RevocationEvent } from './issuer-revocations.js'
import type { Revocations } from './revocations.js'

export interface SharedRevocationsOptions {
  readonly revocations: Revocations
  /** How many the store is to keep at most. */
  readonly mostKept: number
  /** Whether requests are refused while the store does not say what others have revoked (QTA-6). */
  readonly isRequired: boolean
  /** Milliseconds for which the first requests wait for it. */
  readonly timeoutMs: number
  /** They have waited for so long. */
  readonly onLate: () => void
  readonly onEvent: (event: RevocationEvent) => void
}

/** @returns `undefined` where processes that share the store cannot tell each other */
export function shareRevocations({ name, revocations: feed }: StateStore, options: SharedRevocationsOptions): SharedRevocations | undefined {
  return feed === undefined ? undefined : new SharedRevocations(name, feed, options)
}

/** What the processes that share a store tell each other (REV-1). Listens from when it is first asked. */
export class SharedRevocations {
  readonly #feed: RevocationFeed
  readonly #options: SharedRevocationsOptions
  readonly #hearing: Hearing
  #subscription: RevocationSubscription | undefined
  /** What others have revoked, and is not on record yet. */
  #untold = 0

  constructor(name: string, feed: RevocationFeed, options: SharedRevocationsOptions) {
    this.#feed = feed
    this.#options = options
    this.#hearing = new Hearing({ source: `the store ${name}`, start: () => { this.#listen() }, patienceMs: options.timeoutMs, onLate: options.onLate, onEvent: (event, detail) => { options.onEvent({ event, detail }) } })
  }

  denial(): MaybePromise<Denial | undefined> {
    const denial = this.#hearing.denial()
    if (denial === undefined || this.#options.isRequired) return denial
    return isPromise(denial) ? denial.then(() => undefined) : undefined
  }

  ready(): Promise<void> {
    return this.#hearing.ready()
  }

  /** @param end epoch seconds */
  publish(print: RevocationPrint, end: number): Promise<void> {
    return this.#feed.publish([{ key: textOfPrint(print), until: end }], this.#options.mostKept)
  }

  close(): void {
    this.#hearing.close()
    this.#subscription?.close()
  }

  #listen(): void {
    this.#subscription = this.#feed.subscribe({
      revoked: (notices) => { this.#take(notices) },
      caughtUp: (sinceMs) => { this.#hearing.heard(sinceMs) },
      failed: (error) => { this.#hearing.failed(describeError(error)) },
    })
  }

  #take(notices: readonly RevocationNotice[]): void {
    let isFirst = this.#untold === 0
    for (const { key, until } of notices) {
      const print = parsePrint(key)
      if (print === undefined || this.#options.revocations.enter(print, until, undefined) !== 'new') continue
      this.#untold++
      if (!isFirst) continue
      isFirst = false
      setImmediate(() => { this.#tell() })
    }
  }

  #tell(): void {
    const count = this.#untold
    this.#untold = 0
    this.#options.onEvent({ event: 'revoked', detail: `${count} by another process, or before this one began` })
  }
}
