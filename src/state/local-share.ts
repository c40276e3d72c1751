import type { Admission, AdmissionVerdict, QuotaCharge, StateStore } from '../model/store.js'
import { memoryStore, type MemoryStoreOptions } from './memory-store.js'

/**
 * Counts in this process while the store that it shares with others does not answer: of each quota the part that falls
 * to one process, less what this process has taken already. However the processes lose the store, together they admit
 * no more without it than the limit (QTA-6).
 */
export class LocalShare {
  readonly #counts: StateStore
  readonly #processes: number

  /** @param processes that share the store, an integer from 1 */
  constructor(processes: number, options: MemoryStoreOptions) {
    this.#counts = memoryStore(options)
    this.#processes = processes
  }

  /** Remembers what the store has admitted. */
  note({ scope, alternatives, chargeOnly }: Admission, verdict: AdmissionVerdict): void {
    const taken = (verdict.outcome === 'admitted' ? alternatives[verdict.alternative]?.quotas : undefined) ?? []
    // Whether it was taken, nobody says: the stricter reading.
    for (const charge of [chargeOnly ?? [], taken]) if (charge.length > 0) this.#take(scope, charge)
  }

  /** Room in this process's part. What is not a matter of quotas has no part. */
  admit({ scope, alternatives, chargeOnly }: Omit<Admission, 'proof'>): AdmissionVerdict {
    return this.#counts.admit({
      scope,
      alternatives: alternatives.map(({ quotas }) => ({ quotas: quotas.map((quota) => this.#partOf(quota)) })),
      ...(chargeOnly !== undefined && { chargeOnly: chargeOnly.map((quota) => this.#partOf(quota)) }),
    }) as AdmissionVerdict
  }

  #take(scope: string, charge: readonly QuotaCharge[]): void {
    try {
      void this.#counts.admit({ scope, alternatives: [], chargeOnly: charge.map((quota) => ({ ...quota, limit: Number.MAX_SAFE_INTEGER })) })
    } catch {
      // No room for more counters: then there is none for a counter to admit by either.
    }
  }

  #partOf(quota: QuotaCharge): QuotaCharge {
    return { ...quota, limit: Math.floor(quota.limit / this.#processes) }
  }
}
