import type { Admission, AdmissionVerdict } from '../model/store.js'
import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { Evaluation } from './evaluate-capability.js'
import { describeError } from '../model/describe-error.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'
import { callHook } from './hook.js'
import { whenReady } from './when-ready.js'

/** The capability that admits the request, or why none does. */
export interface AdmissionOutcome {
  readonly admitted?: Evaluation
  readonly denial?: Denial | undefined
}

/**
 * Settles everything stateful in one step of the store: the first capability that passed its other rules and has room
 * admits, and if none passed, the first candidate is charged all the same (CAP-3, QTA-2).
 */
export function admit(evaluations: readonly Evaluation[], scope: string, rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const passed = evaluations.filter(({ denial }) => denial === undefined)
  if (passed.length === 0) return chargeRefused(refusedFirst(evaluations), scope, rules)

  const first = passed[0] as Evaluation
  if (first.charge.length === 0) return { admitted: first }
  const admission = { scope, alternatives: passed.map(({ charge }) => ({ quotas: charge })) }
  return recover(() => whenReady(ask(admission, rules), (verdict) => conclude(verdict, passed)), unavailable)
}

/** The first failure answers, but where constraints of any capability hold, what the action lacks is its approval (CAP-3, OVS-1). */
export function refusedFirst(evaluations: readonly Evaluation[]): Evaluation {
  return evaluations.find(({ denial }) => denial?.rule === 'OVS-1') ?? (evaluations[0] as Evaluation)
}

function conclude(verdict: AdmissionVerdict, passed: readonly Evaluation[]): AdmissionOutcome {
  if (verdict.outcome === 'admitted') {
    const admitted = Number.isInteger(verdict.alternative) ? passed[verdict.alternative] : undefined
    if (admitted !== undefined) return { admitted }
  } else if ((verdict.outcome as unknown) === 'full' && Number.isFinite(verdict.retryAfterMs) && verdict.retryAfterMs > 0) {
    const retryAfterSeconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000))
    return { denial: { code: 'quota_exceeded', rule: 'CON-1', detail: `no room in ${quotaNames(passed)}`, retryAfterSeconds } }
  }
  throw new Error(`the store answered ${JSON.stringify(verdict)}`)
}

/** All that were asked for, since a store does not say which of them is full. */
function quotaNames(passed: readonly Evaluation[]): string {
  return passed.map(({ candidate: { capability: { quotas } } }) => quotas.map(({ label, limit }) => `${label} ${limit}`).join(' and ')).join(', or in ')
}

/** A refusal by another constraint counts where there is room, but for a missing approval, and keeps its answer. */
function chargeRefused({ denial, charge }: Evaluation, scope: string, rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const outcome = { denial }
  if (denial?.code === 'aap_approval_required' || charge.length === 0) return outcome
  return recover(
    () => whenReady(ask({ scope, alternatives: [], chargeOnly: charge }, rules), () => outcome),
    (error) => {
      rules.warn('store failure', `The store ${rules.store.name} did not count a refused request: ${describeError(error)}`)
      return outcome
    },
  )
}

function ask(admission: Admission, { store, storeTimeoutMs }: DecisionRules): MaybePromise<AdmissionVerdict> {
  return callHook(`store ${store.name}`, storeTimeoutMs, () => store.admit(admission))
}

/** QTA-6: a store that cannot say whether there is room has not said that there is. */
function unavailable(error: unknown): AdmissionOutcome {
  return { denial: { code: 'temporarily_unavailable', rule: 'QTA-6', detail: describeError(error), retryAfterSeconds: 1 } }
}

function recover<T>(attempt: () => MaybePromise<T>, instead: (error: unknown) => T): MaybePromise<T> {
  try {
    const result = attempt()
    return isPromise(result) ? result.catch(instead) : result
  } catch (error) {
    return instead(error)
  }
}
