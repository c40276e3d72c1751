import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StateStore } from '../../src/model/store.js'
import { deciding, request } from './decisions.js'
import { unhandledRejectionsOf } from './unhandled-rejections.js'

const capabilities = [{ action: 'a', constraints: { max_requests_per_hour: 5 } }]
const storeThat = (admit: () => unknown): StateStore => ({ name: 'broken', admit: admit as StateStore['admit'] })
const unavailable = { code: 'temporarily_unavailable', rule: 'QTA-6', retryAfterSeconds: 1 }

const failures: readonly (readonly [string, () => unknown])[] = [
  ['throws', () => { throw new Error('down') }],
  ['throws what is no error', () => { throw undefined }],
  ['rejects', () => Promise.reject(new Error('down'))],
  ['rejects with nothing', () => Promise.reject()],
  ['answers nothing', () => undefined],
  ['answers null', () => null],
  ['answers true', () => true],
  ['answers a word', () => 'admitted'],
  ['answers an empty object', () => ({})],
  ['answers a list', () => ['admitted', 0]],
  ['admits nobody in particular', () => ({ outcome: 'admitted' })],
  ['admits an alternative that was not asked for', () => ({ outcome: 'admitted', alternative: 1 })],
  ['admits what no admission has', () => ({ outcome: 'admitted', alternative: -1 })],
  ['admits a fraction', () => ({ outcome: 'admitted', alternative: 0.5 })],
  ['admits NaN', () => ({ outcome: 'admitted', alternative: NaN })],
  ['is full without saying until when', () => ({ outcome: 'full' })],
  ['is full until never', () => ({ outcome: 'full', retryAfterMs: Infinity })],
  ['is full until NaN', () => ({ outcome: 'full', retryAfterMs: NaN })],
  ['is full until now', () => ({ outcome: 'full', retryAfterMs: 0 })],
  ['is full until before', () => ({ outcome: 'full', retryAfterMs: -5 })],
  ['is full in words', () => ({ outcome: 'full', retryAfterMs: '1000' })],
  ['admits in words', () => ({ outcome: 'admitted', alternative: '0' })],
  ['answers another outcome', () => ({ outcome: 'maybe', retryAfterMs: 1_000 })],
  ['admits by a name', () => ({ outcome: 'admitted', alternative: 'length' })],
  ['has no such method', null as never],
]

describe('QTA-6: a store that cannot say whether there is room has not said that there is: 503', () => {
  it.each(failures)('a store that %s', async (_, admit) => {
    for (const answer of [admit, async () => admit()]) {
      const { decide } = deciding({ capabilities, rules: { store: storeThat(answer) } })
      expect((await decide()).denial).toMatchObject(unavailable)
    }
  })

  it('the answers that do count are taken, at once or later', async () => {
    for (const later of [false, true]) {
      const admitting = storeThat(() => (later ? Promise.resolve({ outcome: 'admitted', alternative: 0 }) : { outcome: 'admitted', alternative: 0 }))
      expect((await deciding({ capabilities, rules: { store: admitting } }).decide()).capability?.index).toBe(0)
      const full = storeThat(() => (later ? Promise.resolve({ outcome: 'full', retryAfterMs: 1_500 }) : { outcome: 'full', retryAfterMs: 1_500 }))
      expect((await deciding({ capabilities, rules: { store: full } }).decide()).denial).toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 2 })
    }
  })

  it('a thenable of another make is waited for', async () => {
    const store = storeThat(() => ({ then: (resolve: (value: unknown) => void) => { resolve({ outcome: 'admitted', alternative: 0 }) } }))
    expect((await deciding({ capabilities, rules: { store } }).decide()).capability?.index).toBe(0)
  })
})

describe('QTA-6: a store that does not answer in time', () => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) })
  afterEach(() => { vi.useRealTimers() })

  it('is waited for as long as it may take, and no longer', async () => {
    const { decide } = deciding({ capabilities, rules: { store: storeThat(() => new Promise(() => undefined)), timeoutMs: 250 } })
    let denial: unknown
    void Promise.resolve(decide()).then((ruling) => { denial = ruling.denial })
    await vi.advanceTimersByTimeAsync(249)
    expect(denial).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(denial).toMatchObject(unavailable)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('an answer in time leaves no timer behind, and one that comes too late changes nothing', async () => {
    const { decide } = deciding({ capabilities, rules: { store: storeThat(async () => ({ outcome: 'admitted', alternative: 0 })) } })
    expect((await decide()).denial).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)

    let answer: (verdict: unknown) => void = () => undefined
    const late = deciding({ capabilities, rules: { store: storeThat(() => new Promise((resolve) => { answer = resolve })) } }).decide()
    await vi.advanceTimersByTimeAsync(250)
    answer({ outcome: 'admitted', alternative: 0 })
    expect((await late).denial).toMatchObject(unavailable)
  })

  it('is asked once: a lost reply is never retried', async () => {
    let asked = 0
    const { decide } = deciding({ capabilities, rules: { store: storeThat(() => { asked++; return new Promise(() => undefined) }) } })
    const ruling = decide()
    await vi.advanceTimersByTimeAsync(10_000)
    expect((await ruling).denial).toMatchObject(unavailable)
    expect(asked).toBe(1)
  })

  it('a rejection that comes after the answer does not end the process (ERR-2)', async () => {
    let reject: (reason: unknown) => void = () => undefined
    const rejections = await unhandledRejectionsOf(async () => {
      const ruling = deciding({ capabilities, rules: { store: storeThat(() => new Promise((_, fail) => { reject = fail })) } }).decide()
      await vi.advanceTimersByTimeAsync(250)
      await ruling
      reject(new Error('late'))
    })
    expect(rejections).toEqual([])
  })
})

describe('QTA-2: where the store only counts a refusal, its failure does not change the answer', () => {
  it.each(failures)('a store that %s', async (_, admit) => {
    const { decide } = deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 5, allowed_methods: ['POST'] } }], rules: { store: storeThat(admit) } })
    expect((await decide('a', {}, { request })).denial).toMatchObject({ code: 'aap_constraint_violation', rule: 'CON-5' })
  })

  it('the operator is told', async () => {
    const { decide, warnings } = deciding({ capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 5, allowed_methods: ['POST'] } }], rules: { store: storeThat(() => { throw new Error('down') }) } })
    await decide()
    expect(warnings).toEqual([expect.stringMatching(/^store_failed: store broken.*down/), expect.stringMatching(/store broken did not count.*down/)])
  })
})
