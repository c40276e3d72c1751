import { afterEach, describe, expect, it, vi } from 'vitest'
import { clientKinds, type ConnectedClient } from '../support/redis-clients.js'
import { createGuard, type AuditRecord, type GuardOptions } from '../../src/index.js'
import { useTestIssuer } from '../support/issuer.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import type { StateStore } from '../../src/model/store.js'
import { redisStore } from '../../src/state/redis-store.js'

const issuer = useTestIssuer()

describeRedis('QTA-6: a guard that begins while its Redis hangs', () => {
  let server: RedisServer
  let connected: ConnectedClient
  afterEach(async () => {
    connected.close()
    await server.stop()
  })

  const cases = clientKinds.flatMap((kind) => ([['deny', 503], [{ local: { processes: 1 } }, 200]] as const).map(([onStoreFailure, status]) => ({ ...kind, onStoreFailure, status, as: JSON.stringify(onStoreFailure) })))
  it.each(cases)('by $name, $as: what was revoked before is waited for no longer than for any answer', async ({ connect, onStoreFailure, status }) => {
    server = await startRedis()
    connected = await connect([server.port])
    server.hang()
    const records: AuditRecord[] = []
    const options: GuardOptions = { issuer: issuer.trusted, audience: issuer.audience, dpop: false, audit: { write: (record) => { records.push(record) } }, logger: { info: () => undefined, warn: () => undefined, error: () => undefined }, store: redisStore(connected.client), onStoreFailure }
    const guard = createGuard(options)
    const token = await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 40 } }] })
    const ask = () => guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')
    expect((await ask()).status).toBe(status)
    // The look itself goes on: it is given up after 5 s.
    expect(records.map((record) => (record.kind === 'event' ? record.event : record.kind))).not.toContain('revocations_failed')
    server.goOn()
    await guard.ready()
    await vi.waitFor(async () => { expect((await ask()).status).toBe(200) }, { timeout: 10_000, interval: 20 })
    await guard.close()
  })
})

describe('QTA-6: a guard whose store says nothing at all', () => {
  it('waits for it once: what was revoked, or whether there is room', async () => {
    let admissions = 0
    const silent: StateStore = {
      name: 'silent',
      admit: () => {
        admissions++
        return new Promise<never>(() => undefined)
      },
      revocations: { publish: () => Promise.reject(new Error('silent')), subscribe: () => ({ close: () => undefined }) },
    }
    const records: AuditRecord[] = []
    const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, dpop: false, audit: { write: (record) => { records.push(record) } }, logger: { info: () => undefined, warn: () => undefined, error: () => undefined }, store: silent, storeTimeoutMs: 10, onStoreFailure: { local: { processes: 1 } } })
    const token = await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 1 } }] })
    const ask = async () => (await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')).status
    expect([await ask(), admissions]).toEqual([200, 0])
    expect(records).toMatchObject([{ kind: 'event', event: 'store_failed', detail: 'it has not said in time what was revoked' }, { kind: 'decision', counted: 'local' }])
    // It is probed, and what this process has counted holds.
    await vi.waitFor(async () => {
      expect(await ask()).toBe(429)
      expect(admissions).toBeGreaterThan(0)
    }, { timeout: 30_000, interval: 5 })
    await guard.close()
  })
})
