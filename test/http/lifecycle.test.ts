import type { StateStore } from '../../src/index.js'
import { describe, expect, it } from 'vitest'
import { createGuard, memoryStore, requireCapability, type GuardOptions, type ResourceRequest } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { collectAudit } from '../support/audit.js'
import { createTestIssuer, exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess, nextTurn } from '../support/process-health.js'
import { serverKinds } from '../support/servers.js'
import { startApi } from '../support/api.js'
import { stoppedClock } from '../support/stopped-clock.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const request = (token: string): ResourceRequest => ({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })

describe('ready', () => {
  it('nothing is fetched at construction; ready fetches, and then no request waits', async () => {
    const fetched: string[] = []
    const guard = createGuard({ issuer: issuer.url, audience: issuer.audience, audit: [], fetch: (url, init) => { fetched.push(url); return fetch(url, init) } })
    await nextTurn()
    expect(fetched).toEqual([])
    await guard.ready()
    const count = fetched.length
    expect(count).toBeGreaterThan(0)
    expect((await guard.authorize(request(await issuer.sign({ aap_capabilities: capabilities('a') })), 'a')).outcome).toBe('allow')
    await guard.ready()
    expect(fetched).toHaveLength(count)
    await guard.close()
  })

  it('rejects when keys cannot be had, and requests get 503 with Retry-After until then (KEY-4)', async () => {
    const audit = collectAudit()
    const gone = await createTestIssuer()
    const token = await gone.sign(exampleClaims())
    await gone.close()
    const guard = createGuard({ issuer: gone.issuer, audience: gone.audience, audit: audit.sink, logger: { info: () => undefined, warn: () => undefined, error: () => undefined } })
    await expect(guard.ready()).rejects.toThrow()
    expect(await guard.authorize(request(token), 'search.web')).toMatchObject({ outcome: 'deny', status: 503, error: 'temporarily_unavailable', retryAfterSeconds: expect.any(Number), reason: { rule: 'KEY-4' } })
    audit.takeDecision()
    await guard.close()
  })

  it('resolves for given keys and for a function of tenants', async () => {
    for (const given of [issuer.trusted, [issuer.trusted], () => issuer.trusted]) {
      const guard = createGuard({ issuer: given, audience: issuer.audience, audit: [] })
      await expect(guard.ready()).resolves.toBeUndefined()
      await guard.close()
    }
  })
})

describe('close', () => {
  it.each(serverKinds)('%s: later requests are refused with 503 and recorded, and it can be called again', async (kind) => {
    const { server, guard, audit, handled } = await startApi(kind, { issuer: issuer.trusted, audience: issuer.audience }, (parts) => ({
      use: [parts.guard],
      routes: [{ path: '/search', run: [requireCapability('search.web'), parts.handler('search')] }],
    }))
    const token = await issuer.sign({ aap_capabilities: capabilities('search.web') })
    expect((await server.call('/search', { token })).status).toBe(200)
    audit.clear()
    await guard.close()
    await guard.close()
    const refused = await server.call('/search', { token })
    expect([refused.status, refused.json.error, refused.header('retry-after')]).toEqual([503, 'temporarily_unavailable', expect.stringMatching(/^[1-9][0-9]*$/)])
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 503 })
    expect(await guard.authorize(request(token), 'search.web')).toMatchObject({ outcome: 'deny', status: 503 })
    audit.takeDecision()
    expect(handled).toEqual(['search'])
  })

  it('lets decisions in flight finish', async () => {
    const { options, release, asked } = withGatedFacts()
    const guard = createGuard(options)
    const deciding = guard.authorize(request(await issuer.sign({ aap_capabilities: capabilities('a') })), 'a')
    await asked
    let isClosed = false
    const closing = guard.close().then(() => { isClosed = true })
    await nextTurn()
    expect(isClosed).toBe(false)
    expect(await guard.authorize(request('x'), 'a')).toMatchObject({ status: 503 })
    release()
    expect((await deciding).outcome).toBe('allow')
    await closing
  })

  it('QTA-4: a decision in flight still finds its quota as it was', async () => {
    const { options, release, asked } = withGatedFacts(1)
    const guard = createGuard({ ...options, ...stoppedClock() })
    const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_day: 1 } }] })
    expect((await guard.authorize(request(token), 'a')).outcome).toBe('allow')
    const deciding = guard.authorize(request(token), 'a')
    await asked
    const closing = guard.close()
    release()
    expect((await deciding).status).toBe(429)
    await closing
  })

  it('closes no store that it did not make', async () => {
    let closed = 0
    const inner = memoryStore()
    const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: [], store: { name: 'shared', admit: (admission) => inner.admit(admission), close: () => { closed++ } } as StateStore })
    await guard.close()
    expect(closed).toBe(0)
  })

  it('QTA-4: a new guard on the same store goes on counting where the old one stopped', async () => {
    const clock = stoppedClock()
    const store = memoryStore(clock)
    const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_day: 1 } }] })
    const options = { issuer: issuer.trusted, audience: issuer.audience, audit: [], store, ...clock }
    const first = createGuard(options)
    expect((await first.authorize(request(token), 'a')).outcome).toBe('allow')
    await first.close()
    const second = createGuard(options)
    expect((await second.authorize(request(token), 'a')).status).toBe(429)
    await second.close()
  })

  /** The hook `facts` of the request after the first `free` ones waits for `release`. */
  function withGatedFacts(free = 0): { options: GuardOptions; release: () => void; asked: Promise<void> } {
    let release = (): void => undefined
    let heard = (): void => undefined
    const gate = new Promise<void>((resolve) => { release = resolve })
    const asked = new Promise<void>((resolve) => { heard = resolve })
    let calls = 0
    return {
      options: {
        issuer: issuer.trusted,
        audience: issuer.audience,
        audit: [],
        hookTimeoutMs: 20_000,
        facts: async () => {
          if (calls++ < free) return {}
          heard()
          await gate
          return {}
        },
      },
      release: () => { release() },
      asked,
    }
  }
})
