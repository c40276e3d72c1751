import type { Denial } from '../model/denial.js'
import type { MaybePromise } from '../model/maybe-promise.js'

export interface HearingOptions {
  /** Completes "has not been heard of". */
  readonly source: string
  /** Called once, before the source is first needed. */
  readonly start: () => void
  /** Milliseconds from the start for which requests wait for the first attempt. Default: until it has ended. */
  readonly patienceMs?: number | undefined
  /** That was not enough. */
  readonly onLate?: (() => void) | undefined
  readonly onEvent: (event: 'revocations_failed' | 'revocations_recovered', detail: string) => void
}

/** What a source of revocations does not tell for longer than this could be a revocation (REV-1). */
const silentForMs = 60_000

/** Whether a source of revocations can be relied on. It is started by the first who asks. */
export class Hearing {
  readonly #options: HearingOptions
  #isStarted = false
  #isFailing = false
  /** Of the monotonic clock. */
  #heardAtMs = -Infinity
  /** Until the first attempt has ended, well or not. */
  #first: Deferred | undefined = deferred()
  /** Until requests wait for that no longer. */
  #patience: Deferred | undefined = deferred()

  constructor(options: HearingOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    const { start, patienceMs, onLate } = this.#options
    // What has come by then is read first: at start-up a process may have been too busy to.
    if (patienceMs !== undefined) setTimeout(() => { setImmediate(() => { this.#endPatience(onLate) }) }, patienceMs).unref()
    start()
  }

  /** @param atMs of the monotonic clock: nothing that was revoked before is unknown */
  heard(atMs = performance.now()): void {
    this.#heardAtMs = Math.max(this.#heardAtMs, atMs)
    this.#settleFirst()
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#options.onEvent('revocations_recovered', `${this.#options.source} answers again`)
  }

  failed(reason: string): void {
    this.#settleFirst()
    if (this.#isFailing) return
    this.#isFailing = true
    this.#options.onEvent('revocations_failed', `${this.#options.source}: ${reason}`)
  }

  /** Something was said that nobody understood: what was heard before does not count any more. */
  distrust(reason: string): void {
    this.#heardAtMs = -Infinity
    this.failed(reason)
  }

  /** Why no token may be accepted now. Waits for the first attempt only, and no longer than `patienceMs`. */
  denial(): MaybePromise<Denial | undefined> {
    if (performance.now() - this.#heardAtMs < silentForMs) return undefined
    this.start()
    return this.#patience === undefined ? this.#silence() : this.#patience.promise.then(() => this.#silence())
  }

  /** Rejects with why no token may be accepted, once the first attempt has ended. */
  async ready(): Promise<void> {
    this.start()
    await this.#first?.promise
    const denial = this.#silence()
    if (denial !== undefined) throw new Error(denial.detail)
  }

  /** Whoever waits is answered. */
  close(): void {
    this.#isStarted = true
    this.#settleFirst()
  }

  #silence(): Denial | undefined {
    if (performance.now() - this.#heardAtMs < silentForMs) return undefined
    const since = this.#heardAtMs === -Infinity ? 'has told nothing that can be relied on' : 'has not been heard of for 60 s'
    return { code: 'temporarily_unavailable', rule: 'REV-1', detail: `${this.#options.source} ${since}`, retryAfterSeconds: 5 }
  }

  #settleFirst(): void {
    this.#first?.resolve()
    this.#first = undefined
    this.#endPatience()
  }

  #endPatience(onLate?: () => void): void {
    if (this.#patience !== undefined) onLate?.()
    this.#patience?.resolve()
    this.#patience = undefined
  }
}

interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => { resolve = settle })
  return { promise, resolve }
}
