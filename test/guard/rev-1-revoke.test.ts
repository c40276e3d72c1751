import { describe, expect, it, vi } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { guarding, requestBy } from './guarding.js'
import { issuer, jwks, nowMs } from '../token/signed-token.js'
import { memoryStore } from '../../src/index.js'

expectHealthyProcess()

const claims = {
  jti: 'jti-1',
  aap_agent: { id: 'agent-1', type: 't', operator: 'o' },
  aap_task: { id: 'task-1', purpose: 'p' },
  aap_delegation: { depth: 1, max_depth: 2, chain: ['origin', 'agent-1'], parent_jti: 'parent-1' },
}
const refused = { outcome: 'deny', status: 401, error: 'invalid_token' }
const until = nowMs / 1_000 + 60

describe('REV-1: guard.revoke', () => {
  it.each([
    ['the token', { token: 'jti-1' }, 'the token is revoked'],
    ['its parent, and with it all that was delegated', { token: 'parent-1' }, 'its parent token is revoked'],
    ['what was delegated from its parent', { parent: 'parent-1' }, 'what was delegated from its parent token is revoked'],
    ['its agent', { agent: 'agent-1' }, 'its agent is revoked'],
    ['its task', { task: 'task-1' }, 'its task is revoked'],
    ['with its issuer named', { token: 'jti-1', issuer }, 'the token is revoked'],
  ] as const)('%s', async (_what, what, detail) => {
    for (const isSeenBefore of [true, false]) {
      const { guard } = guarding()
      const request = requestBy(claims)
      if (isSeenBefore) expect(await guard.authorize(request, 'a')).toMatchObject({ outcome: 'allow' })
      await guard.revoke(what)
      const decision = await guard.authorize(request, 'a')
      expect(decision).toMatchObject({ ...refused, reason: { rule: 'REV-1', detail } })
      expect(decision.headers?.['www-authenticate']).toContain('error="invalid_token"')
      expect(await guard.authorize(request, 'a')).toMatchObject(refused)
    }
  })

  it('is effective before the promise settles', async () => {
    const { guard } = guarding()
    const revoked = guard.revoke({ token: 'jti-1' })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject(refused)
    await revoked
  })

  it.each([
    ['another token', { token: 'jti-2' }], ['one that differs in case', { token: 'JTI-1' }], ['a parent by the id of the token', { parent: 'jti-1' }], ['an agent by the id of the task', { agent: 'task-1' }], ['a task by the id of the agent', { task: 'agent-1' }],
    ['a prototype name', { token: '__proto__' }], ['another one', { agent: 'constructor' }], ['a lone surrogate', { task: '\ud800' }], ['white space', { agent: ' agent-1' }],
  ])('leaves it alone for %s', async (_what, what) => {
    const { guard } = guarding()
    await guard.revoke(what)
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject({ outcome: 'allow' })
  })

  it('ids with lone surrogates and prototype names are ids', async () => {
    for (const id of ['\ud800', '__proto__', 'constructor', 'toString']) {
      const { guard } = guarding()
      await guard.revoke({ agent: id })
      expect(await guard.authorize(requestBy({ ...claims, aap_delegation: undefined, aap_agent: { id: 'other', type: 't', operator: 'o' } }), 'a')).toMatchObject({ outcome: 'allow' })
      expect(await guard.authorize(requestBy({ ...claims, aap_delegation: undefined, aap_agent: { id, type: 't', operator: 'o' } }), 'a')).toMatchObject({ outcome: 'deny' })
    }
  })

  it('of one issuer says nothing about another', async () => {
    const other = 'https://other.example'
    const { guard } = guarding({ issuer: [{ issuer, jwks }, { issuer: other, jwks }] })
    await guard.revoke({ issuer: other, token: 'jti-1' })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject({ outcome: 'allow' })
    expect(await guard.authorize(requestBy({ ...claims, iss: other }), 'a')).toMatchObject(refused)
  })

  it('comes after the claims and before the proof (ORD-1)', async () => {
    const { guard } = guarding({ baseUrl: 'https://api.example.com' })
    await guard.revoke({ token: 'jti-1' })
    expect(await guard.authorize(requestBy({ ...claims, exp: nowMs / 1_000 - 100 }), 'a')).toMatchObject({ reason: { rule: 'TOK-6' } })
    expect(await guard.authorize(requestBy({ ...claims, cnf: { jkt: 'A'.repeat(43) } }), 'a')).toMatchObject({ reason: { rule: 'REV-1' } })
  })

  it('ends at `until`, and not before an expired token is refused for its age', async () => {
    const { guard, pass } = guarding({ clockTolerance: 30 })
    await guard.revoke({ agent: 'agent-1', until })
    const request = requestBy({ ...claims, exp: nowMs / 1_000 + 3_600 })
    pass(89_000)
    expect(await guard.authorize(request, 'a')).toMatchObject(refused)
    pass(1_000)
    expect(await guard.authorize(request, 'a')).toMatchObject({ outcome: 'allow' })
  })

  it('without `until` lasts a day, and for a token that was shown meanwhile until it expires', async () => {
    const { guard, pass } = guarding()
    const exp = nowMs / 1_000 + 30 * 86_400
    await guard.revoke({ token: 'shown' })
    await guard.revoke({ agent: 'agent-1' })
    expect(await guard.authorize(requestBy({ ...claims, jti: 'shown', exp }), 'a')).toMatchObject(refused)
    expect(await guard.authorize(requestBy({ ...claims, jti: 'by-agent', exp }), 'a')).toMatchObject(refused)
    pass(86_400_000 + 61_000)
    expect(await guard.authorize(requestBy({ ...claims, jti: 'shown', exp }), 'a')).toMatchObject(refused)
    expect(await guard.authorize(requestBy({ ...claims, jti: 'by-agent', exp }), 'a')).toMatchObject({ outcome: 'allow' })
  })

  it.each([
    [undefined], [null], ['jti-1'], [{}], [{ token: '' }], [{ token: 1 }], [{ token: ['jti-1'] }], [{ token: 'a', agent: 'b' }], [{ tokens: 'a' }], [{ jti: 'a' }], [{ token: 'a', issuer: '' }], [{ token: 'a', issuer: 1 }], [{ token: 'a', issuer: 'https://not.trusted' }], [{ token: 'a', until: '1' }], [{ token: 'a', until: new Date() }],
  ])('rejects %j with a TypeError', async (what) => {
    await expect(guarding().guard.revoke(what as never)).rejects.toThrow(TypeError)
  })

  it('and its type says so already', async () => {
    // @ts-expect-error -- a token and an agent
    await expect(guarding().guard.revoke({ token: 'a', agent: 'b' })).rejects.toThrow(TypeError)
    // @ts-expect-error -- nothing
    await expect(guarding().guard.revoke({ until: nowMs })).rejects.toThrow(TypeError)
  })

  it.each([[{ until: nowMs / 1_000 - 1 }], [{ until: nowMs / 1_000 }], [{ until: NaN }], [{ until: Infinity }], [{ until: -1 }], [{ until: nowMs }], [{ token: 'x'.repeat(10_000_000) }]])('rejects with a RangeError what is no time to come, or no id: %#', async (what) => {
    const { guard, records } = guarding()
    await expect(guard.revoke({ token: 'a', ...what })).rejects.toThrow(RangeError)
    expect(records).toEqual([])
  })

  it('needs the issuer where there are several, or nobody knows how many', async () => {
    await expect(guarding({ issuer: [{ issuer, jwks }, { issuer: 'https://other.example', jwks }] }).guard.revoke({ token: 'a' })).rejects.toThrow(/issuer must say whose it is/)
    const { guard } = guarding({ issuer: () => ({ issuer, jwks }) })
    await expect(guard.revoke({ token: 'a' })).rejects.toThrow(/issuer must say whose it is/)
    await guard.revoke({ token: 'jti-1', issuer })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject(refused)
  })

  it('is on record', async () => {
    const { guard, records } = guarding()
    await guard.revoke({ task: 'line\nbreak' })
    expect(records).toMatchObject([{ kind: 'event', event: 'revoked', issuer, detail: 'task "line\\nbreak", by a call' }])
  })

  it('where the list is full, all tokens of that issuer are refused until there would have been room', async () => {
    const other = 'https://other.example'
    const { guard, pass, messages } = guarding({ maxRevocations: 2, clockTolerance: 0, issuer: [{ issuer, jwks }, { issuer: other, jwks }] })
    await guard.revoke({ issuer, token: 'x', until: until + 1_000 })
    await guard.revoke({ issuer, token: 'y', until: until + 1_000 })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject({ outcome: 'allow' })
    await expect(guard.revoke({ issuer, token: 'jti-1', until })).rejects.toThrow(/no room/)
    expect(await guard.authorize(requestBy({ ...claims, jti: 'any' }), 'a')).toMatchObject({ status: 503, error: 'temporarily_unavailable', reason: { rule: 'REV-1' } })
    expect(await guard.authorize(requestBy({ ...claims, jti: 'x' }), 'a')).toMatchObject(refused)
    expect(await guard.authorize(requestBy({ ...claims, iss: other }), 'a')).toMatchObject({ outcome: 'allow' })
    expect(messages).toEqual([expect.stringMatching(/2 revocations are known.*maxRevocations/)])
    pass(60_000)
    expect(await guard.authorize(requestBy({ ...claims, exp: nowMs / 1_000 + 600 }), 'a')).toMatchObject({ outcome: 'allow' })
  })

  it('a million revocations of made-up ids leave what is allowed allowed, and what is revoked revoked', async () => {
    const { guard } = guarding({ audit: [] })
    await guard.revoke({ token: 'jti-1' })
    for (let i = 0; i < 100_000; i++) void guard.revoke({ token: `made-up-${i}` })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject(refused)
    expect(await guard.authorize(requestBy({ ...claims, jti: 'fine' }), 'a')).toMatchObject({ outcome: 'allow' })
  })

  it('rejects where the store does not tell the others, and holds here', async () => {
    const publish = vi.fn(() => Promise.reject(new Error('the store is away')))
    const store = { ...memoryStore(), name: 'mine', admit: () => ({ outcome: 'admitted', alternative: 0 }), revocations: { publish, subscribe: (listener: { caughtUp: (sinceMs: number) => void }) => {
      listener.caughtUp(performance.now())
      return { close: () => undefined }
    } } }
    const { guard } = guarding({ store })
    await expect(guard.revoke({ token: 'jti-1', until })).rejects.toThrow('the store is away')
    expect(publish).toHaveBeenCalledExactlyOnceWith([{ key: expect.stringMatching(/^[0-9a-f]{16}$/), until: until + 60 }], 1_000_000)
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject(refused)
  })

  it('a store that is never heard of refuses, or is done without', async () => {
    const store = { name: 'mine', admit: () => ({ outcome: 'admitted', alternative: 0 }), revocations: { publish: () => Promise.resolve(), subscribe: (listener: { failed: (error: unknown) => void }) => {
      listener.failed(new Error('away'))
      return { close: () => undefined }
    } } }
    const { guard, records } = guarding({ store })
    expect(await guard.authorize(requestBy(claims), 'a')).toMatchObject({ status: 503, reason: { rule: 'REV-1' } })
    expect(records).toContainEqual(expect.objectContaining({ kind: 'event', event: 'revocations_failed', detail: 'the store mine: away' }))
    await expect(guard.ready()).rejects.toThrow(/the store mine/)
    expect(await guarding({ store, onStoreFailure: { local: { processes: 1 } } }).guard.authorize(requestBy(claims), 'a')).toMatchObject({ outcome: 'allow' })
  })
})

describe('REV-1: guard.onRevoked', () => {
  const deadline = { timeout: 15_000, interval: 5 }
  const later = () => new Promise((resolve) => { setTimeout(resolve, 120) })

  it('tells once whoever was allowed, also where it was revoked already', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize(requestBy(claims), 'a')
    const told = vi.fn()
    guard.onRevoked(decision, told)
    await later()
    expect(told).not.toHaveBeenCalled()
    await guard.revoke({ token: 'other' })
    await guard.revoke({ agent: 'agent-1' })
    await vi.waitFor(() => { expect(told).toHaveBeenCalledExactlyOnceWith() }, deadline)
    await guard.revoke({ token: 'jti-1' })
    const late = vi.fn()
    guard.onRevoked(decision, late)
    await vi.waitFor(() => { expect(late).toHaveBeenCalledOnce() }, deadline)
    await later()
    expect(told).toHaveBeenCalledOnce()
  })

  it('tells nobody who has stopped, and one listener that throws keeps nobody from hearing', async () => {
    const { guard, messages } = guarding()
    const decision = await guard.authorize(requestBy(claims), 'a')
    const [stopped, told] = [vi.fn(), vi.fn()]
    guard.onRevoked(decision, stopped)()
    guard.onRevoked(decision, () => { throw new Error('mine') })
    guard.onRevoked(decision, told)
    await guard.revoke({ token: 'jti-1' })
    await vi.waitFor(() => { expect(told).toHaveBeenCalledOnce() }, deadline)
    expect(stopped).not.toHaveBeenCalled()
    expect(messages).toEqual([expect.stringContaining('mine')])
  })

  it('throws for what is no allowed decision of this guard', async () => {
    const { guard } = guarding()
    const decision = await guard.authorize(requestBy(claims), 'a')
    const denied = await guard.authorize(requestBy(claims), 'b')
    for (const wrong of [denied, { ...decision }, undefined, null, 'x']) expect(() => guard.onRevoked(wrong as never, () => undefined)).toThrow(TypeError)
    expect(() => guard.onRevoked(decision, undefined as never)).toThrow(TypeError)
    expect(() => guarding().guard.onRevoked(decision, () => undefined)).toThrow(TypeError)
  })
})
