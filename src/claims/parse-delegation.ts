import type { Delegation, DelegationHop } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { WireDelegation } from '../model/wire-claims.js'
import { invalidChain } from '../checks/delegation.js'
import { isAboutLength, validateDelegation } from '../schema/claim-validators.js'

const none: Delegation = { depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] }

/**
 * Reads the delegation claim and `act`. Where their shape is wrong there is nothing to trust in them: the denial
 * says why, and the delegation that stands in for them is empty.
 *
 * @see DEL-1, DEL-2, DEL-3, TOK-10
 */
export function parseDelegation(claim: unknown, act: unknown): { readonly delegation: Delegation; readonly denial?: Denial } {
  const problem = claim === undefined ? undefined : validateDelegation(claim)
  if (problem !== undefined) return { delegation: none, denial: invalidChain(ruleOf(problem), `delegation: ${problem}`) }

  const actors = readActors(act)
  if (actors === undefined) return { delegation: none, denial: invalidChain('DEL-3', 'act: each actor is an object with a string sub') }
  if (claim === undefined) {
    if (actors.length > 0) return { delegation: none, denial: invalidChain('DEL-3', 'act without a delegation claim') }
    return { delegation: none }
  }

  const { depth, max_depth, chain = [], parent_jti } = claim as WireDelegation
  return {
    delegation: {
      depth,
      maxDepth: max_depth,
      chain: chain.map(readHop),
      chainIncludesOrigin: typeof chain[0] === 'string',
      ...(parent_jti !== undefined && { parentJti: parent_jti }),
      actors,
    },
  }
}

function ruleOf(problem: string): string {
  if (problem.startsWith('/parent_jti')) return 'DEL-2'
  if (isAboutLength(problem)) return 'TOK-8'
  return problem.includes('/chain') ? 'DEL-2' : 'DEL-1'
}

function readHop(entry: string | { sub: string; delegated_at?: number }): DelegationHop {
  if (typeof entry === 'string') return { sub: entry }
  return { sub: entry.sub, ...(entry.delegated_at !== undefined && { delegatedAt: entry.delegated_at }) }
}

/** Outermost first; `undefined` where one has no string `sub`. The strict parser bounds the nesting (TOK-7). */
function readActors(act: unknown): readonly string[] | undefined {
  const actors: string[] = []
  for (let actor = act; actor !== undefined; actor = (actor as { act?: unknown }).act) {
    if (typeof actor !== 'object' || actor === null || Array.isArray(actor)) return undefined
    const { sub } = actor as { sub?: unknown }
    if (typeof sub !== 'string') return undefined
    actors.push(sub)
  }
  return actors
}
