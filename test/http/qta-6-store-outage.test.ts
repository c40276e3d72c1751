import { Ajv2020 } from 'ajv/dist/2020.js'
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clientKinds, type ConnectedClient } from '../support/redis-clients.js'
import { createGuard, memoryStore, type AuditRecord, type Guard, type GuardOptions } from '../../src/index.js'
import { useTestIssuer } from '../support/issuer.js'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { redisStore } from '../../src/state/redis-store.js'
import { stoppedClock } from '../support/stopped-clock.js'

const isRecord = new Ajv2020().compile(JSON.parse(readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8')))
const issuer = useTestIssuer()

function guardOn(options: GuardOptions): { guard: Guard; records: AuditRecord[]; messages: string[]; ask: (token: string) => Promise<{ status: number; record: AuditRecord }> } {
  const records: AuditRecord[] = []
  const messages: string[] = []
  const say = (message: string): void => { messages.push(message) }
  const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, dpop: false, audit: { write: (record) => { records.push(record) } }, logger: { info: say, warn: say, error: say }, ...options })
  return {
    guard,
    records,
    messages,
    ask: async (token) => {
      const { status, correlationId } = await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')
      return { status, record: records.find((record) => record.kind === 'decision' && record.correlation_id === correlationId)! }
    },
  }
}

/** Longer than a machine may stand still, as long as there is a Redis to answer. */
const patient = { storeTimeoutMs: 4_000 }
const deadline = { timeout: 45_000, interval: 20 }

describeRedis('QTA-6: a guard whose Redis goes away', () => {
  let server: RedisServer
  let connected: ConnectedClient
  afterEach(async () => {
    connected.close()
    await server.stop()
  })

  it.each(clientKinds)('by $name: counts its part, says so in each record, tells both events, and goes back to Redis', async ({ connect }) => {
    server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    connected = await connect([server.port])
    const clock = stoppedClock()
    const { guard, records, messages, ask } = guardOn({ store: redisStore(connected.client, clock), onStoreFailure: { local: { processes: 4 } }, ...clock, ...patient })
    const token = await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 40 } }] })
    for (let i = 0; i < 3; i++) expect(await ask(token)).toMatchObject({ status: 200, record: { outcome: 'allow' } })
    expect(records.some((record) => 'counted' in record)).toBe(false)

    await server.kill()
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 7 }, () => 200), ...Array.from({ length: 5 }, () => 429)])
    for (const { record } of answers) expect(record).toMatchObject({ counted: 'local' })
    // That revocations are not heard of, it tells too, where the outage takes long enough.
    const events = () => records.filter((record) => record.kind === 'event' && record.event.startsWith('store_'))
    expect(events()).toEqual([{ kind: 'event', time: expect.any(String), event: 'store_failed', store: 'redis', detail: expect.any(String) }])

    await server.restart()
    await vi.waitFor(async () => { expect((await ask(token)).record).not.toHaveProperty('counted') }, deadline)
    await vi.waitFor(async () => {
      await ask(token)
      expect(events()).toMatchObject([{ event: 'store_failed' }, { event: 'store_recovered' }])
    }, deadline)
    expect(messages.filter((message) => /The store redis (fails|has)/.test(message))).toEqual([expect.stringContaining('The store redis fails'), 'aap-guard: The store redis has recovered'])
    for (const record of records) expect([record, isRecord(record)]).toEqual([record, true])
    await guard.close()
  }, 120_000)

  it.each(clientKinds)('by $name: refuses with 503 where nothing else is said', async ({ connect }) => {
    server = await startRedis()
    connected = await connect([server.port])
    const { guard, ask } = guardOn({ store: redisStore(connected.client), ...patient })
    const token = await issuer.sign({ aap_capabilities: [{ action: 'search.web', constraints: { max_requests_per_day: 40 } }] })
    expect((await ask(token)).status).toBe(200)
    await server.kill()
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => ask(token)))) expect(answer).toMatchObject({ status: 503, record: { outcome: 'deny', rule: 'QTA-6', error: 'temporarily_unavailable' } })
    await guard.close()
  })
})

describe('QTA-4: the memory store in a worker of a cluster', () => {
  const isWorker = cluster.isWorker
  afterEach(() => { Object.assign(cluster, { isWorker }) })

  it.each([true, false])('is warned of at start-up where there is one: %s', (inCluster) => {
    Object.assign(cluster, { isWorker: inCluster })
    for (const store of [undefined, memoryStore()]) {
      const { messages } = guardOn({ ...(store !== undefined && { store }) })
      expect(messages).toEqual(inCluster ? [expect.stringMatching(/this worker only.*QTA-4/)] : [])
    }
    expect(guardOn({ store: { name: 'shared', admit: () => ({ outcome: 'full', retryAfterMs: 1 }) } }).messages).toEqual([])
  })
})

it('QTA-6: how many processes a plain local assumes is said at start-up', () => {
  expect(guardOn({ onStoreFailure: 'local' }).messages).toEqual([expect.stringMatching(/`onStoreFailure`.*\d+ are assumed.*processes: n/)])
  expect(guardOn({ onStoreFailure: { local: { processes: 4 } } }).messages).toEqual([])
})
