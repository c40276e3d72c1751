import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import type { OperationBudget } from '../model/agent-authorization.js'
import type { ParsedAuthorization } from './parse-authorization.js'
import { deepFreeze } from './deep-freeze.js'

/**
 * Puts the budget of an introspection answer beside the authorization that was read from it, in whichever way that was:
 * a limit that the issuer states holds in every dialect.
 *
 * @returns a denial `invalid_token` where a member of the budget is malformed
 * @see INT-4
 */
export function withBudget(parsed: ParsedAuthorization, answer: Claims): ParsedAuthorization | Denial {
  const budget = readBudget(answer)
  if (budget === undefined) return parsed
  return 'code' in budget ? budget : { ...parsed, authorization: deepFreeze({ ...parsed.authorization, budget }) }
}

/** `undefined` where there is nothing to count: `expires_on_completion` alone says of what never comes. */
function readBudget({ max_operations: maxOperations, operations_remaining: remaining, expires_on_completion: expiresOnCompletion = false }: Claims): OperationBudget | Denial | undefined {
  if (!isCount(maxOperations)) return malformed('max_operations is no whole number from 0')
  if (!isCount(remaining)) return malformed('operations_remaining is no whole number from 0')
  if (typeof expiresOnCompletion !== 'boolean') return malformed('expires_on_completion is neither true nor false')
  if (maxOperations === undefined && remaining === undefined) return undefined
  return { ...(maxOperations !== undefined && { maxOperations }), ...(remaining !== undefined && { remaining }), expiresOnCompletion }
}

/** Exact in a double, or absent. */
function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
}

function malformed(detail: string): Denial {
  return { code: 'invalid_token', rule: 'INT-4', detail }
}
