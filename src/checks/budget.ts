import type { Denial } from '../model/denial.js'
import type { OperationBudget } from '../model/agent-authorization.js'

export const spentBudget: Denial = Object.freeze({ code: 'invalid_token', rule: 'INT-4', detail: 'the operation budget is spent' })

/** INT-4: a budget of which the token itself says that nothing is left. What was taken from it here is the store's matter. */
export function checkBudget(budget: OperationBudget | undefined): Denial | undefined {
  return budget?.maxOperations === 0 || budget?.remaining === 0 ? spentBudget : undefined
}
