import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { AnswerCache } from '../../../src/token/answer-cache.js'
import { createIntrospection } from '../../../src/token/introspection.js'
import { inactiveAnswer } from '../../../src/token/introspection-answer.js'
import { json, status } from '../keys/issuer-server.js'
import { clockedIntrospection, countOf } from './clocked-introspection.js'
import { active, expSeconds, inactive, startMs, useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const calls = () => issuer.introspections.length

/** Nothing was remembered: it takes a call. */
const isAsked = async (answer: unknown): Promise<void> => {
  const before = calls()
  expect(answer).toBeInstanceOf(Promise)
  await answer
  expect(calls()).toBe(before + 1)
}

describe('INT-1: an active answer lives for min(30 s, until exp)', () => {
  it('INT-1: for 30 s, synchronously and as the same object', async () => {
    const { find, pass } = clockedIntrospection(issuer)
    const answer = await find('t')
    expect(answer).toMatchObject({ active: true, members: { sub: 'agent' } })
    expect(find('t')).toBe(answer)
    pass(29_999)
    expect(find('t')).toBe(answer)
    pass(1)
    await isAsked(find('t'))
    expect(calls()).toBe(2)
  })

  it('INT-1: no longer than exp', async () => {
    issuer.answer(() => active({ exp: startMs / 1_000 + 7.5 }))
    const { find, pass } = clockedIntrospection(issuer)
    const answer = await find('t')
    pass(7_499)
    expect(find('t')).toBe(answer)
    pass(1)
    await isAsked(find('t'))
  })

  it.each([['past', startMs / 1_000 - 1], ['of this instant', startMs / 1_000], ['a text', String(expSeconds)], ['null', null], ['absent', undefined]])('INT-1: not at all where exp is %s', async (_title, exp) => {
    issuer.answer(() => active({ exp }))
    const { find } = clockedIntrospection(issuer)
    for (let i = 0; i < 3; i++) expect(await find('t')).toMatchObject({ active: true })
    expect(calls()).toBe(3)
  })

  it('INT-1: counted from the instant at which the issuer was asked, not from its answer', async () => {
    const { find, pass } = clockedIntrospection(issuer)
    issuer.answer(() => {
      pass(10_000)
      return active()
    })
    await find('t')
    pass(19_999)
    expect(find('t')).not.toBeInstanceOf(Promise)
    pass(1)
    await isAsked(find('t'))
  })

  it('INT-1: not across a clock that steps back, since nobody knows how old it is', async () => {
    const { find, pass } = clockedIntrospection(issuer)
    await find('t')
    pass(-1)
    await find('t')
    expect(calls()).toBe(2)
    issuer.answer(() => {
      pass(-60_000)
      return active()
    })
    await find('u')
    await isAsked(find('u'))
  })

  it('INT-1: what is active turns inactive at the next call, and stays known to nobody', async () => {
    const { outcome, pass } = clockedIntrospection(issuer)
    expect(await outcome('t')).toBe('active')
    issuer.answer(() => inactive)
    expect(await outcome('t')).toBe('active')
    pass(30_000)
    expect(await outcome('t')).toBe('inactive')
  })
})

describe('INT-1: an inactive answer lives for 5 s', () => {
  it('INT-1: and not longer', async () => {
    issuer.answer(() => inactive)
    const { find, pass } = clockedIntrospection(issuer)
    expect(await find('t')).toEqual({ active: false })
    pass(4_999)
    expect(find('t')).toEqual({ active: false })
    issuer.answer(() => active())
    pass(1)
    expect(await find('t')).toMatchObject({ active: true })
    expect(find('t')).toMatchObject({ active: true })
    expect(calls()).toBe(2)
  })

  it('INT-1: a failure is not remembered as one', async () => {
    issuer.answer(() => status(500))
    const { outcome } = clockedIntrospection(issuer)
    expect(await outcome('t')).toBe('failure')
    issuer.answer(() => active())
    expect(await outcome('t')).toBe('active')
  })

  it('INT-1: tokens and issuers do not answer for each other', async () => {
    issuer.answer(({ token }) => (token === 'a' ? active() : inactive))
    const { outcome } = clockedIntrospection(issuer)
    expect([await outcome('a'), await outcome('A'), await outcome('a '), await outcome('')]).toEqual(['active', 'inactive', 'inactive', 'inactive'])
  })
})

describe('INT-1: one call in flight for a token', () => {
  it('INT-1: 500 that come at once share it', async () => {
    issuer.answer(async () => {
      await delay(20)
      return active()
    })
    const { find } = clockedIntrospection(issuer)
    const answers = await Promise.all(Array.from({ length: 500 }, async () => find('t')))
    expect(new Set(answers).size).toBe(1)
    expect(calls()).toBe(1)
  })

  it('INT-1: they share its failure, and the next one asks again', async () => {
    issuer.answer(() => status(500))
    const { outcome } = clockedIntrospection(issuer)
    expect(countOf(await Promise.all(Array.from({ length: 500 }, () => outcome('t'))))).toEqual({ failure: 500 })
    expect(calls()).toBe(1)
    issuer.answer(() => active())
    expect(await outcome('t')).toBe('active')
  })

  it('INT-1: those of other tokens do not wait for it', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => { release = resolve })
    issuer.answer(async ({ token }) => {
      if (token === 'slow') await held
      return active()
    })
    const { outcome } = clockedIntrospection(issuer)
    const slow = outcome('slow')
    expect(await outcome('fast')).toBe('active')
    release()
    expect(await slow).toBe('active')
  })
})

describe('INT-4: where the issuer counts, an active answer is good for one request', () => {
  it('INT-1: it is remembered nowhere, and no two requests share it', async () => {
    let left = 3
    issuer.answer(() => (left-- > 0 ? active({ operations_remaining: left }) : inactive))
    const { outcome } = clockedIntrospection(issuer, { count: 'issuer' })
    expect(countOf(await Promise.all(Array.from({ length: 20 }, () => outcome('t'))))).toEqual({ active: 3, inactive: 17 })
    expect(issuer.load.most).toBe(1)
    expect(calls()).toBe(4)
    expect(await outcome('t')).toBe('inactive')
    expect(calls()).toBe(4)
  })

  it('INT-1: a failure is shared by those who wait for their turn', async () => {
    issuer.answer(() => status(500))
    const { outcome } = clockedIntrospection(issuer, { count: 'issuer' })
    expect(countOf(await Promise.all(Array.from({ length: 20 }, () => outcome('t'))))).toEqual({ failure: 20 })
    expect(calls()).toBe(1)
  })
})

it('INT-1: a failure that nobody waits for any more ends no process', async () => {
  const { find, warnings } = clockedIntrospection(issuer)
  await issuer.stop()
  void find('t')
  await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 20_000, interval: 5 })
  await delay(1)
})

describe('INT-1: what a process remembers is bounded', () => {
  const lifetime = { sinceMs: 0, untilMs: 1 }
  const answer = { active: true, members: { active: true } } as const

  it('INT-1: by entries, by characters, and inactive ones push no active one out', () => {
    const cache = new AnswerCache()
    for (let i = 0; i <= 20_000; i++) cache.set(`a${i}`, answer, lifetime, 10)
    expect(cache.get('a0', 0)).toBeUndefined()
    for (let i = 0; i < 100_000; i++) cache.set(`i${i}`, inactiveAnswer, lifetime, 10)
    expect(cache.get('i0', 0)).toBeUndefined()
    expect(cache.get('i99999', 0)).toEqual({ active: false })
    for (let i = 1; i <= 20_000; i++) expect(cache.get(`a${i}`, 0)).toBe(answer)
    for (let i = 0; i < 200; i++) cache.set(`large${i}`, answer, lifetime, 100_000)
    expect(cache.get('large0', 0)).toBeUndefined()
    expect(cache.get('a20000', 0)).toBeUndefined()
    expect(cache.get('large199', 0)).toBe(answer)
  })

  it.each([
    [{ callsPerSecond: 0 }, /callsPerSecond/], [{ callsInFlight: 1.5 }, /callsInFlight/], [{ inactivePerPeerPerMinute: -1 }, /inactivePerPeerPerMinute/],
    [{ failuresInARow: NaN }, /failuresInARow/], [{ storeTimeoutMs: 0 }, /storeTimeoutMs/], [{ count: 'there' as 'here' }, /count/],
  ])('INT-1: %j fails at start-up', (options, message) => {
    expect(() => createIntrospection({ issuer: 'i', endpoint: issuer.endpoint(), now: Date.now, warn: () => undefined, ...options })).toThrow(message)
  })

  it('INT-1: a logger that throws changes no answer', async () => {
    issuer.answer(() => json([]))
    const { outcome } = clockedIntrospection(issuer, { warn: () => { throw new Error('full disk') } })
    expect(await outcome('t')).toBe('failure')
  })
})
