import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackOff } from '../../../src/token/back-off.js'
import { createRemoteKeySet, KeysUnavailable } from '../../../src/token/key-set.js'
import { clockedKeySet, hour, minute, second } from './clocked-key-set.js'
import { json, startIssuerServer, status, type IssuerServer } from './issuer-server.js'
import { keySetOf } from './json-web-keys.js'

let server: IssuerServer
let jwksUri: string
beforeEach(async () => {
  server = await startIssuerServer()
  jwksUri = `${server.origin}/keys`
})
afterEach(() => server.close())

const failure = async (waiting: Promise<unknown>): Promise<unknown> => waiting.then(() => undefined, (error: unknown) => error)

describe('KEY-4 back-off', () => {
  it('KEY-4 doubles from 1 s to 5 min, and starts again after a success', () => {
    const backOff = new BackOff()
    expect(backOff.remainingMs(0)).toBe(0)
    const waits = Array.from({ length: 11 }, () => {
      backOff.fail(1_000)
      return backOff.remainingMs(1_000) / second
    })
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    expect(backOff.remainingMs(1_000 + 299_999)).toBe(1)
    expect(backOff.remainingMs(1_000 + 300_000)).toBe(0)
    backOff.succeed()
    backOff.fail(0)
    expect(backOff.remainingMs(0)).toBe(1_000)
  })

  it('KEY-4 stays finite after thousands of failures, and ends when the clock steps back', () => {
    const backOff = new BackOff()
    for (let i = 0; i < 5_000; i++) backOff.fail(1_000)
    expect(backOff.remainingMs(1_000)).toBe(300_000)
    expect(backOff.remainingMs(999)).toBe(0)
  })
})

describe('KEY-4 with known keys', () => {
  it('KEY-4 keeps serving for a day of failures, and asks seldom', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, fetched, untilFailures, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    const [key] = await keySet.find('a', 'ES256')
    server.at.set('/keys', status(503))
    for (let minutes = 0; minutes < 24 * 60; minutes++) {
      pass(1 * minute)
      expect(keySet.find('a', 'ES256')).toEqual([key])
      expect(keySet.holds(key!)).toBe(true)
      await untilFailures(fetched.length - 1)
    }
    expect(fetched.length).toBeLessThan(24 * 60 / 5 + 15)
  })

  it('KEY-4 leaves the issuer alone between attempts', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, fetched, untilFailures, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    await keySet.ready()
    server.at.set('/keys', status(500))
    pass(10 * minute)
    let elapsedSeconds = 0
    const attemptedAt: number[] = []
    for (; elapsedSeconds < 70; elapsedSeconds++, pass(1 * second)) {
      const before = fetched.length
      expect(keySet.find('a', 'ES256')).toHaveLength(1)
      if (fetched.length > before) attemptedAt.push(elapsedSeconds)
      await untilFailures(fetched.length - 1)
    }
    expect(attemptedAt).toEqual([0, 1, 3, 7, 15, 31, 63])
  })

  it('KEY-4 an unknown kid is [] and not an error while the issuer fails', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri })
    await keySet.ready()
    server.at.set('/keys', status(500))
    expect(await keySet.find('b', 'ES256')).toEqual([])
    expect(keySet.find('b', 'ES256')).toEqual([])
  })
})

describe('KEY-4 without any usable key set', () => {
  it('KEY-4 begins at 1 s again after a success', async () => {
    const { keySet, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    for (let i = 0; i < 3; i++) {
      server.at.set('/keys', status(500))
      expect(await failure(keySet.ready())).toMatchObject({ retryAfterSeconds: 1 })
      pass(1 * second)
      server.at.set('/keys', json(keySetOf('a')))
      await keySet.ready()
      pass(25 * hour)
    }
  })

  it('KEY-4 rejects with the time until the next attempt, and does not hammer the issuer', async () => {
    server.at.set('/keys', status(500))
    const { keySet, fetched, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    const waits: unknown[] = []
    for (let i = 0; i < 5; i++) {
      const error = await failure(Promise.resolve(keySet.find('a', 'ES256')))
      expect(error).toBeInstanceOf(KeysUnavailable)
      const wait = (error as KeysUnavailable).retryAfterSeconds
      waits.push(wait)
      for (let j = 0; j < 100; j++) await expect(keySet.find('a', 'ES256')).rejects.toThrow(KeysUnavailable)
      expect(fetched).toHaveLength(i + 1)
      pass(wait * second)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16])
  })

  it('KEY-4 says at least 1 and whole seconds', async () => {
    server.at.set('/keys', status(500))
    const { keySet, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    await failure(keySet.ready())
    pass(1 * second)
    await failure(keySet.ready()) // now 2 s
    pass(0.5 * second)
    expect(await failure(keySet.ready())).toMatchObject({ retryAfterSeconds: 2 })
    pass(1.4995 * second)
    expect(await failure(keySet.ready())).toMatchObject({ retryAfterSeconds: 1 })
  })

  it('KEY-4 works again as soon as an attempt succeeds', async () => {
    server.at.set('/keys', status(500))
    const { keySet, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    await failure(keySet.ready())
    server.at.set('/keys', json(keySetOf('a')))
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
    pass(1 * second)
    await expect(keySet.ready()).resolves.toBeUndefined()
    expect(keySet.find('a', 'ES256')).toHaveLength(1)
  })

  it('KEY-4 500 parallel requests against a dead issuer are one fetch and 500 refusals', async () => {
    await server.close()
    const { keySet, fetched, problems } = clockedKeySet({ issuer: server.origin, jwksUri })
    const settled = await Promise.allSettled(Array.from({ length: 500 }, async () => keySet.find('a', 'ES256')))
    expect(settled.every((result) => result.status === 'rejected' && result.reason instanceof KeysUnavailable)).toBe(true)
    expect(fetched).toHaveLength(1)
    expect(problems).toEqual([expect.stringContaining('ECONNREFUSED')])
    server = await startIssuerServer()
  })

  it('KEY-4 holds throws with the time too, once the keys are past their day', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet, untilFailures, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    const [key] = await keySet.find('a', 'ES256')
    server.at.set('/keys', status(500))
    pass(25 * hour)
    expect(() => keySet.holds(key!)).toThrow(KeysUnavailable)
    await untilFailures(1)
    expect(() => keySet.holds(key!)).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }))
  })

  it('ERR-2 an onProblem that throws changes nothing', async () => {
    server.at.set('/keys', status(500))
    const keySet = createRemoteKeySet({ issuer: server.origin, jwksUri, fetch, now: () => 0, onProblem: () => { throw new Error('logger') } })
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
  })
})
