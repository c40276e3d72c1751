import type { Admission, BudgetCharge } from '../model/store.js'
import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { GateVerdict } from './store-gate.js'
import type { Evaluation } from './evaluate-capability.js'
import type { VerifiedProof } from '../token/dpop-proof.js'
import { spentBudget } from '../checks/budget.js'
import { describeError } from '../model/describe-error.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import { proofIdAt } from '../token/dpop-proof.js'
import { recover } from './recover.js'
import { whenReady } from './when-ready.js'

/** The capability that admits the request, or why none does. */
export interface AdmissionOutcome {
  readonly admitted?: Evaluation
  readonly denial?: Denial | undefined
  /** Whether this process counted it, in place of the store (QTA-6). */
  readonly isCountedLocally?: boolean
}

/** For whom an admission is asked. */
export interface Claimant {
  readonly scope: string
  /** The proof that came with the request, if it was not shown to the store already. */
  readonly proof: Pick<VerifiedProof, 'key' | 'expiresAtMs'> | undefined
  /** Of which an admitted request takes one operation (INT-4); absent where it has taken it already. */
  readonly budget?: ClaimedBudget | undefined
}

export interface ClaimedBudget {
  readonly charge: BudgetCharge
  /** Told when the last operation was taken. */
  readonly complete: () => void
  /** Told when none was left. */
  readonly foundSpent: () => void
}

/** Stands for a verdict where the store was not asked, since the proof is not fresh any more. */
const notFresh = Symbol('notFresh')

/**
 * Settles everything stateful in one step of the store: the first capability that passed its other rules and has room
 * admits, and if none passed, the first candidate is charged all the same (CAP-3, QTA-2). The proof comes before all of
 * it: one that was shown before answers whatever else is wrong (POP-3).
 */
export function admit(evaluations: readonly Evaluation[], claimant: Claimant, rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const passed = evaluations.filter(({ denial }) => denial === undefined)
  if (passed.length === 0) return chargeRefused(refusedFirst(evaluations), claimant, rules)

  const first = passed[0] as Evaluation
  if (first.charge.length === 0 && claimant.proof === undefined && claimant.budget === undefined) return { admitted: first }
  const alternatives = passed.map(({ charge }) => ({ quotas: charge }))
  const { budget } = claimant
  return recover(() => whenReady(ask(claimant, { alternatives, ...(budget !== undefined && { budget: budget.charge }) }, rules), (verdict) => conclude(verdict, passed, budget)), unavailable)
}

/** Shows the proof of a request that is refused, or not yet decided: it cannot be shown again. */
export function admitProof(claimant: Claimant, rules: DecisionRules): MaybePromise<Denial | undefined> {
  if (claimant.proof === undefined) return undefined
  return recover(() => whenReady(ask(claimant, { alternatives: [] }, rules), refusedAlone), (error) => unavailable(error).denial)
}

/** The first failure answers, but where constraints of any capability hold, what the action lacks is its approval (CAP-3, OVS-1, OVS-4). */
function refusedFirst(evaluations: readonly Evaluation[]): Evaluation {
  return evaluations.find(({ denial }) => denial?.rule === 'OVS-1' || denial?.rule === 'OVS-4') ?? (evaluations[0] as Evaluation)
}

/**
 * Whether a refusal says that the store did not take the proof: it was shown before, there is no room for it, or nobody
 * knows. Nothing that is decided about the same request later can make up for that.
 */
export function refusesProof({ code }: Denial): boolean {
  return code === 'invalid_dpop_proof' || code === 'temporarily_unavailable'
}

function conclude(verdict: GateVerdict | typeof notFresh, passed: readonly Evaluation[], budget: ClaimedBudget | undefined): AdmissionOutcome {
  const denial = refusedProof(verdict)
  if (denial !== undefined) return { denial }
  if (verdict === notFresh) throw noVerdict(verdict)
  const isCountedLocally = verdict.counted === 'local'
  if (verdict.outcome === 'admitted') {
    const admitted = Number.isInteger(verdict.alternative) ? passed[verdict.alternative] : undefined
    if (admitted !== undefined && hasTaken(verdict.operationsLeft, budget)) {
      if (verdict.operationsLeft === 0) budget?.complete()
      return { admitted, isCountedLocally }
    }
  } else if (verdict.outcome === 'spent' && budget !== undefined) {
    budget.foundSpent()
    return { denial: spentBudget }
  } else if (verdict.outcome === 'full' && Number.isFinite(verdict.retryAfterMs) && verdict.retryAfterMs > 0) {
    const retryAfterSeconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000))
    return { denial: { code: 'quota_exceeded', rule: 'CON-1', detail: `no room in ${isCountedLocally ? 'this process\u2019s part of ' : ''}${quotaNames(passed)}`, retryAfterSeconds }, isCountedLocally }
  }
  throw noVerdict(verdict)
}

/** A store that knows nothing of budgets has not taken one. */
function hasTaken(operationsLeft: number | undefined, budget: ClaimedBudget | undefined): boolean {
  return budget === undefined || (Number.isSafeInteger(operationsLeft) && (operationsLeft as number) >= 0)
}

/** Of an admission without alternatives, which cannot be full: whoever says so has not looked at the proof. */
function refusedAlone(verdict: GateVerdict | typeof notFresh): Denial | undefined {
  if (verdict !== notFresh && (verdict.outcome === 'full' || verdict.outcome === 'spent')) throw noVerdict(verdict)
  return refusedProof(verdict)
}

/** @throws Error for what is no verdict at all: then nobody knows whether the proof is remembered */
function refusedProof(verdict: GateVerdict | typeof notFresh): Denial | undefined {
  if (verdict === notFresh) return { code: 'invalid_dpop_proof', rule: 'POP-3', detail: 'the proof was not fresh any more when the request was decided' }
  switch (verdict.outcome) {
    case 'replayed': return { code: 'invalid_dpop_proof', rule: 'POP-3', detail: 'the proof was shown before' }
    case 'proofs-full': return { code: 'temporarily_unavailable', rule: 'POP-3', detail: 'the store can remember no more proofs', retryAfterSeconds: 1 }
    case 'admitted':
    case 'spent':
    case 'full': return undefined
    // There was no task to look at.
    case 'other-task':
    default: throw noVerdict(verdict)
  }
}

/** Of a store that answered something else than it was asked. */
export function noVerdict(verdict: unknown): Error {
  return new Error(`the store answered ${JSON.stringify(verdict)}`)
}

/** All that were asked for, since a store does not say which of them is full. */
function quotaNames(passed: readonly Evaluation[]): string {
  return passed.map(({ candidate: { capability: { quotas } } }) => quotas.map(({ label, limit }) => `${label} ${limit}`).join(' and ')).join(', or in ')
}

/** A refusal by another constraint counts where there is room, but for a missing approval, and keeps its answer. */
function chargeRefused({ denial, charge }: Evaluation, claimant: Claimant, rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const outcome = { denial }
  const isCharged = denial?.code !== 'aap_approval_required' && charge.length > 0
  if (!isCharged && claimant.proof === undefined) return outcome
  return recover(
    () => whenReady(ask(claimant, { alternatives: [], ...(isCharged && { chargeOnly: charge }) }, rules), (verdict) => ({ denial: (claimant.proof === undefined ? undefined : refusedAlone(verdict)) ?? denial, isCountedLocally: verdict !== notFresh && verdict.counted === 'local' })),
    (error) => {
      if (claimant.proof !== undefined) return unavailable(error)
      rules.warn('store failure', `The store ${rules.state.store.name} did not count a refused request: ${describeError(error)}`)
      return outcome
    },
  )
}

function ask({ scope, proof }: Pick<Claimant, 'scope' | 'proof'>, wanted: Omit<Admission, 'scope' | 'proof'>, { state, now }: DecisionRules): MaybePromise<GateVerdict | typeof notFresh> {
  const shown = proof && proofIdAt(proof, now())
  if (proof !== undefined && shown === undefined) return notFresh
  return state.admit({ scope, ...(shown !== undefined && { proof: shown }), ...wanted })
}

/** QTA-6: a store that cannot say whether there is room has not said that there is. */
function unavailable(error: unknown): AdmissionOutcome {
  return { denial: { code: 'temporarily_unavailable', rule: 'QTA-6', detail: describeError(error), retryAfterSeconds: 1 } }
}
