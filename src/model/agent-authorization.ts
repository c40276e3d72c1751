/**
 * What a token says, in one model for all dialects (DIA-1). Every rule after parsing speaks of this only.
 * Instances are deeply frozen (AUD-5) and shared by all requests that carry the same token.
 */
export interface AgentAuthorization {
  readonly agent: Agent
  readonly task: Task
  /** In the order of the token: the order in which alternatives are tried (CAP-3). */
  readonly capabilities: readonly Capability[]
  readonly oversight?: Oversight
  /** Depth 0 where the token has no delegation claim (DEL-1). */
  readonly delegation: Delegation
  readonly context?: Context
  readonly audit?: AuditSettings
  /** How many requests the token is good for in all; only introspection says so (INT-4). */
  readonly budget?: OperationBudget
}

export interface Agent {
  readonly id: string
  readonly type: string
  readonly operator: string
  readonly model?: string | AgentModel
  readonly runtime?: AgentRuntime
  /** `organization_id` of an agent token: its operator then, which can also be somebody else where there is none (INT-6). */
  readonly organization?: string
  /** `orchestrator_id` of an agent token: who coordinates this agent and others. */
  readonly orchestrator?: string
}

export interface AgentModel {
  readonly provider?: string
  readonly id?: string
  readonly version?: string
}

export interface AgentRuntime {
  readonly environment?: string
  readonly version?: string
  readonly attested?: boolean
}

export interface Task {
  /** Absent in tokens that say no task: those admitted by `legacyScopes`, and agent tokens that may leave it out (INT-6). */
  readonly id?: string
  /** As above. A route that names purposes denies without it (TSK-2). */
  readonly purpose?: string
  /** `task_type` of an agent token: the purpose as well where the token describes no intent (INT-6). */
  readonly type?: string
  /** As the token spells it. An unknown value is refused where a route declares its data's class (TSK-3). */
  readonly dataSensitivity?: string
  /** Epoch milliseconds. */
  readonly createdAt?: number
  /** Epoch milliseconds. */
  readonly expiresAt?: number
  readonly createdBy?: string
  /** Free members that the issuer added for people to read; nothing is decided by them. */
  readonly context?: Readonly<Record<string, unknown>>
}

export interface Capability {
  readonly action: string
  /** By wire name, as the token spells them: names are data here, since anyone can register more. */
  readonly constraints: Readonly<Record<string, unknown>>
  readonly description?: string
  readonly resources?: unknown
  readonly conditions?: unknown
}

export interface Oversight {
  readonly level?: string
  /** Union of `requires_human_approval_for` and its alias (DIA-4). */
  readonly requiresHumanApprovalFor: readonly string[]
  readonly approvalReference?: string
  readonly approvalWorkflow?: { readonly type: string; readonly [member: string]: unknown }
  readonly approvalTimeoutSeconds?: number
  readonly notifyOn: readonly string[]
}

export interface Delegation {
  readonly depth: number
  readonly maxDepth: number
  readonly chain: readonly DelegationHop[]
  /** `true` where the chain names everyone from the origin, `false` where it lists the hops (DEL-2). */
  readonly chainIncludesOrigin: boolean
  readonly parentJti?: string
  /** The `act` claim, outermost actor first (DEL-3). */
  readonly actors: readonly string[]
  /** `delegated_by` of an agent token: who authorized the agent, as the issuer names them. */
  readonly delegatedBy?: string
}

export interface DelegationHop {
  readonly sub: string
  /** Epoch seconds, as the token spells it. */
  readonly delegatedAt?: number
}

export interface Context {
  readonly timeWindow?: { readonly startMs: number; readonly endMs: number }
  readonly networkZone?: string
  readonly geoRestriction?: readonly string[]
}

export interface AuditSettings {
  readonly traceId?: string
  readonly logLevel?: string
}

/** Admitted requests, as whole numbers from 0. Where both numbers are there, the lower one is the limit (INT-4). */
export interface OperationBudget {
  /** In the token's whole life. */
  readonly maxOperations?: number
  /** What the issuer said was left when it was asked. */
  readonly remaining?: number
  /** Whether the token is to be revoked at its issuer once the budget is spent. */
  readonly expiresOnCompletion: boolean
}
