import type { Candidate } from '../claims/compile-authorization.js'
import type { CompiledCapability, CompiledCheck } from '../claims/compile-capability.js'
import type { ConstraintFacts } from '../constraints/constraint-definition.js'
import type { Denial } from '../model/denial.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'
import type { QuotaCharge } from '../model/store.js'
import { callHook, HookFailed } from './hook.js'
import { whenReady } from './when-ready.js'
import { isVerdict } from '../constraints/constraint-definition.js'
import { pass } from '../model/verdict.js'

/** What the stateless rules say about one capability: why it cannot be used, or what it would take from its quotas. */
export interface Evaluation {
  readonly candidate: Candidate
  readonly denial: Denial | undefined
  readonly charge: readonly QuotaCharge[]
}

/** Adds the addresses of the target to the facts; absent where they are there, or nobody can say. */
export type ResolveAddresses = (() => MaybePromise<void>) | undefined

/** Why a human has to approve the action, whichever capability is used. */
export interface ApprovalReason {
  readonly rule: 'OVS-1' | 'OVS-4'
  readonly detail: string
}

/**
 * Constraints in their order, then approvals, then the quantities that quotas need (ORD-1). Nobody is asked for addresses
 * unless all constraints before CON-3 hold.
 *
 * @throws HookFailed where a check throws, rejects, does not settle in time or gives no verdict (ERR-2)
 */
export function evaluateCapability(candidate: Candidate, facts: ConstraintFacts, resolve: ResolveAddresses, approvalReason: ApprovalReason | undefined, timeoutMs: number): MaybePromise<Evaluation> {
  const conclude = (failure: Denial | undefined): Evaluation => {
    const { charge, missing } = chargeOf(candidate, facts)
    return { candidate, denial: failure ?? checkApproval(candidate.capability, facts, approvalReason) ?? missing, charge }
  }
  return whenReady(runChecks(candidate.capability.checks, 0, facts, resolve, timeoutMs), conclude)
}

function runChecks(checks: readonly CompiledCheck[], start: number, facts: ConstraintFacts, resolve: ResolveAddresses, timeoutMs: number): MaybePromise<Denial | undefined> {
  for (let i = start; i < checks.length; i++) {
    const named = checks[i] as CompiledCheck
    if (named.needsAddresses && resolve !== undefined) return whenReady(resolve(), () => runChecks(checks, i, facts, undefined, timeoutMs))
    const answer = callHook(named.label, timeoutMs, () => named.check(facts))
    if (answer === pass) continue
    if (!isPromise(answer)) return toDenial(named, answer)
    return answer.then((verdict) => toDenial(named, verdict) ?? runChecks(checks, i + 1, facts, resolve, timeoutMs))
  }
  return undefined
}

function toDenial({ label, rule }: CompiledCheck, answer: unknown): Denial | undefined {
  if (!isVerdict(answer)) throw new HookFailed(`${label} answered with neither pass nor deny(…)`)
  return answer.outcome === 'pass' ? undefined : { code: answer.code, rule, detail: `${label}: ${answer.detail}`, missingFact: answer.missingFact }
}

/** OVS-1 and OVS-4 for the whole action, CON-11 for this capability. */
function checkApproval({ approvals }: CompiledCapability, facts: ConstraintFacts, approvalReason: ApprovalReason | undefined): Denial | undefined {
  if (approvalReason !== undefined) return { code: 'aap_approval_required', ...approvalReason }
  const needed = approvals.find(({ isNeeded }) => isNeeded(facts))
  if (needed === undefined) return undefined
  return { code: 'aap_approval_required', rule: 'CON-11', detail: `${needed.label}: the amount is above it or not known`, missingFact: typeof facts.amount === 'number' ? undefined : 'amount' }
}

/** What the request would take. A quantity that nobody supplied cannot be counted (CAP-6). */
function chargeOf(candidate: Candidate, facts: ConstraintFacts): { charge: readonly QuotaCharge[]; missing?: Denial | undefined } {
  const { charges, capability } = candidate
  if (capability.countsRequestsOnly) return { charge: charges }
  const charge: QuotaCharge[] = []
  let missing: Denial | undefined
  for (const [i, { label, quantity: quantityOf }] of capability.quotas.entries()) {
    const quantity = quantityOf(facts)
    if (quantity === undefined) missing ??= { code: 'aap_constraint_violation', rule: 'CON-1', detail: `${label}: the route must supply how much the request takes, in \`quantities\``, missingFact: 'quantities' }
    else if (!Number.isSafeInteger(quantity) || quantity < 0) throw new HookFailed(`${label} gave a quantity that is no integer from 0`)
    else charge.push({ ...(charges[i] as QuotaCharge), quantity })
  }
  return { charge, missing }
}
