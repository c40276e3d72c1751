import type { Attenuation, AttenuationDifference } from '../model/attenuation.js'
import type { ConstraintDefinition } from '../constraints/constraint-definition.js'
import { compareBudget } from './compare-budget.js'
import { compareCapabilities } from './compare-capabilities.js'
import { compareContext } from './compare-context.js'
import { compareDelegation, type AuthorizationOfToken } from './compare-delegation.js'
import { compareOversight } from './compare-oversight.js'
import { compareTask } from './compare-task.js'
import { createRegistry, type ConstraintRegistry } from '../constraints/registry.js'
import { differenceUnless } from './difference.js'
import { isPlainObject, refuseUnknownMembers } from '../model/plain-object.js'

export interface AttenuationOptions {
  /** Constraints that are registered where the tokens are used, by `defineConstraint`. Default: none. Any other is compared by equality (CAP-5). */
  readonly constraints?: readonly ConstraintDefinition[]
}

/**
 * Says whether a delegated token is no broader than its parent, with the differences (DEL-5). Takes `req.aap`,
 * `decision.authorization`, or what `parseClaims` makes of claims.
 *
 * No broader: whatever requests the child has admitted, the parent's capabilities permit as well, each request under
 * one of them and all of their quotas kept. Where a parent has several capabilities for one action and quotas, a server
 * takes the first that has room (CAP-3), so that the parent may have to make the same requests in another order.
 *
 * True is certain, false is not: a child may be narrower in a way that is not looked for, such as two capabilities
 * that share out the quota of one. Audience, key binding and the counters of quotas and budgets are a token's own and are not
 * compared. Of the token itself, what both have in `token` is: the issuer, the expiry, and `parent_jti`.
 *
 * Never throws for authorizations.
 *
 * @throws TypeError for an unknown option, and if one of `constraints` is no constraint definition, or its name is taken
 */
export function isAttenuationOf(child: AuthorizationOfToken, parent: AuthorizationOfToken, options: AttenuationOptions = {}): Attenuation {
  if (!isPlainObject(options)) throw new TypeError('isAttenuationOf: the options are a plain object')
  refuseUnknownMembers('isAttenuationOf, options', options, ['constraints'] satisfies (keyof AttenuationOptions)[])
  const { constraints = [] } = options
  if (!Array.isArray(constraints)) throw new TypeError('isAttenuationOf: `constraints` is a list made with defineConstraint')
  // Which things every attempt counts decides how much is counted, and nothing about limits.
  const registry = createRegistry({ registered: constraints, countedPerRequest: new Set() })
  const differences = Object.freeze(compareAuthorizations(child, parent, registry))
  return Object.freeze({ isAttenuation: differences.length === 0, differences })
}

/** Everything in which the child may be broader than its parent (DEL-5). */
export function compareAuthorizations(child: AuthorizationOfToken, parent: AuthorizationOfToken, registry: ConstraintRegistry): AttenuationDifference[] {
  return [
    ...compareTask(child.task, parent.task),
    ...compareCapabilities(child, parent, registry),
    ...compareOversight(child, parent),
    ...compareDelegation(child, parent),
    ...compareContext(child.context, parent.context),
    ...compareBudget(child.budget, parent.budget),
    ...compareToken(child.token, parent.token),
  ]
}

/** The same issuer asserted both, and the child does not outlive its parent (DEL-5, DEL-6). */
function compareToken(child: AuthorizationOfToken['token'], parent: AuthorizationOfToken['token']): readonly AttenuationDifference[] {
  if (child === undefined || parent === undefined) return []
  const at = (member: 'issuer' | 'expiresAt') => ({ path: `token.${member}`, rule: 'DEL-5', child: child[member], parent: parent[member] })
  return [
    ...differenceUnless(child.issuer === parent.issuer, at('issuer'), 'another issuer asserted it'),
    ...differenceUnless(child.expiresAt <= parent.expiresAt, at('expiresAt'), 'the token expires after its parent'),
  ]
}
