import type { AgentAuthorization, Capability } from '../model/agent-authorization.js'
import type { ApprovalRequirement, ConstraintCheck, QuotaRequirement } from '../constraints/constraint-definition.js'
import type { ConstraintRegistry, NamedConstraint } from '../constraints/registry.js'
import type { Denial } from '../model/denial.js'
import type { QuotaCharge } from '../model/store.js'
import { checkDelegation } from '../checks/delegation.js'
import { deny } from '../constraints/constraint-definition.js'
import { digestOf } from './digest.js'
import type { ParsedAuthorization } from './parse-authorization.js'

/**
 * Everything about a token that can be worked out when it is first seen. A request looks its action up, runs the
 * checks and hands the quotas to the store.
 */
export interface CompiledAuthorization {
  readonly authorization: AgentAuthorization
  /** Depth, chain and actors are the token's own: settled here (DEL-1 to DEL-3). */
  readonly delegationDenial: Denial | undefined
  /** Alternatives for an action, in the order of the token (CAP-3). */
  readonly candidates: ReadonlyMap<string, readonly CompiledCapability[]>
  /** Actions that the token wants a human to approve (OVS-1). */
  readonly approvalRequired: ReadonlySet<string>
  /** Digest over issuer and token id (QTA-1). */
  readonly scope: string
}

export interface CompiledCapability {
  readonly action: string
  /** Position in the token's list. */
  readonly index: number
  /** In the order of ORD-1. */
  readonly checks: readonly CompiledCheck[]
  readonly quotas: readonly CompiledQuota[]
  readonly approvals: readonly ApprovalRequirement[]
  /** The charge of a request, where it is the same for all requests. */
  readonly fixedCharge: readonly QuotaCharge[] | undefined
  /** Whether a constraint looks at the addresses of the target (CON-3). */
  readonly needsAddresses: boolean
  /** Whether a constraint looks at the length of the body (CON-6). */
  readonly needsBodyLength: boolean
}

export interface CompiledCheck {
  readonly name: string
  readonly rule: string
  readonly check: ConstraintCheck
}

export interface CompiledQuota extends Pick<QuotaCharge, 'key' | 'window' | 'limit'> {
  readonly name: string
  readonly quantity: QuotaRequirement['quantity']
}

export interface TokenIdentity {
  readonly issuer: string
  /** `jti`, or what stands in for it (TOK-9). */
  readonly id: string
}

export function compileAuthorization(parsed: ParsedAuthorization, token: TokenIdentity, registry: ConstraintRegistry): CompiledAuthorization {
  const { authorization } = parsed
  const candidates = new Map<string, CompiledCapability[]>()
  authorization.capabilities.forEach((capability, index) => {
    const compiled = compileCapability(capability, index, authorization.delegation.depth, token, registry)
    const alternatives = candidates.get(capability.action)
    if (alternatives === undefined) candidates.set(capability.action, [compiled])
    else alternatives.push(compiled)
  })
  return {
    authorization,
    delegationDenial: parsed.delegationDenial ?? checkDelegation(authorization.delegation),
    candidates,
    approvalRequired: new Set(authorization.oversight?.requiresHumanApprovalFor),
    scope: digestOf(token.issuer, token.id),
  }
}

function compileCapability(capability: Capability, index: number, delegationDepth: number, token: TokenIdentity, registry: ConstraintRegistry): CompiledCapability {
  const { action } = capability
  const named = registry.compileAll(capability.constraints, { action, delegationDepth })
  const quotas = named.filter(isQuota).map(({ name, compiled }) => ({
    name,
    key: digestOf(token.issuer, token.id, action, String(index), name),
    window: compiled.window,
    limit: compiled.limit,
    quantity: compiled.quantity,
    countsRequests: compiled.countsRequests,
  }))
  const checks = named.flatMap(({ name, rule, compiled }) => (typeof compiled === 'function' ? [{ name, rule, check: compiled }] : []))
  return {
    action,
    index,
    checks: [...checks, ...unknownMembers(capability)],
    quotas,
    approvals: named.flatMap(({ compiled }) => (typeof compiled === 'object' && compiled.kind === 'approval' ? [compiled] : [])),
    fixedCharge: quotas.every((quota) => quota.countsRequests) ? quotas.map(({ key, window, limit }) => ({ key, window, limit, quantity: 1 })) : undefined,
    needsAddresses: 'ip_ranges_allowed' in capability.constraints,
    needsBodyLength: 'max_request_size' in capability.constraints,
  }
}

function isQuota(constraint: NamedConstraint): constraint is NamedConstraint & { compiled: QuotaRequirement } {
  return typeof constraint.compiled === 'object' && constraint.compiled.kind === 'quota'
}

/** CAP-8: `resources` and `conditions` narrow a capability in ways we do not know, unless they are empty. */
function unknownMembers(capability: Capability): CompiledCheck[] {
  return (['resources', 'conditions'] as const)
    .filter((member) => !isEmpty(capability[member]))
    .map((name) => {
      const verdict = deny('aap_constraint_violation', `${name} of a capability is unknown`)
      return { name, rule: 'CAP-8', check: () => verdict }
    })
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
