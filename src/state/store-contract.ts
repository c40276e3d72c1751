import assert from 'node:assert/strict'
import type { Admission, AdmissionVerdict, BudgetCharge, ProofId, QuotaCharge, QuotaWindow, StateStore, TaskClaim } from '../model/store.js'

/**
 * Makes an empty store.
 *
 * @param clock gives epoch milliseconds; the store must follow it in every window, and for as long as it keeps a proof
 */
export type StoreFactory = (clock: () => number) => StateStore | Promise<StateStore>

/** One thing that every store has to do. */
export interface ContractCase {
  /**
   * `counting`: quotas are exact. `atomic`: a proof of possession is accepted once, a budget of operations is exact, and a token
   * that is for one task is held to it, in one step with the quotas; a store that says `isAtomic: false` need not pass it, and no guard with DPoP or introspection takes it.
   */
  readonly part: 'counting' | 'atomic'
  /** Names the rule. */
  readonly name: string
  /** Rejects with an AssertionError where the store does otherwise. */
  readonly run: () => Promise<void>
}

/**
 * What a `StateStore` has to do, as cases for any test runner.
 *
 * @example
 * import { storeContract } from 'aap-guard/store-contract'
 * for (const { name, run } of storeContract((clock) => myStore({ now: clock }))) test(name, run)
 */
export function storeContract(createStore: StoreFactory): readonly ContractCase[] {
  const partOf = (part: ContractCase['part'], cases: readonly BenchCase[]): ContractCase[] => cases.map(({ name, run }) => ({ part, name, run: () => withBench(createStore, run) }))
  return [...partOf('counting', countingCases), ...partOf('atomic', [...atomicCases, ...budgetCases, ...taskCases])]
}

/** 2025-03-10T10:59:30.250Z: half a minute before an hour ends, so that aligned and sliding windows differ. */
const startMs = Date.UTC(2025, 2, 10, 10, 59, 30, 250)
const hourMs = 3_600_000

/** A store under test, its clock and short words for what is asked of it. */
interface Bench {
  nowMs: number
  readonly admit: (admission: Omit<Admission, 'scope'>) => Promise<AdmissionVerdict>
  /** Takes one alternative of these quotas and says whether it was admitted. */
  readonly take: (...quotas: readonly QuotaCharge[]) => Promise<boolean>
  /** How many of these in turn are admitted. */
  readonly takeTimes: (times: number, ...quotas: readonly QuotaCharge[]) => Promise<number>
  /** Shows a proof, with nothing else to admit unless it is said. */
  readonly show: (proof: ProofId, others?: Partial<Admission>) => Promise<AdmissionVerdict['outcome']>
}

interface BenchCase {
  readonly name: string
  readonly run: (bench: Bench) => Promise<void>
}

async function withBench(createStore: StoreFactory, run: (bench: Bench) => Promise<void>): Promise<void> {
  let nowMs = startMs
  const store = await createStore(() => nowMs)
  const admit: Bench['admit'] = async (admission) => store.admit({ scope: keyOf('scope'), ...admission })
  const take: Bench['take'] = async (...quotas) => (await admit({ alternatives: [{ quotas }] })).outcome === 'admitted'
  await run({
    get nowMs() { return nowMs },
    set nowMs(value) { nowMs = value },
    admit,
    take,
    takeTimes: async (times, ...quotas) => {
      let admitted = 0
      for (let i = 0; i < times; i++) if (await take(...quotas)) admitted++
      return admitted
    },
    show: async (proof, others) => (await admit({ alternatives: [], ...others, proof })).outcome,
  })
}

/** Keys have the length and the alphabet of the digests that the guard makes. */
function keyOf(name: string): string {
  return name.padEnd(43, '_')
}

/** Kept for as long as a proof of a minute is at most: `iat` is 10 s ahead (POP-3). */
function proofOf(name: string, keepMs = 70_001): ProofId {
  return { key: keyOf(name), keepMs }
}

function quota(name: string, window: QuotaWindow, limit: number, quantity = 1): QuotaCharge {
  return { key: keyOf(name), name: `max_requests_per_${window}`, window, limit, quantity }
}

const countingCases: readonly BenchCase[] = [
  {
    name: 'QTA-4: admits exactly the limit, in every window',
    run: async ({ takeTimes }) => {
      for (const window of ['second', 'minute', 'hour', 'day'] as const) assert.equal(await takeTimes(8, quota(window, window, 5)), 5, window)
    },
  },
  {
    name: 'QTA-4: admits exactly the limit of requests that come at once',
    run: async ({ take }) => {
      const answers = await Promise.all(Array.from({ length: 500 }, () => take(quota('at once', 'hour', 100))))
      assert.equal(answers.filter(Boolean).length, 100)
    },
  },
  {
    name: 'CON-1: a limit of 0 admits nothing',
    run: async ({ takeTimes }) => {
      for (const window of ['second', 'minute', 'hour', 'day'] as const) {
        assert.equal(await takeTimes(3, quota(`zero ${window}`, window, 0)), 0, window)
        assert.equal(await takeTimes(1, quota(`zero ${window}`, window, 0, 0)), 0, `${window}, not even nothing`)
      }
    },
  },
  {
    name: 'CON-1: limits up to 2^53 - 1 are exact',
    run: async ({ take }) => {
      const limit = Number.MAX_SAFE_INTEGER
      assert.equal(await take(quota('huge', 'day', limit, limit - 1)), true)
      assert.equal(await take(quota('huge', 'day', limit, 2)), false)
      assert.equal(await take(quota('huge', 'day', limit, 1)), true)
      assert.equal(await take(quota('huge', 'day', limit, 1)), false)
    },
  },
  {
    name: 'CON-1: quantities count as many as they are, and 0 fits into a full window',
    run: async ({ take }) => {
      assert.equal(await take(quota('emails', 'hour', 10, 7)), true)
      assert.equal(await take(quota('emails', 'hour', 10, 4)), false)
      assert.equal(await take(quota('emails', 'hour', 10, 3)), true)
      assert.equal(await take(quota('emails', 'hour', 10, 0)), true)
      assert.equal(await take(quota('emails', 'hour', 10, 1)), false)
    },
  },
  ...(['second', 'minute'] as const).map((window) => {
    const lengthMs = window === 'second' ? 1_000 : 60_000
    return {
      name: `CON-1: the ${window} slides over (now - w, now]`,
      run: async (bench: Bench) => {
        const one = quota('sliding', window, 2)
        assert.equal(await bench.take(one), true)
        bench.nowMs += lengthMs / 2
        assert.equal(await bench.take(one), true)
        bench.nowMs = startMs + lengthMs - 1
        assert.equal(await bench.take(one), false, 'the first request is still inside')
        bench.nowMs = startMs + lengthMs
        assert.equal(await bench.take(one), true, 'the first request has just left')
        assert.equal(await bench.take(one), false)
      },
    }
  }),
  {
    name: 'CON-1: the hour is aligned to the UTC clock',
    run: async (bench) => {
      assert.equal(await bench.takeTimes(2, quota('hourly', 'hour', 1)), 1)
      bench.nowMs = Date.UTC(2025, 2, 10, 10, 59, 59, 999)
      assert.equal(await bench.take(quota('hourly', 'hour', 1)), false)
      bench.nowMs = Date.UTC(2025, 2, 10, 11)
      assert.equal(await bench.takeTimes(2, quota('hourly', 'hour', 1)), 1)
    },
  },
  {
    name: 'CON-1: the day is aligned to the UTC clock',
    run: async (bench) => {
      assert.equal(await bench.takeTimes(2, quota('daily', 'day', 1)), 1)
      bench.nowMs = Date.UTC(2025, 2, 10, 23, 59, 59, 999)
      assert.equal(await bench.take(quota('daily', 'day', 1)), false)
      bench.nowMs = Date.UTC(2025, 2, 11)
      assert.equal(await bench.takeTimes(2, quota('daily', 'day', 1)), 1)
    },
  },
  {
    name: 'CON-1: says how long until all full windows have room',
    run: async (bench) => {
      const hourly = quota('hourly', 'hour', 2)
      const minutely = quota('minutely', 'minute', 2)
      await bench.take(hourly, minutely)
      bench.nowMs += 10_000
      await bench.take(hourly, minutely)
      // The first request leaves the minute in 50 s; the hour is over in 19.75 s.
      assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [hourly, minutely] }] }), { outcome: 'full', retryAfterMs: 50_000 })
      assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [hourly] }] }), { outcome: 'full', retryAfterMs: 19_750 })
    },
  },
  {
    name: 'CON-1: a quantity waits until enough has left the window, not only something',
    run: async (bench) => {
      await bench.take(quota('emails', 'minute', 10, 4))
      bench.nowMs += 20_000
      await bench.take(quota('emails', 'minute', 10, 6))
      assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [quota('emails', 'minute', 10, 4)] }] }), { outcome: 'full', retryAfterMs: 40_000 })
      assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [quota('emails', 'minute', 10, 5)] }] }), { outcome: 'full', retryAfterMs: 60_000 })
    },
  },
  {
    name: 'QTA-2: an alternative is taken whole or not at all',
    run: async ({ take, takeTimes }) => {
      const free = quota('free', 'hour', 5)
      const full = quota('full', 'hour', 1)
      assert.equal(await take(full), true)
      assert.equal(await takeTimes(4, free, full), 0)
      assert.equal(await takeTimes(9, free), 5, 'the refused attempts took nothing')
    },
  },
  {
    name: 'CAP-3: takes the first alternative that fits and nothing of the others',
    run: async ({ admit, takeTimes }) => {
      const first = quota('first', 'hour', 2)
      const second = quota('second', 'hour', 3)
      const both = { alternatives: [{ quotas: [first] }, { quotas: [second] }] }
      const taken: number[] = []
      for (let i = 0; i < 5; i++) {
        const verdict = await admit(both)
        if (verdict.outcome === 'admitted') taken.push(verdict.alternative)
      }
      assert.deepEqual(taken, [0, 0, 1, 1, 1])
      assert.equal((await admit(both)).outcome, 'full')
      assert.equal(await takeTimes(1, second), 0)
    },
  },
  {
    name: 'CAP-3: an alternative without quotas always fits',
    run: async ({ admit }) => {
      assert.deepEqual(await admit({ alternatives: [{ quotas: [quota('never', 'hour', 0)] }, { quotas: [] }] }), { outcome: 'admitted', alternative: 1 })
    },
  },
  {
    name: 'CAP-3: where none fits, says how long until the earliest does',
    run: async (bench) => {
      const hourly = quota('hourly', 'hour', 0)
      const minutely = quota('minutely', 'minute', 1)
      await bench.take(minutely)
      bench.nowMs += 45_000
      await bench.take(quota('other', 'second', 1))
      // 15 s until the minute has room; the hour began 14.75 s ago and never has.
      assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [hourly] }, { quotas: [minutely] }] }), { outcome: 'full', retryAfterMs: 15_000 })
    },
  },
  {
    name: 'CAP-7: compares a quantity of 0 with another limit of the same counter, and takes nothing',
    run: async ({ take, takeTimes }) => {
      for (const window of ['second', 'minute', 'hour', 'day'] as const) {
        const name = `compared ${window}`
        assert.equal(await takeTimes(2, quota(name, window, 5)), 2, window)
        assert.equal(await take(quota(name, window, 2, 0)), true, `${window}, as much as there is`)
        assert.equal(await take(quota(name, window, 1, 0)), false, `${window}, less than there is`)
        assert.equal(await takeTimes(9, quota(name, window, 5)), 3, `${window}, afterwards`)
      }
    },
  },
  {
    name: 'CON-1: does not say to wait for an alternative that can never fit while another can',
    run: async (bench) => {
      const hourly = quota('hourly', 'hour', 1)
      const daily = quota('daily', 'day', 2, 2)
      assert.equal(await bench.take(hourly, daily), true)
      // The hour is over in 29.75 s, the day in 13 hours more.
      const hourEndsMs = 29_750
      const dayEndsMs = 13 * hourMs + hourEndsMs
      const never: [string, QuotaCharge[]][] = [
        ...(['second', 'minute', 'hour'] as const).flatMap((window): [string, QuotaCharge[]][] => [
          [`a limit of 0 for the ${window}`, [quota('none', window, 0)]],
          [`more than the ${window} holds`, [quota('few', window, 1, 2)]],
        ]),
        ['one of several', [hourly, quota('few', 'second', 1, 2)]],
      ]
      for (const [text, quotas] of never) {
        const others = { quotas }
        assert.deepEqual(await bench.admit({ alternatives: [others, { quotas: [daily] }] }), { outcome: 'full', retryAfterMs: dayEndsMs }, `${text}, first`)
        assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [daily] }, others] }), { outcome: 'full', retryAfterMs: dayEndsMs }, `${text}, last`)
        assert.deepEqual(await bench.admit({ alternatives: [{ quotas: [daily] }, others, { quotas: [hourly] }] }), { outcome: 'full', retryAfterMs: hourEndsMs }, `${text}, in the middle`)
      }
    },
  },
  {
    name: 'CON-1: where nothing can ever fit, the wait still ends',
    run: async ({ admit }) => {
      const verdict = await admit({ alternatives: [{ quotas: [quota('none', 'minute', 0)] }, { quotas: [quota('few', 'second', 1, 2)] }] })
      assert.equal(verdict.outcome, 'full')
      assert.ok(verdict.retryAfterMs > 0 && verdict.retryAfterMs <= 60_000, `${verdict.retryAfterMs}`)
    },
  },
  {
    name: 'QTA-2: chargeOnly is taken whole where all of it has room, and changes no answer',
    run: async ({ admit, takeTimes }) => {
      const a = quota('a', 'hour', 3)
      const b = quota('b', 'day', 3)
      assert.equal((await admit({ alternatives: [], chargeOnly: [a, b] })).outcome, 'admitted')
      assert.equal(await takeTimes(5, a), 2)
      assert.equal((await admit({ alternatives: [], chargeOnly: [a, b] })).outcome, 'admitted')
      assert.equal(await takeTimes(5, b), 2, 'a is full, so b was not charged again')
    },
  },
  {
    name: 'QTA-1: quotas with different keys do not share anything',
    run: async ({ takeTimes }) => {
      assert.equal(await takeTimes(3, quota('one', 'hour', 2)), 2)
      assert.equal(await takeTimes(3, quota('other', 'hour', 2)), 2)
    },
  },
  {
    name: 'QTA-1: quotas of one key share nothing but their key, whatever they are called',
    run: async ({ take, takeTimes }) => {
      const windows = ['second', 'minute', 'hour', 'day'] as const
      const quotas = ['max_requests_per_hour', '1 max_requests_per_hour', '~'.repeat(70), ' ', '\'"', '{}', '__proto__'].flatMap((name) => windows.map((window) => ({ ...quota('one', window, 2), name })))
      for (const one of quotas) assert.equal(await takeTimes(3, one), 2, `${one.name}, ${one.window}`)
      const others = quotas.map((one) => ({ ...one, limit: 4 }))
      assert.equal(await take(...others), true)
      assert.equal(await takeTimes(3, ...others), 1)
      for (const one of others) assert.equal(await takeTimes(1, one), 0, `${one.name}, ${one.window}`)
    },
  },
  {
    name: 'QTA-2: a charge over several keys and windows is taken whole or not at all',
    run: async ({ take, takeTimes }) => {
      const charge = ['one', 'other'].flatMap((key) => (['minute', 'day'] as const).map((window) => quota(key, window, 3)))
      const last = charge[3] as QuotaCharge
      assert.equal(await takeTimes(2, last), 2)
      assert.equal(await takeTimes(3, ...charge), 1)
      for (const one of charge.slice(0, 3)) assert.equal(await takeTimes(5, one), 2, `${one.key}, ${one.window}`)
      assert.equal(await take(last), false)
    },
  },
  ...([['an hour', hourMs], ['a day', 24 * hourMs]] as const).map(([text, stepMs]) => ({
    name: `QTA-3: a clock that goes back ${text} opens no window that was left`,
    run: async (bench: Bench) => {
      const hourly = quota('hourly', 'hour', 2)
      const minutely = quota('minutely', 'minute', 2)
      assert.equal(await bench.takeTimes(3, hourly), 2)
      assert.equal(await bench.takeTimes(3, minutely), 2)
      bench.nowMs -= stepMs
      assert.equal(await bench.take(hourly), false)
      assert.equal(await bench.take(minutely), false)
      bench.nowMs += 20_000
      assert.equal(await bench.take(hourly), false)
      assert.equal(await bench.take(minutely), false)
    },
  })),
]

/** A token's budget, for a test that lasts no longer than a day. */
function budgetOf(name: string, most: number, keepMs = 172_800_000): BudgetCharge {
  return { key: keyOf(name), most, keepMs }
}

const budgetCases: readonly BenchCase[] = [
  {
    name: 'INT-4: a budget admits as many as it has, and says how many are left',
    run: async ({ admit }) => {
      const one = { alternatives: [{ quotas: [] }], budget: budgetOf('b', 3) }
      for (const operationsLeft of [2, 1, 0]) assert.deepEqual(await admit(one), { outcome: 'admitted', alternative: 0, operationsLeft })
      for (let i = 0; i < 3; i++) assert.deepEqual(await admit(one), { outcome: 'spent' })
    },
  },
  {
    name: 'INT-4: of 500 at once exactly as many as it has',
    run: async ({ admit }) => {
      const verdicts = await Promise.all(Array.from({ length: 500 }, () => admit({ alternatives: [{ quotas: [quota('day', 'day', 1_000)] }], budget: budgetOf('b', 100) })))
      const left = verdicts.flatMap((verdict) => (verdict.outcome === 'admitted' ? [verdict.operationsLeft] : []))
      assert.deepEqual(left.sort((a, b) => Number(a) - Number(b)), Array.from({ length: 100 }, (_, i) => i))
      assert.equal(verdicts.filter(({ outcome }) => outcome === 'spent').length, 400)
    },
  },
  {
    name: 'INT-4: a budget of 0 admits nothing, and nothing that is said later makes it more',
    run: async ({ admit }) => {
      const ask = async (most: number): Promise<unknown> => admit({ alternatives: [{ quotas: [] }], budget: budgetOf('b', most) })
      assert.deepEqual(await ask(5), { outcome: 'admitted', alternative: 0, operationsLeft: 4 })
      assert.deepEqual(await ask(Number.MAX_SAFE_INTEGER), { outcome: 'admitted', alternative: 0, operationsLeft: 3 })
      assert.deepEqual(await ask(2), { outcome: 'admitted', alternative: 0, operationsLeft: 1 })
      assert.deepEqual(await ask(100), { outcome: 'admitted', alternative: 0, operationsLeft: 0 })
      assert.deepEqual(await ask(100), { outcome: 'spent' })
      assert.deepEqual(await admit({ alternatives: [{ quotas: [] }], budget: budgetOf('none', 0) }), { outcome: 'spent' })
      assert.deepEqual(await admit({ alternatives: [{ quotas: [] }], budget: budgetOf('none', 9) }), { outcome: 'spent' })
    },
  },
  {
    name: 'INT-4: a total counts what was taken before it was said',
    run: async ({ admit }) => {
      const ask = async (total: number, most = total): Promise<unknown> => admit({ alternatives: [{ quotas: [] }], budget: { ...budgetOf('b', most), total } })
      for (const operationsLeft of [9, 8, 7]) assert.deepEqual(await ask(10), { outcome: 'admitted', alternative: 0, operationsLeft })
      assert.deepEqual(await ask(5), { outcome: 'admitted', alternative: 0, operationsLeft: 1 })
      assert.deepEqual(await ask(2), { outcome: 'spent' })
      assert.deepEqual(await ask(10), { outcome: 'spent' })
      assert.deepEqual(await admit({ alternatives: [{ quotas: [] }], budget: { ...budgetOf('far', 1), total: Number.MAX_SAFE_INTEGER } }), { outcome: 'admitted', alternative: 0, operationsLeft: 0 })
    },
  },
  {
    name: 'INT-4: only what is admitted takes one, and what is spent takes no quota',
    run: async ({ admit, takeTimes }) => {
      const hourly = quota('hourly', 'hour', 3)
      const none = quota('none', 'hour', 0)
      const budget = budgetOf('b', 2)
      assert.equal((await admit({ alternatives: [{ quotas: [none] }], budget })).outcome, 'full')
      assert.deepEqual(await admit({ alternatives: [], chargeOnly: [quota('other', 'hour', 9)], budget }), { outcome: 'admitted', alternative: -1 })
      assert.deepEqual(await admit({ alternatives: [{ quotas: [none] }, { quotas: [hourly] }], budget }), { outcome: 'admitted', alternative: 1, operationsLeft: 1 })
      assert.equal((await admit({ alternatives: [{ quotas: [hourly] }], budget })).outcome, 'admitted')
      assert.deepEqual(await admit({ alternatives: [{ quotas: [hourly] }], budget }), { outcome: 'spent' })
      assert.equal((await admit({ alternatives: [{ quotas: [none] }], budget })).outcome, 'full')
      assert.equal(await takeTimes(5, hourly), 1)
    },
  },
  {
    name: 'INT-4, POP-3: a replay takes none, and a proof is remembered though the budget is spent',
    run: async ({ admit }) => {
      const ask = async (proof: string): Promise<AdmissionVerdict> => admit({ alternatives: [{ quotas: [] }], budget: budgetOf('b', 2), proof: proofOf(proof) })
      assert.equal((await ask('p')).outcome, 'admitted')
      for (let i = 0; i < 5; i++) assert.equal((await ask('p')).outcome, 'replayed')
      assert.deepEqual(await ask('q'), { outcome: 'admitted', alternative: 0, operationsLeft: 0 })
      assert.equal((await ask('r')).outcome, 'spent')
      assert.equal((await ask('r')).outcome, 'replayed')
    },
  },
  {
    name: 'INT-4: budgets of different tokens do not share anything, nor do budgets, quotas and proofs under one key',
    run: async ({ admit, show, takeTimes }) => {
      const one = quota('same', 'hour', 2)
      assert.equal(await takeTimes(1, one), 1)
      assert.equal(await show(proofOf('same')), 'admitted')
      for (const name of ['same', 'other']) {
        assert.deepEqual(await admit({ alternatives: [{ quotas: [] }], budget: budgetOf(name, 2) }), { outcome: 'admitted', alternative: 0, operationsLeft: 1 })
      }
      assert.equal(await takeTimes(5, one), 1)
    },
  },
  ...([['an hour', hourMs], ['a day', 24 * hourMs]] as const).map(([text, stepMs]) => ({
    name: `INT-4: a clock that jumps ${text} forward and back brings no budget back`,
    run: async (bench: Bench) => {
      const ask = async (): Promise<string> => (await bench.admit({ alternatives: [{ quotas: [] }], budget: budgetOf('b', 2) })).outcome
      assert.deepEqual([await ask(), await ask()], ['admitted', 'admitted'])
      for (const by of [stepMs, -stepMs, -stepMs]) {
        bench.nowMs += by
        assert.equal(await ask(), 'spent')
      }
    },
  })),
]

const atomicCases: readonly BenchCase[] = [
  {
    name: 'POP-3: a proof is accepted once',
    run: async ({ show }) => {
      assert.equal(await show(proofOf('p')), 'admitted')
      for (let i = 0; i < 3; i++) assert.equal(await show(proofOf('p')), 'replayed')
    },
  },
  {
    name: 'POP-3: of one proof shown 50 times at once exactly one is accepted',
    run: async ({ show }) => {
      for (let round = 0; round < 20; round++) {
        const answers = await Promise.all(Array.from({ length: 50 }, () => show(proofOf(`round ${round}`), { alternatives: [{ quotas: [quota('at once', 'day', 1_000)] }] })))
        assert.equal(answers.filter((outcome) => outcome === 'admitted').length, 1)
        assert.equal(answers.filter((outcome) => outcome === 'replayed').length, 49)
      }
    },
  },
  {
    name: 'POP-3: different proofs do not meet',
    run: async ({ show }) => {
      const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => show(proofOf(`p${i}`))))
      assert.deepEqual(new Set(answers), new Set(['admitted']))
      for (let i = 0; i < 200; i++) assert.equal(await show(proofOf(`p${i}`)), 'replayed')
    },
  },
  {
    name: 'POP-3: proofs and quotas do not meet, not even under one key',
    run: async ({ show, takeTimes }) => {
      const one = quota('same', 'hour', 2)
      assert.equal(await takeTimes(1, one), 1)
      assert.equal(await show(proofOf('same')), 'admitted')
      assert.equal(await show(proofOf('same')), 'replayed')
      assert.equal(await takeTimes(5, one), 1)
    },
  },
  {
    name: 'POP-3: a proof that is accepted changes nothing about the quotas',
    run: async ({ admit, takeTimes }) => {
      const first = quota('first', 'hour', 1)
      const second = quota('second', 'hour', 2)
      const verdicts: AdmissionVerdict[] = []
      for (let i = 0; i < 4; i++) verdicts.push(await admit({ proof: proofOf(`p${i}`), alternatives: [{ quotas: [first] }, { quotas: [second] }] }))
      assert.deepEqual(verdicts.slice(0, 3), [{ outcome: 'admitted', alternative: 0 }, { outcome: 'admitted', alternative: 1 }, { outcome: 'admitted', alternative: 1 }])
      assert.equal(verdicts[3]?.outcome, 'full')
      assert.equal(await takeTimes(1, first, second), 0)
    },
  },
  {
    name: 'POP-3: a replay takes no quota, neither of an alternative nor of chargeOnly',
    run: async ({ show, takeTimes }) => {
      const taken = quota('taken', 'hour', 5)
      const charged = quota('charged', 'hour', 5)
      const others = { alternatives: [{ quotas: [taken] }], chargeOnly: [charged] }
      assert.equal(await show(proofOf('p'), others), 'admitted')
      for (let i = 0; i < 9; i++) assert.equal(await show(proofOf('p'), others), 'replayed')
      assert.equal(await takeTimes(9, taken), 4)
      assert.equal(await takeTimes(9, charged), 4)
    },
  },
  {
    name: 'POP-3: a proof is remembered though no alternative has room',
    run: async ({ show }) => {
      const none = { alternatives: [{ quotas: [quota('none', 'hour', 0)] }] }
      assert.equal(await show(proofOf('p'), none), 'full')
      assert.equal(await show(proofOf('p'), none), 'replayed')
      assert.equal(await show(proofOf('p'), { alternatives: [{ quotas: [quota('some', 'hour', 5)] }] }), 'replayed')
    },
  },
  {
    name: 'POP-3: a proof is remembered though there are no alternatives, with and without chargeOnly',
    run: async ({ admit, show, takeTimes }) => {
      const charged = quota('charged', 'hour', 3)
      assert.deepEqual(await admit({ proof: proofOf('plain'), alternatives: [] }), { outcome: 'admitted', alternative: -1 })
      assert.deepEqual(await admit({ proof: proofOf('charging'), alternatives: [], chargeOnly: [charged] }), { outcome: 'admitted', alternative: -1 })
      assert.deepEqual(await admit({ proof: proofOf('too much'), alternatives: [], chargeOnly: [charged, quota('none', 'hour', 0)] }), { outcome: 'admitted', alternative: -1 })
      for (const name of ['plain', 'charging', 'too much']) assert.equal(await show(proofOf(name)), 'replayed', name)
      assert.equal(await takeTimes(5, charged), 2)
    },
  },
  ...[1, 1_000, 60_001, 70_001].map((keepMs) => ({
    name: `POP-3: a proof is remembered for ${keepMs} ms, to the last of them`,
    run: async (bench: Bench) => {
      assert.equal(await bench.show(proofOf('p', keepMs)), 'admitted')
      bench.nowMs = startMs + Math.floor(keepMs / 2)
      assert.equal(await bench.show(proofOf('p', Math.max(1, Math.ceil(keepMs / 2)))), 'replayed', 'half of it later')
      bench.nowMs = startMs + keepMs - 1
      assert.equal(await bench.show(proofOf('p', 1)), 'replayed', 'one millisecond before its end')
      bench.nowMs = startMs + keepMs
      assert.ok(['admitted', 'replayed'].includes(await bench.show(proofOf('p', 1))), 'at its end it may be forgotten')
    },
  })),
  {
    name: 'POP-3: what others are kept for shortens nothing, nor does a replay',
    run: async (bench) => {
      assert.equal(await bench.show(proofOf('long')), 'admitted')
      assert.equal(await bench.show(proofOf('long', 1)), 'replayed')
      for (let i = 0; i < 70; i++) {
        bench.nowMs = startMs + i * 1_000
        assert.equal(await bench.show(proofOf(`short ${i}`, 1)), 'admitted')
      }
      bench.nowMs = startMs + 70_000
      assert.equal(await bench.show(proofOf('long', 1)), 'replayed')
    },
  },
  ...([['a second', 1_000], ['an hour', hourMs], ['a day', 24 * hourMs]] as const).map(([text, stepMs]) => ({
    name: `POP-3: a clock that goes back ${text} makes no proof new`,
    run: async (bench: Bench) => {
      assert.equal(await bench.show(proofOf('p')), 'admitted')
      bench.nowMs += 30_000
      assert.equal(await bench.show(proofOf('q')), 'admitted')
      bench.nowMs -= stepMs
      for (const name of ['p', 'q']) assert.equal(await bench.show(proofOf(name)), 'replayed', `${name}, at once`)
      bench.nowMs += 20_000
      for (const name of ['p', 'q']) assert.equal(await bench.show(proofOf(name)), 'replayed', `${name}, 20 s later`)
    },
  })),
]

/** For a test that lasts no longer than a day. */
function taskOf(token: string, task: string, keepMs = 172_800_000): Pick<Admission, 'alternatives'> & { readonly task: TaskClaim } {
  return { task: { key: keyOf(token), task: keyOf(task), keepMs }, alternatives: [] }
}

const taskCases: readonly BenchCase[] = [
  {
    name: 'INT-5: a token that was seen with one task is refused with another, and goes on with the first',
    run: async ({ admit }) => {
      const held = { outcome: 'admitted', alternative: -1, holdsTask: true }
      assert.deepEqual(await admit(taskOf('t', 'one')), held)
      for (let i = 0; i < 3; i++) assert.deepEqual(await admit(taskOf('t', 'two')), { outcome: 'other-task' })
      assert.deepEqual(await admit(taskOf('t', 'one')), held)
      assert.deepEqual(await admit(taskOf('another', 'two')), held)
    },
  },
  {
    name: 'INT-5: of two tasks at once one is the first',
    run: async ({ admit }) => {
      for (let round = 0; round < 20; round++) {
        const verdicts = await Promise.all(Array.from({ length: 20 }, (_, i) => admit(taskOf(`round ${round}`, i % 2 === 0 ? 'one' : 'two'))))
        const held = verdicts.flatMap(({ outcome }, i) => (outcome === 'admitted' ? [i % 2] : []))
        assert.equal(held.length, 10)
        assert.equal(new Set(held).size, 1)
      }
    },
  },
  {
    name: 'INT-5: with another task nothing else happens; with its own it is remembered, whatever follows',
    run: async ({ admit, show, takeTimes }) => {
      const one = quota('one', 'hour', 2)
      const none = quota('none', 'hour', 0)
      const budget = budgetOf('b', 5)
      const { task } = taskOf('t', 'one')
      const { task: other } = taskOf('t', 'two')
      assert.equal((await admit({ task, alternatives: [{ quotas: [none] }] })).outcome, 'full')
      assert.deepEqual(await admit({ task: other, proof: proofOf('p'), budget, alternatives: [{ quotas: [one] }], chargeOnly: [one] }), { outcome: 'other-task' })
      assert.equal(await show(proofOf('p')), 'admitted')
      assert.deepEqual(await admit({ task, proof: proofOf('q'), budget, alternatives: [{ quotas: [one] }] }), { outcome: 'admitted', alternative: 0, holdsTask: true, operationsLeft: 4 })
      assert.equal(await takeTimes(3, one), 1)
      // One that comes with a replay is remembered, too.
      assert.equal(await show(proofOf('q'), taskOf('late', 'one')), 'replayed')
      assert.equal((await admit(taskOf('late', 'two'))).outcome, 'other-task')
    },
  },
  {
    name: 'INT-5: tasks, budgets, proofs and quotas under one key share nothing',
    run: async ({ admit, show, takeTimes }) => {
      assert.equal((await admit(taskOf('same', 'one'))).outcome, 'admitted')
      assert.equal(await show(proofOf('same')), 'admitted')
      assert.equal(await takeTimes(3, quota('same', 'hour', 2)), 2)
      assert.deepEqual(await admit({ alternatives: [{ quotas: [] }], budget: budgetOf('same', 2) }), { outcome: 'admitted', alternative: 0, operationsLeft: 1 })
      assert.equal((await admit(taskOf('same', 'two'))).outcome, 'other-task')
    },
  },
  {
    name: 'INT-5: is remembered for the longest time that was said, and longer where the clock is set back',
    run: async (bench) => {
      const ask = async (token: string, task: string, keepMs: number): Promise<string> => (await bench.admit(taskOf(token, task, keepMs))).outcome
      assert.deepEqual([await ask('t', 'one', 10 * hourMs), await ask('t', 'one', hourMs)], ['admitted', 'admitted'])
      bench.nowMs += 9 * hourMs
      assert.equal(await ask('t', 'two', hourMs), 'other-task')
      bench.nowMs -= 48 * hourMs
      assert.equal(await ask('t', 'two', hourMs), 'other-task')
    },
  },
]
