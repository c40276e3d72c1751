import { hash } from 'node:crypto'
import type { Admission, AdmissionVerdict, QuotaCharge, StateStore } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import { AlignedClock, forwardSteps } from './aligned-clock.js'
import { DeadlineRace } from './deadline-race.js'
import { EarliestRoom } from './earliest-room.js'
import { InFlight } from './in-flight.js'
import { LimiterClient, type CreateLimiter } from './limiter-client.js'
import { AlignedLimiterWindow, SlidingLimiterWindow, type LimiterAccess, type LimiterCharge, type LimiterWindow } from './limiter-window.js'
import { windowLengthMs } from './window-counter.js'
import { refuseUnknownOptions } from './refuse-unknown-options.js'

export type { CreateLimiter, Limiter, LimiterSettings } from './limiter-client.js'

export interface LimiterStoreOptions {
  /** What all keys begin with: 1 to 32 of letters, digits, `_` and `-`. Servers that are to count together have the same. Default `aap`. */
  readonly prefix?: string
  /**
   * Milliseconds after which an admission is given up, 1 to 60,000: so that none waits for a backend that hangs, nor is
   * counted long after the guard has refused it. Default 250, as the guard's `storeTimeoutMs`.
   */
  readonly timeoutMs?: number
  /** Wall clock in epoch milliseconds, for tests. Default `Date.now`. Those of all processes have to agree. */
  readonly now?: Clock
}

/** So often an admission looks again, where other processes have taken the room that it saw, before it is refused. */
const mostConflicts = 8
/** And so often where requests of this process were about to. */
const mostDoubts = 64

/** Of an admission and its alternatives: whatever else they ask for needs one step, or is not known here. */
const understood: ReadonlySet<string> = new Set(['scope', 'alternatives', 'chargeOnly', 'quotas'])

const noAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: -1 })

/**
 * Counts in a backend of `rate-limiter-flexible`, such as Memcached, Postgres or DynamoDB, for all processes that share it
 * (QTA-4). Quotas only: an admission is not one step here, so a guard that accepts proofs refuses this store. The client
 * stays yours: connect it, listen to its errors and close it.
 *
 * `admit` rejects where the backend refuses, cannot be reached, is too slow or answers something else (QTA-6). What was
 * taken until then may stay taken.
 *
 * @param createLimiter makes the limiter with the settings that it is given and a client of yours
 * @throws TypeError if `createLimiter` makes something else, for an option that is not known or has another type
 * @throws RangeError if `prefix` or `timeoutMs` is outside of its bounds
 */
export function limiterStore(createLimiter: CreateLimiter, options: LimiterStoreOptions = {}): StateStore {
  return new LimiterStore(createLimiter, options)
}

class LimiterStore implements StateStore {
  readonly name = 'limiter'
  readonly isAtomic = false
  readonly #client: LimiterClient
  readonly #inFlight = new InFlight()
  readonly #timeoutMs: number
  readonly #now: Clock
  readonly #monotonicNow: Clock
  readonly #clocks = { second: new AlignedClock(windowLengthMs.second), minute: new AlignedClock(windowLengthMs.minute), hour: new AlignedClock(windowLengthMs.hour), day: new AlignedClock(windowLengthMs.day) }

  constructor(createLimiter: CreateLimiter, options: LimiterStoreOptions) {
    if (typeof createLimiter !== 'function') throw new TypeError('limiterStore: createLimiter must be a function')
    if (typeof options !== 'object' || (options as unknown) === null) throw new TypeError('limiterStore: the options are an object')
    const { prefix = 'aap', timeoutMs = 250, now, ...others } = options
    refuseUnknownOptions('limiterStore', others, ['prefix', 'timeoutMs', 'now'])
    if (typeof prefix !== 'string') throw new TypeError('limiterStore: prefix must be a string')
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(prefix)) throw new RangeError('limiterStore: prefix must be 1 to 32 of letters, digits, "_" and "-"')
    if (typeof timeoutMs !== 'number') throw new TypeError('limiterStore: timeoutMs must be a number')
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 60_000) throw new RangeError('limiterStore: timeoutMs must be an integer from 1 to 60,000')
    if (now !== undefined && typeof now !== 'function') throw new TypeError('limiterStore: now must be a function')
    this.#client = new LimiterClient(createLimiter, prefix)
    this.#timeoutMs = timeoutMs
    this.#now = now ?? Date.now
    this.#monotonicNow = now === undefined ? () => performance.now() : forwardSteps(now)
  }

  async admit(admission: Admission): Promise<AdmissionVerdict> {
    const { alternatives, chargeOnly } = admission
    for (const part of [admission, ...alternatives]) {
      const other = Object.entries(part).find(([name, value]) => value !== undefined && !understood.has(name))
      if (other !== undefined) throw new Error(`limiterStore counts quotas only, and was asked for ${other[0]}`)
    }
    const charged = chargeOnly === undefined ? undefined : this.#chargesOf(chargeOnly)
    const offered = alternatives.map(({ quotas }) => this.#chargesOf(quotas))
    if (charged === undefined && offered.length === 0) return noAlternative
    const deadline = new DeadlineRace(this.#timeoutMs, `the limiter gave no answer within ${this.#timeoutMs} ms`)
    const access: LimiterAccess = { client: this.#client, inFlight: this.#inFlight, deadline }
    try {
      if (charged !== undefined) await takeAll(charged, access)
      if (offered.length === 0) return noAlternative
      const earliest = new EarliestRoom()
      for (const [alternative, charges] of offered.entries()) {
        const waitMs = await takeAll(charges, access)
        if (waitMs === 0) return { outcome: 'admitted', alternative }
        earliest.add(charges, waitMs)
      }
      return { outcome: 'full', retryAfterMs: earliest.waitMs }
    } finally {
      deadline.end()
    }
  }

  /** In one order for all, so that of requests that take the same quotas one always comes first in all of them. */
  #chargesOf(quotas: readonly QuotaCharge[]): readonly LimiterCharge[] {
    const charges = quotas.map((quota) => {
      const { window, limit, quantity } = quota
      if (!Object.hasOwn(windowLengthMs, window)) throw new TypeError('an admission has an unknown window')
      for (const [name, value] of Object.entries({ limit, quantity })) {
        if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`an admission has a ${name} that is no integer from 0 to 2^53 - 1`)
      }
      return { id: counterId(quota), lengthMs: windowLengthMs[window], limit, quantity, now: () => this.#read(window) }
    })
    return charges.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  #read(window: QuotaCharge['window']): number {
    const nowMs = Math.floor(this.#clocks[window].read(this.#now(), this.#monotonicNow()))
    if (!Number.isSafeInteger(nowMs)) throw new TypeError('the clock gives no finite number')
    return nowMs
  }
}

/**
 * What the keys of a quota's counter begin with: a digest in lower case, since some databases take letters of either case
 * for the same, over parts that cannot run into each other (QTA-1).
 */
function counterId({ key, name, window }: QuotaCharge): string {
  for (const part of [key, name]) if (typeof part !== 'string') throw new TypeError('an admission has a key or a name that is no string')
  // UTF-16, since UTF-8 would write every lone surrogate as the same replacement character.
  return `${window.charAt(0)}${hash('sha256', Buffer.from(`${key.length}:${key}${name}`, 'utf16le'), 'hex')}`
}

/** Takes all of the charges where all of their windows have room, or gives the milliseconds until they may. */
async function takeAll(charges: readonly LimiterCharge[], access: LimiterAccess): Promise<number> {
  const windows = charges.map((charge) => (charge.lengthMs < windowLengthMs.hour ? new SlidingLimiterWindow(charge, access) : new AlignedLimiterWindow(charge, access)))
  try {
    for (let conflicts = 0, doubts = 0; conflicts < mostConflicts && doubts < mostDoubts;) {
      const longestMs = Math.max(0, ...(await Promise.all(windows.map((window) => window.look()))))
      if (longestMs > 0) return longestMs
      // From here to the reservation nothing else can happen in this process.
      const taking = windows.filter(({ charge }) => charge.quantity > 0)
      const reserved = takeWhile(taking, (window) => window.reserve())
      if (reserved.length < taking.length) {
        const doubtful = taking[reserved.length] as LimiterWindow
        for (const window of reserved) window.cancel()
        await doubtful.untilSettled()
        doubts++
      } else if (await takeReserved(taking)) {
        return 0
      } else {
        conflicts++
      }
    }
  } finally {
    for (const window of windows) window.release()
  }
  throw new Error('too many other requests take the same quotas')
}

/** One after the other, so that what is refused later is given back as rarely as can be. */
async function takeReserved(windows: readonly LimiterWindow[]): Promise<boolean> {
  const waiting = [...windows]
  const taken: LimiterWindow[] = []
  try {
    for (let window = waiting.shift(); window !== undefined; window = waiting.shift()) {
      if (!(await window.take())) {
        await Promise.all(taken.map((one) => one.giveBack()))
        return false
      }
      taken.push(window)
    }
    return true
  } finally {
    for (const window of waiting) window.cancel()
  }
}

function takeWhile<T>(values: readonly T[], isTaken: (value: T) => boolean): T[] {
  const end = values.findIndex((value) => !isTaken(value))
  return values.slice(0, end < 0 ? values.length : end)
}
