import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AnswerStore } from '../../../src/model/store.js'
import { redisStore } from '../../../src/state/redis-store.js'
import { digestOf } from '../../../src/claims/digest.js'
import { clientKinds, type ConnectedClient } from '../../support/redis-clients.js'
import { describeRedis, startRedis, startRedisCluster, type RedisServer } from '../../support/redis.js'
import { clockedIntrospection } from './clocked-introspection.js'
import { active, expSeconds, inactive, startMs, useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const calls = () => issuer.introspections.length

/** Waits until what was set in passing is there. */
async function settled(answers: AnswerStore, key: string): Promise<{ value: string; remainingMs: number }> {
  for (;;) {
    const found = await answers.get(key)
    if (found !== undefined) return found
  }
}

describeRedis('INT-1: processes share answers in Redis', () => {
  let server: RedisServer
  beforeAll(async () => { server = await startRedis() })
  afterAll(() => server.stop())

  describe.each(clientKinds)('by the client $name', ({ connect }) => {
    let connections: ConnectedClient[]
    let stores: AnswerStore[]
    beforeEach(async () => {
      await server.command('FLUSHALL')
      await server.command('SCRIPT', 'FLUSH')
      connections = await Promise.all([connect([server.port]), connect([server.port])])
      stores = connections.map(({ client }) => redisStore(client, { prefix: 'test:' }).answers!)
    })
    afterEach(() => { for (const connection of connections) connection.close() })
    const keyOf = (token: string) => digestOf(issuer.issuer, token)
    const patient = 10_000

    it('INT-1: what one asked the other knows, for the rest of the 30 s', async () => {
      issuer.answer(() => active({ 'ä\u2028"\ud83d\ude00': ['\0', { b: null }] }))
      const one = clockedIntrospection(issuer, { answers: stores[0], storeTimeoutMs: patient })
      const other = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient })
      const answer = await one.find('t')
      await settled(stores[0]!, keyOf('t'))
      other.pass(20_000)
      expect(await other.find('t')).toEqual(answer)
      other.pass(9_999)
      expect(other.find('t')).toEqual(answer)
      expect(calls()).toBe(1)
      other.pass(1)
      await other.find('t')
      expect(calls()).toBe(2)
    })

    it('INT-1: an inactive answer as well, for the rest of its 5 s', async () => {
      issuer.answer(() => inactive)
      const one = clockedIntrospection(issuer, { answers: stores[0], storeTimeoutMs: patient })
      const other = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient })
      expect(await one.outcome('t')).toBe('inactive')
      await settled(stores[0]!, keyOf('t'))
      other.pass(4_000)
      expect(await other.outcome('t')).toBe('inactive')
      other.pass(999)
      expect(other.find('t')).toEqual({ active: false })
      expect(calls()).toBe(1)
      other.pass(1)
      await other.outcome('t')
      expect(calls()).toBe(2)
    })

    it.each([-20_000, -1_000, 1_000, 20_000])('INT-1: clocks that differ by %i ms make it shorter, never longer', async (aheadMs) => {
      const one = clockedIntrospection(issuer, { answers: stores[0], storeTimeoutMs: patient })
      const other = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient }, aheadMs)
      await one.find('t')
      const { remainingMs } = await settled(stores[0]!, keyOf('t'))
      const answer = await other.find('t')
      expect(calls()).toBe(1)
      // In the time of the other process: never beyond what the store had left when it was asked.
      other.pass(Math.min(remainingMs, 30_000 - aheadMs))
      await server.command('FLUSHALL') // for the server, too, that time has passed
      expect(await other.find('t')).not.toBe(answer)
      expect(calls()).toBe(2)
    })

    it('INT-1: one key, a digest behind the prefix, that expires, and never the token', async () => {
      const { find } = clockedIntrospection(issuer, { answers: stores[0], storeTimeoutMs: patient })
      await find('top-secret-token')
      const { value, remainingMs } = await settled(stores[0]!, keyOf('top-secret-token'))
      expect(await server.command('KEYS', '*')).toEqual([`test:i:${keyOf('top-secret-token')}`])
      expect(value).not.toContain('top-secret')
      expect(JSON.parse(value)).toEqual({ v: 1, at: startMs, active: true, members: { active: true, sub: 'agent', exp: expSeconds } })
      expect(remainingMs).toBeGreaterThan(0)
      expect(remainingMs).toBeLessThanOrEqual(30_000)
    })

    it.each([
      ['no JSON', 'x'], ['nothing', ''], ['another version', '{"v":2,"at":AT,"active":true,"members":{"active":true,"exp":EXP}}'], ['no instant', '{"v":1,"active":true,"members":{"active":true,"exp":EXP}}'],
      ['a text as instant', '{"v":1,"at":"AT","active":true,"members":{"active":true,"exp":EXP}}'], ['no members', '{"v":1,"at":AT,"active":true}'], ['members that are a list', '{"v":1,"at":AT,"active":true,"members":[]}'],
      ['members that are not active', '{"v":1,"at":AT,"active":true,"members":{"active":"true","exp":EXP}}'], ['active as a text', '{"v":1,"at":AT,"active":"true","members":{"active":true,"exp":EXP}}'],
      ['active twice', '{"v":1,"at":AT,"active":false,"active":true,"members":{"active":true,"exp":EXP}}'], ['a list', '[]'], ['no exp', '{"v":1,"at":AT,"active":true,"members":{"active":true}}'],
      ['a past exp', '{"v":1,"at":AT,"active":true,"members":{"active":true,"exp":1}}'], ['an answer of long ago', '{"v":1,"at":1,"active":true,"members":{"active":true,"exp":EXP}}'],
      ['a prototype', '{"v":1,"at":AT,"active":true,"members":{"active":true,"exp":EXP,"__proto__":{}}}'], ['a million characters', `"${'x'.repeat(1_000_000)}"`],
    ])('INT-1: %s is no answer', async (_title, text) => {
      await stores[0]!.set(keyOf('t'), text.replace('AT', String(startMs)).replace('EXP', String(expSeconds)), 30_000)
      issuer.answer(() => inactive)
      const { outcome } = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient })
      expect(await outcome('t')).toBe('inactive')
      expect(calls()).toBe(1)
    })

    it.each([['without an expiry', ['SET', 'KEY', `{"v":1,"at":${startMs},"active":true,"members":{"active":true,"exp":${expSeconds}}}`]], ['of another type', ['RPUSH', 'KEY', 'x']]])('INT-1: a key %s is a failure of the store, and the issuer is asked', async (_title, command) => {
      await server.command(...command.map((word) => word.replace('KEY', `test:i:${keyOf('t')}`)))
      issuer.answer(() => inactive)
      const { outcome, warnings } = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient })
      expect(await outcome('t')).toBe('inactive')
      expect(warnings).toEqual([expect.stringContaining('The shared store failed')])
    })

    it('INT-4: where the issuer counts, no active answer is put there or taken from there', async () => {
      const here = clockedIntrospection(issuer, { answers: stores[0], storeTimeoutMs: patient })
      await here.find('t')
      await settled(stores[0]!, keyOf('t'))
      const there = clockedIntrospection(issuer, { answers: stores[1], storeTimeoutMs: patient, count: 'issuer' })
      await there.find('t')
      await there.find('u')
      expect(calls()).toBe(3)
      issuer.answer(() => inactive)
      await there.find('v')
      await settled(stores[0]!, keyOf('v'))
      expect(await server.command('EXISTS', `test:i:${keyOf('u')}`)).toBe(0)
    })
  })

  it.each(clientKinds)('INT-1: a server that is gone is no failure, by $name', async ({ connect }) => {
    const gone = await startRedis()
    const connected = await connect([gone.port])
    try {
      const { outcome, warnings, pass } = clockedIntrospection(issuer, { answers: redisStore(connected.client).answers })
      expect(await outcome('t')).toBe('active')
      await gone.kill()
      for (let i = 0; i < 20; i++) expect(await outcome(`u${i}`)).toBe('active')
      // It was waited for once, and not again for a second.
      expect(warnings.length).toBeGreaterThanOrEqual(1)
      expect(warnings.length).toBeLessThanOrEqual(2)
      await gone.restart()
      pass(10_000)
      expect(await outcome('v')).toBe('active')
    } finally {
      connected.close()
      await gone.stop()
    }
  })

  it.each(clientKinds)('INT-1: a Cluster, by $name', async ({ connect }) => {
    const cluster = await startRedisCluster()
    const connected = await connect(cluster.nodes.map(({ port }) => port))
    try {
      const { answers } = redisStore(connected.client)
      const keys = Array.from({ length: 30 }, (_, i) => digestOf(String(i)))
      await Promise.all(keys.map((key) => answers!.set(key, `value of ${key}`, 30_000)))
      expect((await Promise.all(keys.map((key) => answers!.get(key)))).map((found) => found?.value)).toEqual(keys.map((key) => `value of ${key}`))
      expect(await answers!.get(digestOf('absent'))).toBeUndefined()
    } finally {
      connected.close()
      await cluster.stop()
    }
  })
})

describe('INT-1: a shared store that fails is never fatal', () => {
  const failing: [string, Partial<AnswerStore>][] = [
    ['throws', { get: () => { throw new Error('broken') }, set: () => { throw new Error('broken') } }],
    ['rejects', { get: () => Promise.reject(new Error('broken')), set: () => Promise.reject(new Error('broken')) }],
    ['hangs', { get: () => new Promise(() => undefined), set: () => new Promise(() => undefined) }],
    ['takes nothing', { get: () => Promise.resolve(undefined), set: () => Promise.reject(new Error('full')) }],
    ['answers something else', { get: () => Promise.resolve('x' as any), set: () => Promise.resolve() }],
    ['answers null', { get: () => Promise.resolve(null as any), set: () => Promise.resolve() }],
    ['answers a life that never ends', { get: () => Promise.resolve({ value: `{"v":1,"at":${startMs},"active":true,"members":{"active":true,"exp":${expSeconds}}}`, remainingMs: Infinity }), set: () => Promise.resolve() }],
    ['is none', {}],
  ]
  it.each(failing)('INT-1: one that %s', async (_title, answers) => {
    issuer.answer(() => inactive)
    const { outcome } = clockedIntrospection(issuer, { answers: answers as AnswerStore, storeTimeoutMs: 50 })
    for (const token of ['a', 'b', 'c']) expect(await outcome(token)).toBe('inactive')
    expect(calls()).toBe(3)
  })

  it('INT-1: it is left alone for a second, so that its time-out is paid seldom, and then used again', async () => {
    let isBroken = true
    let gets = 0
    const answers: AnswerStore = {
      get: () => {
        gets++
        return isBroken ? Promise.reject(new Error('broken')) : Promise.resolve(undefined)
      },
      set: () => Promise.resolve(),
    }
    const { outcome, pass, warnings } = clockedIntrospection(issuer, { answers })
    for (let i = 0; i < 10; i++) expect(await outcome(`t${i}`)).toBe('active')
    expect(gets).toBe(1)
    expect(warnings).toEqual([expect.stringContaining('The shared store failed')])
    isBroken = false
    pass(1_000)
    for (let i = 0; i < 10; i++) expect(await outcome(`u${i}`)).toBe('active')
    expect(gets).toBe(11)
  })

  it.each([
    ['as long as the store would keep it, by a clock that is behind', 20_000, 10_000, 10_000],
    ['as long as the store would keep it, by the same clock', 0, 10_000, 10_000],
    ['as long as its instant says, by a clock that is ahead', -25_000, 30_000, 5_000],
  ])('INT-1: it lives %s', async (_title, askedAfterMs, remainingMs, livesMs) => {
    const answers: AnswerStore = {
      get: () => Promise.resolve({ value: `{"v":1,"at":${startMs + askedAfterMs},"active":true,"members":{"active":true,"exp":${expSeconds}}}`, remainingMs }),
      set: () => Promise.resolve(),
    }
    const { find, pass } = clockedIntrospection(issuer, { answers })
    const answer = await find('t')
    pass(livesMs - 1)
    expect(find('t')).toBe(answer)
    pass(1)
    const next = find('t')
    expect(next).toBeInstanceOf(Promise)
    await next
  })

  it('INT-1: a life that is longer than 30 s is cut', async () => {
    const answers: AnswerStore = {
      get: () => Promise.resolve({ value: `{"v":1,"at":${startMs + 86_400_000},"active":true,"members":{"active":true,"exp":${expSeconds}}}`, remainingMs: 1e9 }),
      set: () => Promise.resolve(),
    }
    const { find, pass } = clockedIntrospection(issuer, { answers })
    const answer = await find('t')
    pass(29_999)
    expect(find('t')).toBe(answer)
    pass(1)
    const next = find('t')
    expect(next).toBeInstanceOf(Promise)
    await next
  })
})
