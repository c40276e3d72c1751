import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { clockedIntrospection, countOf } from './clocked-introspection.js'
import { active, expSeconds, inactive, startMs, useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const calls = () => issuer.introspections.length
const random = () => randomBytes(32).toString('base64url')

/** The issuer knows only these. */
const knows = (...tokens: readonly string[]) => issuer.answer(async ({ token }) => {
  await delay(1)
  return tokens.includes(token!) ? active() : inactive
})

describe('INT-1: a flood of random strings is no flood at the issuer', () => {
  it('INT-1: 10,000 at once from anywhere: no more calls than may be in flight', async () => {
    knows()
    const { outcome, warnings } = clockedIntrospection(issuer)
    const outcomes = countOf(await Promise.all(Array.from({ length: 10_000 }, () => outcome(random()))))
    expect(outcomes).toEqual({ inactive: 75, budget: 9_925 })
    expect(calls()).toBe(75)
    expect(issuer.load.most).toBeLessThanOrEqual(75)
    expect(warnings).toContainEqual(expect.stringContaining('is asked too much'))
  })

  it('INT-1: 10,000 in waves from anywhere: no more calls than a second has', async () => {
    knows()
    const { outcome, pass } = clockedIntrospection(issuer, { callsPerSecond: 100 })
    const wave = () => Promise.all(Array.from({ length: 50 }, () => outcome(random())))
    const first: string[] = []
    for (let i = 0; i < 100; i++) first.push(...await wave())
    expect(countOf(first)).toEqual({ inactive: 75, budget: 4_925 })
    const later: string[] = []
    for (let i = 0; i < 100; i++) {
      pass(100)
      later.push(...await wave())
    }
    expect(countOf(later)).toEqual({ inactive: 1_000, budget: 4_000 })
    expect(calls()).toBe(1_075)
  })

  it('INT-1: 10,000 from one peer: 100 a minute, and nobody else waits', async () => {
    knows('good', 'better')
    const clocked = clockedIntrospection(issuer)
    expect(await clocked.outcome('good', '192.0.2.1')).toBe('active')
    const outcomes: string[] = []
    for (let i = 0; i < 10_000; i++) outcomes.push(await clocked.outcome(random(), '192.0.2.1'))
    expect(countOf(outcomes)).toEqual({ inactive: 100, peer: 9_900 })
    expect(calls()).toBe(101)
    expect(clocked.lastFailure.retryAfterSeconds).toBe(60)
    // What was active before is asked about all the same; what was not may be by others.
    clocked.pass(30_000)
    expect([await clocked.outcome('good', '192.0.2.1'), await clocked.outcome('better', '192.0.2.1'), await clocked.outcome('better', '192.0.2.2')]).toEqual(['active', 'peer', 'active'])
    clocked.pass(30_000)
    expect(await clocked.outcome(random(), '192.0.2.1')).toBe('inactive')
  })

  it('INT-1: the same one 10,000 times is one call for 5 s', async () => {
    knows()
    const { outcome } = clockedIntrospection(issuer)
    const outcomes: string[] = []
    for (let i = 0; i < 10_000; i++) outcomes.push(await outcome('same', '192.0.2.1'))
    expect(countOf(outcomes)).toEqual({ inactive: 10_000 })
    expect(calls()).toBe(1)
  })

  it('INT-1: tokens that were active have a part of the budget to themselves', async () => {
    const good = Array.from({ length: 20 }, (_, i) => `good ${i}`)
    knows(...good)
    const { outcome, pass } = clockedIntrospection(issuer, { callsPerSecond: 100 })
    expect(countOf(await Promise.all(good.map((token) => outcome(token))))).toEqual({ active: 20 })
    pass(30_000)
    const flood = Promise.all(Array.from({ length: 5_000 }, () => outcome(random())))
    expect(countOf(await Promise.all(good.map((token) => outcome(token))))).toEqual({ active: 20 })
    expect(countOf(await flood)).toEqual({ inactive: 75, budget: 4_925 })
    // In flight as well: 100 unknown ones take 75.
    pass(30_000)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => { release = resolve })
    issuer.answer(async ({ token }) => {
      if (!good.includes(token!)) await held
      return good.includes(token!) ? active() : inactive
    })
    const held75 = Promise.all(Array.from({ length: 100 }, () => outcome(random())))
    expect(countOf(await Promise.all(good.map((token) => outcome(token))))).toEqual({ active: 20 })
    release()
    expect(countOf(await held75)).toEqual({ inactive: 75, budget: 25 })
  })

  it('INT-1: also those that another process asked about', async () => {
    knows('good')
    let value: string | undefined = JSON.stringify({ v: 1, at: startMs, active: true, members: { active: true, exp: expSeconds } })
    const { outcome, pass } = clockedIntrospection(issuer, {
      answers: { get: () => Promise.resolve(value === undefined ? undefined : { value, remainingMs: 10_000 }), set: () => Promise.resolve() },
    })
    expect(await outcome('good')).toBe('active')
    expect(calls()).toBe(0)
    pass(10_000)
    value = undefined
    const flood = Promise.all(Array.from({ length: 500 }, () => outcome(random())))
    expect(await outcome('good')).toBe('active')
    expect(countOf(await flood)).toEqual({ inactive: 75, budget: 425 })
  })

  it('INT-1: and what is remembered costs nothing of it', async () => {
    knows('good')
    const { outcome, find } = clockedIntrospection(issuer, { callsPerSecond: 1, callsInFlight: 1 })
    expect(await outcome('good')).toBe('active')
    await Promise.all(Array.from({ length: 1_000 }, () => outcome(random())))
    expect(find('good')).toMatchObject({ active: true })
  })

  it('INT-1: where the issuer is slow, no more wait than 10,000 tokens', async () => {
    const { outcome } = clockedIntrospection(issuer, {
      answers: { get: () => new Promise(() => undefined), set: () => Promise.resolve() },
      storeTimeoutMs: 200,
    })
    knows()
    const outcomes = countOf(await Promise.all(Array.from({ length: 10_100 }, () => outcome(random()))))
    expect(calls()).toBeLessThanOrEqual(375)
    expect(outcomes.budget).toBe(10_100 - calls())
  })
})
