import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { decide, goodHeader, signNodes } from './deciding-request.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { mutated, nodeOf, type Node } from './json-nodes.js'
import { payload } from './claims-texts.js'
import { readRange } from './oracles/address.js'

type Claims = Record<string, any>
/** Asks for less than before, in place. What it does not find it leaves alone. */
type Narrowing = (claims: Claims, pick: number) => void

const claimOf = (claims: Claims, name: string): any => claims[`aap_${name}`] ?? claims[name]
const isObject = (value: unknown): value is Claims => typeof value === 'object' && value !== null && !Array.isArray(value)
const isLimit = (value: unknown, most = Number.MAX_SAFE_INTEGER): value is number => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string')

function capabilityOf(claims: Claims, pick: number): Claims | undefined {
  const list = claimOf(claims, 'capabilities') as unknown
  const found: unknown = Array.isArray(list) && list.length > 0 ? list[pick % list.length] : undefined
  return isObject(found) ? found : undefined
}

function isCapability(value: unknown): boolean {
  return isObject(value) && ['search.web', 'cms.draft'].includes(value.action as string) && (value.constraints === undefined || isObject(value.constraints))
}

function constraintsOf(claims: Claims, pick: number): Claims {
  const capability = capabilityOf(claims, pick)
  if (capability === undefined) return {}
  if (capability.constraints === undefined) capability.constraints = {}
  return isObject(capability.constraints) ? capability.constraints : {}
}

/** Only a limit that is one: what is malformed refuses, and a smaller number may not be. */
function lower(object: Claims, name: string, pick: number, most?: number): void {
  const value: unknown = object[name]
  if (isLimit(value, most)) object[name] = pick % value
}

function shorten(object: Claims, name: string, pick: number, isWellFormed: (entry: string) => boolean = () => true): void {
  const list: unknown = object[name]
  if (isTexts(list) && list.every(isWellFormed)) object[name] = list.filter((_, i) => i !== pick % Math.max(1, list.length))
}

const narrowings: Readonly<Record<string, Narrowing>> = {
  'a capability is removed': (claims, pick) => {
    const list = claimOf(claims, 'capabilities') as unknown
    // One that is malformed makes the whole token invalid: without it there is more, and rightly.
    if (Array.isArray(list) && list.every(isCapability)) list.splice(pick % Math.max(1, list.length), 1)
  },
  'an unknown constraint is added': (claims, pick) => { constraintsOf(claims, pick)[['max_widgets', 'allowed_hours', 'Domains_allowed', 'max_requests_per_week', 'constructor'][pick % 5]!] = [1, true, {}, 'x'][pick % 4] },
  'a quota is added': (claims, pick) => {
    const constraints = constraintsOf(claims, pick)
    const name = ['max_requests_per_second', 'max_emails_per_day', 'max_unknowns_per_hour'][pick % 3]!
    if (!Object.hasOwn(constraints, name)) constraints[name] = pick % 3
  },
  'a limit is lowered': (claims, pick) => { for (const name of Object.keys(constraintsOf(claims, pick))) if (name.startsWith('max_')) lower(constraintsOf(claims, pick), name, pick, name === 'max_depth' ? 10 : undefined) },
  'the threshold for approvals is lowered': (claims, pick) => {
    const constraints = constraintsOf(claims, pick)
    if (typeof constraints.require_approval_threshold === 'number') constraints.require_approval_threshold -= pick
  },
  'an allowed domain is removed': (claims, pick) => { shorten(constraintsOf(claims, pick), 'domains_allowed', pick) },
  'an allowed range is removed': (claims, pick) => { shorten(constraintsOf(claims, pick), 'ip_ranges_allowed', pick, (entry) => readRange(entry) !== undefined) },
  'an allowed method or region is removed': (claims, pick) => {
    shorten(constraintsOf(claims, pick), 'allowed_methods', pick, (entry) => entry !== '')
    shorten(constraintsOf(claims, pick), 'allowed_regions', pick, (entry) => /^[A-Z]{2}$/.test(entry))
  },
  'a domain is blocked': (claims, pick) => {
    const constraints = constraintsOf(claims, pick)
    if (constraints.domains_blocked === undefined) constraints.domains_blocked = []
    if (isTexts(constraints.domains_blocked)) constraints.domains_blocked.push(['evil.example', 'example.org', '*', ''][pick % 4]!)
  },
  'encryption is required': (claims, pick) => {
    const constraints = constraintsOf(claims, pick)
    if (constraints.require_encryption === undefined || constraints.require_encryption === false) constraints.require_encryption = true
  },
  'resources are named': (claims, pick) => {
    const capability = capabilityOf(claims, pick)
    if (capability !== undefined) capability[pick % 2 === 0 ? 'resources' : 'conditions'] = ['x']
  },
  'the token expires earlier': (claims, pick) => { if (typeof claims.exp === 'number') claims.exp -= pick },
  'the task expires earlier': (claims, pick) => {
    const task: unknown = claimOf(claims, 'task')
    if (isObject(task) && typeof task.expires_at === 'number') task.expires_at -= pick
  },
  'fewer delegations are allowed': (claims, pick) => {
    const delegation: unknown = claimOf(claims, 'delegation')
    if (isObject(delegation)) lower(delegation, 'max_depth', pick, 10)
  },
  'a human has to approve': (claims, pick) => {
    const oversight: unknown = claimOf(claims, 'oversight')
    if (!isObject(oversight)) return
    const name = pick % 2 === 0 ? 'requires_human_approval_for' : 'requires_approval_for'
    if (oversight[name] === undefined) oversight[name] = []
    if (isTexts(oversight[name])) oversight[name].push(['search.web', 'cms.draft'][pick % 2]!)
  },
  'the audience loses an entry': (claims, pick) => { shorten(claims, 'aud', pick) },
}

describe('CAP-2, CAP-3, CAP-4, CAP-5: what asks for less is never allowed more', () => {
  const narrowing = fc.tuple(fc.constantFrom(...Object.keys(narrowings)), fc.nat({ max: 400 }))
  /** Tokens as issuers write them, and others that are refused for all kinds of reasons. */
  const token = fc.oneof(payload.map(nodeOf), mutated(payload.map(nodeOf), 2)).filter(isPlain)

  it('a token that was refused stays refused when a capability, a limit or a right is taken from it', () => {
    const seen = coverage({ 'refused before': 0.3, 'allowed before': 0.15, 'allowed before and after': 0.05, 'allowed before, refused after': 0.05 })
    return checkProperty(fc.asyncProperty(token, fc.array(narrowing, { minLength: 1, maxLength: 3 }), async (node, list) => {
      const claims = plain(node) as Claims
      const before = await decide(signNodes(goodHeader, nodeOf(claims)))
      for (const [name, pick] of list) narrowings[name]!(claims, pick)
      const after = await decide(signNodes(goodHeader, nodeOf(claims)))
      seen.note(`${before.outcome === 'allow' ? 'allowed' : 'refused'} before`)
      if (before.outcome === 'allow') seen.note(after.outcome === 'allow' ? 'allowed before and after' : 'allowed before, refused after')
      // What makes a token unreadable may have stood in what was taken from it: a 401 is about the token and no right in it.
      else if (before.status !== 401) expect({ after: after.outcome, was: before.reason }).toEqual({ after: 'deny', was: before.reason })
      expectCleanPrototypes()
    }), { runs: 300, coverage: seen })
  })
})

/** Whether a tree says the same as a value: no repeated members, no `__proto__`, no numbers that are not finite, and not deep. */
function isPlain(node: Node): boolean {
  if ('text' in node) return node.text !== 'null' && Number.isFinite(typeof JSON.parse(node.text) === 'number' ? JSON.parse(node.text) : 0)
  if ('items' in node) return node.items.every(isPlain)
  const names = node.members.map(([name]) => name)
  return new Set(names).size === names.length && !names.includes('__proto__') && node.members.every(([, value]) => isPlain(value))
}

function plain(node: Node): unknown {
  if ('text' in node) return JSON.parse(node.text)
  return 'items' in node ? node.items.map(plain) : Object.fromEntries(node.members.map(([name, value]) => [name, plain(value)]))
}
