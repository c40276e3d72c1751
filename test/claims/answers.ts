import { expect } from 'vitest'
import { readAgentToken, type AgentTokenSettings } from '../../src/claims/agent-token.js'
import { copyClaims } from '../../src/claims/copy-claims.js'
import type { AgentAuthorization, Capability } from '../../src/model/agent-authorization.js'
import type { ParsedAuthorization } from '../../src/claims/parse-authorization.js'
import type { ScopeTable } from '../../src/claims/scope-table.js'

export type Members = Readonly<Record<string, unknown>>

const now = 1_735_689_600

/** What an issuer of agent tokens answers about an agent that may search, ten minutes after it issued the token. */
export const answerWith = (members: Members = {}): Members => ({
  active: true, scope: 'search.web', client_id: 'client-1', sub: 'agent-7', iat: now - 600, exp: now + 300, jti: 'token-1',
  agent_type: 'autonomous', delegated_by: 'user-42', task_id: 'task-123', intent_description: 'research_and_draft_article', ...members,
})

export const readAnswer = (members: Members = {}, settings?: AgentTokenSettings) => readAgentToken(copyClaims(answerWith(members)), settings)

export function parsedFrom(members: Members = {}, settings?: AgentTokenSettings): ParsedAuthorization {
  const parsed = readAnswer(members, settings)
  expect(parsed).not.toHaveProperty('code')
  return parsed as ParsedAuthorization
}

export const authorizationFrom = (members?: Members, settings?: AgentTokenSettings): AgentAuthorization => parsedFrom(members, settings).authorization

/** `code rule` of a refusal, `undefined` where the answer was read. */
export function refusalOf(members: Members, settings?: AgentTokenSettings): string | undefined {
  const parsed = readAnswer(members, settings)
  return 'code' in parsed ? `${parsed.code} ${parsed.rule}` : undefined
}

/** Actions in their order, by scopes. */
export function actionsFrom(members: Members, settings?: AgentTokenSettings): readonly string[] {
  return authorizationFrom(members, settings).capabilities.map(({ action }) => action)
}

export const tableOf = (entries: Readonly<Record<string, readonly (string | Capability)[]>>): ScopeTable =>
  new Map(Object.entries(entries).map(([scope, list]) => [scope, list.map((one) => (typeof one === 'string' ? { action: one, constraints: {} } : one))]))
