import type { DecisionRecord } from '../model/wire-audit-record.js'
import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { errorCodes } from '../model/error-codes.js'
import { recordedPath } from './recorded-path.js'
import { timestampOf } from './timestamp-of.js'
import { traceparentOf } from './trace-context.js'

/** What a decision record is made of. */
export interface DecisionFacts {
  readonly outcome: DecisionRecord['outcome']
  readonly correlationId: string
  readonly request: ResourceRequest
  readonly denial?: Denial | undefined
  /** Why there is no capability decision. */
  readonly note?: { readonly rule: string; readonly detail: string } | undefined
  /** Answered status, where there is no denial to tell it. */
  readonly status?: number | undefined
  readonly verified?: VerifiedToken | undefined
  /** Who issued a token that was refused after its signature was verified. */
  readonly token?: TokenIdentity | undefined
  readonly action?: string | undefined
  readonly capabilityIndex?: number | undefined
  readonly targetHost?: string | undefined
  /** Whether this process counted it, in place of the store (QTA-6). */
  readonly isCountedLocally?: boolean | undefined
}

/** The record of one decision, private reason included (AUD-1). Holds ids and names, never a token or a query. */
export function decisionRecord(facts: DecisionFacts, nowMs: number): DecisionRecord {
  const { outcome, correlationId, request, denial, note, status, verified, token, action, capabilityIndex, targetHost, isCountedLocally } = facts
  const record: DecisionRecord = { kind: 'decision', time: timestampOf(nowMs), outcome, correlation_id: correlationId, method: request.method, path: recordedPath(request.url) }
  if (denial !== undefined) {
    const { status: deniedWith, error } = errorCodes[denial.code]
    record.status = deniedWith
    if (error !== undefined) record.error = error
  } else if (status !== undefined) {
    record.status = status
  }
  const reason = denial ?? note
  if (reason !== undefined) {
    record.rule = reason.rule
    record.detail = reason.detail
  }
  if (verified !== undefined) describeToken(record, verified)
  else if (token !== undefined) {
    record.issuer = token.issuer
    if (token.id !== '') record.token_id = token.id
  }
  if (action !== undefined) record.action = action
  if (capabilityIndex !== undefined) record.capability_index = capabilityIndex
  if (targetHost !== undefined) record.target_host = targetHost
  if (isCountedLocally === true) record.counted = 'local'
  const traceparent = traceparentOf(request)
  if (traceparent !== undefined) record.traceparent = traceparent
  return record
}

function describeToken(record: DecisionRecord, { facts, compiled }: VerifiedToken): void {
  const { agent, task, delegation, audit } = compiled.authorization
  record.issuer = facts.issuer
  record.token_id = facts.id
  if (facts.subject !== undefined) record.subject = facts.subject
  if (facts.clientId !== undefined) record.client_id = facts.clientId
  record.agent_id = agent.id
  record.agent_type = agent.type
  record.agent_operator = agent.operator
  if (agent.organization !== undefined) record.agent_organization = agent.organization
  if (agent.orchestrator !== undefined) record.agent_orchestrator = agent.orchestrator
  if (agent.runtime?.environment !== undefined) record.agent_environment = agent.runtime.environment
  if (task.id !== undefined) record.task_id = task.id
  if (task.purpose !== undefined) record.task_purpose = task.purpose
  if (task.type !== undefined) record.task_type = task.type
  if (delegation.delegatedBy !== undefined) record.delegated_by = delegation.delegatedBy
  // Where the claim is malformed its depth is nobody's statement.
  if (compiled.isDelegationRead) {
    record.delegation_depth = delegation.depth
    if (delegation.chain.length > 0) record.delegation_chain = delegation.chain.map(({ sub }) => sub)
  }
  if (audit?.traceId !== undefined) record.trace_id = audit.traceId
}
