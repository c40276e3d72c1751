import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clockedKeySet, hour, minute } from './clocked-key-set.js'
import { json, startIssuerServer, type IssuerServer } from './issuer-server.js'
import { ec, rsa } from './json-web-keys.js'

const a = ec({ kid: 'a' }).jwk
const b = ec({ kid: 'b' }).jwk

let server: IssuerServer
beforeEach(async () => {
  server = await startIssuerServer()
})
afterEach(() => server.close())

const start = async (...keys: unknown[]) => {
  server.at.set('/keys', json({ keys }))
  const clocked = clockedKeySet({ issuer: server.origin, jwksUri: `${server.origin}/keys` })
  await clocked.keySet.ready()
  return {
    ...clocked,
    refreshWith: async (...next: unknown[]) => {
      server.at.set('/keys', json({ keys: next }))
      clocked.pass(25 * hour)
      await clocked.keySet.ready()
    },
  }
}

describe('KEY-5 several keys at once', () => {
  it('KEY-5 each is found by its name, whatever its type', async () => {
    const { keySet } = await start(a, b, rsa({ kid: 'c' }).jwk)
    expect(keySet.find('a', 'ES256')).toMatchObject([{ kid: 'a' }])
    expect(keySet.find('b', 'ES256')).toMatchObject([{ kid: 'b' }])
    expect(keySet.find('c', 'RS256')).toMatchObject([{ kid: 'c' }])
  })
})

describe('KEY-5 TOK-11 a key removed from the set stops working at the next refresh', () => {
  it('KEY-5 TOK-11 in the background: holds starts the refresh by itself and then says no', async () => {
    const { keySet, pass } = await start(a, b)
    const [keyA] = await keySet.find('a', 'ES256')
    const [keyB] = await keySet.find('b', 'ES256')
    server.at.set('/keys', json({ keys: [b] }))
    expect(keySet.holds(keyA!)).toBe(true)
    pass(10 * minute)
    await vi.waitFor(() => expect(keySet.holds(keyA!)).toBe(false), { timeout: 20_000, interval: 5 })
    expect(keySet.holds(keyB!)).toBe(true)
    expect(await keySet.find('a', 'ES256')).toEqual([])
  })

  it('KEY-5 TOK-11 an unchanged key stays the same object, over any number of refreshes', async () => {
    const { keySet, refreshWith } = await start(a)
    const [key] = await keySet.find('a', 'ES256')
    await refreshWith({ ...a, use: 'sig', x5c: ['new'] }, b)
    await refreshWith(b, a)
    expect(keySet.find('a', 'ES256')).toEqual([key])
    expect((await keySet.find('a', 'ES256'))[0]).toBe(key)
    expect(keySet.holds(key!)).toBe(true)
  })

  it.each([
    ['other key material under the same name', ec({ kid: 'a' }).jwk],
    ['the same key under another name', { ...a, kid: 'a2' }],
    ['the same key without a name', { ...a, kid: undefined }],
    ['the same key, now for one algorithm', { ...a, alg: 'ES256' }],
  ])('KEY-5 TOK-11 %s is another key', async (_title, next) => {
    const { keySet, refreshWith } = await start(a)
    const [key] = await keySet.find('a', 'ES256')
    await refreshWith(next)
    expect(keySet.holds(key!)).toBe(false)
  })

  it('KEY-5 TOK-11 a key that comes to be for encryption only is removed', async () => {
    const { keySet, refreshWith } = await start(a, b)
    const [key] = await keySet.find('a', 'ES256')
    await refreshWith({ ...a, use: 'enc' }, b)
    expect(keySet.holds(key!)).toBe(false)
  })

  it('TOK-11 holds knows no key of another set', async () => {
    const first = await start(a)
    const second = await start(a)
    const [key] = await first.keySet.find('a', 'ES256')
    expect(second.keySet.holds(key!)).toBe(false)
  })
})
