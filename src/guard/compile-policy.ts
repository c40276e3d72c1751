import type { AgentPolicy, DelegationPolicy, Demands, LocalPolicy, SubjectQuota } from '../checks/local-policy.js'
import type { ConstraintRegistry } from '../constraints/registry.js'
import type { Policy, PolicyAgents, PolicyDelegation, PolicyDemands, PolicyQuotas } from '../model/wire-policy.js'
import { checkNames } from '../decision/did-you-mean.js'
import { copyPlainData } from './copy-plain-data.js'
import { isActionName } from '../matching/action-name.js'
import { isQuotaName } from '../constraints/quota.js'
import { isTrustDomain } from '../matching/spiffe-id.js'
import { noPolicy } from '../checks/local-policy.js'
import { readConstraints } from './read-constraints.js'

const demandNames = ['purposes', 'constraints', 'quotas', 'approval'] as const satisfies readonly (keyof PolicyDemands)[]
const policyNames = ['$schema', ...demandNames, 'actions', 'critical', 'agents', 'delegation'] as const satisfies readonly (keyof Policy)[]
const agentNames = ['allowedIds', 'allowedOperators', 'allowedTrustDomains', 'deniedModels', 'attestedRuntime'] as const satisfies readonly (keyof PolicyAgents)[]
const delegationNames = ['maxDepth', 'parentJti', 'knownActors', 'unknownActors'] as const satisfies readonly (keyof PolicyDelegation)[]
const subjects = { perAgent: 'agent', perTask: 'task', perOperator: 'operator' } as const satisfies Record<keyof PolicyQuotas, SubjectQuota['subject']>

/**
 * Reads the option `policy`, which `schemas/policy.schema.json` describes. Beside its shape, constraints must be ones that
 * this guard knows and that can hold: what a token may say by mistake, a server must not.
 *
 * @throws TypeError that names the place, and the name that was probably meant
 */
export function compilePolicy(policy: unknown, registry: ConstraintRegistry): LocalPolicy {
  if (policy === undefined) return noPolicy
  const { $schema, actions, critical, agents, delegation, ...everyone } = readObject('', copyPlainData('option `policy`', policy), policyNames) as Readonly<Record<keyof Policy, unknown>>
  if ($schema !== undefined && typeof $schema !== 'string') throw wrong('$schema', 'must be a string')
  const compiled = {
    agents: readAgents(agents),
    delegation: readDelegation(delegation),
    everyone: readDemands('', everyone, registry),
    actions: readActions(actions, registry),
    criticalActions: readCritical(critical),
    unknownActors: readUnknownActors((delegation as Partial<PolicyDelegation> | undefined)?.unknownActors, registry),
  }
  return Object.freeze({ ...compiled, widestSubject: widestSubjectOf([compiled.everyone, compiled.unknownActors, ...compiled.actions.values()]) })
}

function readActions(actions: unknown, registry: ConstraintRegistry): ReadonlyMap<string, Demands> {
  const entries = Object.entries(actions === undefined ? {} : readObject('actions', actions))
  return new Map(entries.map(([action, demands]) => {
    if (!isActionName(action)) throw wrong('actions', `has a key that is no action name (CAP-1): ${JSON.stringify(action)}`)
    return [action, readDemands(`actions.${action}`, readObject(`actions.${action}`, demands, demandNames), registry, action)]
  }))
}

function readCritical(critical: unknown): ReadonlySet<string> {
  const actions = readSet('critical', critical) ?? new Set<string>()
  for (const action of actions) if (!isActionName(action)) throw wrong('critical', `has an entry that is no action name (CAP-1): ${JSON.stringify(action)}`)
  return actions
}

function readAgents(agents: unknown): AgentPolicy {
  if (agents === undefined) return noPolicy.agents
  const { allowedIds, allowedOperators, allowedTrustDomains, deniedModels, attestedRuntime } = readObject('agents', agents, agentNames) as Readonly<Record<keyof PolicyAgents, unknown>>
  const trustDomains = readSet('agents.allowedTrustDomains', allowedTrustDomains)
  for (const name of trustDomains ?? []) if (!isTrustDomain(name)) throw wrong('agents.allowedTrustDomains', `has an entry that is no trust domain, as in \`example.com\`: ${JSON.stringify(name)}`)
  return {
    allowedIds: readSet('agents.allowedIds', allowedIds),
    allowedOperators: readSet('agents.allowedOperators', allowedOperators),
    allowedTrustDomains: trustDomains,
    deniedModels: readSet('agents.deniedModels', deniedModels),
    needsAttestedRuntime: readRequired('agents.attestedRuntime', attestedRuntime),
  }
}

function readDelegation(delegation: unknown): DelegationPolicy {
  if (delegation === undefined) return noPolicy.delegation
  const { maxDepth, parentJti, knownActors, unknownActors } = readObject('delegation', delegation, delegationNames) as Readonly<Record<keyof PolicyDelegation, unknown>>
  if (maxDepth !== undefined && !isDepth(maxDepth)) throw wrong('delegation.maxDepth', 'must be an integer from 0 to 10')
  if (unknownActors !== undefined && knownActors === undefined) throw wrong('delegation.unknownActors', 'needs `delegation.knownActors`: without it nobody is unknown')
  return {
    maxDepth,
    needsParentJti: readRequired('delegation.parentJti', parentJti),
    knownActors: readSet('delegation.knownActors', knownActors),
    refusesUnknownActors: knownActors !== undefined && (unknownActors === undefined || unknownActors === 'refuse'),
  }
}

function isDepth(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 10
}

function readUnknownActors(unknownActors: unknown, registry: ConstraintRegistry): Demands | undefined {
  const place = 'delegation.unknownActors'
  if (unknownActors === undefined || unknownActors === 'refuse') return undefined
  return readDemands(place, readObject(place, unknownActors, demandNames), registry)
}

/** `place` is where the policy says it, which keeps the quotas of different places apart. */
function readDemands(place: string, demands: Readonly<Record<string, unknown>>, registry: ConstraintRegistry, action?: string): Demands {
  const { purposes, constraints, quotas, approval } = demands as Readonly<Partial<Record<keyof PolicyDemands, unknown>>>
  const at = (name: string): string => (place === '' ? name : `${place}.${name}`)
  return {
    purposes: readSet(at('purposes'), purposes),
    constraints: constraints === undefined ? {} : readConstraints(`option \`policy\`: \`${at('constraints')}\``, constraints, registry, action),
    quotas: quotas === undefined ? [] : readQuotas(at('quotas'), place, quotas, registry),
    needsApproval: readRequired(at('approval'), approval),
  }
}

function readQuotas(at: string, place: string, quotas: unknown, registry: ConstraintRegistry): readonly SubjectQuota[] {
  return Object.entries(readObject(at, quotas, Object.keys(subjects))).filter(([, limits]) => limits !== undefined).flatMap(([per, limits]) =>
    Object.entries(readObject(`${at}.${per}`, limits)).map(([name, limit]) => {
      const where = `${at}.${per}.${name}`
      if (!isQuotaName(name)) throw wrong(where, 'is no name of a quota, such as `max_requests_per_hour` (CON-1)')
      const context = { action: 'any', delegationDepth: 0 }
      const problem = registry.problemOf(name, limit, context)
      if (problem !== undefined) throw wrong(`${at}.${per}`, `has a limit that cannot hold: ${problem}`)
      const [compiled] = registry.compileAll({ [name]: limit }, [], context).map((constraint) => constraint.compiled)
      if (typeof compiled !== 'object' || compiled.kind !== 'quota') throw wrong(where, 'is no quota')
      const subject = subjects[per as keyof PolicyQuotas]
      return { subject, place, name, label: `local policy, ${name} per ${subject}`, window: compiled.window, limit: compiled.limit, quantity: compiled.quantity, countsRequests: compiled.countsRequests }
    }))
}

/** A task's agents and an agent's tasks have only their operator in common. */
function widestSubjectOf(demands: readonly (Demands | undefined)[]): LocalPolicy['widestSubject'] {
  const counted = new Set(demands.flatMap((demand) => demand?.quotas.map(({ subject }) => subject) ?? []))
  if (counted.has('operator') || counted.has('task')) return 'operator'
  return counted.has('agent') ? 'agent' : 'token'
}

function readObject(place: string, value: unknown, names?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, 'must be an object')
  if (names !== undefined) checkNames(place === '' ? 'key of the option `policy`' : `key of \`${place}\` in the option \`policy\``, value, names)
  return value as Readonly<Record<string, unknown>>
}

function readSet(place: string, value: unknown): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string' && item !== '')) throw wrong(place, 'must be a list of non-empty strings')
  return new Set(value)
}

function readRequired(place: string, value: unknown): boolean {
  if (value !== undefined && value !== 'required') throw wrong(place, 'can only be \'required\'')
  return value === 'required'
}

function wrong(place: string, what: string): TypeError {
  return new TypeError(place === '' ? `option \`policy\` ${what}` : `option \`policy\`: \`${place}\` ${what}`)
}
