import type { AgentAuthorization } from '../model/agent-authorization.js'
import type { Demands } from './local-policy.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import { checkContext } from './context.js'
import { checkDataSensitivity, checkDemandedPurposes, checkPurpose, checkTaskTimes } from './task.js'

/**
 * The rules on who acts, for what, where and on whose behalf, in their order (ORD-1). All of them come before any
 * capability is looked at.
 */
export function checkAuthorization(subject: CheckSubject, demands: readonly Demands[], facts: Facts, nowMs: number, toleranceMs: number): Denial | undefined {
  const { task, context } = subject.authorization
  return (
    subject.agentDenial ??
    checkTaskTimes(task, nowMs, toleranceMs) ??
    checkPurpose(task, facts.purposes) ??
    checkDemandedPurposes(task, demands) ??
    checkDataSensitivity(task, facts.classification) ??
    checkContext(context, facts, nowMs) ??
    subject.delegationDenial
  )
}

export interface CheckSubject {
  readonly authorization: AgentAuthorization
  /** Settled when the token was compiled, as is the next. */
  readonly agentDenial: Denial | undefined
  readonly delegationDenial: Denial | undefined
}
