import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, type RedisServer } from '../../support/redis.js'
import { redisStore } from '../../../src/state/redis-store.js'
import type { Admission, AdmissionVerdict, StateStore } from '../../../src/model/store.js'
import { stoppedClock } from '../../support/stopped-clock.js'

const limited = (limit: number, key = 'k'): Admission => ({
  scope: 's',
  alternatives: [{ quotas: (['minute', 'day'] as const).map((window) => ({ key, name: 'quota', window, limit, quantity: 1 })) }],
})

/** With `everysec`, the default, a server that is killed may have forgotten what it answered. */
const durable = ['--appendonly', 'yes', '--appendfsync', 'no']

describeRedis('QTA-6: a Redis that fails admits nothing', () => {
  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    let server: RedisServer
    let connected: ConnectedClient
    let store: StateStore

    const begin = async (settings: readonly string[] = []): Promise<void> => {
      server = await startRedis(settings)
      connected = await connect([server.port])
      store = redisStore(connected.client, stoppedClock())
    }
    const again = async (admission: Admission): Promise<AdmissionVerdict> => {
      for (;;) {
        try {
          return await store.admit(admission)
        } catch {
          await delay(10)
        }
      }
    }
    /** How many of many in turn are admitted, while it goes up and down. */
    const admittedOf = async (times: number, admission: Admission): Promise<number> => {
      let admitted = 0
      for (let i = 0; i < times; i++) if ((await again(admission)).outcome === 'admitted') admitted++
      return admitted
    }

    /** Refused, or without an answer for as long as the guard waits: a client that has not yet noticed keeps its command. */
    const expectNone = async (admission: Admission): Promise<void> => {
      const late = delay(250).then(() => { throw new Error('no answer') })
      await expect(Promise.race([store.admit(admission), late])).rejects.toThrow()
    }

    afterEach(async () => {
      connected.close()
      await server.stop()
    })

    it('killed under load and started again with its append-only file: nothing above the limit, and no key without an expiry', async () => {
      await begin(durable)
      let admitted = 0
      const load = Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 150; i++) {
          try {
            if ((await store.admit(limited(700))).outcome === 'admitted') admitted++
          } catch {
            await delay(1)
          }
        }
      })
      for (let i = 0; i < 3; i++) {
        await delay(40)
        await server.kill()
        await delay(40)
        await server.restart()
      }
      await Promise.all(load)
      admitted += await admittedOf(701, limited(700))
      expect(admitted).toBeLessThanOrEqual(700)
      expect(admitted).toBeGreaterThan(400)
      const ttls = await server.command('EVAL', "local found = {} for _, key in ipairs(redis.call('KEYS', '*')) do found[#found + 1] = redis.call('PTTL', key) end return found", '0') as number[]
      expect(ttls).toHaveLength(2)
      expect(Math.min(...ttls)).toBeGreaterThan(0)
    })

    it('started again without persistence: it has forgotten, and the limit holds for what came after', async () => {
      await begin()
      expect(await admittedOf(7, limited(5))).toBe(5)
      await server.restart()
      expect(await admittedOf(7, limited(5))).toBe(5)
    })

    it('down: refused, and admitted again when it is back', async () => {
      await begin(durable)
      expect(await admittedOf(2, limited(3))).toBe(2)
      await server.kill()
      for (let i = 0; i < 3; i++) await expectNone(limited(3))
      await server.restart()
      // What had no answer may have been counted.
      expect(await admittedOf(3, limited(3))).toBeLessThanOrEqual(1)
    })

    it('out of memory: refused, nothing is written, and the counts are what they were', async () => {
      await begin()
      expect(await admittedOf(2, limited(5))).toBe(2)
      const before = await server.command('EVAL', "return {redis.call('GET', 'aap:{all}:c:k'), redis.call('LRANGE', 'aap:{all}:m:k:quota', 0, -1)}", '0')
      expect(before).toEqual([expect.any(String), expect.arrayContaining([expect.any(String)])])
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
      for (const key of ['k', 'new']) {
        await expect(store.admit(limited(5, key))).rejects.toThrow(/OOM/)
        await expect(store.admit({ ...limited(5, key), proof: { key: 'p', keepMs: 60_001 } })).rejects.toThrow(/OOM/)
        await expect(store.admit({ scope: 's', alternatives: [], proof: { key: 'p', keepMs: 60_001 } })).rejects.toThrow(/OOM/)
      }
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
      expect(await server.command('EVAL', "return {redis.call('GET', 'aap:{all}:c:k'), redis.call('LRANGE', 'aap:{all}:m:k:quota', 0, -1)}", '0')).toEqual(before)
      expect(await server.command('DBSIZE')).toBe(2)
      expect(await admittedOf(5, limited(5))).toBe(3)
    })

    it('a replica: refused', async () => {
      await begin()
      const primary = await startRedis()
      try {
        await server.command('REPLICAOF', '127.0.0.1', String(primary.port))
        await expect(store.admit(limited(5))).rejects.toThrow(/READONLY|LOADING|MASTERDOWN/)
        await server.command('REPLICAOF', 'NO', 'ONE')
        expect(await admittedOf(6, limited(5))).toBe(5)
      } finally {
        await primary.stop()
      }
    })

    it('loading its data: refused, and then it knows them', async () => {
      await begin([...durable, '--aof-use-rdb-preamble', 'no'])
      expect(await admittedOf(2, limited(3))).toBe(2)
      await server.command('EVAL', "for i = 1, 3000 do redis.call('SET', 'filler-' .. i, string.rep('x', 1024), 'PX', 600000) end", '0')
      await server.restart({ isAwaited: false, settings: ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'] })
      await expectNone(limited(3))
      expect(await admittedOf(3, limited(3))).toBeLessThanOrEqual(1)
    })

    it('values of somebody else under its keys: refused, and nothing of the admission is done', async () => {
      await begin()
      const [counters, minute] = ['aap:{all}:c:k', 'aap:{all}:m:k:quota']
      for (const command of [['SET', counters, 'x'], ['SET', counters, '1 2 3'], ['SET', counters, ''], ['SET', counters, '\x93\x01\x02\x03'], ['SET', counters, '\x90'], ['SET', counters, '\x80'], ['HSET', counters, 'a', '1']] as const) {
        await server.command('FLUSHALL')
        await server.command(...command)
        await expect(store.admit({ ...limited(5), proof: { key: 'p', keepMs: 60_001 } }), command.join(' ')).rejects.toThrow(/no counters? of aap-guard|WRONGTYPE|Bad data format|Missing bytes/i)
        expect(await server.command('KEYS', '*')).toEqual([counters])
      }
      for (const command of [['LSET', minute, '0', 'x'], ['LSET', minute, '0', '1 2 3'], ['LSET', minute, '0', ''], ['SET', minute, '1']] as const) {
        await server.command('FLUSHALL')
        expect((await store.admit(limited(5))).outcome).toBe('admitted')
        await server.command(...command)
        await expect(store.admit({ ...limited(5), proof: { key: 'p', keepMs: 60_001 } }), command.join(' ')).rejects.toThrow(/no counters? of aap-guard|WRONGTYPE/)
        expect((await server.command('KEYS', '*') as string[]).sort()).toEqual([counters, minute])
      }
    })

    it('a list of instants that Redis forgot counts for as long as its window, and one whose counters it forgot counts no more', async () => {
      await begin()
      let nowMs = Date.UTC(2025, 0, 1)
      const clocked = redisStore(connected.client, { now: () => nowMs })
      const take = async (): Promise<AdmissionVerdict> => clocked.admit({ scope: 's', alternatives: [{ quotas: [{ key: 'k', name: 'quota', window: 'minute', limit: 3, quantity: 1 }] }] })
      for (let i = 0; i < 3; i++) expect((await take()).outcome).toBe('admitted')
      await server.command('DEL', 'aap:{all}:m:k:quota')
      nowMs += 59_999
      expect(await take()).toEqual({ outcome: 'full', retryAfterMs: 1 })
      nowMs += 1
      for (const outcome of ['admitted', 'admitted', 'admitted', 'full']) expect((await take()).outcome).toBe(outcome)
      await server.command('DEL', 'aap:{all}:c:k')
      for (const outcome of ['admitted', 'admitted', 'admitted', 'full']) expect((await take()).outcome).toBe(outcome)
      expect(await server.command('LLEN', 'aap:{all}:m:k:quota')).toBe(1)
    })
  })
})

describeRedis('QTA-6: a client that is not connected', () => {
  it.each(clientKinds)('by $name: is refused when it was closed', async ({ connect }) => {
    const server = await startRedis()
    try {
      const connected = await connect([server.port])
      const store = redisStore(connected.client)
      expect((await store.admit(limited(5))).outcome).toBe('admitted')
      connected.close()
      await delay(20)
      await expect(store.admit(limited(5))).rejects.toThrow(/closed/i)
    } finally {
      await server.stop()
    }
  })
})
