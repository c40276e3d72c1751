import type { AgentAuthorization, Delegation, DelegationHop } from '../model/agent-authorization.js'
import type { AttenuationDifference } from '../model/attenuation.js'
import type { TokenFacts } from '../model/token-facts.js'
import { checkDelegation } from '../checks/delegation.js'
import { noPolicy } from '../checks/local-policy.js'
import { differenceAt, differenceUnless } from './difference.js'

/** An authorization, and facts of the token it stands in where they are known: `req.aap` and `decision.authorization` have them. */
export interface AuthorizationOfToken extends AgentAuthorization {
  readonly token?: Pick<TokenFacts, 'issuer' | 'id' | 'subject' | 'expiresAt'>
}

/**
 * DEL-5 for delegation: exactly one step further than the parent, with the parent's chain and nobody else's in front
 * of the new actor.
 *
 * @see DEL-1, DEL-2, DEL-6
 */
export function compareDelegation(child: AuthorizationOfToken, parent: AuthorizationOfToken): readonly AttenuationDifference[] {
  const at = (member: keyof Delegation, rule: string) => ({ path: `delegation.${member}`, rule, child: child.delegation[member], parent: parent.delegation[member] })
  const { depth, maxDepth, parentJti } = child.delegation
  const differences = [
    ...differenceUnless(depth === parent.delegation.depth + 1, at('depth', 'DEL-1'), 'depth is not one more than the parent\'s'),
    ...differenceUnless(depth <= parent.delegation.maxDepth, at('depth', 'DEL-1'), 'the parent may not be delegated that far'),
    ...differenceUnless(maxDepth <= parent.delegation.maxDepth, at('maxDepth', 'DEL-1'), 'max_depth is above the parent\'s'),
    ...differenceUnless(isOneLonger(child.delegation, parent), at('chain', 'DEL-2'), 'chain is not the parent\'s with one entry more'),
    ...differenceUnless(parentJti === undefined || parent.token === undefined || parentJti === parent.token.id, { ...at('parentJti', 'DEL-2'), parent: parent.token?.id }, 'parent_jti names another token'),
  ]
  // Said last and alone: most of what is wrong in itself also differs.
  return differences.length > 0 ? differences : [...contradictions(parent, child, 'the parent'), ...contradictions(child, child, 'the child')]
}

/** DEL-2: both chains have one form. A parent without a chain is the origin, so that either form may begin. */
function isOneLonger({ chain, chainIncludesOrigin }: Delegation, parent: AuthorizationOfToken): boolean {
  const { chain: before, chainIncludesOrigin: isOriginKnown } = parent.delegation
  if (before.length === 0) return chainIncludesOrigin ? chain.length === 2 && mayBeOrigin(chain[0] as DelegationHop, parent) : chain.length === 1
  return chainIncludesOrigin === isOriginKnown && chain.length === before.length + 1 && before.every((hop, position) => isSameHop(hop, chain[position] as DelegationHop))
}

/** The parent's chain does not say how its origin is called: by its subject where that is known, or by the agent's id. */
function mayBeOrigin({ sub }: DelegationHop, { agent, token }: AuthorizationOfToken): boolean {
  return token?.subject === undefined || sub === token.subject || sub === agent.id
}

function isSameHop(one: DelegationHop, other: DelegationHop): boolean {
  return one.sub === other.sub && one.delegatedAt === other.delegatedAt
}

/** A delegation that no server accepts hands nothing on, and cannot be handed on (DEL-1 to DEL-3). */
function contradictions({ delegation }: AgentAuthorization, child: AgentAuthorization, whose: string): readonly AttenuationDifference[] {
  const denial = checkDelegation(delegation, noPolicy.delegation)
  if (denial === undefined) return []
  return [differenceAt({ path: 'delegation', rule: denial.rule, child: child.delegation, parent: undefined }, `${whose} does not hold: ${denial.detail}`)]
}
