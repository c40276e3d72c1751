import { describeError } from '../model/describe-error.js'
import { ignoreRejection } from '../model/maybe-promise.js'
import { allowedMethods } from './allowed-methods.js'
import { allowedRegions } from './allowed-regions.js'
import type { ApprovalRequirement, BodyLimit, CompiledConstraint, ConstraintContext, ConstraintDefinition, QuotaRequirement } from './constraint-definition.js'
import { dataClassificationMax } from './data-classification-max.js'
import { definitionMembers, deny } from './constraint-definition.js'
import { domainsAllowed, domainsBlocked } from './domains.js'
import { ipRangesAllowed } from './ip-ranges-allowed.js'
import { isSameJson } from '../matching/same-json.js'
import { isQuotaName, quotaDefinition } from './quota.js'
import { maxDepth } from './max-depth.js'
import { maxRequestSize } from './max-request-size.js'
import { maxResponseSize } from './max-response-size.js'
import { requireApprovalThreshold } from './require-approval-threshold.js'
import { refuseUnknownMembers } from '../model/plain-object.js'
import { requireEncryption } from './require-encryption.js'
import { timeWindow } from './time-window.js'

/** In the order in which they are checked (ORD-1). */
const builtIn: readonly ConstraintDefinition[] = [
  allowedMethods,
  requireEncryption,
  domainsBlocked,
  domainsAllowed,
  ipRangesAllowed,
  timeWindow,
  allowedRegions,
  dataClassificationMax,
  maxDepth,
  maxRequestSize,
  maxResponseSize,
  requireApprovalThreshold,
]

/** A constraint of a token, compiled, with the names that audit records give it. */
export interface NamedConstraint {
  readonly name: string
  /** The name, and whose it is where it is not the token's. */
  readonly label: string
  readonly rule: string
  readonly compiled: CompiledConstraint
  /** Why it can never hold here: nobody knows the name (CAP-5), or the value does not compile (TOK-10). */
  readonly defect?: Defect
}

interface Defect {
  readonly kind: 'unknown' | 'malformed'
  /** In words for whoever wrote it. */
  readonly problem: string
}

/** All constraints that this server can enforce. What it does not know, it denies (CAP-5). */
export interface ConstraintRegistry {
  /**
   * Every constraint of one capability, in the order in which they are checked: the token's own, and under the same name
   * the ones of local policy (CAP-7). Never throws.
   */
  compileAll(own: Constraints, demanded: readonly Constraints[], context: ConstraintContext): readonly NamedConstraint[]
  /** Why a value could never hold, in words for whoever configured it; `undefined` where it can. Never throws. */
  problemOf(name: string, value: unknown, context: ConstraintContext): string | undefined
  /** Whether the child's value of a constraint admits nothing that the parent's does not (DEL-5). Never throws. */
  isNoLooser(name: string, child: unknown, parent: unknown): boolean
  /** Names that are no quota's. */
  readonly names: readonly string[]
}

/** By wire name. */
export type Constraints = Readonly<Record<string, unknown>>

export interface RegistryOptions {
  readonly registered: readonly ConstraintDefinition[]
  readonly countedPerRequest: ReadonlySet<string>
}

/** @throws TypeError if a registered constraint has no usable name, one that is taken, no `compile`, or a member that is unknown */
export function createRegistry({ registered, countedPerRequest }: RegistryOptions): ConstraintRegistry {
  const definitions = new Map(builtIn.map((definition) => [definition.name, definition]))
  for (const definition of registered) {
    checkDefinition(definition, definitions)
    definitions.set(definition.name, definition)
  }
  const rank = new Map(builtIn.map(({ name }, position) => [name, position]))
  const find = (name: string): ConstraintDefinition | undefined => definitions.get(name) ?? quotaDefinition(name, countedPerRequest)
  const byRankThenName = (a: string, b: string): number => (rank.get(a) ?? Infinity) - (rank.get(b) ?? Infinity) || (a < b ? -1 : 1)

  const compile = (name: string, value: unknown, context: ConstraintContext): NamedConstraint => {
    const definition = find(name)
    return definition === undefined ? unknown(name) : compileOne(definition, value, context)
  }

  return {
    compileAll: (own, demanded, context) =>
      [...new Set([own, ...demanded].flatMap((constraints) => Object.keys(constraints)))].sort(byRankThenName).flatMap((name) => [
        ...(Object.hasOwn(own, name) ? [compile(name, own[name], context)] : []),
        ...demanded.filter((constraints) => Object.hasOwn(constraints, name)).map((constraints) => ofPolicy(compile(name, constraints[name], context))),
      ]),
    problemOf: (name, value, context) => compile(name, value, context).defect?.problem,
    isNoLooser: (name, child, parent) => {
      const definition = find(name)
      return definition?.isNoLooser === undefined ? isSameJson(child, parent) : saysNoLooser(definition, child, parent)
    },
    names: [...definitions.keys()],
  }
}

/** Audit records tell a demand of local policy from the token's own. */
function ofPolicy(constraint: NamedConstraint): NamedConstraint {
  return { ...constraint, label: `local policy, ${constraint.name}` }
}

function checkDefinition(definition: ConstraintDefinition, taken: ReadonlyMap<string, unknown>): void {
  if (typeof definition !== 'object' || (definition as unknown) === null) throw new TypeError('option `constraints`: each is made with defineConstraint')
  const { name, rule = '', compile, isNoLooser } = definition as Partial<ConstraintDefinition>
  if (typeof name !== 'string' || name === '') throw new TypeError('option `constraints`: a constraint needs a name')
  if (typeof compile !== 'function') throw new TypeError(`option \`constraints\`: ${name} needs a compile function`)
  refuseUnknownMembers(`option \`constraints\`, ${name}`, definition, definitionMembers)
  if (typeof rule !== 'string') throw new TypeError(`option \`constraints\`: rule of ${name} must be a text`)
  if (isNoLooser !== undefined && typeof isNoLooser !== 'function') throw new TypeError(`option \`constraints\`: isNoLooser of ${name} must be a function`)
  if (taken.has(name)) throw new TypeError(`option \`constraints\`: ${name} is defined already`)
  if (isQuotaName(name)) throw new TypeError(`option \`constraints\`: ${name} has the form of a quota (CON-1), which is built in`)
}

function compileOne(definition: ConstraintDefinition, value: unknown, context: ConstraintContext): NamedConstraint {
  const { name, rule = 'CAP-5' } = definition
  try {
    const compiled: unknown = definition.compile(value, context)
    if (isCompiled(compiled)) return { name, label: name, rule, compiled }
    // A compile function that is async by mistake: its rejection must not end the process (ERR-2).
    ignoreRejection(compiled)
    // A fault of the definition, which says nothing of the value.
    return denying(name, rule, { kind: 'unknown', problem: `${name} did not compile: its compile function returned no check` })
  } catch (error) {
    return denying(name, rule, { kind: 'malformed', problem: `${name} does not compile: ${describeError(error)}` })
  }
}

function saysNoLooser(definition: ConstraintDefinition, child: unknown, parent: unknown): boolean {
  try {
    const answer: unknown = definition.isNoLooser?.(child, parent)
    ignoreRejection(answer)
    return answer === true
  } catch {
    return false
  }
}

function isCompiled(value: unknown): value is CompiledConstraint {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  const { kind, isNeeded, window, limit, quantity } = value as Partial<Record<keyof QuotaRequirement | keyof ApprovalRequirement, unknown>>
  if (kind === 'body-limit') return isBodyLimit(value)
  if (kind === 'approval') return typeof isNeeded === 'function'
  return kind === 'quota' && ['second', 'minute', 'hour', 'day'].includes(window as string) && Number.isSafeInteger(limit) && (limit as number) >= 0 && typeof quantity === 'function'
}

function isBodyLimit({ check, requestBytes = 0, responseBytes = 0 }: Partial<Record<keyof BodyLimit, unknown>>): boolean {
  return typeof check === 'function' && [requestBytes, responseBytes].every((bytes) => Number.isSafeInteger(bytes) && (bytes as number) >= 0)
}

function unknown(name: string): NamedConstraint {
  return denying(name, 'CAP-5', { kind: 'unknown', problem: `constraint ${JSON.stringify(name)} is unknown` })
}

/** TOK-10: what does not compile cannot hold. */
function denying(name: string, rule: string, defect: Defect): NamedConstraint {
  const verdict = deny('aap_constraint_violation', defect.problem)
  return { name, label: name, rule, compiled: () => verdict, defect }
}
