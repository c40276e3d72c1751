import type { ApprovalRequirement, CompiledConstraint, ConstraintCheck, QuotaRequirement } from '../constraints/constraint-definition.js'
import type { BodyLimits } from '../model/body-limits.js'
import type { Capability } from '../model/agent-authorization.js'
import type { ConstraintRegistry, NamedConstraint } from '../constraints/registry.js'
import { deny } from '../constraints/constraint-definition.js'

/** What a capability demands, compiled. The same for all tokens that say the same at the same delegation depth. */
export interface CompiledCapability {
  readonly action: string
  /** In the order of ORD-1. */
  readonly checks: readonly CompiledCheck[]
  readonly quotas: readonly CompiledQuota[]
  readonly approvals: readonly ApprovalRequirement[]
  /** Whether every request takes one of every quota. */
  readonly countsRequestsOnly: boolean
  /** Whether a constraint looks at the addresses of the target (CON-3). */
  readonly needsAddresses: boolean
  /** Of the bodies, where a constraint limits one (CON-6, CON-7). */
  readonly limits: BodyLimits | undefined
}

export interface CompiledCheck {
  readonly name: string
  readonly rule: string
  readonly check: ConstraintCheck
}

export interface CompiledQuota extends Pick<QuotaRequirement, 'window' | 'limit' | 'quantity'> {
  readonly name: string
}

const compiledByRegistry = new WeakMap<ConstraintRegistry, WeakMap<Capability, CompiledCapability[]>>()

/** Compiles a capability once for each delegation depth; equal capabilities are one object (`internCapability`). */
export function compileCapability(capability: Capability, delegationDepth: number, registry: ConstraintRegistry): CompiledCapability {
  let compiled = compiledByRegistry.get(registry)
  if (compiled === undefined) compiledByRegistry.set(registry, (compiled = new WeakMap()))
  let byDepth = compiled.get(capability)
  if (byDepth === undefined) compiled.set(capability, (byDepth = []))
  return (byDepth[delegationDepth] ??= compile(capability, delegationDepth, registry))
}

function compile(capability: Capability, delegationDepth: number, registry: ConstraintRegistry): CompiledCapability {
  const { action, constraints } = capability
  const named = registry.compileAll(constraints, { action, delegationDepth })
  const quotas = named.filter(isQuota)
  return {
    action,
    checks: [...named.flatMap(({ name, rule, compiled }) => checksOf(compiled).map((check) => ({ name, rule, check }))), ...unknownMembers(capability)],
    quotas: quotas.map(({ name, compiled: { window, limit, quantity } }) => ({ name, window, limit, quantity })),
    approvals: named.flatMap(({ compiled }) => (typeof compiled === 'object' && compiled.kind === 'approval' ? [compiled] : [])),
    countsRequestsOnly: quotas.every(({ compiled }) => compiled.countsRequests),
    needsAddresses: Object.hasOwn(constraints, 'ip_ranges_allowed'),
    limits: lowestLimits(named),
  }
}

function isQuota(constraint: NamedConstraint): constraint is NamedConstraint & { compiled: QuotaRequirement } {
  return typeof constraint.compiled === 'object' && constraint.compiled.kind === 'quota'
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
