import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallBudget } from '../../../src/token/call-budget.js'
import { createStaticKeySet } from '../../../src/token/key-set.js'
import { clockedKeySet, minute, second } from './clocked-key-set.js'
import { json, startIssuerServer, status, type IssuerServer } from './issuer-server.js'
import { ec, keySetOf, rsa } from './json-web-keys.js'

let server: IssuerServer
let jwksUri: string
beforeEach(async () => {
  server = await startIssuerServer()
  jwksUri = `${server.origin}/keys`
})
afterEach(() => server.close())

const start = async (...kids: string[]) => {
  server.at.set('/keys', json(keySetOf(...kids)))
  const clocked = clockedKeySet({ issuer: server.origin, jwksUri })
  await clocked.keySet.ready()
  return clocked
}

describe('KEY-3 one fetch at a time however many wait', () => {
  it('KEY-3 500 parallel requests at a cold start are one fetch', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri })
    const found = await Promise.all(Array.from({ length: 500 }, async () => keySet.find('a', 'ES256')))
    expect(new Set(found.map(([key]) => key)).size).toBe(1)
    expect(server.hits).toEqual(['/keys'])
  })

  it('KEY-3 500 parallel requests with a rotated key are one fetch', async () => {
    const { keySet } = await start('a')
    server.at.set('/keys', json(keySetOf('a', 'b')))
    const found = await Promise.all(Array.from({ length: 500 }, async () => keySet.find('b', 'ES256')))
    expect(found.every(([key]) => key?.kid === 'b')).toBe(true)
    expect(server.hits).toHaveLength(2)
  })

  it('KEY-3 500 parallel requests with as many unknown names are one fetch', async () => {
    const { keySet } = await start('a')
    const found = await Promise.all(Array.from({ length: 500 }, async (_, index) => keySet.find(`x${index}`, 'ES256')))
    expect(found.every((keys) => keys.length === 0)).toBe(true)
    expect(server.hits).toHaveLength(2)
  })
})

describe('KEY-3 rotation', () => {
  it('KEY-3 a new key is accepted at first sight', async () => {
    const { keySet } = await start('a')
    server.at.set('/keys', json(keySetOf('a', 'b')))
    expect(await keySet.find('b', 'ES256')).toMatchObject([{ kid: 'b' }])
  })

  it('KEY-3 a kid that stays unknown finds nothing', async () => {
    const { keySet, problems } = await start('a')
    expect(await keySet.find('b', 'ES256')).toEqual([])
    expect(problems).toEqual([])
  })

  it('KEY-3 ten rotations in a row cost no budget: it is refunded when the wanted kid is found', async () => {
    const { keySet } = await start('0')
    for (let i = 1; i <= 10; i++) {
      server.at.set('/keys', json(keySetOf(String(i))))
      expect(await keySet.find(String(i), 'ES256')).toHaveLength(1)
    }
  })
})

describe('KEY-3 a refresh that was sent before the keys were rotated', () => {
  /** Answers what the keys were when it was asked, once it is told to. */
  const hold = () => {
    const held: (() => void)[] = []
    const keep = (...kids: string[]): void => {
      const answer = json(keySetOf(...kids))
      server.at.set('/keys', (request, response) => { held.push(() => { answer(request, response) }) })
    }
    return { held, keep, untilAsked: () => vi.waitFor(() => { expect(held).toHaveLength(1) }, { timeout: 20_000, interval: 5 }) }
  }
  /** A key set that was stale and is asking; the issuer saw the keys as they were. */
  const startAsking = async () => {
    const { keySet, pass } = await start('a')
    const { held, keep, untilAsked } = hold()
    keep('a')
    pass(10 * minute)
    expect(keySet.find('a', 'ES256')).toHaveLength(1)
    await untilAsked()
    return { keySet, held }
  }

  it('KEY-3 does not hide the new key from who comes while it is under way: one more is made, for all who wait', async () => {
    const { keySet, held } = await startAsking()
    server.at.set('/keys', json(keySetOf('a', 'b')))
    const found = Promise.all(Array.from({ length: 500 }, async () => keySet.find('b', 'ES256')))
    held[0]!()
    expect((await found).every(([key]) => key?.kid === 'b')).toBe(true)
    expect(server.hits).toHaveLength(3)
  })

  it('KEY-3 and names that stay unknown pay for that once, as for any other', async () => {
    const { keySet, held } = await startAsking()
    server.at.set('/keys', json(keySetOf('a')))
    const found = Promise.all(Array.from({ length: 500 }, async (_, index) => keySet.find(`x${index}`, 'ES256')))
    held[0]!()
    expect((await found).every((keys) => keys.length === 0)).toBe(true)
    expect(server.hits).toHaveLength(3)
    for (let i = 0; i < 5; i++) await keySet.find('y', 'ES256')
    expect(server.hits).toHaveLength(4)
  })

  it('KEY-3 the same at a cold start', async () => {
    const { held, keep, untilAsked } = hold()
    keep('a')
    const { keySet } = clockedKeySet({ issuer: server.origin, jwksUri })
    const first = keySet.find('a', 'ES256')
    await untilAsked()
    server.at.set('/keys', json(keySetOf('a', 'b')))
    const found = Promise.all(Array.from({ length: 500 }, async () => keySet.find('b', 'ES256')))
    held[0]!()
    expect(await first).toHaveLength(1)
    expect((await found).every(([key]) => key?.kid === 'b')).toBe(true)
    expect(server.hits).toHaveLength(2)
  })

  it('KEY-3 KEY-4 and where it fails, nothing more is asked', async () => {
    const { keySet, pass } = await start('a')
    const held: (() => void)[] = []
    server.at.set('/keys', (request, response) => { held.push(() => { status(500)(request, response) }) })
    pass(10 * minute)
    expect(keySet.find('a', 'ES256')).toHaveLength(1)
    await vi.waitFor(() => { expect(held).toHaveLength(1) }, { timeout: 20_000, interval: 5 })
    const found = keySet.find('b', 'ES256')
    held[0]!()
    expect(await found).toEqual([])
    expect(server.hits).toHaveLength(2)
  })
})

describe('KEY-3 the budget', () => {
  it('KEY-3 is 2, and one comes back every 30 s', async () => {
    const { keySet, fetched, pass } = await start('a')
    for (let i = 0; i < 10; i++) expect(await keySet.find(`x${i}`, 'ES256')).toEqual([])
    expect(fetched).toHaveLength(1 + 2)

    pass(30 * second - 1)
    expect(keySet.find('y', 'ES256')).toEqual([]) // synchronously: nothing is waited for when it is spent
    expect(fetched).toHaveLength(3)

    pass(1)
    expect(await keySet.find('y', 'ES256')).toEqual([])
    expect(await keySet.find('y', 'ES256')).toEqual([])
    expect(fetched).toHaveLength(4)
  })

  it('KEY-3 10,000 unknown names in 30 s are at most 4 fetches', async () => {
    const { keySet, fetched, pass } = await start('a')
    for (let i = 0; i < 10_000; i++) {
      await keySet.find(`x${i}`, 'ES256')
      if (i % 333 === 332) pass(1 * second)
    }
    expect(fetched.length).toBe(4)
    expect(server.hits.length).toBe(4)
  })

  it('KEY-3 KEY-4 10,000 unknown names in 30 s are at most 6 fetches when they fail', async () => {
    const { keySet, fetched, pass } = await start('a')
    server.at.set('/keys', status(500))
    for (let i = 0; i < 10_000; i++) {
      await keySet.find(`x${i}`, 'ES256')
      if (i % 333 === 332) pass(1 * second)
    }
    expect(fetched.length).toBeGreaterThan(1)
    expect(fetched.length).toBeLessThanOrEqual(6)
  })

  it('KEY-3 KEY-4 the same against a stale set', async () => {
    const { keySet, fetched, pass } = await start('a')
    server.at.set('/keys', status(500))
    pass(10 * minute)
    for (let i = 0; i < 10_000; i++) {
      await keySet.find(`x${i}`, 'ES256')
      if (i % 334 === 333) pass(1 * second)
    }
    expect(fetched.length).toBe(6) // the first, and at 0, 1, 3, 7 and 15 s
  })

  it('KEY-3 KEY-4 the same against no set at all', async () => {
    server.at.set('/keys', status(500))
    const { keySet, fetched, pass } = clockedKeySet({ issuer: server.origin, jwksUri })
    for (let i = 0; i < 10_000; i++) {
      await expect(keySet.find(`x${i}`, 'ES256')).rejects.toThrow('no usable key set')
      if (i % 334 === 333) pass(1 * second)
    }
    expect(fetched.length).toBe(5)
  })

  it('KEY-3 does not stop known keys when it is spent', async () => {
    const { keySet } = await start('a')
    for (let i = 0; i < 10; i++) await keySet.find(`x${i}`, 'ES256')
    expect(keySet.find('a', 'ES256')).toHaveLength(1)
  })

  it('KEY-3 is not spent by joining the refresh of a stale set', async () => {
    const { keySet, fetched, pass } = await start('a')
    pass(10 * minute)
    await Promise.all([keySet.find('x', 'ES256'), keySet.find('y', 'ES256')])
    expect(fetched).toHaveLength(2)
    for (let i = 0; i < 5; i++) await keySet.find('z', 'ES256')
    expect(fetched).toHaveLength(4)
  })

  it('KEY-3 one comes back 30 s after it was spent, not earlier because the budget was full for long', () => {
    const budget = new CallBudget({ most: 2, regainMs: 30_000 })
    expect([budget.take(0), budget.take(59_000), budget.take(59_000), budget.take(60_000), budget.take(88_999), budget.take(89_000)])
      .toEqual([true, true, true, false, false, true])
  })

  it('KEY-3 regains no more than 2, and nothing from a clock that steps back', () => {
    const budget = new CallBudget({ most: 2, regainMs: 30_000 })
    const takes = (nowMs: number): number => [1, 2, 3, 4].filter(() => budget.take(nowMs)).length
    expect(takes(0)).toBe(2)
    expect(takes(45_000)).toBe(1)
    expect(takes(59_999)).toBe(0)
    expect(takes(60_000)).toBe(1)
    expect(takes(1e9)).toBe(2)
    expect(takes(0)).toBe(0)
    expect(takes(30_000)).toBe(1)
    budget.refund()
    budget.refund()
    budget.refund()
    expect(takes(30_000)).toBe(2)
  })
})

describe('KEY-3 which keys are tried', () => {
  const p256 = ec().jwk
  const find = (keys: unknown[], kid: string | undefined) => createStaticKeySet({ keys }).find(kid, 'ES256')

  it('KEY-3 with a kid exactly those of that name', () => {
    const keys = [ec({ kid: 'a' }).jwk, ec({ kid: 'A' }).jwk, ec({ kid: 'a ' }).jwk, ec({ kid: 'a' }).jwk, ec().jwk]
    expect(find(keys, 'a')).toMatchObject([{ kid: 'a' }, { kid: 'a' }])
    expect(find(keys, 'b')).toEqual([])
    expect(find(keys, '')).toEqual([])
  })

  it('KEY-3 a key without a name is not one that a token names', () => {
    expect(find([p256], 'a')).toEqual([])
  })

  it('TOK-1 a key of that name that does not fit the algorithm is not tried, nor fetched again', async () => {
    const { keySet, fetched } = await start('a')
    expect(keySet.find('a', 'RS256')).toEqual([])
    expect(fetched).toHaveLength(1)
    expect(find([rsa({ kid: 'a' }).jwk], 'a')).toEqual([])
  })

  it('KEY-3 without a kid every key that fits, up to 10', () => {
    const keys = Array.from({ length: 11 }, (_, index) => ec(index % 2 ? {} : { kid: String(index) }).jwk)
    const other = rsa({ kid: 'other' }).jwk
    expect(find([...keys.slice(0, 10), other], undefined)).toHaveLength(10)
    expect(find(keys, undefined)).toEqual([])
  })

  it('KEY-3 with a kid that more than 10 keys share, none', () => {
    expect(find(Array.from({ length: 11 }, () => ec({ kid: 'a' }).jwk), 'a')).toEqual([])
  })

  it('KEY-3 the same key twice is one', () => {
    expect(find(Array.from({ length: 50 }, () => ({ ...p256, kid: 'a' })), 'a')).toHaveLength(1)
  })

  it('KEY-3 without a kid nothing is fetched', async () => {
    const { keySet, fetched } = await start('a')
    expect(keySet.find(undefined, 'RS256')).toEqual([])
    expect(keySet.find(undefined, 'ES256')).toHaveLength(1)
    expect(fetched).toHaveLength(1)
  })
})
