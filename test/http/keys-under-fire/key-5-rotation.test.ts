import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ec } from '../../token/keys/json-web-keys.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { ask, askTimes, minute, second, signTokens, startUnderFire, tokensOfUnknownKeys, type UnderFire } from './under-fire.js'

expectHealthyProcess()

const next = ec({ kid: 'next', alg: 'ES256', use: 'sig' })
const refused = { status: 401, error: 'invalid_token', reason: { rule: 'TOK-1', detail: 'the issuer has no such key' } }

let fire: UnderFire
let cached: string
let neverSeen: string
beforeEach(async () => {
  fire = await startUnderFire()
  ;[cached, neverSeen] = signTokens(fire.issuer, 2) as [string, string]
  expect(await ask(fire.guard, cached)).toMatchObject({ outcome: 'allow' })
})
afterEach(() => fire.end())

describe('KEY-3: a key rotated one second after the last fetch', () => {
  it('is accepted at first sight, and so is the old one while it is published', async () => {
    const { issuer, guard, clock } = fire
    clock.pass(1 * second)
    issuer.publish(issuer.key, next)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
    expect(issuer.keyFetches()).toBe(2)
    for (const token of [cached, neverSeen]) expect(await ask(guard, token)).toMatchObject({ outcome: 'allow' })
    expect(issuer.keyFetches()).toBe(2)
  })

  it('is accepted in each of 500 parallel requests, at the cost of one fetch', async () => {
    const { issuer, guard, clock } = fire
    clock.pass(1 * second)
    issuer.publish(next)
    expect(await askTimes(guard, 500, signTokens(issuer, 50, next))).toEqual({ 200: 500 })
    expect(issuer.keyFetches()).toBe(2)
  })

  it('is accepted at first sight though an unknown name was asked for just before', async () => {
    const { issuer, guard, clock } = fire
    clock.pass(1 * second)
    expect(await ask(guard, tokensOfUnknownKeys(issuer, 1)[0]!)).toMatchObject({ status: 401 })
    issuer.publish(next)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
  })

  it('is accepted at first sight ten times in a row', async () => {
    const { issuer, guard } = fire
    for (let i = 0; i < 10; i++) {
      const key = ec({ kid: `next-${i}`, alg: 'ES256', use: 'sig' })
      issuer.publish(key)
      expect(await ask(guard, signTokens(issuer, 1, key)[0]!)).toMatchObject({ outcome: 'allow' })
    }
  })
})

describe('KEY-5: a key removed from the set', () => {
  it('is refused after the next refresh, cached tokens included: the refresh of a stale set', async () => {
    const { issuer, guard, clock } = fire
    issuer.publish(next)
    clock.pass(10 * minute - 1)
    expect(await ask(guard, cached)).toMatchObject({ outcome: 'allow' })
    expect(issuer.keyFetches()).toBe(1)
    clock.pass(1)
    // This request starts the refresh and does not wait for it.
    expect(await ask(guard, cached)).toMatchObject({ outcome: 'allow' })
    await vi.waitFor(async () => { expect(await ask(guard, cached)).toMatchObject(refused) }, { timeout: 20_000, interval: 5 })
    expect(await ask(guard, neverSeen)).toMatchObject(refused)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
  })

  it('is refused after the next refresh, cached tokens included: one for an unknown name', async () => {
    const { issuer, guard, clock } = fire
    clock.pass(1 * second)
    issuer.publish(next)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
    for (const token of [cached, neverSeen]) expect(await ask(guard, token)).toMatchObject(refused)
  })

  it('is refused under its name when another key takes that name', async () => {
    const { issuer, guard, clock } = fire
    const sameName = ec({ kid: 'first', alg: 'ES256', use: 'sig' })
    issuer.publish(sameName, next)
    clock.pass(1 * second)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
    for (const token of [cached, neverSeen]) expect(await ask(guard, token)).toMatchObject({ ...refused, reason: { rule: 'TOK-1', detail: 'the signature does not verify' } })
    expect(await ask(guard, signTokens(issuer, 1, sameName)[0]!)).toMatchObject({ outcome: 'allow' })
  })

  it('is accepted again when the issuer publishes it again', async () => {
    const { issuer, guard } = fire
    issuer.publish(next)
    const [byNext] = signTokens(issuer, 1, next)
    expect(await ask(guard, byNext!)).toMatchObject({ outcome: 'allow' })
    expect(await ask(guard, cached)).toMatchObject(refused)
    issuer.publish(issuer.key, next)
    fire.clock.pass(1 * minute)
    for (const token of [cached, neverSeen, byNext!]) expect(await ask(guard, token)).toMatchObject({ outcome: 'allow' })
  })
})
