import type { Admission, AdmissionVerdict, StateStore } from '../model/store.js'
import type { LocalShare } from '../state/local-share.js'
import { callHook, HookTimedOut } from './hook.js'
import { describeError } from '../model/describe-error.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'

/** Admissions that wait for the store at once; more are answered as if it had failed, so that one that hangs fills no memory. */
const mostInFlight = 10_000
/** So many admissions without an answer in time, with none between, and the store is only probed. */
const lateUntilProbed = 5
const probeEveryMs = 100
/** After five in vain, less often: clients that notice a dead connection by its silence need some. */
const laterProbeEveryMs = 750
/** It has recovered when it answers, and has not failed for so long. */
const quietMs = 1_000

/** An answer of the store, or of this process in its place. */
export type GateVerdict = AdmissionVerdict & { readonly counted?: 'local' }

export interface StoreGateSettings {
  readonly store: StateStore
  readonly timeoutMs: number
  /** Counts where the store fails; without it the request is refused. */
  readonly share: LocalShare | undefined
  readonly onEvent: (event: StoreEvent) => void
}

export interface StoreEvent {
  readonly event: 'store_failed' | 'store_recovered'
  readonly store: string
  readonly detail: string
}

/**
 * Between the decisions and the store: asks it once, for so long and no longer, and says what happens where it does not
 * answer (QTA-6). One that hangs is asked by one request at a time, so that the others need not wait to hear it.
 */
export class StoreGate {
  readonly store: StateStore
  /** For one answer of the store, in milliseconds. */
  readonly timeoutMs: number
  readonly #share: LocalShare | undefined
  readonly #onEvent: (event: StoreEvent) => void
  #inFlight = 0
  #lateInTurn = 0
  #isProbing = false
  #probedAtMs = 0
  #isFailing = false
  #failedAtMs = 0

  constructor({ store, timeoutMs, share, onEvent }: StoreGateSettings) {
    this.store = store
    this.timeoutMs = timeoutMs
    this.#share = share
    this.#onEvent = onEvent
  }

  /** Throws or rejects where the store does not answer, and nothing counts in its place. */
  admit(admission: Admission): MaybePromise<GateVerdict> {
    if (this.#lateInTurn >= lateUntilProbed && !this.#takesProbe()) return this.#instead(admission, new Error(`store ${this.store.name} has not answered in time, and is asked again soon`))
    if (this.#inFlight >= mostInFlight) return this.#instead(admission, new Error(`${mostInFlight} admissions wait for the store ${this.store.name}`))
    let answer: MaybePromise<AdmissionVerdict>
    try {
      answer = callHook(`store ${this.store.name}`, this.timeoutMs, () => this.store.admit(admission))
    } catch (error) {
      return this.#failed(admission, error)
    }
    if (!isPromise(answer)) return this.#answered(admission, answer)
    this.#inFlight++
    return answer.then(
      (verdict) => {
        this.#inFlight--
        return this.#answered(admission, verdict)
      },
      (error: unknown) => {
        this.#inFlight--
        return this.#failed(admission, error)
      },
    )
  }

  /** It did not answer somebody else in time: it is probed, and not at once, so that requests wait for it once and not twice. */
  noteLate(detail: string): void {
    this.#lateInTurn = Math.max(this.#lateInTurn, lateUntilProbed)
    this.#probedAtMs = performance.now()
    this.#noteFailure(detail)
  }

  /** The first request of each time span is sent to see whether the store is back. */
  #takesProbe(): boolean {
    const nowMs = performance.now()
    const pauseMs = this.#lateInTurn < 2 * lateUntilProbed ? probeEveryMs : laterProbeEveryMs
    if (this.#isProbing || nowMs - this.#probedAtMs < pauseMs) return false
    this.#isProbing = true
    this.#probedAtMs = nowMs
    return true
  }

  #answered(admission: Admission, verdict: AdmissionVerdict): GateVerdict {
    this.#lateInTurn = 0
    this.#isProbing = false
    this.#share?.note(admission, verdict)
    if (this.#isFailing && performance.now() - this.#failedAtMs >= quietMs) {
      this.#isFailing = false
      this.#tell('store_recovered', 'it answers again')
    }
    return verdict
  }

  #failed(admission: Admission, error: unknown): GateVerdict {
    // Late ones only: an admission that is rejected at once may be one whose own counters are broken, and holds nobody up.
    if (error instanceof HookTimedOut) this.#lateInTurn++
    this.#isProbing = false
    this.#noteFailure(describeError(error))
    return this.#instead(admission, error)
  }

  #noteFailure(detail: string): void {
    this.#failedAtMs = performance.now()
    if (this.#isFailing) return
    this.#isFailing = true
    this.#tell('store_failed', detail)
  }

  /** What only this process would remember could be shown, or taken, at the others: tasks, proofs and budgets are not for a share (INT-5, POP-3, INT-4). */
  #instead(admission: Admission, error: unknown): GateVerdict {
    if (this.#share === undefined || admission.task !== undefined || admission.proof !== undefined || admission.budget !== undefined) throw error
    return { ...this.#share.admit(admission), counted: 'local' }
  }

  #tell(event: StoreEvent['event'], detail: string): void {
    this.#onEvent({ event, store: this.store.name, detail })
  }
}
