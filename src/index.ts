export { aapGuard, type AapGuard } from './http/aap-guard.js'
export { requireCapability, type RequireCapability, type RouteGuard } from './http/require-capability.js'
export { protectedResourceMetadata, type MetadataEndpoint } from './http/protected-resource-metadata.js'
export { aapOf } from './http/aap-of.js'
export { traceHeaders } from './http/trace-headers.js'
export type { Aap, AapDecision } from './http/aap.js'
export type { GuardRequest } from './http/guard-request.js'

export { createGuard, type Guard } from './guard/create-guard.js'
export type { DpopOptions, GuardOptions, IntrospectionOptions, IssuerOptions, LegacyScope, PublicDenial, PublicRoute, Respond, RevocationOptions, RouteEntry } from './guard/guard-options.js'
export type { MtlsOptions } from './guard/compile-mtls.js'
export type { OperatorLogger } from './guard/operator-log.js'
export type { FactOption, RouteOptions } from './decision/route.js'

export {
  defineConstraint,
  deny,
  type ApprovalRequirement,
  type BodyLimit,
  type CompiledConstraint,
  type ConstraintCheck,
  type ConstraintContext,
  type ConstraintDefinition,
  type ConstraintFacts,
  type QuotaRequirement,
} from './constraints/constraint-definition.js'
export { pass, type ConstraintErrorCode, type Refusal, type Verdict } from './model/verdict.js'

export { isAttenuationOf, type AttenuationOptions } from './claims/attenuation.js'
export { parseClaims, type ParseClaimsOptions } from './claims/parse-claims.js'
export type { AuthorizationOfToken } from './claims/compare-delegation.js'
export type { Attenuation, AttenuationDifference } from './model/attenuation.js'

export { memoryStore, type MemoryStoreOptions } from './state/memory-store.js'
export type { Admission, AdmissionVerdict, Alternative, AnswerStore, BudgetCharge, ProofId, QuotaCharge, QuotaWindow, RevocationFeed, RevocationListener, RevocationNotice, RevocationSubscription, StateStore, StoredAnswer } from './model/store.js'

export { jsonLines, type AuditLogger, type AuditSink } from './audit/audit-trail.js'
export type { AuditRecord, DecisionRecord, ResultRecord } from './model/wire-audit-record.js'

export type { Agent, AgentAuthorization, AgentModel, AgentRuntime, AuditSettings, Capability, Context, Delegation, DelegationHop, OperationBudget, Oversight, Task } from './model/agent-authorization.js'
export type { BodyLimits } from './model/body-limits.js'
export type { DataClass } from './model/data-class.js'
export type { Policy, PolicyAgents, PolicyConstraints, PolicyDelegation, PolicyDemands, PolicyLimits, PolicyQuotas } from './model/wire-policy.js'
export type { Decision, MatchedCapability } from './model/decision.js'
export type { DenialCode, ErrorCode } from './model/error-codes.js'
export type { Facts } from './model/facts.js'
export type { MaybePromise } from './model/maybe-promise.js'
export type { ResourceRequest } from './model/resource-request.js'
export type { Revocation } from './model/revocation.js'
export type { TokenFacts } from './model/token-facts.js'
export type { Algorithm } from './token/algorithms.js'
export type { Target } from './matching/target.js'
