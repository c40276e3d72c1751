import { memoryStore, type MemoryStoreOptions } from '../../src/state/memory-store.js'
import type { AdmissionVerdict, QuotaCharge, QuotaWindow, StateStore } from '../../src/model/store.js'

export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export const lengthOf = { second, minute, hour, day } as const

/** A memory store whose clocks stand still until they are moved. */
export interface ClockedStore {
  readonly store: StateStore
  /** Time goes by: both clocks move. */
  readonly pass: (milliseconds: number) => void
  /** Somebody sets the wall clock; no time goes by. */
  readonly step: (milliseconds: number) => void
  /** One admission of one quota: `true`, or the milliseconds to wait. */
  readonly take: (charge: QuotaCharge) => true | number
  readonly admit: (...alternatives: readonly (readonly QuotaCharge[])[]) => QuotaVerdict
  readonly charge: (...quotas: readonly QuotaCharge[]) => QuotaVerdict
}

/** Starts on New Year 2025, 10:30:15.250 UTC: inside of every window. */
export const startMs = Date.UTC(2025, 0, 1, 10, 30, 15, 250)

export function clockedStore(options: MemoryStoreOptions = {}, wallMs = startMs): ClockedStore {
  let nowMs = wallMs
  let monotonicMs = 123_456
  const store = memoryStore({ now: () => nowMs, monotonicNow: () => monotonicMs, ...options })
  const admit: ClockedStore['admit'] = (...alternatives) => store.admit({ scope: 's', alternatives: alternatives.map((quotas) => ({ quotas })) }) as QuotaVerdict
  return {
    store,
    admit,
    pass: (milliseconds) => { nowMs += milliseconds; monotonicMs += milliseconds },
    step: (milliseconds) => { nowMs += milliseconds },
    take: (charge) => {
      const verdict = admit([charge])
      return verdict.outcome === 'admitted' ? true : verdict.retryAfterMs
    },
    charge: (...chargeOnly) => store.admit({ scope: 's', alternatives: [], chargeOnly }) as QuotaVerdict,
  }
}

/** Of an admission without a proof. */
export type QuotaVerdict = Extract<AdmissionVerdict, { outcome: 'admitted' | 'full' }>

export function chargeOf(window: QuotaWindow, limit: number, quantity = 1, key = `${window} quota`): QuotaCharge {
  return { key, name: 'quota', window, limit, quantity }
}

/** What tells one counter from another (QTA-1). */
export function counterOf({ key, name, window }: Pick<QuotaCharge, 'key' | 'name' | 'window'>): string {
  return `${key} ${window} ${name}`
}

/** How many admissions of a quota have room now. Takes them. */
export function countRoom(take: ClockedStore['take'], charge: QuotaCharge): number {
  let room = 0
  while (room < 1_000 && take(charge) === true) room++
  return room
}
