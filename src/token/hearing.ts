import type { Denial } from '../model/denial.js'
import type { MaybePromise } from '../model/maybe-promise.js'

export interface HearingOptions {
  /** Completes "has not been heard of". */
  readonly source: string
  /** Called once, before the source is first needed. */
  readonly start: () => void
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
  #first: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  constructor(options: HearingOptions) {
    this.#options = options
    let resolve: () => void = () => undefined
    const promise = new Promise<void>((settle) => { resolve = settle })
    this.#first = { promise, resolve }
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#options.start()
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

  /** Why no token may be accepted now. Waits for the first attempt only. */
  denial(): MaybePromise<Denial | undefined> {
    if (performance.now() - this.#heardAtMs < silentForMs) return undefined
    this.start()
    return this.#first === undefined ? this.#silence() : this.#first.promise.then(() => this.#silence())
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
  }
}
