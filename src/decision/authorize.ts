import { candidatesFor, type Candidate, type CompiledAuthorization } from '../claims/compile-authorization.js'
import type { BodyLimits } from '../model/body-limits.js'
import type { ConstraintFacts } from '../constraints/constraint-definition.js'
import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import type { Forwarded } from '../token/forwarded.js'
import type { MatchedCapability } from '../model/decision.js'
import type { BudgetCharge, QuotaCharge } from '../model/store.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { Route } from './route.js'
import type { VerifiedProof } from '../token/dpop-proof.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { admit, admitProof, type AdmissionOutcome, type Claimant } from './admit.js'
import { knownBodyBytes } from './body-length.js'
import { callHook } from './hook.js'
import { checkAuthorization } from '../checks/order.js'
import { checkParent } from './check-parent.js'
import { demandsOn, type Demands, type LocalPolicy } from '../checks/local-policy.js'
import { isSupervised } from '../claims/is-supervised.js'
import { describeError } from '../model/describe-error.js'
import { evaluateCapability, type ApprovalReason, type Evaluation } from './evaluate-capability.js'
import { gatherFacts } from './gather-facts.js'
import { isActionName } from '../matching/action-name.js'
import { isBound } from '../token/confirmation.js'
import { keepMsOf } from './keep-ms-of.js'
import { recover } from './recover.js'
import { requiresProof } from './requires-proof.js'
import { whenReady } from './when-ready.js'
import { parseTarget, type Target } from '../matching/target.js'

/** A verified token that wants to take an action. */
export interface Attempt {
  readonly verified: VerifiedToken
  readonly route: Route
  readonly request: ResourceRequest
  /** What the route's hooks get: the request as the server's framework knows it. */
  readonly hookRequest: unknown
  /** Facts of every route (option `facts`). */
  readonly commonFacts: Facts
  readonly nowMs: number
  /** What admitted this request for an action already: it counts once (QTA-2). */
  readonly admittedBy: AdmittedBy
  /** The proof that came with the request, unless it was shown to the store already (POP-3). */
  readonly proof: VerifiedProof | undefined
  /** What a trusted proxy said about the connection to it. */
  readonly forwarded: Forwarded
}

/** Without an action: for any. */
export type AdmittedBy = (action?: string) => EarlierAdmission | undefined

export interface EarlierAdmission {
  /** Position of the capability that admitted. */
  readonly index: number
  /** What was counted for the action so far. */
  readonly taken: readonly QuotaCharge[]
}

/** What was decided about an attempt, with everything the audit record wants to know. */
export interface Ruling {
  readonly denial?: Denial | undefined
  readonly action?: string | undefined
  readonly capability?: MatchedCapability | undefined
  /** What was counted of its quotas now. */
  readonly taken?: readonly QuotaCharge[] | undefined
  readonly target?: Target | undefined
  /** The addresses that were checked, where a constraint looked at them (CON-3). */
  readonly addresses?: readonly string[] | undefined
  /** Of the bodies, where the capability that admitted limits one (CON-6, CON-7). */
  readonly limits?: BodyLimits | undefined
  /** Whether this process counted it, in place of the store (QTA-6). */
  readonly isCountedLocally?: boolean | undefined
}

/** What the stateless rules say: a refusal, or capabilities that only state can still refuse. */
interface Judgement extends Partial<Evaluated> {
  readonly denial?: Denial | undefined
  readonly action?: string | undefined
  readonly target?: Target | undefined
  readonly facts?: ConstraintFacts
}

interface Evaluated {
  readonly evaluations: readonly Evaluation[]
  /** What came of the capability after the last of these. */
  readonly failure?: { readonly error: unknown }
}

/** Addresses are added where they are needed. */
type GatheredFacts = ConstraintFacts & { addresses: ConstraintFacts['addresses'] }

/**
 * Decides one attempt in the order of ORD-1. What is cheap and stateless comes first, state last and in one step, so that
 * the same request gets the same answer.
 *
 * @throws HookFailed where code of the user fails (ERR-2)
 */
export function authorize(attempt: Attempt, rules: DecisionRules): MaybePromise<Ruling> {
  if (attempt.proof !== undefined) return authorizeWithProof(attempt, rules)
  return whenReady(judge(attempt, rules), (judgement) => settle(attempt, judgement, rules))
}

/** A proof is used up whatever becomes of the request, also where a hook fails (POP-3). */
async function authorizeWithProof(attempt: Attempt, rules: DecisionRules): Promise<Ruling> {
  let judgement: Judgement
  try {
    judgement = await judge(attempt, rules)
  } catch (error) {
    const denial = await admitProof(claimantOf(attempt), rules)
    if (denial !== undefined) return { denial }
    throw error
  }
  return settle(attempt, judgement, rules)
}

/** The rules that need no state, top to bottom: action, task, context, delegation, capability, constraints, approval. */
function judge(attempt: Attempt, rules: DecisionRules): MaybePromise<Judgement> {
  const { verified, route, hookRequest, nowMs, commonFacts } = attempt
  const { compiled } = verified
  const { task } = compiled.authorization
  const { hookTimeoutMs } = rules
  // Whoever may not act at all is asked nothing, and no hook runs for them.
  const excluded = checkBound(verified, commonFacts, route) ?? compiled.agentDenial
  if (excluded !== undefined) return { denial: excluded, action: typeof route.action === 'string' ? route.action : undefined }

  return whenReady(resolveAction(route, hookRequest, hookTimeoutMs), (action) =>
    whenReady(gatherFacts({ ...commonFacts, ...route.constants }, route.taskHooks, hookRequest, task, hookTimeoutMs), (taskFacts) => {
      const demands = demandsOn(rules.verification.compiler.policy, action, compiled.hasUnknownActors)
      const denial = checkAuthorization(compiled, demands, taskFacts, nowMs, rules.verification.toleranceMs) ?? checkParent(verified, rules.tokens, rules.verification.compiler)
      if (denial !== undefined) return { denial, action }
      const candidates = findCandidates(action, compiled, attempt.admittedBy)
      if (action === undefined || 'code' in candidates) return { denial: candidates as Denial, action }

      return whenReady(gatherFacts(taskFacts, route.actionHooks, hookRequest, task, hookTimeoutMs), (known) => {
        const target = parseTarget(known.target)
        const facts = describeRequest(attempt, known, target, candidates)
        const approvalReason = approvalReasonOf(action, compiled, demands, rules.verification.compiler.policy, known)
        const resolve = addressResolver(facts, known, rules)
        const evaluate = (candidate: Candidate): MaybePromise<Evaluation> => evaluateCapability(candidate, facts, resolve, approvalReason, hookTimeoutMs)
        return whenReady(evaluateAll(candidates, evaluate), (evaluated) => ({ action, target, facts, ...evaluated }))
      })
    }),
  )
}

/** POP-2: a route may demand what the profile does not. */
function checkBound({ confirmation }: VerifiedToken, commonFacts: Facts, route: Route): Denial | undefined {
  if (isBound(confirmation) || !requiresProof(commonFacts, route)) return undefined
  return { code: 'invalid_token', rule: 'POP-2', detail: 'the token is not bound, and the route requires proof of possession' }
}

/** `undefined` where the resolver yields no valid action name (RTE-1). */
function resolveAction({ action }: Route, request: unknown, timeoutMs: number): MaybePromise<string | undefined> {
  if (typeof action === 'string') return isActionName(action) ? action : undefined
  return whenReady(callHook('action', timeoutMs, () => action(request)), (name) => (isActionName(name) ? name : undefined))
}

/** All that are for the action; where the request was admitted for it before, the one that did (QTA-2). */
function findCandidates(action: string | undefined, compiled: CompiledAuthorization, admittedBy: AdmittedBy): readonly Candidate[] | Denial {
  if (action === undefined) return { code: 'aap_invalid_capability', rule: 'RTE-1', detail: 'the route gives no valid action name' }
  const candidates = candidatesFor(compiled, action)
  const before = admittedBy(action)
  const same = before && candidates.find(({ index }) => index === before.index)
  if (same !== undefined) return [same]
  return candidates.length > 0 ? candidates : { code: 'aap_invalid_capability', rule: 'CAP-2', detail: `no capability for ${action}` }
}

/**
 * CON-3: where a constraint needs the addresses of a name and the route has none, `resolveTargets` is asked, once a request.
 * `undefined` where there is nothing to ask.
 */
function addressResolver(facts: GatheredFacts, known: Facts, { resolveTargets, hookTimeoutMs }: DecisionRules): (() => MaybePromise<void>) | undefined {
  const { target } = facts
  if (resolveTargets === undefined || target?.addressFamily !== 0 || 'addresses' in known) return undefined
  let isAsked = false
  return () => {
    if (isAsked) return undefined
    isAsked = true
    return whenReady(callHook('resolveTargets', hookTimeoutMs, () => resolveTargets(target.host)), (addresses) => { facts.addresses = addresses })
  }
}

function describeRequest({ request, forwarded, nowMs }: Attempt, facts: Facts, target: Target | undefined, candidates: readonly Candidate[]): GatheredFacts {
  const bodyBytes = candidates.some(({ capability }) => capability.limits?.requestBytes !== undefined) ? knownBodyBytes(request) : undefined
  const limitsResponse = request.limitsResponse === true
  return Object.assign({}, facts, { target, isTargetGiven: (facts.target ?? undefined) !== undefined, addresses: facts.addresses, method: request.method, encrypted: forwarded.encrypted ?? request.encrypted, bodyBytes, limitsResponse, nowMs })
}

/** OVS-1: the list comes from the signed token, the route and local policy, never from the request. OVS-4: as does what is critical. */
function approvalReasonOf(action: string, { authorization }: CompiledAuthorization, demands: readonly Demands[], { criticalActions }: LocalPolicy, facts: Facts): ApprovalReason | undefined {
  if (authorization.oversight?.requiresHumanApprovalFor.includes(action) === true) return { rule: 'OVS-1', detail: 'the token wants a human to approve the action' }
  if (demands.some(({ needsApproval }) => needsApproval)) return { rule: 'OVS-1', detail: 'local policy wants a human to approve the action' }
  if ('approval' in facts) return { rule: 'OVS-1', detail: 'the route wants a human to approve the action' }
  if (!isSupervised(authorization)) return undefined
  if (criticalActions.has(action)) return { rule: 'OVS-4', detail: 'the agent is supervised, and the action is critical by local policy' }
  // A route that cannot tell has said that it may be.
  return 'critical' in facts && facts.critical !== false ? { rule: 'OVS-4', detail: 'the agent is supervised, and the action is critical by the route' } : undefined
}

/**
 * One after the other, so that nothing is left running where one fails, and none that cannot be needed (CAP-3). A failure
 * behind a capability that passed answers only if that one has no room.
 */
function evaluateAll(candidates: readonly Candidate[], evaluate: (candidate: Candidate) => MaybePromise<Evaluation>, evaluations: readonly Evaluation[] = []): MaybePromise<Evaluated> {
  const candidate = candidates[evaluations.length]
  const passed = evaluations.filter(({ denial }) => denial === undefined)
  if (candidate === undefined || passed.some(({ charge }) => charge.length === 0)) return { evaluations }
  const goOn = (): MaybePromise<Evaluated> => whenReady(evaluate(candidate), (evaluation) => evaluateAll(candidates, evaluate, [...evaluations, evaluation]))
  return passed.length === 0 ? goOn() : recover(goOn, (error) => ({ evaluations, failure: { error } }))
}

/** Everything stateful, in one step. */
function settle(attempt: Attempt, { denial, action, target, facts, evaluations, failure }: Judgement, rules: DecisionRules): MaybePromise<Ruling> {
  if (action === undefined || facts === undefined || evaluations === undefined) {
    return whenReady(admitProof(claimantOf(attempt), rules), (refused) => ({ denial: refused ?? denial, action }))
  }
  return whenReady(admitWithin(attempt, action, evaluations, rules), ({ denial: refusal, admitted, isCountedLocally }) => {
    if (failure !== undefined) {
      if (refusal?.code === 'quota_exceeded') throw failure.error
      rules.warn('alternative failure', `A capability for ${action} could not be judged, and was not needed: ${describeError(failure.error)}`)
    }
    return { action, isCountedLocally, target, denial: refusal, capability: matched(admitted), taken: admitted?.charge, addresses: checkedAddresses(admitted, facts), limits: admitted?.candidate.capability.limits }
  })
}

/**
 * INT-4: where the issuer counts, it has said whether anything is left, and a token that was spent once stays so whatever it
 * says later; that comes last, as the store's word does (ORD-1).
 */
function admitWithin(attempt: Attempt, action: string, evaluations: readonly Evaluation[], rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const { verified: { checkSpent }, admittedBy } = attempt
  const spent = admittedBy() === undefined && evaluations.some(({ denial }) => denial === undefined) ? checkSpent?.() : undefined
  if (spent === undefined) return admitOnce(attempt, action, evaluations, rules)
  const { scope, proof } = claimantOf(attempt)
  // Nothing of it is left, whatever the store remembers: it only says what else is wrong, and takes nothing.
  const nothingLeft = { charge: { ...chargeOf(attempt), most: 0 }, complete: () => undefined, foundSpent: () => undefined }
  return admit(evaluations, { scope, proof, budget: nothingLeft }, rules)
}

/**
 * A request that was admitted before counts once (QTA-2): the capability that admitted it still has to hold with the
 * new facts, and only what was not counted is: what another guard's policy demands, or more of a quantity.
 */
function admitOnce(attempt: Attempt, action: string, evaluations: readonly Evaluation[], rules: DecisionRules): MaybePromise<AdmissionOutcome> {
  const before = attempt.admittedBy(action)
  const evaluation = before && evaluations.find(({ candidate }) => candidate.index === before.index)
  if (evaluation === undefined) return admit(evaluations, claimantOf(attempt), rules)
  if (evaluation.denial === undefined) return admit([{ ...evaluation, charge: untaken(evaluation.charge, before?.taken ?? []) }], claimantOf(attempt), rules)
  return whenReady(admitProof(claimantOf(attempt), rules), (refused) => ({ denial: refused ?? evaluation.denial }))
}

/** What of a charge a request has not taken yet. A lower limit holds for what was taken as well: nothing more is taken then, and the limit is compared. */
function untaken(charge: readonly QuotaCharge[], taken: readonly QuotaCharge[]): readonly QuotaCharge[] {
  return charge.flatMap((wanted) => {
    const same = taken.filter(({ key, name, window }) => key === wanted.key && name === wanted.name && window === wanted.window)
    const quantity = Math.max(0, same.reduce((rest, each) => rest - each.quantity, wanted.quantity))
    return quantity === 0 && same.some(({ limit }) => limit <= wanted.limit) ? [] : [{ ...wanted, quantity }]
  })
}

function claimantOf(attempt: Attempt): Claimant {
  const { verified: { budget, compiled: { scope } }, proof, admittedBy } = attempt
  if (budget?.isCountedHere !== true || admittedBy() !== undefined) return { scope, proof }
  const { most, total, complete, foundSpent } = budget
  return { scope, proof, budget: { charge: { ...chargeOf(attempt), most, ...(total !== undefined && { total }) }, complete, foundSpent } }
}

function chargeOf({ verified, nowMs }: Attempt): Pick<BudgetCharge, 'key' | 'keepMs'> {
  return { key: verified.compiled.tokenDigest, keepMs: keepMsOf(verified, nowMs) }
}

function matched(admitted: Evaluation | undefined): MatchedCapability | undefined {
  return admitted && { action: admitted.candidate.capability.action, index: admitted.candidate.index }
}

/** CON-3 hands on what it checked, so that the handler connects to the same addresses. */
function checkedAddresses(admitted: Evaluation | undefined, { addresses, target }: ConstraintFacts): readonly string[] | undefined {
  if (admitted?.candidate.capability.needsAddresses !== true || target === undefined) return undefined
  return Object.freeze(target.addressFamily === 0 ? [...addresses ?? []] : [target.host])
}
