import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import policySchema from '../../schemas/policy.schema.json' with { type: 'json' }
import { compilePolicy } from '../../src/guard/compile-policy.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { checkProperty } from '../support/check-property.js'

const validate = new Ajv2020({ strict: true }).compile(policySchema)
const registry = createRegistry({ registered: [], countedPerRequest: new Set() })

/** What start-up says about a policy; `undefined` where it takes it. */
function refusalOf(policy: unknown): string | undefined {
  try {
    compilePolicy(policy, registry)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
}

/** Start-up knows more than the schema about constraints: their names, and what their values mean. */
const isAboutConstraints = (message: string): boolean => /^option `policy`: `(?:\S+\.)?constraints`(?:: | has an unknown constraint )/.test(message)

const text = fc.constantFrom('a', 'research', 'agent-1', 'x y', '__proto__')
const texts = fc.array(text, { maxLength: 3 })
const limits = fc.dictionary(fc.constantFrom('max_requests_per_hour', 'max_emails_per_day', 'max_a_b2_per_second'), fc.oneof(fc.nat(5), fc.constantFrom(2 ** 53 - 1)), { maxKeys: 2 })
const some = (model: Readonly<Record<string, fc.Arbitrary<unknown>>>) => fc.record(model, { requiredKeys: [] })
const demandModel = {
  purposes: texts,
  constraints: some({ max_depth: fc.nat(10), domains_allowed: fc.constantFrom([], ['example.org']), max_requests_per_day: fc.nat(5) }),
  quotas: some({ perAgent: limits, perTask: limits, perOperator: limits }),
  approval: fc.constant('required'),
}
const delegation = some({ maxDepth: fc.nat(10), parentJti: fc.constant('required'), knownActors: texts, unknownActors: fc.oneof(fc.constant('refuse'), some(demandModel)) })
const policies = some({
  $schema: text,
  ...demandModel,
  critical: fc.array(fc.constantFrom('a', 'cms.publish'), { maxLength: 2 }),
  actions: fc.dictionary(fc.constantFrom('a', 'cms.publish', 'constructor', `a${'b'.repeat(127)}`), some(demandModel), { maxKeys: 2 }),
  agents: some({ allowedIds: texts, allowedOperators: texts, allowedTrustDomains: fc.array(fc.constantFrom('example.com', 'a_b-9'), { maxLength: 2 }), deniedModels: texts, attestedRuntime: fc.constant('required') }),
  delegation,
})

const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 'required', 'refuse', 'x', 'Example.com', 'a b', 0, 1, -1, 0.5, 1.0, 10, 11, 2 ** 53, [], {}, [''], ['a'], [1], [null], ['a', ''], { a: 1 }, { purposes: ['a'] }, { max_requests_per_hour: 1 }, JSON.parse('{"__proto__":{}}')),
  fc.jsonValue({ maxDepth: 2 }),
)
const names = fc.oneof(
  fc.constantFrom('$schema', 'purposes', 'constraints', 'quotas', 'approval', 'actions', 'agents', 'delegation', 'perAgent', 'perTask', 'perOperator', 'maxDepth', 'parentJti', 'knownActors', 'unknownActors', 'allowedIds', 'allowedTrustDomains', 'deniedModels', 'attestedRuntime', 'critical', 'max_requests_per_hour', 'max_requests_per_week', 'max_requests_per_hour\n', 'max_depth', 'a', 'a.b', '1a', 'a..b', 'a'.repeat(129), '', '__proto__', 'constructor', 'toString'),
  fc.string({ maxLength: 4 }),
)
/** What is done to a policy, at a place that is drawn from those it has. */
const damage = fc.record({ where: fc.nat(), how: fc.constantFrom('replace', 'add', 'rename', 'remove'), name: names, junk })
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

type Path = readonly (string | number)[]
const pathsOf = (value: unknown, path: Path = []): Path[] => [path, ...(isObject(value) ? Object.keys(value).flatMap((name) => pathsOf(value[name], [...path, Array.isArray(value) ? Number(name) : name])) : [])]

/** A copy in which one place is changed. */
function changed(value: unknown, path: Path, change: (part: unknown) => unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return change(value)
  if (Array.isArray(value)) return value.map((item, i) => (i === name ? changed(item, rest, change) : item))
  return Object.fromEntries(Object.entries(value as object).map(([key, member]) => [key, key === name ? changed(member, rest, change) : member]))
}

function damaged(policy: unknown, { where, how, name, junk: replacement }: Damage): unknown {
  const paths = pathsOf(policy)
  const path = paths[where % paths.length]!
  if (how === 'add') return changed(policy, path, (part) => (Array.isArray(part) ? [...part, replacement] : isObject(part) ? Object.fromEntries([...Object.entries(part), [name, replacement]]) : replacement))
  if (how === 'replace' || path.length === 0) return changed(policy, path, () => replacement)
  const last = path.at(-1)
  return changed(policy, path.slice(0, -1), (part) => {
    if (Array.isArray(part)) return part.filter((_, i) => i !== last)
    return Object.fromEntries(Object.entries(part as object).flatMap(([key, member]) => (key !== last ? [[key, member]] : how === 'rename' ? [[name, member]] : [])))
  })
}

it('what start-up and the schema say is the same, but for the names and values of constraints', () => {
  const seen = { both: 0, neither: 0, constraints: 0 }
  checkProperty(
    fc.property(policies, fc.array(damage, { maxLength: 2 }), (policy, damages) => {
      const tried = damages.reduce<unknown>((before, one) => damaged(before, one), policy)
      // `undefined` stands for no policy at all.
      fc.pre(tried !== undefined)
      const refusal = refusalOf(tried)
      if (!validate(tried)) {
        seen.neither++
        expect(refusal, JSON.stringify(tried)).toBeTypeOf('string')
      } else if (refusal !== undefined) {
        seen.constraints++
        expect([refusal, isAboutConstraints(refusal)]).toEqual([refusal, true])
      } else {
        seen.both++
      }
    }),
    { runs: 3_000 },
  )
  // Each of the three was tried often enough to mean something.
  for (const [what, count] of Object.entries(seen)) expect([what, count > 50]).toEqual([what, true])
})

it.each<[string, unknown]>([
  ['an empty policy', {}],
  ['everything at once', {
    $schema: '', purposes: [], constraints: { max_depth: 1 }, quotas: { perAgent: { max_requests_per_hour: 0 }, perTask: {}, perOperator: {} }, approval: 'required',
    actions: { a: { purposes: ['p'], approval: 'required' } },
    agents: { allowedIds: [], allowedOperators: [], allowedTrustDomains: ['example.com'], deniedModels: [], attestedRuntime: 'required' },
    delegation: { maxDepth: 0, parentJti: 'required', knownActors: [], unknownActors: { approval: 'required' } },
  }],
])('both take %s', (_, policy) => {
  expect([validate(policy), refusalOf(policy)]).toEqual([true, undefined])
})

it.each<[string, unknown]>([
  ['unknownActors without knownActors', { delegation: { unknownActors: 'refuse' } }],
  ['a trust domain with upper case', { agents: { allowedTrustDomains: ['Example.com'] } }],
  ['a trust domain as an id', { agents: { allowedTrustDomains: ['spiffe://example.com'] } }],
  ['a trust domain of 256 characters', { agents: { allowedTrustDomains: ['a'.repeat(256)] } }],
  ['an action of 129 characters', { actions: { ['a'.repeat(129)]: {} } }],
  ['an action that ends in a line break', { actions: { 'a\n': {} } }],
  ['a quota that ends in a line break', { quotas: { perAgent: { 'max_requests_per_hour\n': 1 } } }],
  ['a quota for a week', { quotas: { perAgent: { max_requests_per_week: 1 } } }],
  ['a depth of 11', { delegation: { maxDepth: 11 } }],
  ['agents inside of an action', { actions: { a: { agents: {} } } }],
  ['actions inside of unknownActors', { delegation: { knownActors: [], unknownActors: { actions: {} } } }],
])('neither takes %s', (_, policy) => {
  expect(validate(policy)).toBe(false)
  expect(refusalOf(policy)).toBeTypeOf('string')
})
