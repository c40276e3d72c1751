import type { Delegation } from '../model/agent-authorization.js'
import type { DelegationPolicy } from './local-policy.js'
import type { Denial } from '../model/denial.js'

/**
 * Whether the depth, the chain and the actors of a token agree with each other and with local policy. Nothing here
 * depends on the request, so it is settled once a token.
 *
 * @see DEL-1, DEL-2, DEL-3, DEL-4
 */
export function checkDelegation(delegation: Delegation, policy: DelegationPolicy): Denial | undefined {
  return checkDepth(delegation, policy) ?? checkChain(delegation) ?? checkParent(delegation, policy) ?? checkActors(delegation) ?? checkKnownActors(delegation, policy)
}

function checkDepth({ depth, maxDepth }: Delegation, policy: DelegationPolicy): Denial | undefined {
  if (depth > maxDepth) return tooDeep(`delegation depth ${depth} is above max_depth ${maxDepth}`)
  return policy.maxDepth !== undefined && depth > policy.maxDepth ? tooDeep(`delegation depth ${depth} is above ${policy.maxDepth}, which local policy allows`) : undefined
}

function tooDeep(detail: string): Denial {
  return { code: 'aap_excessive_delegation', rule: 'DEL-1', detail }
}

function checkChain({ depth, chain, chainIncludesOrigin }: Delegation): Denial | undefined {
  const expected = chainIncludesOrigin ? depth + 1 : depth
  if (chain.length !== expected) return invalidChain('DEL-2', `a chain of ${chain.length} at depth ${depth}`)
  const times = chain.map((hop) => hop.delegatedAt).filter((time) => time !== undefined)
  if (times.some((time, position) => position > 0 && time < (times[position - 1] as number))) return invalidChain('DEL-2', 'delegated_at decreases along the chain')
  return undefined
}

function checkActors({ depth, chain, actors }: Delegation): Denial | undefined {
  if (actors.length === 0) return undefined
  if (depth === 0) return invalidChain('DEL-3', 'act at depth 0')
  if (actors.length > depth) return invalidChain('DEL-3', `${actors.length} nested actors at depth ${depth}`)
  if (actors[0] !== chain.at(-1)?.sub) return invalidChain('DEL-3', 'act is not the last of the chain')

  let position = chain.length - 1
  for (const actor of actors.slice(1)) {
    position = lastIndexBefore(chain, actor, position)
    if (position < 0) return invalidChain('DEL-3', 'the inner actors are not earlier in the chain, in reverse order')
  }
  return undefined
}

/** Who was never delegated has no parent. */
function checkParent({ depth, parentJti }: Delegation, { needsParentJti }: DelegationPolicy): Denial | undefined {
  return needsParentJti && depth > 0 && parentJti === undefined ? invalidChain('DEL-2', 'local policy demands parent_jti') : undefined
}

function checkKnownActors({ chain }: Delegation, { knownActors, refusesUnknownActors }: DelegationPolicy): Denial | undefined {
  const unknown = refusesUnknownActors ? chain.find(({ sub }) => knownActors?.has(sub) !== true) : undefined
  return unknown && invalidChain('DEL-4', `${JSON.stringify(unknown.sub)} in the chain is not in knownActors`)
}

/** Whether a chain holds anyone whom local policy does not know (DEL-4). */
export function hasUnknownActors({ chain }: Delegation, { knownActors }: DelegationPolicy): boolean {
  return knownActors !== undefined && chain.some(({ sub }) => !knownActors.has(sub))
}

function lastIndexBefore(chain: Delegation['chain'], sub: string, end: number): number {
  for (let position = end - 1; position >= 0; position--) if (chain[position]?.sub === sub) return position
  return -1
}

/** The answer to a delegation claim that is malformed or contradicts itself. */
export function invalidChain(rule: string, detail: string): Denial {
  return { code: 'aap_invalid_delegation_chain', rule, detail }
}
