import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/state/memory-store.js'
import { storeContract, type StoreFactory } from '../../src/state/store-contract.js'
import type { Admission, AdmissionVerdict, StateStore } from '../../src/model/store.js'

describe('the memory store', () => {
  for (const { name, run } of storeContract((now) => memoryStore({ now }))) it(name, run)
})

/** Names of the cases that a store does not pass, by their part. */
async function failed(createStore: StoreFactory, part: 'counting' | 'atomic'): Promise<string[]> {
  const names: string[] = []
  for (const one of storeContract(createStore)) if (one.part === part) await one.run().catch(() => names.push(one.name))
  return names
}

type Admit = (store: StateStore, admission: Admission, nowMs: number) => AdmissionVerdict | Promise<AdmissionVerdict>

/** Memory stores with another way of admitting, each with a memory of its own. */
function otherStore(create: () => Admit): StoreFactory {
  return (now) => {
    const store = memoryStore({ now })
    const admit = create()
    return { name: 'other', admit: (admission) => admit(store, admission, now()) }
  }
}

function withoutProof({ scope, alternatives, chargeOnly }: Admission): Admission {
  return { scope, alternatives, ...(chargeOnly !== undefined && { chargeOnly }) }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

/** What each does with an admission that has a proof. */
const careless: Readonly<Record<string, () => Admit>> = {
  'ignores proofs': () => (store, admission) => store.admit(withoutProof(admission)),
  'looks, waits and then remembers': () => {
    const known = new Set<string>()
    return async (store, admission) => {
      if (known.has(admission.proof!.key)) return { outcome: 'replayed' }
      await nextTurn()
      known.add(admission.proof!.key)
      return store.admit(withoutProof(admission))
    }
  },
  'remembers what it admits only': () => {
    const known = new Set<string>()
    return async (store, admission) => {
      if (known.has(admission.proof!.key)) return { outcome: 'replayed' }
      const verdict = await store.admit(withoutProof(admission))
      if (verdict.outcome === 'admitted') known.add(admission.proof!.key)
      return verdict
    }
  },
  'forgets too early': () => (store, admission) => store.admit({ ...admission, proof: { key: admission.proof!.key, keepMs: Math.max(1, admission.proof!.keepMs - 15_000) } }),
  'has all proofs under one key': () => (store, admission) => store.admit({ ...admission, proof: { key: 'p', keepMs: admission.proof!.keepMs } }),
  'charges replays': () => async (store, admission) => {
    const verdict = await store.admit(admission)
    if (verdict.outcome === 'replayed') await store.admit(withoutProof(admission))
    return verdict
  },
  'takes nothing where there is a proof': () => (store, { scope, proof }) => store.admit({ scope, proof: proof!, alternatives: [] }),
  'knows no proof before its time': () => {
    const known = new Map<string, { fromMs: number; toMs: number }>()
    return (store, admission, nowMs) => {
      const { key, keepMs } = admission.proof!
      const { fromMs, toMs } = known.get(key) ?? { fromMs: Infinity, toMs: Infinity }
      if (nowMs >= fromMs && nowMs < toMs) return { outcome: 'replayed' }
      known.set(key, { fromMs: nowMs, toMs: nowMs + keepMs })
      return store.admit(withoutProof(admission))
    }
  },
}

describe('the contract finds a store that', () => {
  it.each(Object.entries(careless))('%s', async (_what, create) => {
    const factory = otherStore(() => {
      const admit = create()
      return (store, admission, nowMs) => (admission.proof === undefined ? store.admit(admission) : admit(store, admission, nowMs))
    })
    expect(await failed(factory, 'atomic')).not.toEqual([])
    expect(await failed(factory, 'counting')).toEqual([])
  })

  it('and takes one that is in order and answers late', async () => {
    const late = otherStore(() => async (store, admission) => {
      await nextTurn()
      return store.admit(admission)
    })
    expect([await failed(late, 'counting'), await failed(late, 'atomic')]).toEqual([[], []])
  })
})
