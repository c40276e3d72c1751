import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KeysUnavailable } from '../../../src/token/key-set.js'
import { clockedKeySet, hour, minute, second, type ClockedKeySet } from './clocked-key-set.js'
import { hang, json, startIssuerServer, status, type Answer, type IssuerServer } from './issuer-server.js'
import { ec, keySetOf } from './json-web-keys.js'

const oauth = '/.well-known/oauth-authorization-server'
const oldKeys = { keys: [ec({ kid: 'old' }).jwk] }

let server: IssuerServer
beforeEach(async () => { server = await startIssuerServer() })
afterEach(() => server.close())

const name = (path: string): void => { server.at.set(oauth, json({ issuer: server.origin, jwks_uri: server.origin + path })) }

const start = async (options: { deadlineMs?: number; headers?: Record<string, string> } = {}): Promise<ClockedKeySet> => {
  name('/old')
  server.at.set('/old', json(oldKeys, options.headers))
  const clocked = clockedKeySet({ issuer: server.origin, ...(options.deadlineMs !== undefined && { deadlineMs: options.deadlineMs }) })
  await clocked.keySet.ready()
  return clocked
}

/** Until the refresh that is under way is over: nothing else is said of one that succeeds. */
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 5 })

describe('KEY-1 KEY-5 an issuer that moves its keys and leaves the old set where it was', () => {
  it('KEY-5 a key that is only in the old set stops working at the next refresh', async () => {
    const { keySet, pass, problems } = await start()
    const [key] = await keySet.find('old', 'ES256')
    name('/new')
    server.at.set('/new', json(keySetOf('new')))
    pass(10 * minute)
    expect(keySet.holds(key!)).toBe(true) // this one starts the refresh
    await until(() => { expect(keySet.holds(key!)).toBe(false) })
    expect(keySet.find('new', 'ES256')).toHaveLength(1)
    expect(problems).toEqual([])
  })

  it('KEY-3 a key that is rotated together with its place is accepted at first sight', async () => {
    const { keySet } = await start()
    name('/new')
    server.at.set('/new', json(keySetOf('new')))
    expect(await keySet.find('new', 'ES256')).toHaveLength(1)
    expect(await keySet.find('old', 'ES256')).toEqual([])
  })

  it('KEY-3 names that nobody knows still cause few fetches', async () => {
    const { keySet, pass } = await start()
    for (let i = 0; i < 10_000; i++) {
      await keySet.find(`x${i}`, 'ES256')
      if (i % 333 === 332) pass(1 * second)
    }
    expect([server.hitsAt('/old'), server.hitsAt(oauth)]).toEqual([4, 4])
  })

  it('KEY-4 where the new place fails, the known keys stay, the old place is not believed, and nothing is hidden', async () => {
    const { keySet, pass, problems, untilFailures } = await start()
    const [key] = await keySet.find('old', 'ES256')
    name('/new')
    server.at.set('/new', status(500))
    server.at.set('/old', json({ keys: [...oldKeys.keys, ...keySetOf('later').keys] }))
    expect(await keySet.find('later', 'ES256')).toEqual([])
    expect(problems).toEqual([`The keys of the issuer ${server.origin} could not be fetched: ${server.origin}/new: status 500`])
    pass(24 * hour)
    expect(keySet.holds(key!)).toBe(true)
    await untilFailures(2)
    pass(1)
    expect(() => keySet.holds(key!)).toThrow(KeysUnavailable)
  })
})

describe.each<[string, Answer, number | undefined]>([
  ['cannot be had', status(500), undefined],
  ['never come', hang, 3_000],
  ['are of another issuer', json({ issuer: 'https://other.example', jwks_uri: 'https://other.example/keys' }), undefined],
])('KEY-4 metadata that %s while the keys can be fetched where they were', (_title, answer, deadlineMs) => {
  it('KEY-3 KEY-5 new keys are accepted at first sight and removed ones refused, and the operator is told', async () => {
    const { keySet, problems } = await start({ ...(deadlineMs !== undefined && { deadlineMs }) })
    server.at.set(oauth, answer)
    for (const kid of ['a', 'b']) {
      server.at.set('/old', json(keySetOf(kid)))
      expect(await keySet.find(kid, 'ES256')).toHaveLength(1)
    }
    expect(await keySet.find('old', 'ES256')).toEqual([])
    expect(problems.length).toBeGreaterThanOrEqual(2)
    for (const problem of problems) expect(problem).toMatch(/were fetched from where they were, but not where they are now; they are used until it has been so for 24 hours: /)
  })
})

describe('KEY-4 an outage of the metadata alone', () => {
  it('KEY-2 costs nobody anything for 24 hours, and then the keys are not used until they are back', async () => {
    const { keySet, pass, problems } = await start()
    const [key] = await keySet.find('old', 'ES256')
    server.at.set(oauth, status(500))
    for (let hours = 1; hours <= 24; hours++) {
      pass(1 * hour)
      expect(keySet.holds(key!)).toBe(true)
      await until(() => { expect(problems).toHaveLength(hours) })
    }
    pass(1)
    expect(() => keySet.holds(key!)).toThrow(KeysUnavailable)
    await expect(keySet.find('old', 'ES256')).rejects.toThrow(KeysUnavailable)
    expect(problems.at(-1)).toMatch(/it has been so for 24 hours, and they are not used: no metadata \(.*status 500/)
    // And the issuer is left alone for a while, like one that cannot be reached.
    const asked = server.hits.length
    for (let i = 0; i < 10; i++) await expect(keySet.find('old', 'ES256')).rejects.toMatchObject({ retryAfterSeconds: 1 })
    expect(server.hits).toHaveLength(asked)

    name('/old')
    pass(1 * second)
    expect(await keySet.find('old', 'ES256')).toEqual([key])
    expect(keySet.holds(key!)).toBe(true)
  })

  it('KEY-2 is looked into again after 5 minutes, however long the keys are fresh', async () => {
    const { keySet, pass, problems } = await start({ headers: { 'cache-control': 'max-age=86400' } })
    const [key] = await keySet.find('old', 'ES256')
    server.at.set(oauth, status(500))
    await keySet.find('x', 'ES256')
    expect(problems).toHaveLength(1)
    name('/new')
    server.at.set('/new', json(keySetOf('new')))
    pass(5 * minute - 1)
    expect(keySet.holds(key!)).toBe(true)
    expect(server.hitsAt('/old')).toBe(2)
    pass(1)
    expect(keySet.holds(key!)).toBe(true)
    await until(() => { expect(keySet.holds(key!)).toBe(false) })
  })

  it('KEY-2 which cannot make keys fresh past the day for which they are usable', async () => {
    const { keySet, pass, problems } = await start()
    const [key] = await keySet.find('old', 'ES256')
    server.at.set(oauth, status(500))
    pass(24 * hour - 1 * minute)
    await keySet.find('x', 'ES256')
    expect(problems).toHaveLength(1)
    pass(1 * minute)
    expect(keySet.holds(key!)).toBe(true)
    pass(1)
    expect(() => keySet.holds(key!)).toThrow(KeysUnavailable)
  })
})
