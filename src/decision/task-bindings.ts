import type { AdmissionVerdict } from '../model/store.js'
import type { Denial } from '../model/denial.js'
import type { StoreGate } from './store-gate.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { describeError } from '../model/describe-error.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'
import { keepMsOf } from './keep-ms-of.js'
import { noVerdict } from './admit.js'
import { recover } from './recover.js'
import { whenReady } from './when-ready.js'

const otherTask: Denial = Object.freeze({ code: 'invalid_token', rule: 'INT-5', detail: 'the ephemeral token was seen with another task' })

/**
 * Holds each ephemeral token to the task that it was first seen with, by whichever process shares the store (INT-5). The store
 * is asked once for each answer of the issuer, and not again while this process remembers that answer.
 */
export class TaskBindings {
  readonly #state: StoreGate
  /** By the token as one answer gave it. */
  readonly #checked = new WeakMap<VerifiedToken, MaybePromise<Denial | undefined>>()

  constructor(state: StoreGate) {
    this.#state = state
  }

  /** Why the token may not be used, or not now. Never throws or rejects. */
  check(verified: VerifiedToken, nowMs: number): MaybePromise<Denial | undefined> {
    if (verified.task === undefined) return undefined
    if (this.#checked.has(verified)) return this.#checked.get(verified)
    const denial = this.#ask(verified, verified.task, nowMs)
    if (!isPromise(denial)) return this.#conclude(verified, denial)
    const asked = denial.then((found) => this.#conclude(verified, found))
    this.#checked.set(verified, asked)
    return asked
  }

  /** What the store did not say, it is asked again. */
  #conclude(verified: VerifiedToken, denial: Denial | undefined): Denial | undefined {
    if (denial === undefined || denial === otherTask) this.#checked.set(verified, denial)
    else this.#checked.delete(verified)
    return denial
  }

  #ask(verified: VerifiedToken, { key, task }: NonNullable<VerifiedToken['task']>, nowMs: number): MaybePromise<Denial | undefined> {
    return recover(() => whenReady(this.#state.admit({ scope: key, task: { key, task, keepMs: keepMsOf(verified, nowMs) }, alternatives: [] }), denialBy), unavailable)
  }
}

/** A store that knows nothing of tasks has not held one. */
function denialBy(verdict: AdmissionVerdict): Denial | undefined {
  if (verdict.outcome === 'other-task') return otherTask
  if (verdict.outcome === 'admitted' && verdict.holdsTask === true) return undefined
  throw noVerdict(verdict)
}

/** QTA-6: a store that cannot say what the token was first seen with has not said that it was this. */
function unavailable(error: unknown): Denial {
  return { code: 'temporarily_unavailable', rule: 'QTA-6', detail: `the task of the ephemeral token: ${describeError(error)}`, retryAfterSeconds: 1 }
}
