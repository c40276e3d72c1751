import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Admission, AdmissionVerdict, StateStore } from '../../src/model/store.js'
import { deciding, nowMs, outcomeOf } from './decisions.js'
import { LocalShare } from '../../src/state/local-share.js'
import { memoryStore } from '../../src/state/memory-store.js'

const hourly = (limit: number, more: object = {}) => [{ action: 'a', constraints: { max_requests_per_hour: limit, ...more } }]
const share = (processes: number) => new LocalShare(processes, { now: () => nowMs })

/** A store that can be broken, and says how often it was asked. */
function fragile() {
  const store = memoryStore({ now: () => nowMs })
  const state = { asked: 0, answer: undefined as undefined | (() => unknown) }
  return { state, store: { name: 'fragile', admit: (admission: Admission) => { state.asked++; return state.answer === undefined ? store.admit(admission) : state.answer() as AdmissionVerdict } } satisfies StateStore }
}

const down = () => { throw new Error('down') }
const rejecting = async () => { throw new Error('down') }
const hanging = () => new Promise(() => undefined)

describe('QTA-6: onStoreFailure local', () => {
  it.each([[1, 10], [2, 5], [3, 3], [10, 1], [11, 0]])('counts a limit of 10 over %i processes as %i here', async (processes, part) => {
    for (const answer of [down, rejecting]) {
      const { state, store } = fragile()
      state.answer = answer
      const { decide } = deciding({ capabilities: hourly(10), rules: { store, share: share(processes) } })
      const rulings = await Promise.all(Array.from({ length: 20 }, async () => decide()))
      expect(rulings.filter(({ denial }) => denial === undefined)).toHaveLength(part)
      for (const { denial, isCountedLocally } of rulings) {
        expect(isCountedLocally).toBe(true)
        if (denial !== undefined) expect(denial).toMatchObject({ code: 'quota_exceeded', rule: 'CON-1', detail: expect.stringContaining('this process’s part of max_requests_per_hour 10'), retryAfterSeconds: 1_800 })
      }
    }
  })

  it('what this process has taken from the store already is part of its part', async () => {
    const { state, store } = fragile()
    const { decide } = deciding({ capabilities: hourly(10), rules: { store, share: share(2) } })
    for (let i = 0; i < 3; i++) expect(await decide()).toMatchObject({ denial: undefined, isCountedLocally: false })
    state.answer = down
    expect(await Promise.all(Array.from({ length: 5 }, async () => decide())).then((rulings) => rulings.map((ruling) => outcomeOf(ruling)))).toEqual(['allow 0', 'allow 0', 'quota_exceeded CON-1', 'quota_exceeded CON-1', 'quota_exceeded CON-1'])
  })

  it('as are refusals that counted, whether the store had room for them or not', async () => {
    const { state, store } = fragile()
    const { decide } = deciding({ capabilities: hourly(4, { domains_allowed: ['example.org'] }), rules: { store, share: share(2) } })
    const [good, bad] = [{ target: 'https://example.org/' }, { target: 'https://evil.test/' }]
    expect(outcomeOf(await decide('a', bad))).toBe('aap_domain_not_allowed CON-2')
    state.answer = down
    const refused = await decide('a', bad)
    expect([outcomeOf(refused), refused.isCountedLocally]).toEqual(['aap_domain_not_allowed CON-2', true])
    expect(outcomeOf(await decide('a', good))).toBe('quota_exceeded CON-1')
  })

  it('the first alternative whose part has room admits (CAP-3)', async () => {
    const { state, store } = fragile()
    state.answer = down
    const { decide } = deciding({ capabilities: [...hourly(2), ...hourly(4)], rules: { store, share: share(2) } })
    expect([await decide(), await decide(), await decide(), await decide()].map(outcomeOf)).toEqual(['allow 0', 'allow 1', 'allow 1', 'quota_exceeded CON-1'])
  })

  it('a quota of another agent has nothing to do with it, and one of 0 still admits nothing', async () => {
    const { state, store } = fragile()
    state.answer = down
    expect(outcomeOf(await deciding({ capabilities: hourly(0), rules: { store, share: share(1) } }).decide())).toBe('quota_exceeded CON-1')
  })

  it('POP-3: a request with a proof is refused, since the other processes would not know of it', async () => {
    for (const answer of [down, rejecting]) {
      const { state, store } = fragile()
      state.answer = answer
      const { decide } = deciding({ capabilities: hourly(10), rules: { store, share: share(1) } })
      const ruling = await decide('a', {}, { proof: { key: 'k', expiresAtMs: nowMs + 60_000 } as never })
      expect(outcomeOf(ruling)).toBe('temporarily_unavailable QTA-6')
    }
  })

  it('without quotas nothing is asked, nor counted', async () => {
    const { state, store } = fragile()
    state.answer = down
    expect(outcomeOf(await deciding({ rules: { store, share: share(2) } }).decide())).toBe('allow 0')
    expect(state.asked).toBe(0)
  })

  it('a store that answers what is no answer is no store that fails: refused', async () => {
    const { state, store } = fragile()
    state.answer = () => ({ outcome: 'perhaps' })
    expect(outcomeOf(await deciding({ capabilities: hourly(10), rules: { store, share: share(1) } }).decide())).toBe('temporarily_unavailable QTA-6')
  })
})

it('QTA-6: a store that hangs fills no memory: over 10,000 that wait, one more does not', async () => {
  let release: (verdict: AdmissionVerdict) => void = () => undefined
  const released = new Promise<AdmissionVerdict>((resolve) => { release = resolve })
  const { state, store } = fragile()
  state.answer = () => released
  const { decide } = deciding({ capabilities: hourly(100), rules: { store, timeoutMs: 60_000 } })
  const waiting = Array.from({ length: 10_000 }, async () => decide())
  expect((await decide()).denial).toMatchObject({ code: 'temporarily_unavailable', detail: expect.stringContaining('10000 admissions wait') })
  expect(state.asked).toBe(10_000)
  release({ outcome: 'admitted', alternative: 0 })
  await Promise.all(waiting)
  expect(outcomeOf(await decide())).toBe('allow 0')
})

describe('QTA-6: a store that hangs', () => {
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }) })
  afterEach(() => { vi.useRealTimers() })

  const setUp = (given?: LocalShare) => {
    const { state, store } = fragile()
    const { decide, warnings } = deciding({ capabilities: hourly(100), rules: { store, timeoutMs: 250, share: given } })
    const late = async (times: number): Promise<string[]> => {
      const rulings = Promise.all(Array.from({ length: times }, async () => outcomeOf(await decide())))
      await vi.advanceTimersByTimeAsync(250)
      return rulings
    }
    return { state, decide, warnings, late }
  }

  it('is asked by one request at a time after five that were late, and the others are answered at once', async () => {
    const { state, decide, late } = setUp()
    state.answer = hanging
    expect(new Set(await late(5))).toEqual(new Set(['temporarily_unavailable QTA-6']))
    expect(state.asked).toBe(5)

    const probe = decide()
    for (let i = 0; i < 1_000; i++) expect((await decide()).denial).toMatchObject({ code: 'temporarily_unavailable', detail: expect.stringContaining('asked again soon'), retryAfterSeconds: 1 })
    expect(state.asked).toBe(6)
    await vi.advanceTimersByTimeAsync(250)
    expect(outcomeOf(await probe)).toBe('temporarily_unavailable QTA-6')
  })

  it('is used again by all as soon as one had its answer, within a second', async () => {
    const { state, decide, late } = setUp()
    state.answer = hanging
    await late(50)
    await late(1)
    state.answer = undefined
    expect(outcomeOf(await decide())).toBe('temporarily_unavailable QTA-6')
    await vi.advanceTimersByTimeAsync(750)
    expect(outcomeOf(await decide())).toBe('allow 0')
    expect(outcomeOf(await decide())).toBe('allow 0')
  })

  it('is probed ten times a second, and after five in vain every 750 ms, so that its client may notice the silence', async () => {
    const { state, decide, late } = setUp()
    state.answer = hanging
    await late(5)
    const probes: number[] = []
    for (let ms = 0; ms < 5_000; ms += 10) {
      const { asked } = state
      void decide()
      if (state.asked > asked) probes.push(ms)
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(probes).toEqual([0, 250, 500, 750, 1_000, 1_750, 2_500, 3_250, 4_000, 4_750])
  })

  it('four that were late are no reason to ask less, nor are five with an answer between', async () => {
    const { state, decide, late } = setUp()
    for (let round = 0; round < 3; round++) {
      state.answer = hanging
      await late(4)
      state.answer = undefined
      expect(outcomeOf(await decide())).toBe('allow 0')
    }
    expect(state.asked).toBe(15)
  })

  it('one that rejects at once is asked by all: what is broken may be the counters of one agent', async () => {
    const { state, decide } = setUp()
    state.answer = rejecting
    for (let i = 0; i < 100; i++) expect(outcomeOf(await decide())).toBe('temporarily_unavailable QTA-6')
    expect(state.asked).toBe(100)
    state.answer = undefined
    expect(outcomeOf(await decide())).toBe('allow 0')
  })

  it('with a local share, the others are counted at once', async () => {
    const { state, decide, late } = setUp(new LocalShare(2, { now: () => nowMs }))
    state.answer = hanging
    expect(new Set(await late(5))).toEqual(new Set(['allow 0']))
    const probe = decide()
    const rulings = await Promise.all(Array.from({ length: 100 }, async () => decide()))
    expect(rulings.filter(({ denial }) => denial === undefined)).toHaveLength(45)
    await vi.advanceTimersByTimeAsync(250)
    expect(outcomeOf(await probe)).toBe('quota_exceeded CON-1')
    expect(state.asked).toBe(6)
  })

  it('is told once when it fails, and once when it has answered for a second', async () => {
    const { state, decide, warnings } = setUp()
    state.answer = rejecting
    await decide()
    await decide()
    state.answer = undefined
    await decide()
    expect(warnings).toEqual(['store_failed: store fragile rejected: down'])
    await vi.advanceTimersByTimeAsync(999)
    await decide()
    expect(warnings).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    await decide()
    await decide()
    expect(warnings).toEqual(['store_failed: store fragile rejected: down', 'store_recovered: it answers again'])
  })
})
