import type { Denial } from '../model/denial.js'
import type { ParsedAuthorization } from './parse-authorization.js'
import type { TokenFacts } from '../model/token-facts.js'
import { parseDelegation } from './parse-delegation.js'
import { deepFreeze } from './deep-freeze.js'
import { internAgent, internCapability } from './intern.js'
import { capabilitiesOf, type ScopeTable } from './scope-table.js'

type LegacyFacts = Pick<TokenFacts, 'subject' | 'clientId' | 'scopes'>

/** What scopes stand for while an issuer moves to AAP, by scope (DIA-5). */
export type LegacyScopes = ScopeTable

/** `agent.type` of who was admitted by scopes: audit records show by it who has not moved yet. */
const legacyAgentType = 'oauth-client'

/** TOK-8: what becomes an agent's id has an agent id's length. */
const maxAgentIdLength = 128

/**
 * Reads a token that has no AAP claims by its scopes. Its client stands for the agent; it has no task, so that a route which
 * is for certain purposes denies.
 */
export function readLegacyScopes({ subject, clientId, scopes }: LegacyFacts, act: unknown, legacyScopes: LegacyScopes): ParsedAuthorization | Denial {
  const capabilities = capabilitiesOf(scopes, legacyScopes)
  if (capabilities.length === 0) return { code: 'invalid_token', rule: 'DIA-5', detail: 'the token has no AAP claims, and legacyScopes maps none of its scopes' }
  const id = clientId ?? subject ?? ''
  if (id === '' || Array.from(id).length > maxAgentIdLength) return { code: 'invalid_token', rule: 'TOK-8', detail: 'neither client_id nor sub can be an agent id' }

  const { delegation, denial: delegationDenial } = parseDelegation(undefined, act)
  const authorization = { agent: internAgent({ id, type: legacyAgentType, operator: id }), task: {}, capabilities: capabilities.map(internCapability), delegation }
  return { authorization: deepFreeze(authorization), delegationDenial }
}
