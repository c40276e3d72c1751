import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deny } from '../../src/constraints/constraint-definition.js'
import { gatherCommonFacts } from '../../src/decision/gather-facts.js'
import { HookFailed } from '../../src/decision/hook.js'
import { compileRoute } from '../../src/decision/route.js'
import { pass } from '../../src/model/verdict.js'
import { deciding, nowMs, outcomeOf, request, type Setting } from './decisions.js'
import { unhandledRejectionsOf } from './unhandled-rejections.js'

const target = 'https://example.org/'
const rules = { resolveTargets: undefined as unknown }

/** Places for code of the user, each with an answer that lets the request pass. */
const hooks: readonly (readonly [name: string, good: unknown, run: (hook: () => unknown) => unknown])[] = [
  ['action', 'a', (hook) => deciding().decideRoute(compileRoute(hook, {}))],
  ['purposes', ['p'], (hook) => deciding().decideRoute(compileRoute('a', { purposes: hook as never }))],
  ['classification', 'public', (hook) => deciding().decideRoute(compileRoute('a', { classification: hook as never }))],
  ['target', target, (hook) => deciding().decideRoute(compileRoute('a', { target: hook }))],
  ['addresses', ['192.0.2.1'], (hook) => deciding().decideRoute(compileRoute('a', { target, addresses: hook as never }))],
  ['amount', 1, (hook) => deciding().decideRoute(compileRoute('a', { amount: hook as never }))],
  ['quantities', {}, (hook) => deciding().decideRoute(compileRoute('a', { quantities: hook as never }))],
  ['region', 'DE', (hook) => deciding().decideRoute(compileRoute('a', { region: hook as never }))],
  ['resolveTargets', ['192.0.2.1'], (hook) => deciding({ capabilities: [{ action: 'a', constraints: { ip_ranges_allowed: ['192.0.2.0/24'] } }], rules: { ...rules, resolveTargets: hook as never } }).decide('a', { target })],
  ['a registered constraint', pass, (hook) => deciding({ capabilities: [{ action: 'a', constraints: { own: 1 } }], registered: [{ name: 'own', compile: () => hook as never }] }).decide()],
]

describe.each(hooks)('ERR-2: %s', (_, good, run) => {
  it('may answer at once or later', async () => {
    expect(run(() => good)).not.toBeInstanceOf(Promise)
    expect(await run(() => good)).toMatchObject({ capability: { index: 0 } })
    expect(await run(async () => good)).toMatchObject({ capability: { index: 0 } })
  })

  it.each<[string, unknown]>([
    ['an error', new Error('bad')],
    ['a string', 'bad'],
    ['nothing', undefined],
    ['a symbol', Symbol('bad')],
    ['an error without message', new Error()],
  ])('that throws or rejects with %s fails the request', async (__, reason) => {
    await expect((async () => run(() => { throw reason }))()).rejects.toBeInstanceOf(HookFailed)
    await expect((async () => run(() => Promise.reject(reason)))()).rejects.toBeInstanceOf(HookFailed)
    await expect((async () => run(() => ({ then: () => { throw reason } })))().catch(() => 'failed')).resolves.toBe('failed')
  })
})

describe('ERR-2: a reason that cannot be written as text', () => {
  it.each<[string, unknown]>([
    ['an object that cannot be written as text', Object.create(null)],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: () => { throw new Error('no') } })],
  ])('a hook that rejects with %s fails the request too, and leaves nothing behind', async (_, reason) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let outcome: unknown = 'never settles'
    const rejections = await unhandledRejectionsOf(async () => {
      void (async () => deciding().decideRoute(compileRoute('a', { target: () => Promise.reject(reason) })))().then(() => { outcome = 'passed' }, () => { outcome = 'failed' })
      await vi.advanceTimersByTimeAsync(10_000)
    }).finally(() => { vi.useRealTimers() })
    expect([outcome, rejections]).toEqual(['failed', []])
  })
})

describe.each(hooks)('ERR-2: %s that does not settle in time', (_, good, run) => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) })
  afterEach(() => { vi.useRealTimers() })

  it('fails the request after hookTimeoutMs', async () => {
    let failure: unknown
    void Promise.resolve(run(() => new Promise(() => undefined))).catch((error: unknown) => { failure = error })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(failure).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(failure).toBeInstanceOf(HookFailed)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('in time it leaves no timer behind', async () => {
    await run(async () => good)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('ERR-2: what a check of a registered constraint answers', () => {
  const judge = (answer: unknown) => deciding({ capabilities: [{ action: 'a', constraints: { own: 1 } }], registered: [{ name: 'own', compile: () => (() => answer) as never }] }).decide()

  it.each([
    [undefined], [null], [true], [false], ['pass'], [{ outcome: 'pass' }], [{ outcome: 'deny' }], [{ outcome: 'deny', code: 'aap_constraint_violation' }], [[]], [0],
    [{ outcome: 'deny', code: 'no_such_code', detail: 'x' }], [{ outcome: 'deny', code: 'invalid_token', detail: 'x' }], [{ outcome: 'deny', code: 'toString', detail: 'x' }],
  ])('%j is no verdict: the request fails, at once or later', async (answer) => {
    await expect((async () => judge(answer))()).rejects.toBeInstanceOf(HookFailed)
    await expect((async () => judge(Promise.resolve(answer)))()).rejects.toBeInstanceOf(HookFailed)
  })

  it('a refusal keeps its code, and says by its rule and name who refused', async () => {
    expect(await judge(deny('aap_invalid_context', 'not here'))).toMatchObject({ denial: { code: 'aap_invalid_context', rule: 'CAP-5', detail: 'own: not here' } })
    expect(await judge(Promise.resolve(deny('request_too_large', 'x')))).toMatchObject({ denial: { code: 'request_too_large' } })
  })
})

describe('ERR-2: hooks that fail together', () => {
  const later = (reason: string) => async () => { await new Promise<void>((resolve) => { setImmediate(resolve) }); throw new Error(reason) }

  it('two hooks that reject end one request, and not the process', async () => {
    const rejections = await unhandledRejectionsOf(async () => {
      const route = compileRoute('a', { target: later('one'), amount: later('two'), region: () => { throw new Error('three') } })
      await expect((async () => deciding().decideRoute(route))()).rejects.toBeInstanceOf(HookFailed)
    })
    expect(rejections).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('sync') }],
    ['is no verdict', () => undefined],
  ])('a check that rejects later, beside one that %s at once in another capability', async (_, second) => {
    const setting: Setting = {
      capabilities: [{ action: 'a', constraints: { first: 1 } }, { action: 'a', constraints: { second: 1 } }],
      registered: [{ name: 'first', compile: () => later('async') }, { name: 'second', compile: () => second as never }],
    }
    const rejections = await unhandledRejectionsOf(async () => {
      await expect((async () => deciding(setting).decide())()).rejects.toBeInstanceOf(HookFailed)
    })
    expect(rejections).toEqual([])
  })

  it('checks run one after the other, and none after the first that refuses', async () => {
    const ran: string[] = []
    const own = (name: string, answer: unknown) => ({ name, compile: () => (async () => { ran.push(name); return answer }) as never })
    const { decide } = deciding({ capabilities: [{ action: 'a', constraints: { c: 1, a: 1, b: 1 } }], registered: [own('a', pass), own('b', deny('aap_constraint_violation', 'b')), own('c', pass)] })
    expect(await decide()).toMatchObject({ denial: { detail: 'b: b' } })
    expect(ran).toEqual(['a', 'b'])
  })
})

describe('which hooks are asked, and for what', () => {
  it('each gets the request; purposes gets the task too', () => {
    const seen: unknown[] = []
    const hook = (answer: unknown) => (...args: unknown[]) => { seen.push(args); return answer as never }
    const route = compileRoute(hook('a') as never, { purposes: hook(true), target: hook(target) })
    expect(outcomeOf(deciding().decideRoute(route, { hookRequest: 'the request' }))).toBe('allow 0')
    expect(seen).toEqual([['the request'], ['the request', { id: 't', purpose: 'p' }], ['the request', { id: 't', purpose: 'p' }]])
  })

  it('ORD-1: those of the action only once the token has a capability for it', () => {
    const never = () => { throw new Error('asked') }
    expect(outcomeOf(deciding().decideRoute(compileRoute('b', { target: never, amount: never, region: never })))).toBe('aap_invalid_capability CAP-2')
    expect(outcomeOf(deciding({ claims: { aap_context: { network_zone: 'z' } } }).decideRoute(compileRoute('a', { target: never })))).toBe('aap_invalid_context CTX-1')
  })

  it.each([undefined, null, 1, '', 'a b', 'search.*', {}, ['a']])('RTE-1: an action resolver that yields %j: no valid action name', (answer) => {
    expect(outcomeOf(deciding().decideRoute(compileRoute(() => answer, {})))).toBe('aap_invalid_capability RTE-1')
  })

  it.each<[string, object, Record<string, unknown>, string]>([
    ['target', { domains_blocked: [] }, { target: () => undefined }, 'aap_domain_not_allowed CON-2'],
    ['region', { allowed_regions: ['DE'] }, { region: () => undefined }, 'aap_constraint_violation CON-8'],
    ['classification', { data_classification_max: 'public' }, { classification: () => undefined }, 'aap_constraint_violation CON-9'],
    ['purposes', {}, { purposes: () => undefined }, 'aap_task_mismatch TSK-2'],
    ['amount', { require_approval_threshold: 5 }, { amount: () => undefined }, 'aap_approval_required CON-11'],
    ['quantities', { max_emails_per_day: 5 }, { quantities: () => undefined }, 'aap_constraint_violation CON-1'],
  ])('CAP-6: a hook that answers undefined leaves its fact missing: %s', (_, constraints, options, expected) => {
    expect(outcomeOf(deciding({ capabilities: [{ action: 'a', constraints }] }).decideRoute(compileRoute('a', options)))).toBe(expected)
  })

  it('facts of all routes are there, and those of the route win', () => {
    const { decideRoute } = deciding({ capabilities: [{ action: 'a', constraints: { allowed_regions: ['DE'] } }] })
    const common = { commonFacts: { region: 'DE' } }
    expect(outcomeOf(decideRoute(compileRoute('a', {}), common))).toBe('allow 0')
    expect(outcomeOf(decideRoute(compileRoute('a', { region: 'US' }), common))).toBe('aap_constraint_violation CON-8')
    expect(outcomeOf(decideRoute(compileRoute('a', { region: () => undefined }), common))).toBe('aap_constraint_violation CON-8')
    expect(outcomeOf(decideRoute(compileRoute('a', { region: (() => 'DE') }), { commonFacts: { region: 'US' } }))).toBe('allow 0')
  })

  it('no fact stands in for what the request itself says', () => {
    const lies = { method: 'GET', encrypted: true, bodyBytes: 0, nowMs: nowMs - 1e10 }
    const constraints = [{ allowed_methods: ['GET'] }, { require_encryption: true }, { max_request_size: 0 }, { time_window: { start: '2024-01-01T00:00:00Z', end: '2024-12-31T00:00:00Z' } }]
    for (const one of constraints) {
      const { decide } = deciding({ capabilities: [{ action: 'a', constraints: one }] })
      const post = { ...request, method: 'POST' }
      expect(outcomeOf(decide('a', lies, { request: post, commonFacts: lies }))).not.toContain('allow')
    }
  })
})

describe('ERR-2: the option facts', () => {
  const gather = (hook: () => unknown) => gatherCommonFacts({ facts: hook as never, hookTimeoutMs: 2_000, hasRegisteredConstraints: false }, request)

  it.each([undefined, null, {}])('%j: nothing is known', (answer) => {
    expect(gather(() => answer)).toEqual({})
  })

  it.each([1, 'x', true, []])('%j is no object: the request fails', async (answer) => {
    await expect((async () => gather(() => answer))()).rejects.toBeInstanceOf(HookFailed)
    await expect((async () => gather(async () => answer))()).rejects.toBeInstanceOf(HookFailed)
  })

  it('a hook that fails, or names a fact that nobody reads, fails the request', async () => {
    for (const hook of [() => { throw new Error('bad') }, () => Promise.reject(new Error('bad')), () => ({ contry: 'DE' }), async () => ({ zne: 'z' })]) {
      await expect((async () => gather(hook))()).rejects.toBeInstanceOf(HookFailed)
    }
    expect(await gather(async () => ({ zone: 'z' }))).toEqual({ zone: 'z' })
  })

  it('CAP-6: a fact stated as undefined is missing, not unasked', () => {
    expect(gather(() => ({ purposes: undefined, region: undefined }))).toEqual({ purposes: null, region: null })
  })
})
