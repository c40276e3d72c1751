import fc from 'fast-check'
import { audience, issuer, now } from '../token/signed-token.js'

type Claims = Readonly<Record<string, unknown>>

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof(fc.constant(undefined), arbitrary)
/** The first most of the time: a token that is refused for one thing says nothing about the others. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> => fc.oneof({ arbitrary: fc.constant(usual), weight: 8 }, fc.constantFrom(...others))

/** Constraints that hold for the request that all tokens are tried with, or just do not. */
const constraints = fc.record({
  domains_allowed: fc.constantFrom(['example.org'], ['other.example', 'Example.ORG.'], ['org'], ['www.example.org'], ['example.com', '*'], []),
  domains_blocked: fc.constantFrom(['evil.example'], [], ['example.org'], ['www.example.org', 'example.com'], ['.example.com']),
  ip_ranges_allowed: fc.constantFrom(['192.0.2.0/24', '2001:db8::/32'], ['0.0.0.0/0', '::/0'], ['192.0.2.0/24'], ['::ffff:192.0.2.0/120', '2001:db8::/32'], ['192.0.2.0/33']),
  time_window: fc.constantFrom({ start: iso(now - 60), end: iso(now + 60) }, { start: iso(now), end: iso(now + 1) }, { start: iso(now - 1), end: iso(now) }, { start: iso(now + 60), end: iso(now - 60) }),
  allowed_methods: fc.constantFrom(['GET'], ['POST', 'GET'], ['POST'], ['get']),
  allowed_regions: fc.constantFrom(['DE'], ['FR', 'DE'], ['FR'], ['de']),
  data_classification_max: fc.constantFrom('internal', 'restricted', 'public', 'secret'),
  max_depth: fc.constantFrom(0, 1, 2, 10),
  max_request_size: fc.constantFrom(9, 10, 1_000),
  require_approval_threshold: fc.constantFrom(4.99, 5, 1_000),
  require_encryption: fc.boolean(),
  max_requests_per_hour: fc.constantFrom(0, 1, 50),
  max_drafts_per_day: fc.constantFrom(0, 1, 50),
  max_emails_per_minute: fc.constantFrom(1, 2, 50),
  max_letters_per_second: fc.constantFrom(1, 50),
}, { requiredKeys: [] })

/** Few of them at a time, or hardly any token would be allowed anything. */
const fewConstraints = fc.tuple(constraints, fc.nat(), fc.integer({ min: 0, max: 4 })).map(([all, start, count]) => {
  const entries = Object.entries(all)
  return Object.fromEntries(Array.from({ length: Math.min(count, entries.length) }, (_, i) => entries[(start + i) % entries.length]!))
})

const capability = fc.record({
  action: fc.constantFrom('search.web', 'search.web', 'search.web', 'cms.draft'),
  constraints: fewConstraints,
  description: fc.constant('what it is for'),
  resources: mostly<unknown>([], {}, '', ['x']),
}, { requiredKeys: ['action'] })

const chainOf = (depth: number): string[] => Array.from({ length: depth + 1 }, (_, i) => `agent-${i}`)
const delegation = fc.tuple(fc.constantFrom(0, 1, 2, 3), mostly(10, 2, 3), mostly('subjects', 'hops', 'hops', 'none'), fc.boolean()).map(([depth, max_depth, form, hasParent]) => ({
  depth,
  max_depth,
  ...(form === 'subjects' && { chain: chainOf(depth) }),
  ...(form === 'hops' && { chain: chainOf(depth).slice(1).map((sub, i) => ({ sub, delegated_at: now - 100 + i })) }),
  ...(hasParent && { parent_jti: 'parent' }),
}))

const seven = fc.record({
  agent: fc.record({ id: fc.constant('agent-1'), type: fc.constant('llm-autonomous'), operator: fc.constant('org:example'), model: optional(fc.constantFrom<unknown>('gpt', { provider: 'p', id: 'm', version: '1' })), runtime: optional(fc.constant({ environment: 'prod', attested: true })) }),
  task: fc.record({ id: fc.constant('task-1'), purpose: mostly('research', 'other'), created_at: optional(mostly<unknown>(now - 5, now + 60, iso(now + 60), now + 61)), expires_at: optional(mostly<unknown>(now + 1, iso(now + 5), now)), data_sensitivity: optional(mostly('internal', 'restricted', 'public')) }),
  capabilities: fc.array(capability, { minLength: 1, maxLength: 3 }),
  oversight: optional(fc.record({ requires_human_approval_for: mostly<string[]>(['cms.draft'], [], ['search.web']), requires_approval_for: mostly<string[]>([], ['search.web']), notify_on: fc.constant(['cms.draft']), approval_workflow: fc.constant({ type: 'webhook' }), approval_timeout: fc.constant(60) }, { requiredKeys: [] })),
  delegation: optional(delegation),
  context: optional(fc.record({ time_window: mostly({ start: iso(now - 5), end: iso(now + 5) }, { start: iso(now + 1), end: iso(now + 5) }), network_zone: mostly('internal', 'dmz'), geo_restriction: mostly<unknown>('none', 'DE', ['FR', 'DE'], ['FR']) }, { requiredKeys: [] })),
  audit: optional(fc.constant({ trace_id: 'trace-1', log_level: 'info' })),
})

/** Payloads of tokens that issuers would sign: most are in order, some ask for more than the request may have. */
export const payload: fc.Arbitrary<Claims> = fc.tuple(seven, fc.constantFrom('aap_', 'aap_', ''), fc.constantFrom('act', 'no act', 'no act')).map(([claims, prefix, act]) => {
  const chain = claims.delegation?.chain ?? []
  const actors = chain.map((entry) => (typeof entry === 'string' ? entry : entry.sub)).slice(1).reverse()
  const named = Object.entries(claims).filter(([, value]) => value !== undefined).map(([name, value]) => [`${prefix}${name}`, definedOnly(value)])
  return {
    iss: issuer, sub: 'spiffe://example.com/agent', aud: [audience, 'https://other.example'], exp: now + 300, iat: now - 10, jti: 'token-1',
    ...Object.fromEntries(named),
    ...(act === 'act' && actors.length > 0 && { act: actors.reduceRight<unknown>((inner, sub) => ({ sub, ...(inner !== undefined && { act: inner }) }), undefined) }),
  }
})

function definedOnly(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
