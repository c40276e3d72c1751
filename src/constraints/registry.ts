import { describeError } from '../model/describe-error.js'
import { ignoreRejection } from '../model/maybe-promise.js'
import { allowedMethods } from './allowed-methods.js'
import { allowedRegions } from './allowed-regions.js'
import type { ApprovalRequirement, CompiledConstraint, ConstraintContext, ConstraintDefinition, QuotaRequirement } from './constraint-definition.js'
import { dataClassificationMax } from './data-classification-max.js'
import { deny } from './constraint-definition.js'
import { domainsAllowed, domainsBlocked } from './domains.js'
import { ipRangesAllowed } from './ip-ranges-allowed.js'
import { isSameJson } from '../matching/same-json.js'
import { isQuotaName, quotaDefinition } from './quota.js'
import { maxDepth } from './max-depth.js'
import { maxRequestSize } from './max-request-size.js'
import { maxResponseSize } from './max-response-size.js'
import { requireApprovalThreshold } from './require-approval-threshold.js'
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
  readonly rule: string
  readonly compiled: CompiledConstraint
  /** Why it can never hold here: nobody knows the name (CAP-5), or the value does not compile (TOK-10). */
  readonly defect?: Defect
}

type Defect = 'unknown' | 'malformed'

/** All constraints that this server can enforce. What it does not know, it denies (CAP-5). */
export interface ConstraintRegistry {
  /** Every constraint of one capability, in the order in which they are checked. Never throws. */
  compileAll(constraints: Readonly<Record<string, unknown>>, context: ConstraintContext): readonly NamedConstraint[]
  /** Whether the child's value of a constraint admits nothing that the parent's does not (DEL-5). Never throws. */
  isNoLooser(name: string, child: unknown, parent: unknown): boolean
}

export interface RegistryOptions {
  readonly registered: readonly ConstraintDefinition[]
  readonly countedPerRequest: ReadonlySet<string>
}

/** @throws TypeError if a registered constraint has no usable name, one that is taken, or no `compile` */
export function createRegistry({ registered, countedPerRequest }: RegistryOptions): ConstraintRegistry {
  const definitions = new Map(builtIn.map((definition) => [definition.name, definition]))
  for (const definition of registered) {
    checkDefinition(definition, definitions)
    definitions.set(definition.name, definition)
  }
  const rank = new Map(builtIn.map(({ name }, position) => [name, position]))
  const find = (name: string): ConstraintDefinition | undefined => definitions.get(name) ?? quotaDefinition(name, countedPerRequest)
  const byRankThenName = (a: string, b: string): number => (rank.get(a) ?? Infinity) - (rank.get(b) ?? Infinity) || (a < b ? -1 : 1)

  return {
    compileAll: (constraints, context) =>
      Object.keys(constraints).sort(byRankThenName).map((name) => {
        const definition = find(name)
        if (definition === undefined) return unknown(name)
        return compileOne(definition, constraints[name], context)
      }),
    isNoLooser: (name, child, parent) => {
      const definition = find(name)
      return definition?.isNoLooser === undefined ? isSameJson(child, parent) : saysNoLooser(definition, child, parent)
    },
  }
}

function checkDefinition(definition: ConstraintDefinition, taken: ReadonlyMap<string, unknown>): void {
  if (typeof definition !== 'object' || (definition as unknown) === null) throw new TypeError('option `constraints`: each is made with defineConstraint')
  const { name, compile, isNoLooser } = definition as Partial<ConstraintDefinition>
  if (typeof name !== 'string' || name === '') throw new TypeError('option `constraints`: a constraint needs a name')
  if (typeof compile !== 'function') throw new TypeError(`option \`constraints\`: ${name} needs a compile function`)
  if (isNoLooser !== undefined && typeof isNoLooser !== 'function') throw new TypeError(`option \`constraints\`: isNoLooser of ${name} must be a function`)
  if (taken.has(name)) throw new TypeError(`option \`constraints\`: ${name} is defined already`)
  if (isQuotaName(name)) throw new TypeError(`option \`constraints\`: ${name} has the form of a quota (CON-1), which is built in`)
}

function compileOne(definition: ConstraintDefinition, value: unknown, context: ConstraintContext): NamedConstraint {
  const { name, rule = 'CAP-5' } = definition
  try {
    const compiled: unknown = definition.compile(value, context)
    if (isCompiled(compiled)) return { name, rule, compiled }
    // A compile function that is async by mistake: its rejection must not end the process (ERR-2).
    ignoreRejection(compiled)
    // A fault of the definition, which says nothing of the value.
    return denying(name, rule, `${name} did not compile: its compile function returned no check`, 'unknown')
  } catch (error) {
    return denying(name, rule, `${name} does not compile: ${describeError(error)}`, 'malformed')
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
  if (kind === 'approval') return typeof isNeeded === 'function'
  return kind === 'quota' && ['second', 'minute', 'hour', 'day'].includes(window as string) && Number.isSafeInteger(limit) && (limit as number) >= 0 && typeof quantity === 'function'
}

function unknown(name: string): NamedConstraint {
  return denying(name, 'CAP-5', `constraint ${JSON.stringify(name)} is unknown`, 'unknown')
}

function denying(name: string, rule: string, detail: string, defect: Defect): NamedConstraint {
  const verdict = deny('aap_constraint_violation', detail)
  return { name, rule, compiled: () => verdict, defect }
}
