import { expect } from 'vitest'
import { ec } from '../../token/keys/json-web-keys.js'
import { ask, askTimes, hour, minute, second, signTokens, startUnderFire, untilTold, type UnderFire } from './under-fire.js'
import type { Failure } from '../../support/misbehaving-issuer.js'

/** Keys are fresh for 10 minutes without a `max-age` (KEY-2). */
const freshFor = 10 * minute

async function outage(failure: Failure): Promise<void> {
  const fire = await startUnderFire()
  try {
    await outlast(fire, failure)
  } finally {
    await fire.end()
  }
}

async function outlast(fire: UnderFire, failure: Failure): Promise<void> {
  const { issuer, guard, clock, operator } = fire
  const cached = signTokens(issuer, 100)
  const neverSeen = signTokens(issuer, 100)
  const tokens = cached.flatMap((token, i) => [token, neverSeen[i]!])
  expect(await askTimes(guard, cached.length, cached)).toEqual({ 200: cached.length })
  expect(issuer.keyFetches()).toBe(1)

  await issuer.fail(failure)
  clock.pass(freshFor + 10 * minute)
  for (let round = 0; round < 10; round++) {
    expect(await askTimes(guard, 1_000, tokens)).toEqual({ 200: 1_000 })
    clock.pass(30 * second)
  }
  await untilTold(operator, failure)
  expect(issuer.redirectsFollowed()).toBe(0)

  clock.pass(24 * hour)
  expect(await askTimes(guard, 10_000, tokens, ({ error, retryAfterSeconds, reason }) => {
    expect([error, reason?.rule]).toEqual(['temporarily_unavailable', 'KEY-4'])
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1)
  })).toEqual({ 503: 10_000 })

  await issuer.recover()
  await untilServed(fire, tokens.length, tokens)
}

/** Comes again when it is told to. What was being fetched while the issuer recovered may fail once more, and is then waited for. */
async function untilServed({ guard, clock }: UnderFire, times: number, tokens: readonly string[]): Promise<void> {
  clock.pass(1 * second)
  for (let refusals = 0; ; refusals++) {
    let waitSeconds = 0
    const statuses = await askTimes(guard, times, tokens, ({ retryAfterSeconds }) => { waitSeconds = Math.max(waitSeconds, retryAfterSeconds ?? 0) })
    if (refusals === 3 || waitSeconds === 0) return expect(statuses).toEqual({ 200: times })
    expect(statuses).toEqual({ 503: times })
    clock.pass(waitSeconds * second)
  }
}

async function recovery(failure: Failure): Promise<void> {
  const fire = await startUnderFire()
  const { issuer, guard, clock, operator } = fire
  try {
    const [early, late] = signTokens(issuer, 2)
    expect(await ask(guard, early!)).toMatchObject({ outcome: 'allow' })
    await issuer.fail(failure)
    clock.pass(freshFor)
    expect(await ask(guard, early!)).toMatchObject({ outcome: 'allow' })
    await untilTold(operator, failure)

    const next = ec({ kid: 'next', alg: 'ES256', use: 'sig' })
    await issuer.recover(next)
    clock.pass(1 * second)
    expect(await ask(guard, signTokens(issuer, 1, next)[0]!)).toMatchObject({ outcome: 'allow' })
    for (const token of [early!, late!]) expect(await ask(guard, token)).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'TOK-1' } })
  } finally {
    await fire.end()
  }
}

async function coldStart(failure: Failure): Promise<void> {
  const fire = await startUnderFire()
  const { issuer, guard, operator } = fire
  try {
    const tokens = signTokens(issuer, 20)
    await issuer.fail(failure)
    await expect(guard.ready()).rejects.toThrow('no usable key set')
    await untilTold(operator, failure)
    const asked = issuer.requests()
    expect(await askTimes(guard, 100, tokens, ({ retryAfterSeconds }) => { expect(retryAfterSeconds).toBe(1) })).toEqual({ 503: 100 })
    expect(issuer.requests()).toBe(asked)

    await issuer.recover()
    await untilServed(fire, 100, tokens)
  } finally {
    await fire.end()
  }
}

/** What holds however an issuer fails; each completes "an issuer that fails like this …". */
export const promises = [
  ['KEY-2 KEY-4: costs none of 10,000 valid requests 10 minutes past freshness, and all of them past 24 hours', outage],
  ['KEY-4: is asked again once it has recovered, and a key that it dropped meanwhile is refused (KEY-5)', recovery],
  ['KEY-4: is answered for with 503 as long as there are no keys at all, and left alone', coldStart],
] as const
