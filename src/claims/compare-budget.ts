import type { AttenuationDifference } from '../model/attenuation.js'
import type { OperationBudget } from '../model/agent-authorization.js'
import { differenceUnless } from './difference.js'

/** DEL-5 for the budget (INT-4): the child has one no larger. What is left of it is a counter, and each token's own. */
export function compareBudget(child: OperationBudget | undefined, parent: OperationBudget | undefined): readonly AttenuationDifference[] {
  const [most, allowed] = [child?.maxOperations, parent?.maxOperations]
  return differenceUnless(allowed === undefined || (most ?? Infinity) <= allowed, { path: 'budget.maxOperations', rule: 'INT-4', child: most, parent: allowed }, 'max_operations is above the parent\'s')
}
