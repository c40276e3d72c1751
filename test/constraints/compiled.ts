import { parseTarget } from '../../src/matching/target.js'
import { createRegistry, type NamedConstraint } from '../../src/constraints/registry.js'
import type { ConstraintDefinition, ConstraintFacts } from '../../src/constraints/constraint-definition.js'

/** Where the clock of these tests stands. */
export const nowMs = Date.UTC(2025, 0, 1)

/** The facts of a request; a target is given as text. */
export function factsOf({ target, ...facts }: Record<string, unknown> = {}): ConstraintFacts {
  return { method: 'GET', encrypted: undefined, bodyBytes: undefined, limitsResponse: false, nowMs, ...facts, target: parseTarget(target), isTargetGiven: target !== undefined && target !== null }
}

export function compileAll(constraints: Record<string, unknown>, registered: readonly ConstraintDefinition[] = [], delegationDepth = 0): readonly NamedConstraint[] {
  return createRegistry({ registered, countedPerRequest: new Set(['drafts']) }).compileAll(constraints, [], { action: 'a', delegationDepth })
}

/** What the check of one constraint says, a limit's check included: `pass`, or the code of its refusal. */
export function judge(name: string, value: unknown, facts: Record<string, unknown> = {}, delegationDepth = 0): string {
  const [constraint] = compileAll({ [name]: value }, [], delegationDepth)
  const check = typeof constraint?.compiled === 'object' && constraint.compiled.kind === 'body-limit' ? constraint.compiled.check : constraint?.compiled
  if (typeof check !== 'function') throw new Error(`${name} is no check`)
  const verdict = check(factsOf(facts))
  if (verdict instanceof Promise) throw new Error(`${name} is not synchronous`)
  return verdict.outcome === 'pass' ? 'pass' : verdict.code
}
