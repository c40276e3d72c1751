import type { CompiledAuthorization, CompiledCapability } from '../claims/compile-authorization.js'
import type { ConstraintFacts } from '../constraints/constraint-definition.js'
import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { Route } from './route.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { admit } from './admit.js'
import { announcedBodyBytes } from './body-length.js'
import { callHook } from './hook.js'
import { checkAuthorization } from '../checks/order.js'
import { evaluateCapability, type Evaluation } from './evaluate-capability.js'
import { gatherFacts } from './gather-facts.js'
import { isActionName } from '../matching/action-name.js'
import { isPromise, whenReady } from './when-ready.js'
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
  /** Whether this request was admitted for this action already: it counts once (QTA-2). */
  readonly isAdmitted: (action: string) => boolean
}

/** What was decided about an attempt, with everything the audit record wants to know. */
export interface Ruling {
  readonly denial?: Denial
  readonly action?: string
  readonly capability?: CompiledCapability
  readonly target?: Target
  /** The addresses that were checked, where a constraint looked at them (CON-3). */
  readonly addresses?: readonly string[]
}

/**
 * Decides one attempt, top to bottom in the order of ORD-1: action, task, context, delegation, capability, constraints,
 * approval, quotas. What is cheap and stateless comes first, state last, so that the same request gets the same answer.
 *
 * @throws HookFailed where code of the user fails (ERR-2)
 */
export function authorize(attempt: Attempt, rules: DecisionRules): MaybePromise<Ruling> {
  const { verified, route, hookRequest, request, nowMs, commonFacts } = attempt
  const { compiled } = verified
  const { task } = compiled.authorization
  const { hookTimeoutMs } = rules

  return whenReady(resolveAction(route, hookRequest, hookTimeoutMs), (action) =>
    whenReady(gatherFacts({ ...commonFacts, ...route.constants }, route.taskHooks, hookRequest, task, hookTimeoutMs), (taskFacts) => {
      const candidates = action === undefined ? undefined : compiled.candidates.get(action)
      const denial = checkAuthorization(compiled, taskFacts, nowMs, rules.verification.toleranceMs) ?? checkCandidates(action, candidates)
      if (denial !== undefined || action === undefined || candidates === undefined) return { ...(denial !== undefined && { denial }), ...(action !== undefined && { action }) }

      return whenReady(gatherFacts(taskFacts, route.actionHooks, hookRequest, task, hookTimeoutMs), (facts) =>
        whenReady(resolveAddresses(facts, candidates, rules), (resolved) => {
          const constraintFacts = describeRequest(resolved, request, nowMs)
          const approvalReason = approvalReasonOf(action, compiled, resolved)
          return whenReady(evaluateAll(candidates, constraintFacts, approvalReason, hookTimeoutMs), (evaluations) =>
            whenReady(attempt.isAdmitted(action) ? admitAgain(evaluations) : admit(evaluations, compiled.scope, rules), (outcome) => ({
              action,
              ...(constraintFacts.target !== undefined && { target: constraintFacts.target }),
              ...('denial' in outcome ? { denial: outcome.denial } : { capability: outcome.admitted.capability, ...checkedAddresses(outcome.admitted, constraintFacts) }),
            })),
          )
        }),
      )
    }),
  )
}

/** `undefined` where the resolver yields no valid action name (RTE-1). */
function resolveAction({ action }: Route, request: unknown, timeoutMs: number): MaybePromise<string | undefined> {
  if (typeof action === 'string') return isActionName(action) ? action : undefined
  return whenReady(callHook('action', timeoutMs, () => action(request)), (name) => (isActionName(name) ? name : undefined))
}

function checkCandidates(action: string | undefined, candidates: readonly CompiledCapability[] | undefined): Denial | undefined {
  if (action === undefined) return { code: 'aap_invalid_capability', rule: 'RTE-1', detail: 'the route gives no valid action name' }
  return candidates === undefined ? { code: 'aap_invalid_capability', rule: 'CAP-2', detail: `no capability for ${action}` } : undefined
}

/** CON-3: where a constraint needs the addresses of a name and the route has none, `resolveTargets` is asked. */
function resolveAddresses(facts: Facts, candidates: readonly CompiledCapability[], { resolveTargets, hookTimeoutMs }: DecisionRules): MaybePromise<ResolvedFacts> {
  const target = parseTarget(facts.target)
  if (resolveTargets === undefined || target?.addressFamily !== 0 || 'addresses' in facts || !candidates.some(({ needsAddresses }) => needsAddresses)) return { ...facts, target }
  return whenReady(callHook('resolveTargets', hookTimeoutMs, () => resolveTargets(target.host)), (addresses) => ({ ...facts, target, addresses: addresses ?? null }))
}

type ResolvedFacts = Omit<Facts, 'target'> & Pick<ConstraintFacts, 'target'>

function describeRequest(facts: ResolvedFacts, request: ResourceRequest, nowMs: number): ConstraintFacts {
  return {
    ...facts,
    target: facts.target,
    method: request.method,
    encrypted: request.encrypted,
    nowMs,
    get bodyBytes() { return announcedBodyBytes(request) },
  }
}

/** OVS-1: the list comes from the signed token and the route, never from the request. */
function approvalReasonOf(action: string, { approvalRequired }: CompiledAuthorization, facts: ResolvedFacts): string | undefined {
  if (approvalRequired.has(action)) return 'the token wants a human to approve the action'
  return 'approval' in facts ? 'the route wants a human to approve the action' : undefined
}

function evaluateAll(candidates: readonly CompiledCapability[], facts: ConstraintFacts, approvalReason: string | undefined, timeoutMs: number): MaybePromise<readonly Evaluation[]> {
  const evaluations = candidates.map((capability) => evaluateCapability(capability, facts, approvalReason, timeoutMs))
  return evaluations.some(isPromise) ? Promise.all(evaluations) : (evaluations as readonly Evaluation[])
}

/** The stateless rules hold for the new facts too; nothing is counted. */
function admitAgain(evaluations: readonly Evaluation[]): { admitted: Evaluation } | { denial: Denial } {
  const admitted = evaluations.find(({ denial }) => denial === undefined)
  return admitted === undefined ? { denial: (evaluations[0] as Evaluation).denial as Denial } : { admitted }
}

/** CON-3 hands on what it checked, so that the handler connects to the same addresses. */
function checkedAddresses({ capability }: Evaluation, { addresses, target }: ConstraintFacts): Pick<Ruling, 'addresses'> {
  if (!capability.needsAddresses || target === undefined) return {}
  return { addresses: target.addressFamily === 0 ? (addresses as readonly string[]) : [target.host] }
}
