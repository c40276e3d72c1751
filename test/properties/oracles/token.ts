import type { Node } from '../json-nodes.js'
import { isInRange, readAddress, readRange } from './address.js'
import { judgeDelegation } from './delegation.js'
import { readInstant } from './instant.js'

/** Everything about the one request that all tokens are tried with. */
export interface KnownRequest {
  readonly nowMs: number
  readonly issuer: string
  readonly audience: string
  readonly keyId: string
  readonly action: string
  readonly method: string
  /** Labels of the target's host. */
  readonly host: readonly string[]
  readonly addresses: readonly string[]
  readonly purposes: readonly string[]
  readonly classification: string
  readonly region: string
  readonly zone: string
  readonly country: string
  readonly amount: number
  readonly quantities: Readonly<Record<string, number>>
  readonly bodyBytes: number
  readonly encrypted: boolean
}

type Json = string | number | boolean | null | readonly Json[] | JsonObject
interface JsonObject { readonly [name: string]: Json }

class Refusal extends Error {
  constructor(readonly code: string) { super(code) }
}

const toleranceMs = 60_000
const violation = 'aap_constraint_violation'

/**
 * What SPEC sections 3, 5, 6, 7 and 8 say of a token whose signature verifies: `allow`, or the codes that it may be refused
 * with. Written from the rules, on the tree that was written out, so that no JSON parser is between.
 */
export function judgeToken(header: Node, payload: Node, request: KnownRequest): readonly string[] {
  try {
    checkHeader(readObject(header), request)
    return decide(readObject(payload), request)
  } catch (error) {
    if (error instanceof Refusal) return [error.code]
    throw error
  }
}

function demand(holds: boolean, code = 'invalid_token'): void {
  if (!holds) throw new Refusal(code)
}

/** TOK-7 on the tree. */
function readObject(node: Node): JsonObject {
  demand('members' in node)
  return readNode(node, 1) as JsonObject
}

function readNode(node: Node, depth: number): Json {
  if ('text' in node) {
    const value = JSON.parse(node.text) as Json
    demand(typeof value !== 'number' || Number.isFinite(value))
    return value
  }
  demand(depth <= 32)
  if ('items' in node) return node.items.map((item) => readNode(item, depth + 1))
  const names = node.members.map(([name]) => name)
  demand(new Set(names).size === names.length && !names.includes('__proto__'))
  const members = node.members.map(([name, value]) => [name, readNode(value, depth + 1)] as const)
  demand(members.every(([, value]) => value !== null))
  return Object.fromEntries(members)
}

/** TOK-1 to TOK-3. All tokens are signed with ES256. */
function checkHeader(header: JsonObject, { keyId }: KnownRequest): void {
  const { alg, typ, kid, b64 = true } = own(header)
  demand(!Object.hasOwn(header, 'crit') && b64 === true && alg === 'ES256')
  demand(typ === undefined || (typeof typ === 'string' && ['at+jwt', 'application/at+jwt', 'jwt'].includes(typ.toLowerCase())))
  demand(kid === undefined || kid === keyId)
}

function decide(payload: JsonObject, request: KnownRequest): readonly string[] {
  checkStandardClaims(payload, request)
  const claims = readDialect(payload)
  checkShapes(claims)
  const { task, context, delegation, capabilities, oversight } = claims as Record<string, JsonObject>
  checkTask(task!, request)
  if (context !== undefined) checkContext(context, request)
  const code = judgeDelegation(delegation, actorsOf(own(payload).act))
  if (code !== undefined) throw new Refusal(code)

  const candidates = (capabilities as unknown as readonly JsonObject[]).filter(({ action }) => action === request.action)
  demand(candidates.length > 0, 'aap_invalid_capability')
  const needsApproval = [own(oversight ?? {}).requires_human_approval_for, own(oversight ?? {}).requires_approval_for].some((list) => Array.isArray(list) && list.includes(request.action))
  const depth = Number(own(delegation ?? {}).depth ?? 0)
  const failures = candidates.map((candidate) => judgeCapability(candidate, depth, needsApproval, request))
  if (failures.includes('none')) return ['allow']
  if (failures.includes('quota')) return ['quota']
  // CAP-3 has the first failure answer, and OVS-1 the need for an approval: where they differ both are right.
  return [failures[0]!, ...(failures.includes('aap_approval_required') && needsApproval ? ['aap_approval_required'] : [])]
}

/** TOK-4 to TOK-6, TOK-9, POP-1. No proof can accompany a token here. */
function checkStandardClaims(payload: JsonObject, { nowMs, issuer, audience }: KnownRequest): void {
  const { iss, sub, aud, exp, iat, nbf, jti } = own(payload)
  demand(iss === issuer && isText(sub) && isText(jti, 256) && !Object.hasOwn(payload, 'cnf'))
  const audiences = Array.isArray(aud) ? (aud as Json[]) : [aud]
  demand(audiences.every((one) => typeof one === 'string') && audiences.includes(audience))
  demand(typeof exp === 'number' && typeof iat === 'number' && (nbf === undefined || typeof nbf === 'number'))
  demand(nowMs - Number(exp) * 1000 <= toleranceMs && Number(iat) * 1000 <= nowMs + toleranceMs)
  demand(nbf === undefined || nowMs >= Number(nbf) * 1000 - toleranceMs)
}

/** DIA-2, DIA-5. */
function readDialect(payload: JsonObject): Record<string, Json | undefined> {
  const names = ['agent', 'task', 'capabilities', 'oversight', 'delegation', 'context', 'audit']
  const prefixed = names.filter((name) => Object.hasOwn(payload, `aap_${name}`))
  const bare = names.filter((name) => Object.hasOwn(payload, name))
  demand((prefixed.length === 0) !== (bare.length === 0))
  const found = Object.fromEntries(names.map((name) => [name, own(payload)[prefixed.length > 0 ? `aap_${name}` : name]]))
  demand(['agent', 'task', 'capabilities'].every((name) => found[name] !== undefined))
  return found
}

/** TOK-8, TOK-10, CAP-1, DIA-4: the shapes of the claims, where their breach is `invalid_token`. */
function checkShapes({ agent, task, capabilities, oversight, context, audit }: Record<string, Json | undefined>): void {
  const { id, type, operator, model, runtime, runtime_context } = objectOf(agent)
  demand(isText(id, 128) && isText(type, 64) && isText(operator, 256))
  if (isObject(model)) demand(isText(own(model).id) && optional(model, ['provider', 'version'], 'string'))
  else demand(model === undefined || isText(model))
  for (const one of [runtime, runtime_context]) if (one !== undefined) demand(isObject(one) && optional(one, ['environment', 'version'], 'string') && optional(one, ['attested'], 'boolean'))

  const taskOf = objectOf(task)
  demand(isText(taskOf.id, 128) && isText(taskOf.purpose, 256) && optional(task as JsonObject, ['data_sensitivity', 'created_by'], 'string') && (taskOf.context === undefined || isObject(taskOf.context)))
  for (const time of [taskOf.created_at, taskOf.expires_at]) demand(time === undefined || epochMs(time) !== undefined)

  demand(Array.isArray(capabilities) && capabilities.length > 0)
  for (const capability of capabilities as readonly Json[]) {
    const { action, constraints } = objectOf(capability)
    demand(isAction(action) && (constraints === undefined || isObject(constraints)))
  }
  if (oversight !== undefined) {
    const { requires_human_approval_for: one, requires_approval_for: other, notify_on: notify, approval_workflow: workflow, approval_timeout: timeout } = objectOf(oversight)
    for (const list of [one, other, notify]) demand(list === undefined || isTexts(list))
    demand(optional(oversight as JsonObject, ['level', 'approval_reference'], 'string') && (workflow === undefined || isText(objectOf(workflow).type)))
    demand(timeout === undefined || (typeof timeout === 'number' && timeout >= 0))
  }
  if (context !== undefined) {
    const { time_window: window, network_zone: zone, geo_restriction: geo } = objectOf(context)
    demand(window === undefined || windowOf(window) !== undefined)
    demand((zone === undefined || isText(zone)) && (geo === undefined || isText(geo) || (isTexts(geo) && geo.every((one) => isText(one)))))
  }
  if (audit !== undefined) demand((objectOf(audit).trace_id === undefined || isText(objectOf(audit).trace_id, 256)) && optional(audit as JsonObject, ['log_level'], 'string'))
}

/** TSK-1 to TSK-3. */
function checkTask(task: JsonObject, { nowMs, purposes, classification }: KnownRequest): void {
  const { created_at, expires_at, purpose, data_sensitivity: ceiling } = own(task)
  const mismatch = 'aap_task_mismatch'
  demand(created_at === undefined || Number(epochMs(created_at)) <= nowMs + toleranceMs, mismatch)
  demand(expires_at === undefined || nowMs < Number(epochMs(expires_at)), mismatch)
  demand(purposes.includes(purpose as string), mismatch)
  demand(ceiling === undefined || isAdmitted(ceiling, classification), mismatch)
}

/** CTX-1. */
function checkContext(context: JsonObject, { nowMs, zone, country }: KnownRequest): void {
  const { time_window, network_zone, geo_restriction: geo } = own(context)
  const isWithin = time_window === undefined || isIn(windowOf(time_window)!, nowMs)
  const isHere = geo === undefined || geo === 'none' || geo === country || (Array.isArray(geo) && geo.includes(country))
  demand(isWithin && (network_zone === undefined || network_zone === zone) && isHere, 'aap_invalid_context')
}

function actorsOf(act: Json | undefined): unknown[] {
  if (act === undefined) return []
  return isObject(act) ? [own(act).sub ?? false, ...actorsOf(own(act).act)] : [false]
}

/** CAP-4 to CAP-8 in the order of ORD-1. */
function judgeCapability(capability: JsonObject, depth: number, needsApproval: boolean, request: KnownRequest): string {
  const { constraints = {}, resources, conditions } = own(capability)
  const all = Object.entries(constraints as JsonObject)
  const order = ['allowed_methods', 'require_encryption', 'domains_blocked', 'domains_allowed', 'ip_ranges_allowed', 'time_window', 'allowed_regions', 'data_classification_max', 'max_depth', 'max_request_size']
  for (const name of order) {
    const code = Object.hasOwn(constraints as JsonObject, name) ? judgeConstraint(name, own(constraints as JsonObject)[name]!, depth, request) : undefined
    if (code !== undefined) return code
  }
  const quotas = all.filter(([name]) => isQuota(name))
  const isCount = (value: Json): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  const isKnown = ([name, value]: readonly [string, Json]): boolean => order.includes(name) || (isQuota(name) ? isCount(value) : name === 'require_approval_threshold' && typeof value === 'number')
  if (!all.every(isKnown) || ![resources, conditions].every(isEmpty)) return violation

  const threshold = own(constraints as JsonObject).require_approval_threshold
  if (needsApproval || (threshold !== undefined && request.amount > Number(threshold))) return 'aap_approval_required'
  const taken = quotas.map(([name, limit]) => ({ limit: Number(limit), quantity: quantityOf(name, request) }))
  if (taken.some(({ quantity }) => quantity === undefined)) return violation
  return taken.every(({ limit, quantity }) => limit > 0 && quantity! <= limit) ? 'none' : 'quota'
}

/** CON-2 to CON-10, CON-12: the code where one does not hold. */
function judgeConstraint(name: string, value: Json, depth: number, request: KnownRequest): string | undefined {
  const when = (isForm: boolean, holds: () => boolean, code = violation): string | undefined => (!isForm ? violation : holds() ? undefined : code)
  const list = value as readonly string[]
  switch (name) {
    case 'allowed_methods': return when(isTexts(value) && list.every((one) => one !== ''), () => list.includes(request.method))
    case 'require_encryption': return when(typeof value === 'boolean', () => value === false || request.encrypted)
    case 'domains_blocked': return when(isTexts(value), () => list.every(isHost) && !list.some((entry) => covers(entry, request.host)), 'aap_domain_not_allowed')
    case 'domains_allowed': return when(isTexts(value), () => list.some((entry) => covers(entry, request.host)), 'aap_domain_not_allowed')
    case 'ip_ranges_allowed': {
      const ranges = isTexts(value) ? list.map(readRange) : [undefined]
      return when(!ranges.includes(undefined), () => request.addresses.every((address) => ranges.some((range) => isInRange(readAddress(address)!, range!))))
    }
    case 'time_window': return when(isObject(value) && Object.keys(value).length === 2 && windowOf(value) !== undefined, () => isIn(windowOf(value)!, request.nowMs), 'aap_capability_expired')
    case 'allowed_regions': return when(isTexts(value) && list.every((one) => one.length === 2 && Array.from(one).every((letter) => letter >= 'A' && letter <= 'Z')), () => list.includes(request.region))
    case 'data_classification_max': return when(isAdmitted(value, 'public'), () => isAdmitted(value, request.classification))
    case 'max_depth': return when(typeof value === 'number' && value % 1 === 0 && value >= 0 && value <= 10, () => depth <= Number(value), 'aap_excessive_delegation')
    default: return when(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, () => request.bodyBytes <= Number(value), 'request_too_large')
  }
}

/** Names of the tests' tokens: ASCII labels, and addresses, which no name covers. */
function isHost(entry: string): boolean {
  const name = entry.endsWith('.') ? entry.slice(0, -1) : entry
  return readAddress(entry) !== undefined || name.split('.').every((label, i, labels) => /^[A-Za-z0-9_-]+$/.test(label) && (i < labels.length - 1 || !/^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/.test(label)))
}

function covers(entry: string, host: readonly string[]): boolean {
  const labels = (entry.endsWith('.') ? entry.slice(0, -1) : entry).toLowerCase().split('.')
  return isHost(entry) && labels.every((label, i) => host[host.length - labels.length + i] === label)
}

function isQuota(name: string): boolean {
  const words = name.split('_')
  const thing = words.slice(1, -2)
  return words[0] === 'max' && words.at(-2) === 'per' && ['second', 'minute', 'hour', 'day'].includes(words.at(-1)!) && thing.length > 0 && thing.every((word) => /^[a-z0-9]+$/.test(word)) && !/^[0-9]/.test(thing[0]!)
}

/** CON-1, CAP-6. */
function quantityOf(name: string, { quantities }: KnownRequest): number | undefined {
  const thing = name.split('_').slice(1, -2).join('_')
  return thing === 'requests' || thing === 'drafts' ? 1 : Object.hasOwn(quantities, thing) ? quantities[thing] : undefined
}

/** TSK-3. */
function isAdmitted(ceiling: Json, declared: string): boolean {
  const ranks = new Map<Json, number>([['public', 0], ['internal', 1], ['confidential', 2], ['restricted', 3], ['personal', 3]])
  return ranks.has(ceiling) && (ceiling === declared || ranks.get(declared)! < ranks.get(ceiling)!)
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? { some: 1 }).length === 0)
}

function windowOf(value: Json): { readonly start: number; readonly end: number } | undefined {
  const { start: from, end: to } = isObject(value) ? own(value) : {}
  const [start, end] = [from, to].map((time) => (typeof time === 'string' ? epochMs(time) : undefined))
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined
}

function isIn({ start, end }: { start: number; end: number }, nowMs: number): boolean {
  return start <= nowMs && nowMs < end
}

function epochMs(time: Json): number | undefined {
  if (typeof time === 'number') return time * 1000
  const instant = typeof time === 'string' ? readInstant(time) : undefined
  return instant && Number(instant.ms) + Number(`0.${instant.rest}`)
}

function isAction(value: Json | undefined): boolean {
  return isText(value, 128) && value.split('.').every((component) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(component) && !component.includes('\n'))
}

function isText(value: Json | undefined, most = Infinity): value is string {
  return typeof value === 'string' && value !== '' && Array.from(value).length <= most
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectOf(value: Json | undefined): Readonly<Record<string, Json | undefined>> {
  demand(isObject(value))
  return own(value as JsonObject)
}

function optional(object: JsonObject, names: readonly string[], type: string): boolean {
  return names.every((name) => !Object.hasOwn(object, name) || typeof object[name] === type)
}

/** Own members only: a claim named `constructor` is none. */
function own(object: JsonObject): Readonly<Record<string, Json | undefined>> {
  return Object.assign(Object.create(null) as object, object)
}
