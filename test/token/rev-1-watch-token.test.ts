import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Denial } from '../../src/model/denial.js'
import { watchToken } from '../../src/token/watch-token.js'

const second = 1_000

describe('REV-1: something that goes on with an introspected token', () => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }) })
  afterEach(() => { vi.useRealTimers() })

  const setUp = (isStillActive: (() => boolean | Promise<boolean>) | undefined, listener: (denial: Denial) => void = () => undefined) => {
    const ended: Denial[] = []
    const warnings: string[] = []
    let watched = 0
    let revoke: (denial: Denial) => void = () => undefined
    const revocations = { watch: (_: unknown, then: (denial: Denial) => void) => { watched++; revoke = then; return () => { watched-- } } }
    const stop = watchToken({ ...(isStillActive !== undefined && { isStillActive }) } as never, { revocations: revocations, warn: (_, message) => { warnings.push(message) } }, (denial) => {
      ended.push(denial)
      listener(denial)
    })
    return { ended, warnings, stop, revoke: () => { revoke({ code: 'invalid_token', rule: 'REV-1', detail: 'revoked' }) }, watched: () => watched }
  }

  it('ends within 60 s of the answer that its issuer gave last, once it is not active', async () => {
    let isActive = true
    let asked = 0
    const { ended, watched } = setUp(() => { asked++; return isActive })
    await vi.advanceTimersByTimeAsync(200 * second)
    expect([asked, ended]).toEqual([10, []])
    isActive = false
    await vi.advanceTimersByTimeAsync(20 * second)
    expect(ended).toEqual([{ code: 'invalid_token', rule: 'REV-1', detail: expect.stringContaining('not hold the token for active') }])
    await vi.advanceTimersByTimeAsync(200 * second)
    expect([ended.length, watched(), vi.getTimerCount()]).toEqual([1, 0, 0])
  })

  it.each([['rejects', () => Promise.reject(new Error('down'))], ['throws', () => { throw new Error('down') }]])('ends where asking %s for 40 s, and not where it failed once', async (_, failing) => {
    let fails = true
    const { ended } = setUp(() => (fails ? failing() : true))
    await vi.advanceTimersByTimeAsync(20 * second)
    fails = false
    await vi.advanceTimersByTimeAsync(20 * second)
    expect(ended).toEqual([])
    fails = true
    await vi.advanceTimersByTimeAsync(20 * second)
    expect(ended).toEqual([])
    await vi.advanceTimersByTimeAsync(20 * second)
    expect(ended).toEqual([{ code: 'invalid_token', rule: 'REV-1', detail: expect.stringContaining('too long') }])
  })

  it('ends at once where it is revoked, and is asked about no more', async () => {
    let asked = 0
    const { ended, revoke } = setUp(async () => { asked++; return false })
    revoke()
    await vi.advanceTimersByTimeAsync(100 * second)
    expect([ended.length, asked, vi.getTimerCount()]).toEqual([1, 0, 0])
  })

  it('an answer that comes after the end changes nothing', async () => {
    let answer: (isActive: boolean) => void = () => undefined
    const { ended, stop } = setUp(() => new Promise((resolve) => { answer = resolve }))
    await vi.advanceTimersByTimeAsync(20 * second)
    stop()
    answer(false)
    await vi.advanceTimersByTimeAsync(100 * second)
    expect([ended, vi.getTimerCount()]).toEqual([[], 0])
  })

  it('ERR-2: a listener that throws is told to the operator', async () => {
    const { ended, warnings } = setUp(() => false, () => { throw new Error('broken') })
    await vi.advanceTimersByTimeAsync(60 * second)
    expect([ended.length, warnings]).toEqual([1, [expect.stringContaining('broken')]])
  })

  it('needs no timer for a JWT', () => {
    const { watched, stop } = setUp(undefined)
    expect([watched(), vi.getTimerCount()]).toEqual([1, 0])
    stop()
    expect(watched()).toBe(0)
  })
})
