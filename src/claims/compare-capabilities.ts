import type { AgentAuthorization, Capability } from '../model/agent-authorization.js'
import type { AttenuationDifference } from '../model/attenuation.js'
import type { ConstraintRegistry, NamedConstraint } from '../constraints/registry.js'
import { assign } from './assign.js'
import { differenceAt, type Comparison } from './difference.js'
import { isSameJson } from '../matching/same-json.js'
import { unknownMembersOf } from './compile-capability.js'

/**
 * DEL-5 for capabilities: each of the child's is covered by one of the parent's for the same action, which has no
 * constraint that the child's lacks or loosens. What the child's has beside these only narrows it.
 *
 * A capability with quotas covers one of the child's and no more: each has counters of its own (QTA-1), and two would
 * have the quota twice.
 *
 * What is unknown here, constraints (CAP-5) as well as members (CAP-8), may be known where the token is read: it
 * restricts the child only if the parent says the same, and then it might count, as quotas do. A value that is
 * malformed is so everywhere (TOK-10): such a capability of the child admits nothing, and of the parent covers nothing.
 */
export function compareCapabilities(child: AgentAuthorization, parent: AgentAuthorization, registry: ConstraintRegistry): readonly AttenuationDifference[] {
  const grants = byAction(readCapabilities(parent, registry))
  const claims = readCapabilities(child, registry).filter(({ isMalformed }) => !isMalformed)

  const uncovered = claims.flatMap((claim) => {
    const candidates = grants.get(claim.capability.action) ?? []
    const isCovered = candidates.some((grant) => !grant.mayCount && covers(grant, claim, registry))
    return isCovered ? [] : [{ claim, candidates, places: candidates.filter((grant) => grant.mayCount && covers(grant, claim, registry)).map(({ index }) => index) }]
  })
  const hasPlace = assign(uncovered.map(({ places }) => places))
  return uncovered.filter((_, position) => hasPlace[position] !== true).flatMap(({ claim, candidates, places }) => (places.length > 0 ? [taken(claim, places)] : explain(claim, candidates, registry)))
}

/** A capability, with what its constraints come to where it stands. */
interface ReadCapability {
  readonly capability: Capability
  /** Position in its token's list. */
  readonly index: number
  readonly named: readonly NamedConstraint[]
  readonly isMalformed: boolean
  /** Whether something in it counts or may count, so that it covers one capability only. */
  readonly mayCount: boolean
}

function readCapabilities({ capabilities, delegation }: AgentAuthorization, registry: ConstraintRegistry): readonly ReadCapability[] {
  return capabilities.map((capability, index) => {
    const named = registry.compileAll(capability.constraints, [], { action: capability.action, delegationDepth: delegation.depth })
    return {
      capability,
      index,
      named,
      isMalformed: named.some(({ defect }) => defect?.kind === 'malformed'),
      mayCount: named.some(mayCount) || unknownMembersOf(capability).length > 0,
    }
  })
}

function mayCount({ compiled, defect }: NamedConstraint): boolean {
  return defect?.kind === 'unknown' || (typeof compiled === 'object' && compiled.kind === 'quota')
}

function byAction(capabilities: readonly ReadCapability[]): ReadonlyMap<string, readonly ReadCapability[]> {
  const groups = new Map<string, ReadCapability[]>()
  for (const entry of capabilities) {
    const group = groups.get(entry.capability.action)
    if (group === undefined) groups.set(entry.capability.action, [entry])
    else group.push(entry)
  }
  return groups
}

function covers(grant: ReadCapability, claim: ReadCapability, registry: ConstraintRegistry): boolean {
  return differencesOf(claim, grant, registry).next().done === true
}

/** One after the other, so that whoever only asks whether there is one need not wait for the rest. */
function* differencesOf({ capability, index }: ReadCapability, grant: ReadCapability, registry: ConstraintRegistry): Generator<AttenuationDifference, void> {
  for (const { name, rule, defect } of grant.named) {
    const child = Object.hasOwn(capability.constraints, name) ? capability.constraints[name] : undefined
    const parent = grant.capability.constraints[name]
    const comparison = { path: `capabilities[${index}].constraints${memberPath(name)}`, rule, child, parent }
    if (defect?.kind === 'malformed') yield differenceAt(comparison, 'the parent\'s value is malformed, so that its capability admits nothing')
    else if (!Object.hasOwn(capability.constraints, name)) yield differenceAt(comparison, 'the parent has this constraint, the child has not')
    else if (!registry.isNoLooser(name, child, parent)) yield differenceAt(comparison, 'the value is looser than the parent\'s, or may be')
  }
  for (const name of unknownMembersOf(grant.capability)) {
    const [child, parent] = [capability[name], grant.capability[name]]
    if (!isSameJson(child, parent)) yield differenceAt({ path: `capabilities[${index}].${name}`, rule: 'CAP-8', child, parent }, 'the value is not the parent\'s, and nobody knows what it means')
  }
}

/** Constraints can have any name. */
function memberPath(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

/** Why no capability of the parent covers one of the child's: what it lacks against the one that comes closest. */
function explain(claim: ReadCapability, candidates: readonly ReadCapability[], registry: ConstraintRegistry): readonly AttenuationDifference[] {
  let closest: readonly AttenuationDifference[] | undefined
  for (const grant of candidates) {
    const differences = [...differencesOf(claim, grant, registry)]
    if (closest === undefined || differences.length < closest.length) closest = differences
  }
  return closest ?? [differenceAt(whole(claim, 'CAP-2'), `the parent has no capability for ${claim.capability.action}`)]
}

function taken(claim: ReadCapability, places: readonly number[]): AttenuationDifference {
  return differenceAt(whole(claim, 'QTA-1'), `capabilities that cover it in the parent (${places.join(', ')}) have quotas, and cover others already`)
}

function whole({ capability, index }: ReadCapability, rule: string): Comparison {
  return { path: `capabilities[${index}]`, rule, child: capability, parent: undefined }
}
