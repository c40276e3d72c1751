import { describeError } from '../model/describe-error.js'
import { ignoreRejection } from '../model/maybe-promise.js'
import { allowedMethods } from './allowed-methods.js'
import { allowedRegions } from './allowed-regions.js'
import type { ApprovalRequirement, BodyLimit, CompiledConstraint, ConstraintContext, ConstraintDefinition, QuotaRequirement } from './constraint-definition.js'
import { dataClassificationMax } from './data-classification-max.js'
import { deny } from './constraint-definition.js'
import { domainsAllowed, domainsBlocked } from './domains.js'
import { ipRangesAllowed } from './ip-ranges-allowed.js'
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
}

/** All constraints that this server can enforce. What it does not know, it denies (CAP-5). */
export interface ConstraintRegistry {
  /** Every constraint of one capability, in the order in which they are checked. Never throws. */
  compileAll(constraints: Readonly<Record<string, unknown>>, context: ConstraintContext): readonly NamedConstraint[]
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
  const byRankThenName = (a: string, b: string): number => (rank.get(a) ?? Infinity) - (rank.get(b) ?? Infinity) || (a < b ? -1 : 1)

  return {
    compileAll: (constraints, context) =>
      Object.keys(constraints).sort(byRankThenName).map((name) => {
        const definition = definitions.get(name) ?? quotaDefinition(name, countedPerRequest)
        if (definition === undefined) return unknown(name)
        return compileOne(definition, constraints[name], context)
      }),
  }
}

function checkDefinition(definition: ConstraintDefinition, taken: ReadonlyMap<string, unknown>): void {
  if (typeof definition !== 'object' || (definition as unknown) === null) throw new TypeError('option `constraints`: each is made with defineConstraint')
  const { name, compile } = definition as Partial<ConstraintDefinition>
  if (typeof name !== 'string' || name === '') throw new TypeError('option `constraints`: a constraint needs a name')
  if (typeof compile !== 'function') throw new TypeError(`option \`constraints\`: ${name} needs a compile function`)
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
    return denying(name, rule, `${name} did not compile: its compile function returned no check`)
  } catch (error) {
    return denying(name, rule, `${name} does not compile: ${describeError(error)}`)
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
  return denying(name, 'CAP-5', `constraint ${JSON.stringify(name)} is unknown`)
}

function denying(name: string, rule: string, detail: string): NamedConstraint {
  const verdict = deny('aap_constraint_violation', detail)
  return { name, rule, compiled: () => verdict }
}

