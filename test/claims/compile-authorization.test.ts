import { describe, expect, it } from 'vitest'
import { CapabilityCompiler } from '../../src/claims/compile-capability.js'
import { candidatesFor, compileAuthorization, type Candidate, type CompiledAuthorization } from '../../src/claims/compile-authorization.js'
import { digestOf } from '../../src/claims/digest.js'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { pass } from '../../src/model/verdict.js'

const compiler = new CapabilityCompiler(createRegistry({ registered: [], countedPerRequest: new Set(['drafts']) }), noPolicy)

function compile(capabilities: readonly object[], { issuer = 'i', id = 'j', more = {}, by = compiler } = {}): CompiledAuthorization {
  const payload = { aap_agent: { id: 'a', type: 't', operator: 'o' }, aap_task: { id: 't', purpose: 'p' }, aap_capabilities: capabilities, ...more }
  return compileAuthorization(parseAuthorization(payload, undefined) as ParsedAuthorization, { issuer, id }, 's', by)
}

/** The first capability for an action. */
function first(compiled: CompiledAuthorization, action = 'a'): Candidate {
  const [candidate] = candidatesFor(compiled, action)
  if (candidate === undefined) throw new Error(`no capability for ${action}`)
  return candidate
}

describe('CAP-3: capabilities for one action are alternatives, in the order of the token', () => {
  it('each keeps its position in the list', () => {
    const compiled = compile([{ action: 'a' }, { action: 'b' }, { action: 'a', constraints: { max_depth: 1 } }, { action: 'A' }])
    expect(['a', 'b', 'A', 'c'].map((action) => candidatesFor(compiled, action).map(({ index }) => index))).toEqual([[0, 2], [1], [3], []])
  })

  it.each(['__proto__', 'constructor', 'toString'])('CAP-2: %s is no action of an object that has none such', (action) => {
    expect(candidatesFor(compile([{ action: 'a' }]), action)).toEqual([])
  })
})

describe('CAP-4 and CAP-8: what a capability says beside its action', () => {
  it.each([['no constraints', {}], ['empty constraints', { constraints: {} }], ['a description', { description: 'd' }]])('%s restricts nothing', (_, members) => {
    const candidate = first(compile([{ action: 'a', ...members }]))
    expect(candidate.capability).toMatchObject({ checks: [], quotas: [], approvals: [] })
    expect(candidate.charges).toEqual([])
  })

  it.each([[[]], [{}], ['']])('empty resources and conditions restrict nothing: %j', (empty) => {
    expect(first(compile([{ action: 'a', resources: empty, conditions: empty }])).capability.checks).toEqual([])
  })

  it.each([[['x']], [{ x: 1 }], ['x'], [0], [false], [true], [[[]]], [{ x: {} }]])('%j as resources or conditions denies', (value) => {
    for (const member of ['resources', 'conditions']) {
      const { checks } = first(compile([{ action: 'a', [member]: value }])).capability
      expect(checks.map(({ label, rule }) => [label, rule])).toEqual([[member, 'CAP-8']])
      expect(checks[0]?.check({} as never)).toMatchObject({ outcome: 'deny', code: 'aap_constraint_violation' })
    }
  })
})

describe('what is settled when a token is first seen', () => {
  it('DEL-1: the delegation, malformed or not', () => {
    expect(compile([{ action: 'a' }]).delegationDenial).toBeUndefined()
    expect(compile([{ action: 'a' }], { more: { aap_delegation: { depth: 2, max_depth: 1, chain: ['a', 'b', 'c'] } } }).delegationDenial?.code).toBe('aap_excessive_delegation')
    expect(compile([{ action: 'a' }], { more: { aap_delegation: 'x' } }).delegationDenial?.code).toBe('aap_invalid_delegation_chain')
  })

  it('CON-1: one of each quota, and whether that is what every request takes', () => {
    const fixed = first(compile([{ action: 'a', constraints: { max_requests_per_hour: 2, max_drafts_per_day: 3 } }]))
    expect(fixed.charges.map(({ name, window, limit, quantity }) => [name, window, limit, quantity])).toEqual([['max_drafts_per_day', 'day', 3, 1], ['max_requests_per_hour', 'hour', 2, 1]])
    expect(fixed.capability.countsRequestsOnly).toBe(true)
    expect(first(compile([{ action: 'a', constraints: { max_requests_per_hour: 2, max_emails_per_day: 3 } }])).capability.countsRequestsOnly).toBe(false)
  })

  it('CON-3: whether addresses are needed', () => {
    const compiled = compile([{ action: 'a', constraints: { ip_ranges_allowed: [] } }, { action: 'b', constraints: { domains_allowed: [] } }])
    expect(first(compiled, 'a').capability.needsAddresses).toBe(true)
    expect(first(compiled, 'b').capability.needsAddresses).toBe(false)
  })
})

describe('CON-6, CON-7: limits of bodies, for those who carry them', () => {
  const limits = (...constraints: object[]) => compile(constraints.map((each, i) => ({ action: `a${i}`, constraints: each })))

  it('of each capability', () => {
    const { candidates } = limits({ max_request_size: 5 }, { max_response_size: 6 }, { max_request_size: 0, max_response_size: 0 }, {}, { max_request_size: '5' }, { max_depth: 1 })
    expect(candidates.map(({ capability }) => capability.limits)).toEqual([{ requestBytes: 5 }, { responseBytes: 6 }, { requestBytes: 0, responseBytes: 0 }, undefined, undefined, undefined])
  })

  it.each<[string, object[], number | undefined]>([
    ['none, where no capability limits the body', [{}, { max_response_size: 5 }], undefined],
    ['none, where the only limit cannot hold', [{ max_request_size: 'x' }], undefined],
    ['the largest, where all do', [{ max_request_size: 5 }, { max_request_size: 50 }, { max_request_size: 0 }], 50],
    ['no end, where one does not', [{ max_request_size: 5 }, {}], Infinity],
    ['0', [{ max_request_size: 0 }], 0],
  ])('the largest request body that any of them admits: %s', (_, constraints, expected) => {
    expect(limits(...constraints).requestCeilingBytes).toBe(expected)
  })

  it('whether any of them limits the response', () => {
    expect([limits({}, { max_request_size: 5 }), limits({}, { max_response_size: 5 }), limits({ max_response_size: -1 })].map(({ limitsResponses }) => limitsResponses)).toEqual([false, true, false])
  })
})

describe('what tokens that say the same share, and what they do not', () => {
  const judge = (compiled: CompiledAuthorization) => first(compiled).capability.checks.map(({ check }) => (check({} as never) as { outcome: string }).outcome)
  const delegated = (depth: number) => ({ more: { aap_delegation: { depth, max_depth: 10, chain: Array.from({ length: depth + 1 }, (_, i) => `s${i}`) } } })

  it('CON-10: the same capability at another depth is judged by that depth', () => {
    const capability = [{ action: 'a', constraints: { max_depth: 1 } }]
    for (const [depth, outcome] of [[0, 'pass'], [2, 'deny'], [1, 'pass'], [10, 'deny'], [0, 'pass']] as const) expect(judge(compile(capability, delegated(depth)))).toEqual([outcome])
  })

  it('CAP-5: what one guard registered, another does not know', () => {
    const parsed = parseAuthorization({ aap_agent: { id: 'a', type: 't', operator: 'o' }, aap_task: { id: 't', purpose: 'p' }, aap_capabilities: [{ action: 'a', constraints: { shared_name: 1 } }] }, undefined) as ParsedAuthorization
    const knowing = new CapabilityCompiler(createRegistry({ registered: [{ name: 'shared_name', compile: () => () => pass }], countedPerRequest: new Set() }), noPolicy)
    const token = { issuer: 'i', id: 'j' }
    expect([compiler, knowing, compiler].map((one) => judge(compileAuthorization(parsed, token, 's', one)))).toEqual([['deny'], ['pass'], ['deny']])
  })

  it('CON-1: what one guard counts per request, another may not', () => {
    const capability = [{ action: 'a', constraints: { max_letters_per_day: 1 } }]
    const counting = new CapabilityCompiler(createRegistry({ registered: [], countedPerRequest: new Set(['letters']) }), noPolicy)
    expect([compiler, counting].map((one) => first(compile(capability, { by: one })).capability.countsRequestsOnly)).toEqual([false, true])
  })

  it('names that differ in one character, or in what an escape says, are different capabilities', () => {
    for (const [one, other] of [['{"a":"1"}', '{"a":1}'], ['{"a":"\\u0000"}', '{"a":"\\\\u0000"}'], ['{"a":[1,2]}', '{"a":[12]}'], ['{"a":"\\ud800"}', '{"a":"\\ud801"}']] as const) {
      const [left, right] = [one, other].map((constraints) => compile([{ action: 'a', constraints: JSON.parse(constraints) as object }]).authorization.capabilities[0]?.constraints)
      expect(left).not.toEqual(right)
    }
  })
})

describe('QTA-1: a quota is per issuer, token id, capability (action and position) and constraint', () => {
  const quota = { constraints: { max_requests_per_hour: 1 } }
  const keyOf = (compiled: CompiledAuthorization) => compiled.candidates.flatMap(({ charges }) => charges.map(({ key, name }) => ({ key, name })))[0]

  it('the same token has the same keys, whatever else it says', () => {
    expect(keyOf(compile([{ action: 'a', ...quota }]))).toEqual(keyOf(compile([{ action: 'a', constraints: { max_requests_per_hour: 9 } }, { action: 'b' }])))
  })

  it.each([
    ['another issuer', compile([{ action: 'a', ...quota }], { issuer: 'other' })],
    ['another token', compile([{ action: 'a', ...quota }], { id: 'other' })],
    ['another action', compile([{ action: 'b', ...quota }])],
    ['another position', compile([{ action: 'x' }, { action: 'a', ...quota }])],
    ['another constraint', compile([{ action: 'a', constraints: { max_requests_per_day: 1 } }])],
    ['characters that moved from the issuer to the token', compile([{ action: 'a', ...quota }], { issuer: 'ij', id: '' })],
  ])('%s has another key', (_, other) => {
    expect(keyOf(other)).not.toEqual(keyOf(compile([{ action: 'a', ...quota }])))
  })

  it('all keys of one token differ, and none tells what it stands for', () => {
    const constraints = { max_requests_per_second: 1, max_requests_per_minute: 1, max_requests_per_hour: 1, max_drafts_per_day: 1 }
    const charges = compile([{ action: 'a', constraints }, { action: 'a', constraints }, { action: 'b', constraints }]).candidates.flatMap(({ charges }) => charges)
    expect(new Set(charges.map(({ key, name }) => `${key} ${name}`)).size).toBe(12)
    for (const { key } of charges) expect(key).toMatch(/^[\w-]{43}$/)
  })

  it('a counter may be called anything by whoever registers its constraint, and no two names meet', () => {
    const named = ['a', '1 a', 'a'.repeat(64), 'a'.repeat(65), 'é', '\ud800', '\ud801', ' ', '__proto__']
    const several = new CapabilityCompiler(createRegistry({ registered: named.map((name) => ({ name, compile: (limit) => ({ kind: 'quota', window: 'hour', limit: limit as number, countsRequests: true, quantity: () => 1 }) })), countedPerRequest: new Set() }), noPolicy)
    const charges = first(compile([{ action: 'a', constraints: Object.fromEntries(named.map((name) => [name, 1])) }], { by: several })).charges
    expect(new Set(charges.map(({ name }) => name)).size).toBe(named.length)
    for (const { name } of charges) expect(name).toMatch(/^[\x20-\x7e]{1,70}$/)
  })

  it.each([
    [['a', 'b'], ['ab', '']],
    [['1:a'], ['a']],
    [['a', '1:b'], ['a1:b']],
    [['2:ab'], ['', '2:ab']],
    [[], ['']],
    [['\ud800'], ['\ud801']],
    [['\ud800'], ['\ufffd']],
    [['12', '3'], ['1', '23']],
  ])('%j is not %j', (one, other) => {
    expect(digestOf(...one)).not.toBe(digestOf(...other))
  })
})
