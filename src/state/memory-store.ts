import type { Admission, AdmissionVerdict, Alternative, BudgetCharge, QuotaCharge, StateStore, TaskClaim } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import { AlignedClock, forwardSteps } from './aligned-clock.js'
import { EarliestRoom } from './earliest-room.js'
import { KeptValues } from './kept-values.js'
import { ProofLog } from './proof-log.js'
import { createCounter, windowLengthMs, type Instants, type WindowCounter } from './window-counter.js'
import { refuseUnknownOptions } from './refuse-unknown-options.js'

export interface MemoryStoreOptions {
  /**
   * Counters kept at once, and beside them as many budgets of tokens, and tasks of ephemeral ones. A new one that finds no room is refused, and with it the request (503): no live counter is
   * forgotten to make room. Default 1,000,000.
   */
  readonly maxCounters?: number
  /**
   * Proofs of possession kept at once, each for at most 70 s. A new one that finds no room is refused (503): no live proof
   * is forgotten to make room (POP-3). Default 1,000,000.
   */
  readonly maxProofs?: number
  /** Wall clock in epoch milliseconds, for tests. Default `Date.now`. */
  readonly now?: Clock
  /** A clock that never steps, in milliseconds, for tests. Default: the process's, or where `now` is given, its forward steps. */
  readonly monotonicNow?: Clock
}

const noAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: -1 })
const replayed: AdmissionVerdict = Object.freeze({ outcome: 'replayed' })
const otherTask: AdmissionVerdict = Object.freeze({ outcome: 'other-task' })
const spent: AdmissionVerdict = Object.freeze({ outcome: 'spent' })
const proofsFull: AdmissionVerdict = Object.freeze({ outcome: 'proofs-full' })
const firstAlternative: AdmissionVerdict = Object.freeze({ outcome: 'admitted', alternative: 0 })

/**
 * Counts in this process: exact under any concurrency within it, and blind to every other process (QTA-4). Answers
 * synchronously, so nothing can come between a look at a counter and its change.
 *
 * Sliding windows run on the monotonic clock, which no step of the wall clock reaches; hours and days are those of
 * the wall clock (QTA-3).
 *
 * @throws TypeError for an option that is not known, or a clock that is no function
 * @throws RangeError if `maxCounters` or `maxProofs` is not an integer from 1
 */
export function memoryStore(options: MemoryStoreOptions = {}): StateStore {
  return new MemoryStore(options)
}

class MemoryStore implements StateStore {
  readonly name = 'memory'
  /** The first counter of each key, and how many there are of all keys. */
  readonly #counters = new Map<string, WindowCounter>()
  #size = 0
  readonly #proofs: ProofLog
  /** Operations that are left of budgets, and those that were taken (INT-4). */
  readonly #budgets: KeptValues<{ readonly left: number; readonly taken: number }>
  /** With which task a token was seen first (INT-5). */
  readonly #tasks: KeptValues<string>
  readonly #maxCounters: number
  readonly #now: Clock
  readonly #monotonicNow: Clock
  readonly #hourClock = new AlignedClock(windowLengthMs.hour)
  readonly #dayClock = new AlignedClock(windowLengthMs.day)
  /** The counters of the quotas that were looked at last, so that taking them need not look again. */
  readonly #found: (WindowCounter | undefined)[] = []
  #sweep: MapIterator<[string, WindowCounter]> | undefined

  constructor({ maxCounters = 1_000_000, maxProofs = 1_000_000, now, monotonicNow, ...others }: MemoryStoreOptions) {
    refuseUnknownOptions('memoryStore', others, ['maxCounters', 'maxProofs', 'now', 'monotonicNow'])
    for (const [name, clock] of Object.entries({ now, monotonicNow })) if (clock !== undefined && typeof clock !== 'function') throw new TypeError(`memoryStore: ${name} must be a function`)
    for (const [name, most] of Object.entries({ maxCounters, maxProofs })) {
      if (!Number.isSafeInteger(most) || most < 1) throw new RangeError(`memoryStore: ${name} must be an integer from 1`)
    }
    this.#maxCounters = maxCounters
    this.#proofs = new ProofLog(maxProofs)
    this.#budgets = new KeptValues(maxCounters)
    this.#tasks = new KeptValues(maxCounters)
    this.#now = now ?? Date.now
    this.#monotonicNow = monotonicNow ?? (now === undefined ? () => performance.now() : forwardSteps(now))
  }

  admit(admission: Admission): AdmissionVerdict {
    const { task, proof } = admission
    const monotonicMs = Math.floor(this.#monotonicNow())
    const wallMs = this.#now()
    if (!Number.isFinite(wallMs) || !Number.isFinite(monotonicMs)) throw new TypeError('the clock gives no finite number')
    if (task !== undefined && !this.#holdsTask(task, wallMs, monotonicMs)) return otherTask
    if (proof !== undefined) {
      const refused = this.#proofs.take(proof.key, wallMs + proof.keepMs, wallMs)
      if (refused !== undefined) return refused === 'full' ? proofsFull : replayed
    }
    const verdict = this.#admit(admission, wallMs, monotonicMs)
    return task !== undefined && verdict.outcome === 'admitted' ? { ...verdict, holdsTask: true } : verdict
  }

  #admit({ alternatives, budget, chargeOnly }: Admission, wallMs: number, monotonicMs: number): AdmissionVerdict {
    const instants: Instants = {
      monotonicMs,
      hourMs: this.#hourClock.read(wallMs, monotonicMs),
      dayMs: this.#dayClock.read(wallMs, monotonicMs),
    }
    if (chargeOnly !== undefined && this.#waitMs(chargeOnly, instants) === 0) this.#take(chargeOnly, instants)
    if (alternatives.length === 0) return noAlternative

    let earliest: EarliestRoom | undefined
    for (let alternative = 0; alternative < alternatives.length; alternative++) {
      const { quotas } = alternatives[alternative] as Alternative
      const waitMs = this.#waitMs(quotas, instants)
      if (waitMs === 0) {
        if (budget !== undefined) return this.#takeWithBudget(alternative, quotas, budget, wallMs, instants)
        this.#take(quotas, instants)
        return alternative === 0 ? firstAlternative : { outcome: 'admitted', alternative }
      }
      (earliest ??= new EarliestRoom()).add(quotas, waitMs)
    }
    return { outcome: 'full', retryAfterMs: (earliest as EarliestRoom).waitMs }
  }

  /** Milliseconds until all of the quotas have room, 0 if they have now. Only then may they be taken. */
  #waitMs(quotas: readonly QuotaCharge[], instants: Instants): number {
    let longestMs = 0
    let key: string | undefined
    let first: WindowCounter | undefined
    for (let i = 0; i < quotas.length; i++) {
      const charge = quotas[i] as QuotaCharge
      if (charge.key !== key) {
        key = charge.key
        first = this.#counters.get(key)
      }
      const counter = findIn(first, charge)
      this.#found[i] = counter
      const { quantity, limit } = charge
      const waitMs = counter === undefined && limit > 0 && quantity <= limit ? 0 : (counter ?? createCounter(charge.name, charge.window)).waitMs(quantity, limit, instants)
      if (waitMs > longestMs) longestMs = waitMs
    }
    return longestMs
  }

  #take(quotas: readonly QuotaCharge[], instants: Instants): void {
    let missing = 0
    for (let i = 0; i < quotas.length; i++) if (this.#found[i] === undefined) missing++
    if (missing > 0) this.#addMissing(quotas, missing, instants)
    for (let i = 0; i < quotas.length; i++) (this.#found[i] as WindowCounter).take((quotas[i] as QuotaCharge).quantity, instants)
  }

  #takeWithBudget(alternative: number, quotas: readonly QuotaCharge[], budget: BudgetCharge, wallMs: number, instants: Instants): AdmissionVerdict {
    const { key, most, total = Infinity, keepMs } = budget
    const { left: leftBefore, taken } = this.#budgets.get(key) ?? { left: most, taken: 0 }
    const left = Math.max(0, Math.min(leftBefore, most, total - taken))
    const operationsLeft = Math.max(0, left - 1)
    // Where the counters find no room after that, the budget has lost one: the stricter half.
    this.#budgets.set(key, { left: operationsLeft, taken: taken + left - operationsLeft }, keepMs, wallMs, instants.monotonicMs)
    if (left === 0) return spent
    this.#take(quotas, instants)
    return { outcome: 'admitted', alternative, operationsLeft }
  }

  /** Remembers the first one. */
  #holdsTask({ key, task, keepMs }: TaskClaim, wallMs: number, monotonicMs: number): boolean {
    const first = this.#tasks.get(key) ?? task
    if (first !== task) return false
    this.#tasks.set(key, first, keepMs, wallMs, monotonicMs)
    return true
  }

  /** Before anything is taken, so that a charge is whole or not at all. */
  #addMissing(quotas: readonly QuotaCharge[], missing: number, instants: Instants): void {
    this.#forgetExpired(instants, 2 * missing)
    if (this.#size + quotas.length > this.#maxCounters) this.#forgetExpired(instants, 1_000)
    // Some that were found may have expired just now.
    const absent = quotas.filter((charge) => findIn(this.#counters.get(charge.key), charge) === undefined)
    if (this.#size + absent.length > this.#maxCounters) throw new Error('the memory store is full')
    for (const charge of absent) this.#add(charge)
    for (let i = 0; i < quotas.length; i++) this.#found[i] = findIn(this.#counters.get((quotas[i] as QuotaCharge).key), quotas[i] as QuotaCharge)
  }

  #add({ key, name, window }: QuotaCharge): void {
    const counter = createCounter(name, window)
    const first = this.#counters.get(key)
    if (first === undefined) {
      this.#counters.set(key, counter)
    } else {
      counter.next = first.next
      first.next = counter
    }
    this.#size++
  }

  /** Looks at the next few counters in turn, so that no request pays for all of them and no timer is needed. */
  #forgetExpired(instants: Instants, looks: number): void {
    for (let look = 0; look < looks;) {
      this.#sweep ??= this.#counters.entries()
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = undefined
        look++
        continue
      }
      const [key, first] = next.value
      let live: WindowCounter | undefined
      for (let counter: WindowCounter | undefined = first; counter !== undefined; look++) {
        const following: WindowCounter | undefined = counter.next
        if (counter.isExpired(instants)) {
          this.#size--
        } else {
          counter.next = live
          live = counter
        }
        counter = following
      }
      if (live === undefined) this.#counters.delete(key)
      else if (live !== first) this.#counters.set(key, live)
    }
  }
}

function findIn(first: WindowCounter | undefined, { name, window }: QuotaCharge): WindowCounter | undefined {
  let counter = first
  while (counter !== undefined && (counter.name !== name || counter.window !== window)) counter = counter.next
  return counter
}
