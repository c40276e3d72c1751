import { describe, expect, it } from 'vitest'
import { runInNewContext } from 'node:vm'
import policySchema from '../../schemas/policy.schema.json' with { type: 'json' }
import { createGuard } from '../../src/guard/create-guard.js'
import { guarding, requestBy } from './guarding.js'
import { audience, issuer, jwks } from '../token/signed-token.js'
import { compilePolicy } from '../../src/guard/compile-policy.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { deny } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'

const own = { name: 'own_limit', compile: (value: unknown) => { if (typeof value !== 'number') throw new TypeError('must be a number'); return () => pass } }
const valid = { issuer: { issuer, jwks }, audience, audit: [], constraints: [own], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } }
const registry = createRegistry({ registered: [own], countedPerRequest: new Set() })

/** The message of the error that start-up ends with; `undefined` where there is none. */
function refusalOf(policy: unknown): string | undefined {
  try {
    compilePolicy(policy, registry)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
}

/** A policy that says only this, at a place such as `delegation.unknownActors.purposes`. */
function policyWith(place: string, value: unknown): Record<string, unknown> {
  const policy = place.split('/').reduceRight((inner: unknown, name) => Object.fromEntries([[name, inner]]), value) as Record<string, any>
  // Without knownActors nobody is unknown.
  return place.startsWith('delegation/unknownActors') ? { delegation: { knownActors: ['x'], ...policy.delegation } } : policy
}

const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0
const texts: readonly unknown[] = [[], ['x'], ['x', 'y', 'x'], ['__proto__'], ['a'.repeat(10_000)]]
const demands = { purposes: ['p'], constraints: { max_depth: 1 }, quotas: { perAgent: { max_requests_per_hour: 1 } }, approval: 'required' }
const kinds = {
  text: { right: ['', 'https://example.com/x.json'] as readonly unknown[], isRight: (value: unknown) => typeof value === 'string' },
  texts: { right: texts, isRight: (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '') },
  actionNames: { right: [[], ['a', 'cms.publish', 'a'.repeat(128)]], isRight: (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[a-z]+$/.test(item)) },
  domains: { right: [[], ['example.com', 'a_b-c.9', 'x'.repeat(255)]], isRight: (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[a-z0-9._-]{1,255}$/.test(item)) },
  required: { right: ['required'], isRight: (value: unknown) => value === 'required' },
  depth: { right: [0, 1, 10], isRight: (value: unknown) => [0, 1, 10].includes(value as number) },
  constraints: { right: [{}, { max_depth: 3, own_limit: 1 }], isRight: isEmpty },
  quotas: { right: [{}, { perAgent: {}, perTask: {}, perOperator: {} }], isRight: isEmpty },
  limits: { right: [{}, { max_requests_per_second: 0, max_drafts_per_minute: 1, max_a_b2_per_day: 2 ** 53 - 1 }], isRight: isEmpty },
  demands: { right: [{}, demands], isRight: isEmpty },
  refuseOrDemands: { right: ['refuse', {}, demands], isRight: (value: unknown) => value === 'refuse' || isEmpty(value) },
  actions: { right: [{}, { 'a.b': {}, c: demands }], isRight: isEmpty },
  object: { right: [{}], isRight: isEmpty },
}

const demandPlaces = { purposes: 'texts', constraints: 'constraints', quotas: 'quotas', 'quotas/perAgent': 'limits', 'quotas/perTask': 'limits', 'quotas/perOperator': 'limits', approval: 'required' } as const
const below = (place: string) => Object.fromEntries(Object.entries(demandPlaces).map(([name, kind]) => [`${place}/${name}`, kind]))
const places: Readonly<Record<string, keyof typeof kinds>> = {
  $schema: 'text',
  ...demandPlaces,
  actions: 'actions',
  'actions/cms.publish': 'demands',
  ...below('actions/cms.publish'),
  critical: 'actionNames',
  agents: 'object',
  'agents/allowedIds': 'texts',
  'agents/allowedOperators': 'texts',
  'agents/allowedTrustDomains': 'domains',
  'agents/deniedModels': 'texts',
  'agents/attestedRuntime': 'required',
  delegation: 'object',
  'delegation/maxDepth': 'depth',
  'delegation/parentJti': 'required',
  'delegation/knownActors': 'texts',
  'delegation/unknownActors': 'refuseOrDemands',
  ...below('delegation/unknownActors'),
}

const junk: readonly unknown[] = [null, true, false, '', 'x', 'required', 'refuse', 0, 1, -1, 0.5, 10, 11, NaN, Infinity, 2 ** 53, '1', 1n, [], ['x'], [''], [1], [null], [undefined], [['x']], {}, { x: 1 }, { 0: 'x', length: 1 }, { required: true }, new Set(['x']), new Map([['max_requests_per_hour', 1]]), new Date(0), /x/, () => ['x'], Symbol('x'), new Number(1), new String('required')]
const show = (value: unknown): string => (typeof value === 'bigint' || typeof value === 'symbol' ? value.toString() : value instanceof Object && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype ? Object.prototype.toString.call(value) : JSON.stringify(value))

describe('every key of the policy is checked at start-up', () => {
  it('the table below knows every key of the schema', () => {
    const keysOf = (schema: any, place: string): string[] => {
      const { $ref, properties = {}, additionalProperties, anyOf = [] } = schema
      if ($ref !== undefined) return keysOf((policySchema.$defs as any)[$ref.replace('#/$defs/', '')], place)
      const at = (name: string): string => (place === '' ? name : `${place}/${name}`)
      const named = Object.entries(properties).flatMap(([name, member]) => [at(name), ...keysOf(member, at(name))])
      const any = additionalProperties?.$ref?.endsWith('/demands') ? [at('cms.publish'), ...keysOf(additionalProperties, at('cms.publish'))] : []
      return [...named, ...any, ...anyOf.flatMap((alternative: any) => keysOf(alternative, place))]
    }
    expect(Object.keys(places).sort()).toEqual([...new Set(keysOf(policySchema, ''))].sort())
  })

  const rows = Object.entries(places).map(([place, kind]) => [place, kinds[kind]] as const)

  it.each(rows)('%s: what it can be', (place, { right }) => {
    for (const value of right) expect(refusalOf(policyWith(place, value)), show(value)).toBeUndefined()
  })

  it.each(rows)('%s: everything else fails, and the message names the option', (place, { isRight }) => {
    const wrong = junk.filter((value) => !isRight(value))
    expect(wrong.length).toBeGreaterThan(30)
    for (const value of wrong) expect(refusalOf(policyWith(place, value)), show(value)).toMatch(/option `policy`/)
  })

  it.each(rows.map(([place]) => place).filter((place) => !place.endsWith('cms.publish')))('%s: undefined is absent', (place) => {
    expect(refusalOf(policyWith(place, undefined))).toBeUndefined()
  })

  it('an action without demands is a mistake', () => {
    expect(refusalOf({ actions: { a: undefined } })).toMatch(/`actions\.a` must be an object/)
  })

  it.each(rows.map(([place]) => place).filter((place) => place !== '$schema'))('%s: the message names the place', (place) => {
    const name = place.split('/').join('.')
    expect(refusalOf(policyWith(place, 7.5))).toContain(`\`${name}\``)
  })

  it.each([null, 5, 'x', [], [{}], () => ({}), true])('no policy: %j', (policy) => {
    expect(refusalOf(policy)).toMatch(/`policy`/)
    expect(() => createGuard({ ...valid, policy } as never)).toThrow(/option `policy`/)
  })

  it('and it is createGuard that fails', () => {
    expect(() => createGuard({ ...valid, policy: { purposes: [''] } })).toThrow(new TypeError('option `policy`: `purposes` must be a list of non-empty strings'))
  })
})

describe('unknown names, at every level', () => {
  it.each<[string, string, string]>([
    ['', 'purpose', 'purposes'], ['', 'constraint', 'constraints'], ['', 'Quotas', 'quotas'], ['', 'aproval', 'approval'], ['', 'action', 'actions'], ['', 'agent', 'agents'], ['', 'delegations', 'delegation'], ['', 'schema', '$schema'],
    ['actions/a', 'purposs', 'purposes'], ['actions/a', 'quota', 'quotas'], ['actions/a', 'approvals', 'approval'],
    ['agents', 'allowedId', 'allowedIds'], ['agents', 'allowedoperators', 'allowedOperators'], ['agents', 'allowedTrustDomain', 'allowedTrustDomains'], ['agents', 'deniedModel', 'deniedModels'], ['agents', 'attestedRuntimes', 'attestedRuntime'],
    ['delegation', 'maxdepth', 'maxDepth'], ['delegation', 'max_depth', 'maxDepth'], ['delegation', 'parentJTI', 'parentJti'], ['delegation', 'knowActors', 'knownActors'], ['delegation', 'unknownActor', 'unknownActors'],
    ['quotas', 'perAgents', 'perAgent'], ['quotas', 'per_task', 'perTask'], ['quotas', 'perOperators', 'perOperator'],
    ['actions/a/quotas', 'peragent', 'perAgent'], ['delegation/unknownActors', 'constrains', 'constraints'], ['delegation/unknownActors/quotas', 'perTasks', 'perTask'],
  ])('%s: %s, did you mean %s?', (place, name, meant) => {
    const policy = place === '' ? { [name]: {} } : policyWith(`${place}/${name}`, {})
    expect(refusalOf(policy)).toMatch(new RegExp(`unknown key .*\`${name.replace('$', '\\$')}\`, did you mean \`${meant.replace('$', '\\$')}\`\\?$`))
  })

  it.each(['', 'actions/a', 'agents', 'delegation', 'quotas', 'delegation/unknownActors'])('%s: what belongs elsewhere, and what belongs nowhere', (place) => {
    const known = Object.keys(places).filter((key) => key.split('/').slice(0, -1).join('/') === place.replace('/a', '/cms.publish')).map((key) => key.split('/').at(-1))
    const names = ['actions', 'agents', 'delegation', 'perAgent', 'perToken', 'maxDepth', 'allowedIds', 'quotas', 'approval', 'max_requests_per_hour', 'constructor', 'toString', 'hasOwnProperty', '', ' ', 'somethingElse'].filter((name) => !known.includes(name))
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) expect(refusalOf(policyWith(place === '' ? name : `${place}/${name}`, {})), name).toMatch(/^unknown key of .*`policy`/)
  })

  it.each(['actions/a/', 'delegation/unknownActors/'])('critical actions are listed at the top, not below %s', (place) => {
    expect(refusalOf(policyWith(`${place}critical`, ['a']))).toMatch(/^unknown key of .*`critical`/)
  })

  it.each([null, true, 'a', {}, [''], [1], ['a b'], ['1a']])('OVS-4: critical as %j', (critical) => {
    expect(refusalOf({ critical })).toMatch(/`critical`/)
  })
})

describe('constraints of a policy are ones that this guard knows and that can hold', () => {
  const malformed: readonly (readonly [string, readonly unknown[]])[] = [
    ['allowed_methods', ['GET', {}, [1], [''], null, [null], 5, ['get'], ['GET', 'Post']]],
    ['require_encryption', ['true', 1, 0, null, []]],
    ['domains_blocked', ['example.org', [1], [''], ['*'], ['*.example.org'], ['.example.org'], ['https://example.org'], ['example.org:443'], ['example.org/x'], ['a b'], ['user@example.org'], ['example.org', '*'], {}, null]],
    ['domains_allowed', ['example.org', [1], [''], ['*'], ['*.example.org'], ['.example.org'], ['https://example.org'], ['example.org:443'], ['example..org'], ['10.0.0.0/8'], ['[::1'], ['example.org', ''], {}, null]],
    ['ip_ranges_allowed', ['10.0.0.0/8', ['10.0.0.0'], ['10.0.0.0/33'], ['10.0.0.0/8', ''], ['::/129'], ['::ffff:10.0.0.0/8'], ['10.0.0.0/8/8'], ['example.org/8'], [8], {}, null]],
    ['time_window', [null, [], 'x', {}, { start: '2025-01-01T00:00:00Z' }, { end: '2025-01-01T00:00:00Z' }, { start: '2025-01-02T00:00:00Z', end: '2025-01-01T00:00:00Z' }, { start: '2025-01-01T00:00:00Z', end: '2025-01-01T00:00:00Z' }, { start: '2025-01-01T00:00:00', end: '2025-01-02T00:00:00' }, { start: '2025-02-30T00:00:00Z', end: '2025-03-02T00:00:00Z' }, { start: 0, end: 1 }, { start: '2025-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z', days: [1] }]],
    ['allowed_regions', ['DE', ['de'], ['DEU'], [''], [1], {}, null]],
    ['data_classification_max', ['secret', 'PUBLIC', '', ['public'], 1, null, 'toString', '__proto__']],
    ['max_depth', [-1, 11, 0.5, '1', null, [], {}]],
    ['max_request_size', [-1, 0.5, 2 ** 53, '1', null, []]],
    ['max_response_size', [-1, 0.5, 2 ** 53, '1', null, []]],
    ['require_approval_threshold', ['1', null, [], {}, true]],
    ['max_requests_per_hour', [-1, 0.5, 2 ** 53, '1', null, [], {}]],
    ['max_emails_per_day', [-1, 0.5, '1', null]],
    ['own_limit', ['1', null, [], true]],
  ]
  const wherever = ['constraints', 'actions/a/constraints', 'delegation/unknownActors/constraints']

  it('the table knows every constraint', () => {
    expect(malformed.map(([name]) => name).filter((name) => !name.includes('_per_')).sort()).toEqual([...registry.names].sort())
  })

  it.each(wherever.flatMap((place) => malformed.map(([name, values]) => [place, name, values] as const)))('%s: %s of a wrong type or form', (place, name, values) => {
    for (const value of values) expect(refusalOf(policyWith(place, { max_depth: 1, [name]: value })), show(value)).toContain(`option \`policy\`: \`${place.replaceAll('/', '.')}\`: ${name} `)
  })

  it.each(wherever)('%s: undefined is no value, or a demand that was misspelled in the configuration would be none', (place) => {
    for (const [name] of malformed) expect(refusalOf(policyWith(place, { [name]: undefined })), name).toContain(name)
  })

  it.each<[string, string?]>([
    ['domain_allowed', 'domains_allowed'], ['domains_denied'], ['max_request_sise', 'max_request_size'], ['allowed_method', 'allowed_methods'], ['Max_Depth', 'max_depth'], ['own_limits', 'own_limit'], ['time_windows', 'time_window'],
    ['max_requests_per_week'], ['requests_per_hour'], ['constructor'], ['toString'], ['hasOwnProperty'], ['perAgent'], [''],
  ])('unknown: %s', (name, meant) => {
    for (const place of wherever) {
      const message = refusalOf(policyWith(place, { [name]: 1 }))
      expect(message).toContain(`has an unknown constraint \`${name}\``)
      if (meant === undefined) expect(message, name).toMatch(name.startsWith('max_') || name === 'domains_denied' ? /unknown/ : /`$/)
      else expect(message).toContain(`did you mean \`${meant}\``)
    }
  })

  it('a constraint that another guard knows is unknown here', () => {
    expect(() => createGuard({ ...valid, constraints: [], policy: { constraints: { own_limit: 1 } } })).toThrow('unknown constraint `own_limit`')
  })

  it('a registered constraint is compiled at start-up, with the action where there is one', () => {
    const seen: unknown[] = []
    const telling = { name: 'telling', compile: (value: unknown, context: object) => { seen.push([value, context]); return () => pass } }
    createGuard({ ...valid, constraints: [telling], policy: { constraints: { telling: 1 }, actions: { 'cms.draft': { constraints: { telling: 2 } } } } })
    expect(seen).toEqual([[1, { action: 'any', delegationDepth: 0 }], [2, { action: 'cms.draft', delegationDepth: 0 }]])
  })

  it.each<[string, () => unknown]>([['returns nothing', () => undefined], ['rejects', () => Promise.reject(new Error('late'))], ['returns text', () => 'pass'], ['returns a quota without window', () => ({ kind: 'quota', limit: 1, quantity: () => 1 })]])('a registered constraint whose compile %s fails at start-up', (_, compile) => {
    const broken = { name: 'broken', compile }
    expect(() => createGuard({ ...valid, constraints: [broken], policy: { constraints: { broken: 1 } } } as never)).toThrow(/`policy`.*broken did not compile/)
  })
})

describe('QTA-5: the names and limits of quotas', () => {
  it.each(['max_requests_per_week', 'requests_per_hour', 'max__per_hour', 'max_Requests_per_hour', 'max_requests_per_hours', ' max_requests_per_hour', 'max_requests_per_hour\n', 'max_1_per_hour', 'max_requests_per', 'constructor', 'toString', 'max_depth', 'own_limit', ''])('%j is no name of a quota', (name) => {
    for (const place of ['quotas/perAgent', 'actions/a/quotas/perTask', 'delegation/unknownActors/quotas/perOperator']) expect(refusalOf(policyWith(place, { [name]: 1 }))).toContain('is no name of a quota')
  })

  it.each([-1, 0.5, 2 ** 53, '5', null, [], [5], {}, true, undefined])('%j is no limit', (limit) => {
    for (const place of ['quotas/perAgent', 'actions/a/quotas/perTask', 'delegation/unknownActors/quotas/perOperator']) expect(refusalOf(policyWith(place, { max_requests_per_hour: limit }))).toContain(`\`${place.replaceAll('/', '.')}\` has a limit that cannot hold: max_requests_per_hour`)
  })
})

describe('names that objects have anyway', () => {
  it.each(['', 'actions/', 'agents/', 'delegation/', 'constraints/', 'quotas/', 'quotas/perAgent/', 'actions/a/', 'actions/a/constraints/', 'delegation/unknownActors/'])('an own %s__proto__, as JSON.parse makes it, is refused and pollutes nothing', (place) => {
    const inner = JSON.parse('{"__proto__": {"approval": "required", "max_requests_per_hour": 1}}')
    const policy = place === '' ? inner : policyWith(place.slice(0, -1), inner)
    expect(refusalOf(policy)).toContain('__proto__')
    expect(({} as Record<string, unknown>).approval).toBeUndefined()
  })

  it('constructor, toString and valueOf can be actions, and mean themselves only', async () => {
    const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty']
    const policy = Object.fromEntries(names.map((name) => [name, { approval: 'required' }]))
    const capabilities = [...names, 'isPrototypeOf'].map((action) => ({ action }))
    const { guard } = guarding({ policy: { actions: policy } })
    for (const action of names) expect((await guard.authorize(requestBy({ aap_capabilities: capabilities }), action)).error).toBe('aap_approval_required')
    expect((await guard.authorize(requestBy({ aap_capabilities: capabilities }), 'isPrototypeOf')).status).toBe(200)
    // Where no action is named, none is found on a prototype.
    expect((await guarding({ policy: { actions: {} } }).guard.authorize(requestBy({ aap_capabilities: capabilities }), 'constructor')).status).toBe(200)
  })

  it.each(['__proto__', '', '1a', 'a..b', 'a b', '*', 'cms.*', 'ä', 'a'.repeat(129)])('CAP-1: %j is no action', (action) => {
    expect(refusalOf({ actions: Object.fromEntries([[action, {}]]) })).toMatch(/`actions` has a key that is no action name/)
  })

  it('TSK-2, AGT-1, DEL-4: lists hold what is in them and nothing else', async () => {
    const answer = async (policy: object, claims: object) => (await guarding({ policy }).guard.authorize(requestBy(claims as Record<string, unknown>), 'a')).status
    expect(await answer({ purposes: ['x'] }, { aap_task: { id: 't', purpose: 'constructor' } })).toBe(403)
    expect(await answer({ purposes: ['constructor'] }, { aap_task: { id: 't', purpose: 'constructor' } })).toBe(200)
    expect(await answer({ agents: { allowedIds: ['x'] } }, { aap_agent: { id: '__proto__', type: 't', operator: 'o' } })).toBe(403)
    expect(await answer({ agents: { allowedIds: ['__proto__'] } }, { aap_agent: { id: '__proto__', type: 't', operator: 'o' } })).toBe(200)
    expect(await answer({ delegation: { knownActors: ['a'] } }, { aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'toString'] } })).toBe(403)
    expect(await answer({ delegation: { knownActors: ['a', 'toString'] } }, { aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'toString'] } })).toBe(200)
  })
})

describe('a policy is plain data', () => {
  class Configured { readonly purposes = ['x'] }
  class Computed { get purposes() { return ['x'] } }
  const circular: Record<string, unknown> = {}
  circular.agents = circular

  it.each<[string, unknown]>([
    ['a Map', new Map([['purposes', ['x']]])],
    ['a Set', new Set()],
    ['a Date', new Date()],
    ['an instance', new Configured()],
    ['getters of a class', new Computed()],
    ['what inherits from a policy', Object.create({ purposes: ['x'] })],
    ['a Map of actions', { actions: new Map([['a', { approval: 'required' }]]) }],
    ['a Map of constraints', { constraints: new Map([['max_depth', 0]]) }],
    ['a Map of limits', { quotas: { perAgent: new Map([['max_requests_per_hour', 1]]) } }],
    ['a Set of ids', { agents: { allowedIds: new Set(['x']) } }],
    ['a Date in a constraint', { constraints: { own_limit: new Date() } }],
    ['a function in a constraint', { constraints: { own_limit: () => 1 } }],
    ['a symbol in a constraint', { constraints: { own_limit: Symbol('x') } }],
    ['NaN', { constraints: { require_approval_threshold: NaN } }],
    ['an infinite threshold', { constraints: { require_approval_threshold: Infinity } }],
    ['a circle', circular],
    ['a promise', Promise.resolve({})],
  ])('%s is refused', (_, policy) => {
    expect(refusalOf(policy)).toMatch(/^option `policy` must be plain data, as in JSON/)
  })

  it('says where it is not', () => {
    expect(refusalOf({ actions: { a: { constraints: { own_limit: [1, new Map()] } } } })).toBe('option `policy` must be plain data, as in JSON: `actions.a.constraints.own_limit.1` is not')
  })

  it('a hole in a list is no text', () => {
    // eslint-disable-next-line no-sparse-arrays -- this is one
    expect(refusalOf({ purposes: [, 'x'] })).toMatch(/`purposes` must be a list of non-empty strings/)
  })

  it('an object without prototype, one of another realm, a frozen one and the same object twice are fine', async () => {
    const shared = Object.freeze({ purposes: Object.freeze(['x']) })
    for (const policy of [Object.assign(Object.create(null), { purposes: ['x'] }), runInNewContext('({ purposes: ["x"] })'), shared, { actions: { a: shared, b: shared } }]) {
      expect((await guarding({ policy }).guard.authorize(requestBy(), 'a')).error).toBe('aap_task_mismatch')
    }
  })

  it('a getter is asked once, so that what was checked is what is enforced', async () => {
    let asked = 0
    const policy = { delegation: { knownActors: ['a'], get unknownActors() { return asked++ === 0 ? 'refuse' : {} } } }
    const { guard } = guarding({ policy })
    expect(asked).toBe(1)
    expect((await guard.authorize(requestBy({ aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'stranger'] } }), 'a')).reason?.rule).toBe('DEL-4')
  })
})

describe('what is done to the policy after start-up changes nothing', () => {
  it('for every list, map and value in it', async () => {
    const policy: Record<string, any> = {
      purposes: ['research_and_draft_article'],
      constraints: { domains_allowed: ['example.org'], own_limit: { of: [1] } },
      quotas: { perAgent: { max_requests_per_hour: 4 } },
      actions: { b: { approval: 'required' } },
      agents: { allowedIds: ['agent-researcher-01'] },
      delegation: { knownActors: ['a', 'b'], unknownActors: { purposes: [] } },
    }
    const ownLimit = { name: 'own_limit', compile: ({ of: [limit] }: any) => ({ pages }: any) => (pages <= limit ? pass : deny('aap_constraint_violation', 'pages')) }
    const { guard } = guarding({ policy, constraints: [ownLimit] })
    const ask = async (claims: object = {}, action = 'a', facts: object = { target: 'https://example.org/', pages: 1 }) => (await guard.authorize(requestBy({ aap_capabilities: [{ action: 'a' }, { action: 'b' }], ...claims }), action, facts)).status
    policy.purposes.push('other')
    policy.constraints.domains_allowed[0] = 'example.com'
    policy.constraints.own_limit.of[0] = 100
    policy.quotas.perAgent.max_requests_per_hour = 100
    delete policy.actions.b
    policy.agents.allowedIds.push('x')
    policy.delegation.knownActors.push('stranger')
    policy.delegation.unknownActors.purposes.push('research_and_draft_article')
    for (const key of Object.keys(policy)) policy[key] = undefined
    expect(await ask()).toBe(200)
    expect(await ask({ aap_task: { id: 't', purpose: 'other' } })).toBe(403)
    expect(await ask({}, 'a', { target: 'https://example.com/', pages: 1 })).toBe(403)
    expect(await ask({}, 'a', { target: 'https://example.org/', pages: 2 })).toBe(403)
    expect(await ask({}, 'b')).toBe(403)
    expect(await ask({ aap_agent: { id: 'x', type: 't', operator: 'o' } })).toBe(403)
    expect(await ask({ aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'stranger'] } })).toBe(403)
    // One admitted, two refused by constraints: these three count, and one more has room.
    expect([await ask(), await ask()]).toEqual([200, 429])
  })

  it('and a registered constraint cannot change it for its next value either', () => {
    const taking = { name: 'taking', compile: (value: any) => { if (Array.isArray(value)) value.pop(); else value.of = 0; return () => pass } }
    for (const value of [[1, 2], { of: 1 }, { more: 1 }]) expect(() => createGuard({ ...valid, constraints: [taking], policy: { constraints: { taking: value } } })).toThrow(/`policy`.*taking does not compile/)
  })

  it('the policy itself is left as it was', () => {
    const policy = { purposes: ['x'], constraints: { max_depth: 1 }, actions: { a: { quotas: { perTask: { max_requests_per_hour: 1 } } } } }
    const before = JSON.stringify(policy)
    compilePolicy(policy, registry)
    expect(JSON.stringify(policy)).toBe(before)
    expect([policy, policy.purposes, policy.constraints, policy.actions.a].some((part) => Object.isFrozen(part))).toBe(false)
  })
})
