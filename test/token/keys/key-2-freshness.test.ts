import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshForSeconds } from '../../../src/token/key-freshness.js'
import { KeysUnavailable } from '../../../src/token/key-set.js'
import { clockedKeySet, hour, minute } from './clocked-key-set.js'
import { json, startIssuerServer, status, type IssuerServer } from './issuer-server.js'
import { keySetOf } from './json-web-keys.js'

let server: IssuerServer
let jwksUri: string
beforeEach(async () => {
  server = await startIssuerServer()
  jwksUri = `${server.origin}/keys`
})
afterEach(() => server.close())

const start = async (headers: Record<string, string> = {}) => {
  server.at.set('/keys', json(keySetOf('a'), headers))
  const clocked = clockedKeySet({ issuer: server.origin, jwksUri })
  const [key] = await clocked.keySet.find('a', 'ES256')
  return { ...clocked, key: key! }
}

describe('KEY-2 max-age', () => {
  it.each<[string | null, number]>([
    [null, 600], ['', 600], ['no-store', 600], ['public', 600], ['max-age', 600], ['max-age=', 600], ['max-age=-1', 600], ['max-age=x', 600],
    ['s-maxage=900', 600], ['x-max-age=900', 600], ['max-age=900x', 600], ['max-age=1.5', 600],
    ['max-age=0', 300], ['max-age=1', 300], ['max-age=300', 300], ['max-age=301', 301], ['max-age=900', 900], ['MAX-AGE=900', 900], ['max-age="900"', 900],
    ['public, max-age=900', 900], ['public,max-age=900,must-revalidate', 900], ['max-age=900 , public', 900], ['s-maxage=1, max-age=900', 900],
    ['max-age=86400', 86_400], ['max-age=86401', 86_400], ['max-age=99999999999999999999', 86_400], [`max-age=${'9'.repeat(400)}`, 86_400],
    ['max-age=900, max-age=1000', 900],
  ])('KEY-2 %j is %i s', (header, expected) => {
    expect(freshForSeconds(header)).toBe(expected)
  })

  it.each([
    { header: undefined, freshMs: 10 * minute },
    { header: 'max-age=1', freshMs: 5 * minute },
    { header: 'max-age=1800', freshMs: 30 * minute },
    { header: 'max-age=31536000', freshMs: 24 * hour },
  ])('KEY-2 with $header the keys are fresh for $freshMs ms and then refreshed', async ({ header, freshMs }) => {
    const { keySet, fetched, pass, key } = await start(header === undefined ? {} : { 'cache-control': header })
    pass(freshMs - 1)
    expect(keySet.holds(key)).toBe(true)
    expect(fetched).toHaveLength(1)
    pass(1)
    expect(keySet.holds(key)).toBe(true)
    expect(fetched).toHaveLength(2)
  })
})

describe('KEY-2 a stale set', () => {
  it('KEY-2 keeps serving, synchronously, while one refresh runs in the background', async () => {
    const { keySet, fetched, pass, key } = await start()
    pass(10 * minute)
    for (let i = 0; i < 100; i++) {
      expect(keySet.find('a', 'ES256')).toEqual([key])
      expect(keySet.holds(key)).toBe(true)
    }
    expect(fetched).toHaveLength(2)
  })

  it('KEY-2 is fresh again after it', async () => {
    const { keySet, fetched, pass, key } = await start()
    server.at.set('/keys', json(keySetOf('b')))
    pass(10 * minute)
    keySet.holds(key)
    expect(await keySet.find('b', 'ES256')).toHaveLength(1) // joins the refresh
    expect(fetched).toHaveLength(2)
    pass(10 * minute - 1)
    expect(keySet.find('b', 'ES256')).toHaveLength(1)
    expect(fetched).toHaveLength(2)
  })
})

describe('KEY-2 keys are never used past 24 hours after their last successful fetch', () => {
  it('KEY-2 they are used at 24 hours exactly, though every refresh fails', async () => {
    const { keySet, pass, key } = await start()
    server.at.set('/keys', status(500))
    pass(24 * hour)
    expect(keySet.holds(key)).toBe(true)
    expect(keySet.find('a', 'ES256')).toEqual([key])
  })

  it('KEY-2 later they are not, and the next request waits for the refresh', async () => {
    const { keySet, fetched, pass, key } = await start()
    server.at.set('/keys', json(keySetOf('b')))
    pass(24 * hour + 1)
    expect(() => keySet.holds(key)).toThrow(KeysUnavailable)
    expect(await keySet.find('a', 'ES256')).toEqual([])
    expect(await keySet.find('b', 'ES256')).toHaveLength(1)
    expect(keySet.holds(key)).toBe(false)
    expect(fetched).toHaveLength(2)
  })

  it('KEY-2 nor when the refresh fails', async () => {
    const { keySet, pass, key } = await start()
    server.at.set('/keys', status(500))
    pass(24 * hour + 1)
    await expect(keySet.find('a', 'ES256')).rejects.toThrow(KeysUnavailable)
    expect(() => keySet.holds(key)).toThrow(KeysUnavailable)
    await expect(keySet.ready()).rejects.toThrow(KeysUnavailable)
  })

  it('KEY-2 the day counts from when the fetch began', async () => {
    server.at.set('/keys', json(keySetOf('a')))
    const clocked = clockedKeySet({
      issuer: server.origin,
      jwksUri,
      fetch: (url, init) => {
        clocked.pass(1 * hour)
        return fetch(url, init)
      },
    })
    const { keySet, pass } = clocked
    const [key] = await keySet.find('a', 'ES256')
    server.at.set('/keys', status(500))
    pass(23 * hour)
    expect(keySet.holds(key!)).toBe(true)
    await clocked.untilFailures(1)
    expect(() => keySet.holds(key!)).toThrow(KeysUnavailable)
  })
})

describe('KEY-2 a clock that steps back', () => {
  it('KEY-2 makes the keys stale, not fresh for longer', async () => {
    const { keySet, fetched, pass, key } = await start()
    pass(-1 * hour)
    expect(keySet.holds(key)).toBe(true)
    expect(fetched).toHaveLength(2)
  })

  it('KEY-2 by more than a day makes them unusable', async () => {
    const { keySet, pass, key } = await start()
    pass(-25 * hour)
    expect(() => keySet.holds(key)).toThrow(KeysUnavailable)
    expect(await keySet.find('a', 'ES256')).toEqual([key])
  })
})
