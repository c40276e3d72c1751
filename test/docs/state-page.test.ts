import { readFileSync } from 'node:fs'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeRedis, startRedis, type RedisServer } from '../support/redis.js'
import { redisStore } from '../../src/state/redis-store.js'
import type { QuotaCharge, RevocationFeed } from '../../src/model/store.js'

const page = readFileSync(new URL('../../docs/state.md', import.meta.url), 'utf8')

const keyOf = (kind: string): string => (kind === 's' || kind === 'm' ? `aap:{all}:${kind}:k:quota` : `aap:{all}:${kind}:k`)

describeRedis('QTA-7: what docs/state.md says of Redis', () => {
  let server: RedisServer
  beforeAll(async () => { server = await startRedis() })
  afterAll(() => server.stop())

  /** Resolves when what is kept was heard, and a message would be. */
  const listening = async (feed: RevocationFeed): Promise<void> => {
    const failed: unknown[] = []
    const heard: unknown[] = []
    const subscription = feed.subscribe({ revoked: (notices) => { heard.push(...notices) }, caughtUp: () => undefined, failed: (error) => { failed.push(error) } })
    while (failed.length === 0 && (heard.length === 0 || Number(((await server.command('PUBSUB', 'NUMSUB', 'aap:revoked')) as unknown[])[1]) === 0)) await new Promise((resolve) => { setTimeout(resolve, 5) })
    subscription.close()
    if (failed.length > 0) throw failed[0]
  }

  it('the commands of the ACL are all that the scripts need, and each is needed', async () => {
    const commands = [...(/An ACL for the guard needs (.*?) on `~/.exec(page)?.[1] ?? '').matchAll(/`([a-z]+)`/g)].map(([, command]) => command!)
    expect(commands.length).toBeGreaterThan(8)
    for (const missing of [undefined, ...commands.filter((command) => command !== 'eval')]) {
      const user = `without-${missing ?? 'nothing'}`
      await server.command('FLUSHALL')
      await server.command('ACL', 'SETUSER', user, 'on', '>secret', '~aap:*', '&aap:revoked', '+hello', '+auth', '+client', ...commands.filter((command) => command !== missing).map((command) => `+${command}`))
      const client = createClient({ socket: { host: '127.0.0.1', port: server.port }, username: user, password: 'secret' })
      client.on('error', () => undefined)
      await client.connect()
      let nowMs = Date.UTC(2025, 0, 1)
      const store = redisStore(client, { now: () => nowMs })
      const everything = async () => {
        for (const pause of [0, 0, 1, 500, 600, 4_000_000]) {
          nowMs += pause
          const quotas: readonly QuotaCharge[] = (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ key: 'k', name: 'quota', window, limit: 100, quantity: 1 }))
          await store.admit({ scope: 's', task: { key: 'k', task: 'one', keepMs: 1_000 }, proof: { key: String(nowMs) + String(Math.random()), keepMs: 1_000 }, alternatives: [{ quotas }] })
        }
        await redisStore(client).admit({ scope: 's', alternatives: [] })
        await store.answers!.set('k', '{}', 30_000)
        expect((await store.answers!.get('k'))?.value).toBe('{}')
        const revoked = { key: '0'.repeat(16), until: Math.floor(Date.now() / 1_000) + 100 }
        // The second has ended, and goes when the third comes.
        for (const notice of [revoked, { key: '1'.repeat(16), until: 1 }, revoked]) await store.revocations!.publish([notice], 10)
        await listening(store.revocations!)
      }
      if (missing === undefined) await everything()
      else await expect(everything(), user).rejects.toThrow(/NOPERM|permission|can't run|no permissions/i)
      client.destroy()
    }
  })

  it('the kinds of keys, their types and how long they live', async () => {
    await server.command('FLUSHALL')
    const client = createClient({ socket: { host: '127.0.0.1', port: server.port } })
    await client.connect()
    const quotas: readonly QuotaCharge[] = (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ key: 'k', name: 'quota', window, limit: 100, quantity: 1 }))
    const startedAtMs = performance.now()
    await redisStore(client).admit({ scope: 's', proof: { key: 'k', keepMs: 60_001 }, task: { key: 'k', task: 'one', keepMs: 3_600_000 }, budget: { key: 'k', most: 5, keepMs: 3_600_000 }, alternatives: [{ quotas }] })
    const rows = [...page.matchAll(/^\| `([a-z])`(?:, `([a-z])`)? \| .*? \| (list|string) \|/gm)].flatMap(([, one, other, type]) => [one, other].filter((kind) => kind !== undefined).map((kind) => [keyOf(kind), type]))
    expect(await Promise.all((await client.keys('*')).sort().map(async (key) => [key, await client.type(key)]))).toEqual(rows.sort())
    const livesFor = { s: 1_000 + 10_000, m: 60_000 + 10_000, c: 49 * 3_600_000, b: 3_600_000, t: 3_600_000, p: 120_001 }
    for (const [kind, ms] of Object.entries(livesFor)) {
      const ttl = await client.pTTL(keyOf(kind))
      expect(ttl, kind).toBeLessThanOrEqual(ms)
      expect(ttl, kind).toBeGreaterThan(ms - 1_000 - (performance.now() - startedAtMs))
    }
    client.destroy()
  })
})
