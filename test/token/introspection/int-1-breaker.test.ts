import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/token/circuit-breaker.js'
import { status } from '../keys/issuer-server.js'
import { clockedIntrospection, countOf } from './clocked-introspection.js'
import { inactive, useTokenServer } from './token-server.js'

const issuer = useTokenServer()
const calls = () => issuer.introspections.length

describe('INT-1: an issuer that fails is left alone', () => {
  it('INT-1: after five failures in a row, at once and for a second; then one call goes through', async () => {
    issuer.answer(() => status(500))
    const { outcome, pass, ...clocked } = clockedIntrospection(issuer)
    for (let i = 0; i < 5; i++) expect(await outcome(`t${i}`)).toBe('failure')
    for (let i = 0; i < 100; i++) expect(await outcome(`u${i}`)).toBe('breaker')
    expect(calls()).toBe(5)
    pass(1_000)
    expect(countOf(await Promise.all(Array.from({ length: 100 }, (_, i) => outcome(`v${i}`))))).toEqual({ failure: 1, breaker: 99 })
    expect(calls()).toBe(6)
    expect(clocked.warnings.some((message) => message.includes('left alone'))).toBe(true)
  })

  it('INT-1: it says when to come again, from 1 s, doubled up to 10 s', async () => {
    issuer.answer(() => status(500))
    const clocked = clockedIntrospection(issuer)
    for (let i = 0; i < 5; i++) await clocked.outcome(`t${i}`)
    const waits: number[] = []
    for (let i = 0; i < 6; i++) {
      expect(await clocked.outcome('u')).toBe('breaker')
      waits.push(clocked.lastFailure.retryAfterSeconds)
      clocked.pass(waits.at(-1)! * 1_000 - 1)
      expect(await clocked.outcome('u')).toBe('breaker')
      clocked.pass(1)
      expect(await clocked.outcome('u')).toBe('failure')
    }
    expect(waits).toEqual([1, 2, 4, 8, 10, 10])
  })

  it('INT-1: an issuer that is back is asked by all again after a second', async () => {
    const { outcome, pass } = clockedIntrospection(issuer)
    await issuer.stop()
    for (let i = 0; i < 5; i++) expect(await outcome(`t${i}`)).toBe('failure')
    expect(await outcome('t')).toBe('breaker')
    await issuer.start()
    pass(1_000)
    expect(await outcome('t')).toBe('active')
    expect(countOf(await Promise.all(Array.from({ length: 50 }, (_, i) => outcome(`v${i}`))))).toEqual({ active: 50 })
  })

  it('INT-1: what this process remembers is served meanwhile, and no longer than ever', async () => {
    const { outcome, pass } = clockedIntrospection(issuer)
    expect(await outcome('known')).toBe('active')
    issuer.answer(() => status(500))
    for (let i = 0; i < 5; i++) await outcome(`t${i}`)
    expect(await outcome('known')).toBe('active')
    pass(30_000)
    expect(await outcome('known')).toBe('failure')
    expect(await outcome('known')).toBe('breaker')
  })

  it('INT-1: inactive is no failure, and an answer between failures starts the row anew', async () => {
    const { outcome } = clockedIntrospection(issuer)
    issuer.answer(() => inactive)
    for (let i = 0; i < 20; i++) expect(await outcome(`i${i}`)).toBe('inactive')
    for (let i = 0; i < 20; i++) {
      issuer.answer(() => (i % 5 === 4 ? inactive : status(500)))
      expect(await outcome(`t${i}`)).toBe(i % 5 === 4 ? 'inactive' : 'failure')
    }
  })

  it('INT-1: failures that were under way when it was left alone do not count again', async () => {
    issuer.answer(async () => {
      await delay(20)
      return status(500)
    })
    const clocked = clockedIntrospection(issuer)
    await Promise.all(Array.from({ length: 50 }, (_, i) => clocked.outcome(`t${i}`)))
    expect(await clocked.outcome('u')).toBe('breaker')
    expect(clocked.lastFailure.retryAfterSeconds).toBe(1)
  })
})

describe('INT-1: the breaker', () => {
  it('INT-1: a late success closes it, whatever the probe says then', () => {
    const breaker = new CircuitBreaker(2)
    const early = breaker.begin()
    expect([breaker.begin().fail(0), breaker.begin().fail(0)]).toEqual([false, true])
    const probe = breaker.begin()
    expect(breaker.waitMs(5_000)).toBe(1_000)
    early.succeed()
    expect(breaker.waitMs(5_000)).toBe(0)
    expect(probe.fail(5_000)).toBe(false)
    expect(breaker.waitMs(5_000)).toBe(0)
    expect(breaker.begin().fail(5_000)).toBe(true)
    expect(breaker.waitMs(5_000)).toBe(1_000)
  })

  it('INT-1: a clock that steps back lets a call through', () => {
    const breaker = new CircuitBreaker(1)
    breaker.begin().fail(10_000)
    expect(breaker.waitMs(10_000)).toBe(1_000)
    expect(breaker.waitMs(9_999)).toBe(0)
  })
})
