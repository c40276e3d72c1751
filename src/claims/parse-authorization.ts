import type { Agent, AgentAuthorization, AgentRuntime, AuditSettings, Capability, Context, Oversight, Task } from '../model/agent-authorization.js'
import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import type { WireAgent, WireAudit, WireCapabilities, WireContext, WireOversight, WireTask } from '../model/wire-claims.js'
import { compileTimeWindow } from '../matching/time-window.js'
import { parseTimestamp } from '../matching/timestamp.js'
import { isAboutLength, validateAgent, validateAudit, validateCapabilitiesShape, validateContext, validateOversight, validateTask } from '../schema/claim-validators.js'
import { deepFreeze } from './deep-freeze.js'
import { internAgent, internCapability, internOversight } from './intern.js'
import { parseDelegation } from './parse-delegation.js'
import { readDialect, type AapClaims } from './dialect.js'

/** A token's authorization, and what is wrong with its delegation: that is answered later, and with 403 (ORD-1). */
export interface ParsedAuthorization {
  readonly authorization: AgentAuthorization
  readonly delegationDenial: Denial | undefined
}

/**
 * Reads the claims of a JWT, in whichever of the dialects it is written.
 *
 * @returns a denial `invalid_token` where a claim is missing or malformed
 * @see DIA-1, DIA-4, DIA-5, TOK-10
 */
export function parseAuthorization(payload: Claims, claimPrefix: string | undefined): ParsedAuthorization | Denial {
  const claims = readDialect(payload, claimPrefix)
  if ('problem' in claims) return invalidToken(claims.rule, claims.problem)

  const denial = checkShapes(claims)
  if (denial !== undefined) return denial

  const task = readTask(claims.task as WireTask)
  const context = claims.context === undefined ? undefined : readContext(claims.context as WireContext)
  if (task === undefined) return invalidToken('TOK-10', 'task: created_at and expires_at are epoch seconds or RFC 3339')
  if (context === null) return invalidToken('TOK-10', 'context: time_window needs start and end in RFC 3339 with offset, start before end')

  const { delegation, denial: delegationDenial } = parseDelegation(claims.delegation, payload.act)
  const authorization: AgentAuthorization = {
    agent: readAgent(claims.agent as WireAgent),
    task,
    capabilities: (claims.capabilities as WireCapabilities).map(readCapability),
    ...(claims.oversight !== undefined && { oversight: readOversight(claims.oversight as WireOversight) }),
    delegation,
    ...(context !== undefined && { context }),
    ...(claims.audit !== undefined && { audit: readAudit(claims.audit as WireAudit) }),
  }
  return { authorization: deepFreeze(authorization), delegationDenial }
}

function checkShapes(claims: AapClaims): Denial | undefined {
  for (const name of ['agent', 'task', 'capabilities'] as const) {
    if (claims[name] === undefined) return invalidToken('DIA-5', `the token has no claim ${name}`)
  }
  const validators = [
    ['agent', validateAgent],
    ['task', validateTask],
    ['capabilities', validateCapabilitiesShape],
    ['oversight', validateOversight],
    ['context', validateContext],
    ['audit', validateAudit],
  ] as const
  for (const [name, validate] of validators) {
    const problem = claims[name] === undefined ? undefined : validate(claims[name])
    if (problem !== undefined) return invalidToken(isAboutLength(problem) ? 'TOK-8' : 'TOK-10', `${name}: ${problem}`)
  }
  return undefined
}

function invalidToken(rule: string, detail: string): Denial {
  return { code: 'invalid_token', rule, detail }
}

function readAgent(wire: WireAgent): Agent {
  const { model } = wire
  const runtime = readRuntime(wire)
  return internAgent({
    id: wire.id,
    type: wire.type,
    operator: wire.operator,
    ...(model !== undefined && { model: typeof model === 'string' ? model : pick(model, ['provider', 'id', 'version']) }),
    ...(runtime !== undefined && { runtime }),
  })
}

/** An agent that describes its runtime under both names is attested where both say so: an alias never fails open (DIA-4). */
function readRuntime({ runtime, runtime_context: alias }: WireAgent): AgentRuntime | undefined {
  const described = runtime ?? alias
  if (described === undefined) return undefined
  const read = pick(described, ['environment', 'version', 'attested'])
  return alias !== undefined && alias.attested !== described.attested ? { ...read, attested: false } : read
}

/** `undefined` where a time cannot be read. */
function readTask(wire: WireTask): Task | undefined {
  const createdAt = readInstant(wire.created_at)
  const expiresAt = readInstant(wire.expires_at)
  if (Number.isNaN(createdAt) || Number.isNaN(expiresAt)) return undefined
  return {
    id: wire.id,
    purpose: wire.purpose,
    ...(wire.data_sensitivity !== undefined && { dataSensitivity: wire.data_sensitivity }),
    ...(createdAt !== undefined && { createdAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(wire.created_by !== undefined && { createdBy: wire.created_by }),
    ...(wire.context !== undefined && { context: wire.context }),
  }
}

/** Epoch milliseconds; NaN where the text is no RFC 3339 date and time (TSK-1). */
function readInstant(value: number | string | undefined): number | undefined {
  if (value === undefined) return undefined
  return typeof value === 'number' ? value * 1000 : (parseTimestamp(value) ?? NaN)
}

function readCapability(wire: WireCapabilities[number]): Capability {
  return internCapability({
    action: wire.action,
    constraints: wire.constraints ?? {},
    ...(typeof wire.description === 'string' && { description: wire.description }),
    ...pick(wire, ['resources', 'conditions']),
  })
}

function readOversight(wire: WireOversight): Oversight {
  const { level, approval_reference, approval_workflow, approval_timeout } = wire
  return internOversight({
    requiresHumanApprovalFor: [...new Set([...(wire.requires_human_approval_for ?? []), ...(wire.requires_approval_for ?? [])])],
    notifyOn: wire.notify_on ?? [],
    ...(level !== undefined && { level }),
    ...(approval_reference !== undefined && { approvalReference: approval_reference }),
    ...(approval_workflow !== undefined && { approvalWorkflow: approval_workflow }),
    ...(approval_timeout !== undefined && { approvalTimeoutSeconds: approval_timeout }),
  })
}

/** `null` where the window cannot be read. */
function readContext(wire: WireContext): Context | null {
  const { time_window, network_zone, geo_restriction } = wire
  const timeWindow = time_window === undefined ? undefined : compileTimeWindow(time_window)
  if (time_window !== undefined && timeWindow === undefined) return null
  return {
    ...(timeWindow !== undefined && { timeWindow }),
    ...(network_zone !== undefined && { networkZone: network_zone }),
    // CTX-1: `none` stands for no restriction.
    ...(geo_restriction !== undefined && geo_restriction !== 'none' && { geoRestriction: typeof geo_restriction === 'string' ? [geo_restriction] : geo_restriction }),
  }
}

function readAudit(wire: WireAudit): AuditSettings {
  return {
    ...(wire.trace_id !== undefined && { traceId: wire.trace_id }),
    ...(wire.log_level !== undefined && { logLevel: wire.log_level }),
  }
}

/** The named members that are there: members that we do not know are ignored (DIA-4). */
function pick<T extends object, K extends keyof T>(source: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]])) as Pick<T, K>
}
