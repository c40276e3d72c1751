import type { Agent, Delegation, Task } from '../model/agent-authorization.js'
import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import type { WireIntrospectionAnswer } from '../model/wire-introspection-answer.js'
import { capabilitiesOf, splitScopes, type ScopeTable } from './scope-table.js'
import { deepFreeze } from './deep-freeze.js'
import { hasAapClaims } from './dialect.js'
import { internAgent, internCapability } from './intern.js'
import { isAboutLength, validateAgent, validateIntrospectionAnswer } from '../schema/claim-validators.js'
import { parseAuthorization, type ParsedAuthorization } from './parse-authorization.js'
import { parseDelegation } from './parse-delegation.js'
import { withBudget } from './operation-budget.js'

/** How a resource server reads the agent tokens of an issuer. */
export interface AgentTokenSettings {
  /** What scopes stand for. Absent: each that is an action's name stands for that action (INT-3). */
  readonly scopes?: ScopeTable | undefined
  /** Longest `exp - iat`, in seconds. Default 3,600; `Infinity` for no limit, which also admits tokens without `iat` (INT-5). */
  readonly maxLifetimeSeconds?: number | undefined
  /** The greatest delegation depth that local policy allows, which stands in for `max_depth`. Default 10 (INT-6, DEL-1). */
  readonly localMaxDepth?: number | undefined
  /** Namespace in front of the AAP claims of answers that carry these (DIA-3). */
  readonly claimPrefix?: string | undefined
}

const defaultLifetimeSeconds = 3_600

/** DEL-1: no token is delegated further. */
const greatestDepth = 10

/** More than any token in 16,384 bytes could hold: each decision walks over all of them. */
const maxCapabilities = 1_000

/** Whether an answer is in the dialect of agent tokens where it carries no AAP claims (DIA-1). */
export function isAgentToken(answer: Claims): boolean {
  return Object.hasOwn(answer, 'agent_type')
}

/**
 * Reads an introspection answer: by its AAP claims where it has any, else as an agent token. The answer has to be a copy
 * of the caller's own, which is frozen in parts; `readIntrospected` makes one.
 *
 * @returns a denial `invalid_token` where the answer is malformed or in neither dialect
 * @see INT-2 to INT-6
 */
export function readAgentToken(answer: Claims, settings: AgentTokenSettings = {}): ParsedAuthorization | Denial {
  const parsed = hasAapClaims(answer) ? parseAuthorization(answer, settings.claimPrefix) : readFlatMembers(answer, settings)
  return 'code' in parsed ? parsed : withBudget(parsed, answer)
}

function readFlatMembers(answer: Claims, { scopes, maxLifetimeSeconds = defaultLifetimeSeconds, localMaxDepth = greatestDepth }: AgentTokenSettings): ParsedAuthorization | Denial {
  if (!isAgentToken(answer)) return invalidToken('DIA-5', 'the token has no AAP claims and no agent_type')
  const denial = checkEphemeral(answer) ?? checkShape(answer) ?? checkLifetime(answer, maxLifetimeSeconds)
  if (denial !== undefined) return denial

  const wire = answer as unknown as WireIntrospectionAnswer
  const agent = readAgent(wire)
  if ('code' in agent) return agent
  const capabilities = capabilitiesOf(scopesOf(wire), scopes)
  if (capabilities.length > maxCapabilities) return invalidToken('INT-3', `the scopes stand for more than ${maxCapabilities} capabilities`)

  const { delegation, delegationDenial } = readDelegation(answer, localMaxDepth)
  return { authorization: deepFreeze({ agent, task: readTask(wire), capabilities: capabilities.map(internCapability), delegation }), delegationDenial }
}

/** What is wrong with the delegation is answered later, and with 403 (ORD-1, TOK-10); with the budget, by its own rule. */
const readElsewhere = { delegation_depth: undefined, delegation_chain: undefined, act: undefined, max_operations: undefined, operations_remaining: undefined, expires_on_completion: undefined }

function checkShape(answer: Claims): Denial | undefined {
  const problem = validateIntrospectionAnswer({ ...answer, ...readElsewhere })
  return problem === undefined ? undefined : invalidToken(isAboutLength(problem) ? 'TOK-8' : 'INT-2', problem)
}

/** INT-5. */
function checkEphemeral({ agent_type, task_id }: Claims): Denial | undefined {
  return agent_type === 'ephemeral' && task_id === undefined ? invalidToken('INT-5', 'an ephemeral agent has no task_id') : undefined
}

/** INT-5. Without `iat` nobody knows how long the token has been good for. */
function checkLifetime({ exp, iat }: Claims, maxSeconds: number): Denial | undefined {
  if (maxSeconds === Infinity) return undefined
  if (iat === undefined) return invalidToken('INT-5', 'the token has no iat, and its lifetime is limited')
  return (exp as number) - (iat as number) <= maxSeconds ? undefined : invalidToken('INT-5', `the token lives longer than ${maxSeconds} s`)
}

/** INT-6. The lengths are those of an agent claim, whose members these become. */
function readAgent({ sub, client_id, agent_type, organization_id, delegated_by, orchestrator_id, environment }: WireIntrospectionAnswer): Agent | Denial {
  const id = sub ?? client_id
  const operator = organization_id ?? delegated_by ?? client_id
  if (id === undefined) return invalidToken('INT-6', 'neither sub nor client_id says who the agent is')
  if (operator === undefined) return invalidToken('INT-6', 'none of organization_id, delegated_by and client_id says who the operator is')
  const agent: Agent = {
    id,
    type: agent_type as string,
    operator,
    ...(environment !== undefined && { runtime: { environment } }),
    ...(organization_id !== undefined && { organization: organization_id }),
    ...(orchestrator_id !== undefined && { orchestrator: orchestrator_id }),
  }
  const problem = validateAgent(agent)
  return problem === undefined ? internAgent(agent) : invalidToken('TOK-8', `agent: ${problem}`)
}

function readTask({ task_id, task_type, intent_description }: WireIntrospectionAnswer): Task {
  const purpose = intent_description ?? task_type
  return {
    ...(task_id !== undefined && { id: task_id }),
    ...(purpose !== undefined && { purpose }),
    ...(task_type !== undefined && { type: task_type }),
  }
}

/** INT-6. The longer chain begins with the origin, in either form. An empty one is none, which only depth 0 can do without. */
function readDelegation({ delegation_depth: depth = 0, delegation_chain, act, delegated_by }: Claims, maxDepth: number): Pick<ParsedAuthorization, 'delegationDenial'> & { readonly delegation: Delegation } {
  const chain = Array.isArray(delegation_chain) && delegation_chain.length === 0 ? undefined : delegation_chain
  const { delegation, denial } = parseDelegation({ depth, max_depth: maxDepth, ...(chain !== undefined && { chain }) }, act)
  return {
    delegation: {
      ...delegation,
      chainIncludesOrigin: delegation.chain.length === delegation.depth + 1,
      ...(delegated_by !== undefined && { delegatedBy: delegated_by as string }),
    },
    delegationDenial: denial,
  }
}

/** INT-3: a scope that the task does not need stands for nothing. */
function scopesOf({ scope = '', task_scopes }: WireIntrospectionAnswer): readonly string[] {
  const granted = splitScopes(scope)
  if (task_scopes === undefined) return granted
  const needed = new Set(typeof task_scopes === 'string' ? splitScopes(task_scopes) : task_scopes)
  return granted.filter((name) => needed.has(name))
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}
