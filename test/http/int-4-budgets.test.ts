import { describe, expect, it } from 'vitest'
import { aapGuard, createGuard, memoryStore, requireCapability, type AapGuard, type StateStore } from '../../src/index.js'
import { audience, opaqueKinds, startIssuer, startOpaqueApi, testClock } from './opaque-api.js'
import { collectAudit } from '../support/audit.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { misbehaviours, type AgentTokenIssuer } from '../support/agent-token-issuer.js'
import { operatorMessages } from '../support/operator-messages.js'
import { startApi } from '../support/api.js'
import { stoppedClock } from '../support/stopped-clock.js'

expectHealthyProcess()

/** Until the issuer was told so often to revoke something. */
async function revokedTimes(issuer: AgentTokenIssuer, times: number): Promise<void> {
  await expect.poll(() => issuer.revocations.length, { timeout: 20_000 }).toBe(times)
}

describe.each(opaqueKinds)('INT-4 on %s', (kind) => {
  it('INT-4: a budget of three: three of many requests at once', async () => {
    const issuer = await startIssuer()
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const token = await issuer.issue({ max_operations: 3 })
    const answers = await Promise.all(Array.from({ length: 40 }, () => server.call('/search', { token })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(new Set(refused.map(({ status, json }) => `${status} ${String(json.error)}`))).toEqual(new Set(['401 invalid_token']))
    expect([handled.length, audit.decisions().filter(({ rule }) => rule === 'INT-4').length, issuer.asked.length]).toEqual([3, 37, 1])
    // It does not expire by it: nothing is revoked, and it stays spent.
    expect((await server.call('/search', { token })).status).toBe(401)
    expect(issuer.revocations).toEqual([])
    const other = await issuer.issue({ max_operations: 1 })
    expect([(await server.call('/search', { token: other })).status, (await server.call('/search', { token: other })).status]).toEqual([200, 401])
  })

  it('INT-4: what is refused takes none: 403 and 429', async () => {
    const issuer = await startIssuer()
    const { server, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted({ scopes: { 'search.web': 'search.web', 'posts.read': { action: 'posts.read', constraints: { max_requests_per_hour: 1 } } } }), ...stoppedClock() })
    const token = await issuer.issue({ scope: 'search.web posts.read', max_operations: 3 })
    const statuses: number[] = []
    for (const path of ['/publish', '/posts', '/posts', '/publish', '/posts', '/research', '/search', '/search', '/search', '/publish']) statuses.push((await server.call(path, { token })).status)
    expect(statuses).toEqual([403, 200, 429, 403, 429, 403, 200, 200, 401, 401])
    expect(handled).toEqual(['/posts', '/search', '/search'])
  })

  it('INT-4: a request that is guarded twice, or for two actions, takes one', async () => {
    const issuer = await startIssuer()
    const store = memoryStore()
    const token = await issuer.issue({ scope: 'search.web posts.read', max_operations: 2 })
    const second: AapGuard = aapGuard({ issuer: issuer.trusted(), audience, store, audit: [] })
    const { server, handled } = await startApi(kind, { issuer: issuer.trusted(), audience, store }, ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/both', run: [requireCapability('search.web'), guard, requireCapability('search.web'), requireCapability('posts.read'), second, requireCapability('posts.read'), handler('both')] }],
    }))
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push((await server.call('/both', { token })).status)
    // The last one as well, which is spent while it is guarded.
    expect(statuses).toEqual([200, 200, 401, 401])
    expect(handled).toEqual(['both', 'both'])
    await second.guard.close()
  })

  it('INT-4: with the option routes, and a guard behind it, on the last operation', async () => {
    const issuer = await startIssuer()
    const { server, handled } = await startApi(kind, { issuer: issuer.trusted(), audience, routes: { 'GET /search': 'search.web' } }, ({ guard, handler }) => ({
      use: [guard, guard],
      routes: [{ path: '/search', run: [handler('search')] }],
    }))
    const token = await issuer.issue({ max_operations: 1, expires_on_completion: true })
    expect([(await server.call('/search', { token })).status, (await server.call('/search', { token })).status]).toEqual([200, 401])
    expect(handled).toEqual(['search'])
    await revokedTimes(issuer, 1)
  })

  it('INT-4: max_operations that shrinks is for what was taken before, too', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    const token = await issuer.issue({ max_operations: 10 })
    const statuses: number[] = []
    for (const most of [10, 10, 10, 4, 4, 3]) {
      clock.pass(30_000)
      issuer.amend(token, { max_operations: most })
      statuses.push((await server.call('/search', { token })).status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 401, 401])
  })

  it('INT-4: operations_remaining that grows brings nothing back, and one that shrinks holds', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    const call = async (token: string): Promise<number> => (await server.call('/search', { token })).status
    const token = await issuer.issue({ max_operations: 3 })
    expect(await call(token)).toBe(200)
    for (const more of [{ operations_remaining: 1_000 }, { operations_remaining: 1_000, max_operations: 1_000 }]) {
      clock.pass(30_000)
      issuer.amend(token, more)
      expect(await call(token)).toBe(200)
    }
    for (const more of [{}, { max_operations: undefined }, { max_operations: undefined, operations_remaining: undefined }]) {
      clock.pass(30_000)
      issuer.amend(token, more)
      expect(await call(token)).toBe(401)
    }
    const shrinking = await issuer.issue({ max_operations: 5 })
    expect(await call(shrinking)).toBe(200)
    clock.pass(30_000)
    issuer.amend(shrinking, { operations_remaining: 1 })
    expect([await call(shrinking), await call(shrinking)]).toEqual([200, 401])
    const none = await issuer.issue({ max_operations: 0, expires_on_completion: true })
    expect(await call(none)).toBe(401)
    await revokedTimes(issuer, 1)
  })

  it('INT-4: expires_on_completion: revoked once, though the issuer fails first, and dead here at once', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server, operator, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    const token = await issuer.issue({ max_operations: 2, expires_on_completion: true })
    issuer.misbehave('revoke', misbehaviours.fail)
    expect([(await server.call('/search', { token })).status, issuer.revocations.length]).toEqual([200, 0])
    expect((await server.call('/search', { token })).status).toBe(200)
    audit.clear()
    const dead = async (): Promise<void> => {
      const answer = await server.call('/search', { token })
      expect([answer.status, answer.json.error, audit.takeDecision().rule]).toEqual([401, 'invalid_token', 'INT-4'])
    }
    await Promise.all([1, 2, 3].map(() => server.call('/search', { token })))
    audit.clear()
    await dead()
    await revokedTimes(issuer, 1)
    expect(issuer.revoked.has(token)).toBe(false)
    // Whatever the issuer says of it meanwhile.
    issuer.amend(token, { max_operations: undefined, operations_remaining: undefined, expires_on_completion: undefined })
    clock.pass(30_000)
    await dead()
    issuer.misbehave('revoke', undefined)
    await revokedTimes(issuer, 2)
    await expect.poll(() => issuer.revoked.has(token)).toBe(true)
    clock.pass(30_000)
    expect((await server.call('/search', { token })).status).toBe(401)
    expect(issuer.revocations).toEqual([token, token])
    expect(JSON.stringify(operator.said)).not.toContain(token)
  })

  it('INT-4: count: issuer: it is asked for every request, once, and revokes at the end', async () => {
    const issuer = await startIssuer({ counts: true })
    const { server, handled, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ count: 'issuer' }) })
    const token = await issuer.issue({ max_operations: 3, expires_on_completion: true })
    const answers = await Promise.all(Array.from({ length: 8 }, () => server.call('/search', { token })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 401, 401, 401, 401, 401])
    expect(handled).toHaveLength(3)
    expect(issuer.asked.length).toBeLessThanOrEqual(8)
    expect(issuer.asked.length).toBeGreaterThanOrEqual(4)
    expect(audit.decisions().filter(({ rule }) => rule === 'INT-4' || rule === 'INT-1')).toHaveLength(5)
    await revokedTimes(issuer, 1)
    expect(issuer.revocations).toEqual([token])
  })

  it('INT-4: a store that knows nothing of budgets has not taken one: 503', async () => {
    const issuer = await startIssuer()
    const inner = memoryStore()
    const store: StateStore = { name: 'old', admit: ({ scope, proof, alternatives, chargeOnly }) => inner.admit({ scope, alternatives, ...(proof !== undefined && { proof }), ...(chargeOnly !== undefined && { chargeOnly }) }) }
    for (const onStoreFailure of ['deny', { local: { processes: 1 } }] as const) {
      const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted(), store, onStoreFailure })
      const answer = await server.call('/search', { token: await issuer.issue({ max_operations: 3 }) })
      expect([answer.status, audit.takeDecision().rule, handled]).toEqual([503, 'QTA-6', []])
      expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(200)
    }
  })

  it('INT-4, QTA-6: where this process counts for a store that failed, budgets are refused', async () => {
    const issuer = await startIssuer()
    const store: StateStore = { name: 'broken', admit: () => { throw new Error('the store is down') } }
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ scopes: { 'search.web': { action: 'search.web', constraints: { max_requests_per_hour: 10 } } } }), store, onStoreFailure: { local: { processes: 1 } } })
    expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(200)
    expect(audit.takeDecision()).toMatchObject({ counted: 'local' })
    const token = await issuer.issue({ max_operations: 3, expires_on_completion: true })
    expect((await server.call('/search', { token })).status).toBe(503)
    expect(audit.takeDecision().rule).toBe('QTA-6')
    expect(issuer.revocations).toEqual([])
  })
})

describe('INT-4: guard.authorize', () => {
  it('INT-4: each decision takes one, and closing gives up what waits', async () => {
    const issuer = await startIssuer()
    const operator = operatorMessages()
    const audit = collectAudit()
    const guard = createGuard({ issuer: issuer.trusted(), audience, audit: audit.sink, logger: operator })
    const token = await issuer.issue({ max_operations: 2, expires_on_completion: true })
    const decide = (action = 'search.web') => guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `Bearer ${token}` } }, action)
    issuer.misbehave('revoke', misbehaviours.fail)
    expect(await decide()).toMatchObject({ outcome: 'allow', authorization: { budget: { maxOperations: 2, expiresOnCompletion: true }, token: { kind: 'opaque' } } })
    expect(await decide('cms.publish')).toMatchObject({ status: 403 })
    expect(await decide()).toMatchObject({ outcome: 'allow' })
    expect(await decide()).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'INT-4' } })
    await revokedTimes(issuer, 1)
    await guard.close()
    expect(operator.said.at(-1)?.message).toContain('not revoked there: the guard was closed')
    expect(await decide()).toMatchObject({ status: 503 })
  })
})
