import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { coreOf } from '../../src/guard/create-guard.js'
import { unhandledRejectionsOf } from '../decision/unhandled-rejections.js'
import { nowMs } from '../token/signed-token.js'
import { guarding, requestBy } from './guarding.js'

const quota = { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1 } }] }
const own = { aap_capabilities: [{ action: 'a', constraints: { own: 1 } }] }
/** Given so that the guard makes no store of its own, which would read the clock first. */
const store = { name: 's', admit: () => ({ outcome: 'admitted', alternative: 0 }) }
const broken = { status: 500, outcome: 'deny', reason: { rule: 'ERR-2' } }

const nextTurn = () => new Promise<void>((resolve) => { setImmediate(resolve) })

/** The token has to be verified before a hook is asked, on a thread that no clock of ours moves. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await nextTurn()
}

describe('ERR-2: guard.authorize never rejects; whatever fails denies with 500', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the option facts throws', { facts: () => { throw new Error('x') } }],
    ['the option facts rejects', { facts: () => Promise.reject(new Error('x')) }],
    ['the option facts is no object', { facts: () => 'DE' }],
    ['the clock throws', { store, now: () => { throw new Error('x') } }],
    ['the clock gives NaN', { store, now: () => NaN }],
    ['the clock gives a string', { store, now: () => '0' }],
    ['the function for issuers throws', { issuer: () => { throw new Error('x') } }],
    ['the function for issuers answers another issuer', { issuer: () => ({ issuer: 'https://other.example' }) }],
    ['the function for issuers is async', { issuer: async () => undefined }],
    ['the function for issuers answers wrong settings', { issuer: (iss: string) => ({ issuer: iss, jwks: { keys: [] } }) }],
  ])('%s', async (_, options) => {
    const { guard } = guarding(options)
    const decision = await guard.authorize(requestBy(), 'a')
    expect(decision).toMatchObject(broken)
    expect(decision.error).toBeUndefined()
    expect(decision.correlationId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each<[string, unknown]>([
    ['throws', () => { throw new Error('x') }],
    ['answers nothing', () => undefined],
    ['answers true', () => true],
    ['refuses by a code that does not exist', () => ({ outcome: 'deny', code: 'no_such_code', detail: 'x' })],
    ['refuses by a name that the prototype has', () => ({ outcome: 'deny', code: 'constructor', detail: 'x' })],
    ['rejects', () => Promise.reject(new Error('x'))],
  ])('a registered check that %s', async (_, check) => {
    const { guard } = guarding({ constraints: [{ name: 'own', compile: () => check }] })
    expect(await guard.authorize(requestBy(own), 'a')).toMatchObject(broken)
  })

  it.each<[string, unknown]>([
    ['undefined', undefined], ['null', null], ['a string', 'GET /'], ['an empty object', {}], ['no headers', { method: 'GET', url: '/' }], ['no url', { method: 'GET', headers: {} }], ['no method', { url: '/', headers: {} }],
    ['headers that throw', { method: 'GET', url: '/', get headers() { throw new Error('x') } }], ['raw headers of another type', { method: 'GET', url: '/', headers: {}, rawHeaders: 'authorization' }],
  ])('a request that is %s', async (_, request) => {
    const { guard } = guarding()
    const decision = await guard.authorize(request as never, 'a')
    expect(decision.outcome).toBe('deny')
    expect([401, 500]).toContain(decision.status)
  })

  it.each([[undefined], [null], [42], [{}], [['a']]])('an action that is %j', async (action) => {
    const { guard } = guarding()
    const { outcome, status } = await guard.authorize(requestBy(), action as never)
    expect(outcome).toBe('deny')
    expect([403, 500]).toContain(status)
  })

  it.each<[string, unknown]>([['null', null], ['a string', 'target'], ['a list', ['target']], ['a number', 1], ['a function', () => ({})]])('facts that are %s', async (_, facts) => {
    const { guard } = guarding()
    expect(await guard.authorize(requestBy(), 'a', facts as never)).toMatchObject(broken)
  })

  it('and it says so to the operator and the audit record, not to the caller', async () => {
    const { guard, messages, records } = guarding({ facts: () => { throw new Error('private reason') } })
    const { error, reason, ...visible } = await guard.authorize(requestBy(), 'a')
    expect(error).toBeUndefined()
    expect(JSON.stringify(visible)).not.toContain('private')
    expect(reason?.detail).toContain('private reason')
    expect(messages).toEqual([expect.stringContaining('private reason')])
    expect(records).toMatchObject([{ outcome: 'deny', status: 500, rule: 'ERR-2', detail: expect.stringContaining('private reason') }])
  })

  it('a clock that breaks between the parts of a decision ends neither the request nor the process', async () => {
    let readings = 0
    const { guard } = guarding({ store, now: () => (readings++ === 0 ? nowMs : NaN) })
    const core = coreOf(guard)!
    const request = requestBy()
    const session = await core.openSession(request, request)
    expect(session.denial).toBeUndefined()
    expect(core.checkSession(session, () => undefined)?.code).toBe('internal_error')
  })

  it('a failure that cannot be written as text', async () => {
    const { guard } = guarding({ facts: () => { throw Object.create(null) } })
    expect(await guard.authorize(requestBy(), 'a')).toMatchObject(broken)
  })

  it('audit sinks and loggers that fail change nothing', async () => {
    const fail = () => { throw new Error('full disk') }
    const rejections = await unhandledRejectionsOf(async () => {
      const { guard } = guarding({ audit: [{ write: fail }, { write: () => Promise.reject(new Error('full disk')) }, { info: fail }], logger: { info: fail, warn: fail, error: fail } })
      expect((await guard.authorize(requestBy(), 'a')).outcome).toBe('allow')
    })
    expect(rejections).toEqual([])
  })
})

describe('a fact under a wrong name would be a demand that nobody checks: refused', () => {
  it.each<[string, RegExp]>([
    ['aproval', /did you mean `approval`/], ['Target', /did you mean `target`/], ['adresses', /did you mean `addresses`/], ['somethingElse', /unknown fact/],
  ])('%s', async (name, message) => {
    const { guard } = guarding()
    const { status, reason } = await guard.authorize(requestBy(), 'a', { [name]: 'required' })
    expect([status, reason?.detail]).toEqual([500, expect.stringMatching(message)])
  })

  it('but what is wrong with the token is said first', async () => {
    const { guard } = guarding()
    expect((await guard.authorize(requestBy({ aud: 'x' }), 'a', { aproval: 'required' })).status).toBe(401)
  })

  it('other names are for registered constraints, where there are any', async () => {
    const seen: unknown[] = []
    const { guard } = guarding({ constraints: [{ name: 'own', compile: () => (facts: any) => { seen.push(facts.temperature); return { outcome: 'deny', code: 'aap_constraint_violation', detail: 'x' } } }] })
    expect((await guard.authorize(requestBy(own), 'a', { temperature: 21 })).status).toBe(403)
    expect(seen).toEqual([21])
    expect((await guard.authorize(requestBy(own), 'a', { aproval: 'required' })).status).toBe(500)
  })
})

describe('close', () => {
  it('later requests get 503 with Retry-After', async () => {
    const { guard } = guarding()
    await guard.close()
    expect(await guard.authorize(requestBy(), 'a')).toMatchObject({ outcome: 'deny', status: 503, error: 'temporarily_unavailable', retryAfterSeconds: 1 })
  })

  it('can be called again, and at once', async () => {
    const { guard } = guarding()
    await Promise.all([guard.close(), guard.close()])
    await guard.close()
  })

  it('decisions in flight finish', async () => {
    let release: ((facts: object) => void) | undefined
    const { guard } = guarding({ hookTimeoutMs: 20_000, facts: () => new Promise((resolve) => { release = resolve }) })
    const decision = guard.authorize(requestBy(), 'a')
    await until(() => release !== undefined)
    let isClosed = false
    const closing = guard.close().then(() => { isClosed = true })
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    expect(isClosed).toBe(false)
    release?.({})
    expect((await decision).outcome).toBe('allow')
    await closing
    expect(isClosed).toBe(true)
  })

  it('QTA-4: and they find the counters as they were: closing opens no quota', async () => {
    const { guard } = guarding()
    const request = requestBy(quota)
    expect((await guard.authorize(request, 'a')).status).toBe(200)
    expect((await guard.authorize(request, 'a')).status).toBe(429)
    const inFlight = guard.authorize(request, 'a')
    await guard.close()
    expect((await inFlight).status).not.toBe(200)
  })
})

describe('hookTimeoutMs and storeTimeoutMs', () => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) })
  afterEach(() => { vi.useRealTimers() })
  const hang = () => new Promise<never>(() => undefined)

  it.each<[string, Record<string, unknown>, number, object]>([
    ['hookTimeoutMs', { hookTimeoutMs: 70 }, 70, broken],
    ['2,000 ms for a hook by default', {}, 2_000, broken],
  ])('%s', async (_, options, ms, expected) => {
    let asked = false
    const { guard } = guarding({ ...options, facts: () => { asked = true; return hang() } })
    let decision: unknown
    void guard.authorize(requestBy(), 'a').then((done) => { decision = done })
    await until(() => asked)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(decision).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(decision).toMatchObject(expected)
  })

  it.each<[string, Record<string, unknown>, number]>([['storeTimeoutMs', { storeTimeoutMs: 70 }, 70], ['250 ms for the store by default (QTA-6)', {}, 250]])('%s', async (_, options, ms) => {
    let asked = false
    const { guard } = guarding({ ...options, store: { name: 's', admit: () => { asked = true; return hang() } } })
    let decision: unknown
    void guard.authorize(requestBy(quota), 'a').then((done) => { decision = done })
    await until(() => asked)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(decision).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(decision).toMatchObject({ status: 503, error: 'temporarily_unavailable', retryAfterSeconds: 1, reason: { rule: 'QTA-6' } })
  })
})
