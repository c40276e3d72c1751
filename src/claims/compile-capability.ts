import type { ApprovalRequirement, CompiledConstraint, ConstraintCheck, QuotaRequirement } from '../constraints/constraint-definition.js'
import type { BodyLimits } from '../model/body-limits.js'
import type { Capability } from '../model/agent-authorization.js'
import type { ConstraintRegistry, NamedConstraint } from '../constraints/registry.js'
import type { LocalPolicy, SubjectQuota } from '../checks/local-policy.js'
import { demandsOn } from '../checks/local-policy.js'
import { deny } from '../constraints/constraint-definition.js'
import { isQuotaName } from '../constraints/quota.js'

/** What a capability demands, and local policy with it, compiled. The same for all tokens that say the same at the same delegation depth. */
export interface CompiledCapability {
  readonly action: string
  /** In the order of ORD-1. */
  readonly checks: readonly CompiledCheck[]
  readonly quotas: readonly CompiledQuota[]
  readonly approvals: readonly CompiledApproval[]
  /** Whether every request takes one of every quota. */
  readonly countsRequestsOnly: boolean
  /** Whether a constraint looks at the addresses of the target (CON-3). */
  readonly needsAddresses: boolean
  /** Of the bodies, where a constraint limits one (CON-6, CON-7). */
  readonly limits: BodyLimits | undefined
}

export interface CompiledCheck {
  /** What audit records call it. */
  readonly label: string
  readonly rule: string
  readonly check: ConstraintCheck
  /** Whether it looks at the addresses of the target (CON-3). */
  readonly needsAddresses: boolean
}

export interface CompiledApproval extends Pick<ApprovalRequirement, 'isNeeded'> {
  readonly label: string
}

/** CON-1 for the token's capability, QTA-5 for a wider subject. */
export type CompiledQuota = TokenQuota | SubjectQuota

interface TokenQuota extends Pick<QuotaRequirement, 'window' | 'limit' | 'quantity' | 'countsRequests'> {
  readonly subject: 'token'
  readonly name: string
  readonly label: string
  /** Which of several with this name: each has a counter of its own. */
  readonly ordinal: number
}

/** Compiles the capabilities of one guard's tokens. */
export class CapabilityCompiler {
  readonly policy: LocalPolicy
  readonly registry: ConstraintRegistry
  readonly #compiled = new WeakMap<Capability, CompiledCapability[]>()

  constructor(registry: ConstraintRegistry, policy: LocalPolicy) {
    this.registry = registry
    this.policy = policy
  }

  /** Once for each situation of a token; equal capabilities are one object (`internCapability`). */
  compile(capability: Capability, delegationDepth: number, hasUnknownActors: boolean): CompiledCapability {
    let variants = this.#compiled.get(capability)
    if (variants === undefined) this.#compiled.set(capability, (variants = []))
    return (variants[2 * delegationDepth + Number(hasUnknownActors)] ??= this.#compile(capability, delegationDepth, hasUnknownActors))
  }

  #compile(capability: Capability, delegationDepth: number, hasUnknownActors: boolean): CompiledCapability {
    const { action, constraints } = capability
    const demands = demandsOn(this.policy, action, hasUnknownActors)
    const named = this.registry.compileAll(constraints, demands.map((demand) => demand.constraints), { action, delegationDepth })
    const quotas = [...mergeQuotas(named.filter(isQuota)), ...demands.flatMap((demand) => demand.quotas)]
    return {
      action,
      checks: [...named.flatMap((constraint) => checksOf(constraint.compiled).map((check) => ({ label: constraint.label, rule: constraint.rule, check, needsAddresses: needsAddresses(constraint) }))), ...unknownMembers(capability)],
      quotas,
      approvals: named.flatMap(({ label, compiled }) => (typeof compiled === 'object' && compiled.kind === 'approval' ? [{ label, isNeeded: compiled.isNeeded }] : [])),
      countsRequestsOnly: quotas.every(({ countsRequests }) => countsRequests),
      needsAddresses: named.some(needsAddresses),
      limits: lowestLimits(named),
    }
  }
}

/** One that does not compile denies whatever the addresses are. */
function needsAddresses({ name, defect }: NamedConstraint): boolean {
  return name === 'ip_ranges_allowed' && defect === undefined
}

type NamedQuota = NamedConstraint & { readonly compiled: QuotaRequirement }

function isQuota(constraint: NamedConstraint): constraint is NamedQuota {
  return typeof constraint.compiled === 'object' && constraint.compiled.kind === 'quota'
}

/**
 * CAP-7: a quota that local policy demands under the same name is the same quota, with the lower limit. Only the names of
 * CON-1 say what is counted and over which window: what a registered constraint counts may differ with its value, so of
 * those each one holds beside the others.
 */
function mergeQuotas(quotas: readonly NamedQuota[]): TokenQuota[] {
  const merged: TokenQuota[] = []
  for (const { name, label, compiled: { window, limit, quantity, countsRequests } } of quotas) {
    const same = merged.filter((quota) => quota.name === name)
    const lower = isQuotaName(name) ? same[0] : undefined
    if (lower === undefined) merged.push({ subject: 'token', name, label, ordinal: same.length, window, limit, quantity, countsRequests })
    else if (limit < lower.limit) merged[merged.indexOf(lower)] = { ...lower, label, limit }
  }
  return merged
}

function checksOf(compiled: CompiledConstraint): readonly ConstraintCheck[] {
  if (typeof compiled === 'function') return [compiled]
  return compiled.kind === 'body-limit' ? [compiled.check] : []
}

/** However many constraints limit a body, all of them have to hold. */
function lowestLimits(named: readonly NamedConstraint[]): BodyLimits | undefined {
  const limits = named.flatMap(({ compiled }) => (typeof compiled === 'object' && compiled.kind === 'body-limit' ? [compiled] : []))
  const lowest = (of: keyof BodyLimits): number => Math.min(...limits.map((limit) => limit[of] ?? Infinity))
  const [requestBytes, responseBytes] = [lowest('requestBytes'), lowest('responseBytes')]
  if (requestBytes === Infinity && responseBytes === Infinity) return undefined
  return Object.freeze({ ...(requestBytes < Infinity && { requestBytes }), ...(responseBytes < Infinity && { responseBytes }) })
}

/** CAP-8: `resources` and `conditions` narrow a capability in ways we do not know, unless they are empty. */
function unknownMembers(capability: Capability): CompiledCheck[] {
  return unknownMembersOf(capability).map((label) => {
    const verdict = deny('aap_constraint_violation', `${label} of a capability is unknown`)
    return { label, rule: 'CAP-8', check: () => verdict, needsAddresses: false }
  })
}

/** The members of CAP-8 that say something. */
export function unknownMembersOf(capability: Capability): readonly ('resources' | 'conditions')[] {
  return (['resources', 'conditions'] as const).filter((member) => !isEmpty(capability[member]))
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
