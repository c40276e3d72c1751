import { describe, expect, it } from 'vitest'
import { defineConstraint, pass, requireCapability, type GuardOptions, type RouteOptions } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi } from '../support/api.js'
import type { ServerKind } from '../support/servers.js'

const issuer = useTestIssuer()
expectHealthyProcess()

type Hook = (...args: any[]) => any
const badHooks: [string, Hook][] = [
  ['throws', () => { throw new Error('hook') }],
  ['throws undefined', () => { throw undefined }],
  ['throws an object without a prototype', () => { throw Object.create(null) }],
  ['rejects', () => Promise.reject(new Error('hook'))],
  ['rejects with undefined', () => Promise.reject(undefined)],
  ['rejects late', async () => { await Promise.resolve(); throw new Error('hook') }],
  ['never settles', () => new Promise(() => undefined)],
  ['gives a thenable that throws', () => ({ then() { throw new Error('then') } })],
  ['gives a thenable that rejects', () => ({ then(_: unknown, reject: (error: unknown) => void) { reject(new Error('then')) } })],
  ['gives a thenable that never settles', () => ({ then: () => undefined })],
]

/** Where a user's code can stand, each with a capability that asks for it. */
const places: [name: string, (hook: Hook) => { options?: GuardOptions; route?: RouteOptions<any>; action?: Hook; constraints?: object }][] = [
  ['facts', (hook) => ({ options: { facts: hook } })],
  ['action', (hook) => ({ action: hook })],
  ['purposes', (hook) => ({ route: { purposes: hook } })],
  ['classification', (hook) => ({ route: { classification: hook }, constraints: { data_classification_max: 'internal' } })],
  ['target', (hook) => ({ route: { target: hook }, constraints: { domains_allowed: ['example.org'] } })],
  ['addresses', (hook) => ({ route: { target: 'https://example.org/', addresses: hook }, constraints: { ip_ranges_allowed: ['10.0.0.0/8'] } })],
  ['resolveTargets', (hook) => ({ options: { resolveTargets: hook }, route: { target: 'https://example.org/' }, constraints: { ip_ranges_allowed: ['10.0.0.0/8'] } })],
  ['amount', (hook) => ({ route: { amount: hook }, constraints: { require_approval_threshold: 5 } })],
  ['quantities', (hook) => ({ route: { quantities: hook }, constraints: { max_emails_per_day: 5 } })],
  ['region', (hook) => ({ route: { region: hook }, constraints: { allowed_regions: ['DE'] } })],
  ['a constraint\'s check', (hook) => ({ options: { constraints: [defineConstraint({ name: 'own', compile: () => hook })] }, constraints: { own: 1 } })],
]

type Place = ReturnType<(typeof places)[number][1]>

async function decideWith(kind: ServerKind, { options, route, action, constraints = {} }: Place, mode: 'routes' | 'two steps') {
  const base = { issuer: issuer.trusted, audience: issuer.audience, hookTimeoutMs: 15, ...options }
  const api = mode === 'routes'
    ? await startApi(kind, { ...base, routes: { 'GET /x': { action: action ?? 'act.now', ...route } } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [handler('x')] }] }))
    : await startApi(kind, base, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability(action ?? 'act.now', route), handler('x')] }] }))
  const answer = await api.server.call('/x', { token: await issuer.sign({ aap_capabilities: [{ action: 'act.now', constraints }] }) })
  return { ...api, answer }
}

describe.each(['Express 5', 'node:http'] as const)('ERR-2 on %s', (kind) => {
  describe.each(['routes', 'two steps'] as const)('with %s', (mode) => {
    describe.each(places)('the hook %s', (_name, placeOf) => {
      it.each(badHooks)('that %s denies with 500, runs no handler and leaves one record', async (_what, hook) => {
        const { answer, audit, handled, operator } = await decideWith(kind, placeOf(hook), mode)
        expect(answer.status).toBe(500)
        expect(Object.keys(answer.json)).toEqual(['error_correlation_id'])
        expect(handled).toEqual([])
        const record = audit.takeDecision()
        expect(record).toMatchObject({ outcome: 'deny', status: 500, rule: 'ERR-2', correlation_id: answer.json.error_correlation_id })
        expect(record).not.toHaveProperty('error')
        expect(operator.said.map(({ level }) => level)).toEqual(['error'])
      })
    })
  })
})

describe('CAP-6: a hook that gives nothing is a missing fact, and the constraint denies with its own code', () => {
  const expected: Record<string, [status: number, error: string, rule: string] | undefined> = {
    action: [403, 'aap_invalid_capability', 'RTE-1'],
    purposes: [403, 'aap_task_mismatch', 'TSK-2'],
    classification: [403, 'aap_constraint_violation', 'CON-9'],
    target: [403, 'aap_domain_not_allowed', 'CON-2'],
    addresses: [403, 'aap_constraint_violation', 'CON-3'],
    resolveTargets: [403, 'aap_constraint_violation', 'CON-3'],
    amount: [403, 'aap_approval_required', 'CON-11'],
    quantities: [403, 'aap_constraint_violation', 'CON-1'],
    region: [403, 'aap_constraint_violation', 'CON-8'],
  }
  describe.each(places.filter(([name]) => expected[name] !== undefined))('%s', (name, placeOf) => {
    it.each<[string, Hook]>([['undefined', () => undefined], ['null', () => null], ['a promise of undefined', async () => undefined], ['NaN', () => NaN], ['an empty object', () => ({})], ['a symbol', () => Symbol('x')], ['a function', () => () => 'https://example.org/']])('gives %s', async (_what, hook) => {
      const { answer, audit, handled } = await decideWith('node:http', placeOf(hook), 'two steps')
      const record = audit.takeDecision()
      expect([answer.status, answer.json.error, record.rule]).toEqual(expected[name])
      expect(handled).toEqual([])
    })
  })

  it.each<[string, Hook]>([['undefined', () => undefined], ['null', () => null], ['an empty object', () => ({})], ['a promise of undefined', async () => undefined]])('CTX-1: `facts` that gives %s supplies nothing', async (_what, facts) => {
    const { server, audit, handled } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, facts }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a'), handler('x')] }] }))
    expect((await server.call('/x', { token: await issuer.sign({ aap_capabilities: capabilities('a') }) })).status).toBe(200)
    audit.takeDecision()
    handled.length = 0
    for (const context of [{ network_zone: 'corp' }, { geo_restriction: ['DE'] }]) {
      const answer = await server.call('/x', { token: await issuer.sign({ aap_capabilities: capabilities('a'), aap_context: context }) })
      expect([answer.status, answer.json.error]).toEqual([403, 'aap_invalid_context'])
      expect(audit.takeDecision().rule).toBe('CTX-1')
    }
    expect(handled).toEqual([])
  })
})

describe('ERR-2: `facts` that answers with what is no facts', () => {
  it.each<[string, Hook]>([['text', () => 'DE'], ['a number', () => 5], ['a list', () => ['DE']], ['a fact under a wrong name', () => ({ contry: 'DE' })], ['a demand under a wrong name', () => ({ aproval: 'required' })]])('%s: 500, no handler, one record', async (_what, facts) => {
    const { answer, audit, handled } = await decideWith('node:http', { options: { facts } }, 'two steps')
    expect(answer.status).toBe(500)
    expect(handled).toEqual([])
    expect(audit.takeDecision().rule).toBe('ERR-2')
  })
})

describe('registered constraints', () => {
  it.each<[string, Hook]>([
    ['undefined', () => undefined], ['true', () => true], ['a look-alike of pass', () => ({ outcome: 'pass' })], ['a copy of pass', () => ({ ...pass })], ['null', () => null], ['a promise of true', async () => true], ['deny without a code', () => ({ outcome: 'deny' })],
    ['a promise of deny with a code that is none', async () => ({ outcome: 'deny', code: 'nonsense', detail: 'x' })],
    ['deny with a code that is none', () => ({ outcome: 'deny', code: 'nonsense', detail: 'x' })], ['deny with a prototype\'s name', () => ({ outcome: 'deny', code: 'constructor', detail: 'x' })],
  ])('ERR-2: a check that answers %s has not passed: 500, and one record', async (_what, hook) => {
    const { answer, audit, handled } = await decideWith('node:http', { options: { constraints: [defineConstraint({ name: 'own', compile: () => hook })] }, constraints: { own: 1 } }, 'two steps')
    expect([answer.status, Object.keys(answer.json)]).toEqual([500, ['error_correlation_id']])
    expect(handled).toEqual([])
    expect(audit.takeDecision().rule).toBe('ERR-2')
  })

  it.each<[string, Hook]>([
    ['throws', () => { throw new Error('compile') }], ['gives nothing', () => undefined], ['gives a verdict instead of a check', () => pass], ['gives a promise', async () => () => pass], ['rejects', async () => { throw new Error('compile') }],
  ])('TOK-10: one whose compile %s denies, and nothing escapes', async (_what, compile) => {
    const { answer, audit, handled } = await decideWith('node:http', { options: { constraints: [defineConstraint({ name: 'own', compile })] }, constraints: { own: 1 } }, 'two steps')
    expect([answer.status, answer.json.error]).toEqual([403, 'aap_constraint_violation'])
    expect(handled).toEqual([])
    expect(audit.takeDecision().outcome).toBe('deny')
  })
})

describe('surroundings that fail', () => {
  it.each<[string, Hook]>([...badHooks, ['gives nothing', () => undefined], ['gives a look-alike', () => ({ outcome: 'admitted' })], ['names an alternative that is none', () => ({ outcome: 'admitted', alternative: 7 })], ['waits for nothing', () => ({ outcome: 'full' })]])(
    'QTA-6: a store that %s: 503 with Retry-After',
    async (_what, admit) => {
      const { answer, audit, handled } = await decideWith('node:http', { options: { storeTimeoutMs: 15, store: { name: 'bad', admit } }, constraints: { max_requests_per_day: 5 } }, 'routes')
      expect([answer.status, answer.json.error, answer.header('retry-after')]).toEqual([503, 'temporarily_unavailable', expect.stringMatching(/^[1-9][0-9]*$/)])
      expect(handled).toEqual([])
      expect(audit.takeDecision().rule).toBe('QTA-6')
    },
  )

  it.each<[string, () => any]>([['throws', () => { throw new Error('clock') }], ['gives NaN', () => NaN], ['gives a string', () => '5']])('ERR-2: a clock that %s: 500, no handler, and still one record', async (_what, now) => {
    let isBroken = false
    const { server, audit, handled } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, now: () => (isBroken ? now() : Date.now()) }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [requireCapability('a'), handler('x')] }] }))
    isBroken = true
    const answer = await server.call('/x', { token: await issuer.sign({ aap_capabilities: capabilities('a') }) })
    expect(answer.status).toBe(500)
    expect(handled).toEqual([])
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 500, rule: 'ERR-2' })
  })

  it('an operator log that throws or rejects changes nothing', async () => {
    for (const fail of [() => { throw new Error('log') }, () => Promise.reject(new Error('log'))] as (() => any)[]) {
      const { server, audit } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, logger: { info: fail, warn: fail, error: fail }, facts: () => { throw new Error('facts') } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [handler('x')] }] }))
      expect((await server.call('/x', { token: await issuer.sign() })).status).toBe(500)
      audit.takeDecision()
    }
  })

  it('each cause is told the operator once, however often it comes, and without control characters', async () => {
    const { server, operator } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, facts: () => { throw new Error('line\nbreak\u001b[2J') } }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/x', run: [handler('x')] }] }))
    for (let i = 0; i < 3; i++) await server.call('/x', { token: await issuer.sign() })
    expect(operator.said).toHaveLength(1)
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    expect(operator.said[0]!.message).not.toMatch(/[\u0000-\u001f]/)
  })
})
