import type { AgentAuthorization } from '../model/agent-authorization.js'
import { checkDelegation } from '../checks/delegation.js'
import { noPolicy } from '../checks/local-policy.js'
import { copyClaims } from './copy-claims.js'
import { isPlainObject, refuseUnknownMembers } from '../model/plain-object.js'
import { parseAuthorization } from './parse-authorization.js'

export interface ParseClaimsOptions {
  /** Namespace in front of the canonical claim names, such as `https://example.com/` (DIA-3). Default: none. */
  readonly claimPrefix?: string
}

/**
 * Reads the AAP claims of a JWT payload, in whichever dialect they are written: for authorization servers and for
 * tests. It verifies nothing: no signature, and none of `iss`, `aud`, `exp` and the like. The result is deeply frozen
 * and shares nothing with the payload.
 *
 * @throws TypeError that names the rule and the problem, where a guard would refuse the claims or the delegation, and for an unknown option
 * @see DIA-1 to DIA-5, TOK-7, TOK-8, TOK-10, DEL-1 to DEL-3
 */
export function parseClaims(payload: Readonly<Record<string, unknown>>, options: ParseClaimsOptions = {}): AgentAuthorization {
  if (!isPlainObject(options)) throw new TypeError('parseClaims: the options are a plain object')
  refuseUnknownMembers('parseClaims, options', options, ['claimPrefix'] satisfies (keyof ParseClaimsOptions)[])
  const { claimPrefix } = options
  if (claimPrefix !== undefined && (typeof claimPrefix !== 'string' || claimPrefix === '')) throw new TypeError('parseClaims: `claimPrefix` is a non-empty string')
  const parsed = parseAuthorization(copyClaims(payload), claimPrefix)
  const denial = 'code' in parsed ? parsed : (parsed.delegationDenial ?? checkDelegation(parsed.authorization.delegation, noPolicy.delegation))
  if (denial !== undefined) throw new TypeError(`${denial.rule}: ${denial.detail}`)
  return (parsed as Exclude<typeof parsed, { code: unknown }>).authorization
}
