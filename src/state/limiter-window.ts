import type { DeadlineRace } from './deadline-race.js'
import type { Flight, InFlight } from './in-flight.js'
import type { LimiterClient } from './limiter-client.js'

/** What the windows of one admission have in common. */
export interface LimiterAccess {
  readonly client: LimiterClient
  readonly inFlight: InFlight
  readonly deadline: DeadlineRace
}

/** One quota of an admission, and how much of it is to be taken. */
export interface LimiterCharge {
  /** Of the counter: nothing else has it, and keys begin with it. */
  readonly id: string
  readonly lengthMs: number
  readonly limit: number
  readonly quantity: number
  /** Epoch milliseconds as windows of this length see them (QTA-3). */
  readonly now: () => number
}

/** Keys are kept for so long after they are needed: clocks of processes, and of the backend, differ. */
const spareMs = 60_000

/**
 * The window of a quota at the time of a request, in a backend whose keys can only be added to. Time is cut into pieces as
 * long as the window, and each has a key of what was taken in it and one of what was given back. Both only ever grow: so
 * who reads what was given back, and then takes, knows with the sum that it gets whether there was room, whoever else does
 * the same; and what was given back later only makes more room.
 */
export abstract class LimiterWindow {
  readonly charge: LimiterCharge
  protected readonly access: LimiterAccess
  protected piece = 0
  protected nowMs = 0
  protected givenBack = 0
  /** Of what this process takes of the piece. There from the first look on. */
  #flight: Flight | undefined
  #settledBefore = 0
  #room = 0
  #leastMs = -Infinity

  constructor(charge: LimiterCharge, access: LimiterAccess) {
    this.charge = charge
    this.access = access
  }

  /** Milliseconds until there is room, 0 if there seems to be now. */
  async look(): Promise<number> {
    this.release()
    this.nowMs = Math.max(this.charge.now(), this.#leastMs)
    this.piece = Math.floor(this.nowMs / this.charge.lengthMs)
    const flight = this.access.inFlight.use(this.keyOf('t', this.piece))
    this.#flight = flight
    this.#settledBefore = flight.settled
    const { room, waitMs } = await this.read(() => flight.unseenSince(this.#settledBefore))
    this.#room = room
    return waitMs
  }

  /** Whether there is room for certain, whatever this process is adding at the moment. Then the place is kept until it is taken. */
  reserve(): boolean {
    const { quantity } = this.charge
    const isCertain = (this.#flight as Flight).unseenSince(this.#settledBefore) + quantity <= this.#room
    if (isCertain) (this.#flight as Flight).start(quantity)
    return isCertain
  }

  cancel(): void {
    (this.#flight as Flight).cancel(this.charge.quantity)
  }

  /** Until nothing makes the last look uncertain that did so then. */
  untilSettled(): Promise<void> {
    return this.access.deadline.within(() => (this.#flight as Flight).untilSettled())
  }

  /** Takes it, and says whether there was room for it; otherwise it has been given back. Rejects where nobody knows. */
  async take(): Promise<boolean> {
    const { quantity } = this.charge
    let total: number
    try {
      total = await this.add('t', this.piece, quantity)
    } finally {
      (this.#flight as Flight).settle(quantity)
    }
    if (await this.settle(total)) return true
    await this.giveBack()
    return false
  }

  async giveBack(): Promise<void> {
    await this.add('g', this.piece, this.charge.quantity)
  }

  release(): void {
    if (this.#flight !== undefined) this.access.inFlight.release(this.#flight)
    this.#flight = undefined
  }

  /** The room that there is for certain but for what is unseen, and how long to wait where there is not enough. */
  protected abstract read(unseen: () => number): Promise<{ readonly room: number; readonly waitMs: number }>

  /** Whether the sum after taking means that there was room. */
  protected abstract settle(total: number): Promise<boolean>

  protected notBefore(instantMs: number): void {
    this.#leastMs = instantMs
  }

  protected add(kind: string, piece: number, quantity: number): Promise<number> {
    return this.access.deadline.within(() => this.access.client.add(this.keyOf(kind, piece), quantity, this.#secondsOf(piece)))
  }

  protected peek(kind: string, piece: number): Promise<number> {
    return this.access.deadline.within(() => this.access.client.peek(this.keyOf(kind, piece)))
  }

  protected put(kind: string, piece: number, value: number): Promise<void> {
    return this.access.deadline.within(() => this.access.client.put(this.keyOf(kind, piece), value, this.#secondsOf(piece)))
  }

  protected keyOf(kind: string, piece: number): string {
    return `${this.charge.id}:${piece}:${kind}`
  }

  /** Until the piece after it is over too, and for as long as the clock may be set back to it (QTA-3, QTA-7). */
  #secondsOf(piece: number): number {
    const { lengthMs } = this.charge
    return Math.ceil((Math.max(0, (piece + 1) * lengthMs - this.nowMs) + 2 * lengthMs + spareMs) / 1_000)
  }
}

/** An hour or a day of UTC: the piece is the window. */
export class AlignedLimiterWindow extends LimiterWindow {
  protected async read(): Promise<{ room: number; waitMs: number }> {
    const { limit, quantity, lengthMs } = this.charge
    const [givenBack, taken] = await Promise.all([this.peek('g', this.piece), this.peek('t', this.piece)])
    this.givenBack = givenBack
    const room = Math.min(limit - (taken - givenBack), Number.MAX_SAFE_INTEGER - taken)
    return { room, waitMs: limit > 0 && quantity <= room ? 0 : (this.piece + 1) * lengthMs - this.nowMs }
  }

  protected settle(total: number): Promise<boolean> {
    return Promise.resolve(total - this.givenBack <= this.charge.limit)
  }
}

/**
 * Requests in (now - w, now]: all of this piece, and of the piece before those that have not left yet. What was taken
 * of a piece has a place in it, from the sum before it to the sum after it, and the instant of each place is written down
 * after it was taken. Places are in the order of time. So to know whether so many have left, one looks at the last of them.
 */
export class SlidingLimiterWindow extends LimiterWindow {
  /** So many places of the piece before have left for certain. */
  #left = 0

  protected async read(unseen: () => number): Promise<{ room: number; waitMs: number }> {
    const { limit, quantity, lengthMs } = this.charge
    const [givenBack, taken, before] = await Promise.all([this.peek('g', this.piece), this.peek('t', this.piece), this.peek('t', this.piece - 1)])
    this.givenBack = givenBack
    this.#left = 0
    if (limit === 0 || quantity > limit) return { room: 0, waitMs: lengthMs }
    const held = before + taken - givenBack
    const over = held + quantity - limit
    let waitMs = 0
    if (over > before) {
      const instantMs = await this.#instantOf(this.piece, over - before)
      waitMs = this.#waitFor(instantMs)
    } else if (over > 0) {
      const instantMs = await this.#instantOf(this.piece - 1, over)
      if (this.#hasLeft(instantMs)) this.#left = over
      // Others look at the same places, or one is not written down: those after it tell as well.
      if (unseen() > 0 || instantMs === undefined) this.#left = Math.max(this.#left, await this.#lastLeft(over, before))
      if (this.#left < over) waitMs = this.#waitFor(instantMs)
    }
    return { room: Math.min(limit - held + this.#left, Number.MAX_SAFE_INTEGER - taken), waitMs }
  }

  protected async settle(total: number): Promise<boolean> {
    const { limit, lengthMs, now } = this.charge
    // After it was taken, and the window was looked at before: so no clock reading makes it leave too early.
    const takenMs = now()
    const [before, ahead] = await Promise.all([this.add('t', this.piece - 1, 0), this.add('t', this.piece + 1, 0), this.#write(total, Math.max(takenMs, this.nowMs))])
    // The clock of another process is ahead, or this one was slow: it belongs to the next piece, which has not seen it.
    if (ahead > 0) this.notBefore((this.piece + 1) * lengthMs)
    if (ahead > 0 || Math.floor(takenMs / lengthMs) > this.piece) return false
    const over = before + total - this.givenBack - limit
    if (over <= this.#left) return true
    return over <= before && this.#hasLeft(await this.#instantOf(this.piece - 1, over))
  }

  /** For how long a place stays in the window; for a whole one where nobody knows. */
  #waitFor(instantMs: number | undefined): number {
    const { lengthMs } = this.charge
    return instantMs === undefined ? lengthMs : Math.max(1, Math.min(lengthMs, instantMs + lengthMs - this.nowMs))
  }

  #hasLeft(instantMs: number | undefined): boolean {
    return instantMs !== undefined && instantMs <= this.nowMs - this.charge.lengthMs
  }

  /** The last that has left of the places 1, 2, 4 and so on after `place`, and of the last one. */
  async #lastLeft(place: number, last: number): Promise<number> {
    const places = [last]
    for (let step = 1; place + step < last; step *= 2) places.push(place + step)
    const instants = await Promise.all(places.map((one) => this.#instantOf(this.piece - 1, one)))
    return Math.max(0, ...places.filter((_, i) => this.#hasLeft(instants[i])))
  }

  /**
   * Places stand under blocks of 2^n that begin at a multiple of 2^n, so that a quantity needs few of them, and a
   * request of quantity 1 just one.
   */
  async #write(total: number, instantMs: number): Promise<void> {
    const value = Math.floor(instantMs) - this.piece * this.charge.lengthMs
    const blocks: string[] = []
    for (let start = total - this.charge.quantity, size = 1, level = 0; start < total; size = 1, level = 0) {
      while (start % (2 * size) === 0 && start + 2 * size <= total) {
        size *= 2
        level++
      }
      blocks.push(`${level}.${start / size}`)
      start += size
    }
    await Promise.all(blocks.map((block) => this.put(block, this.piece, value + 1)))
  }

  /** When a place was taken, counted from 1; `undefined` if that is not written down, or not yet. */
  async #instantOf(piece: number, place: number): Promise<number | undefined> {
    const offset = place - 1
    let value = await this.peek(`0.${offset}`, piece)
    if (value === 0) {
      const others: Promise<number>[] = []
      for (let size = 2, level = 1; size <= this.charge.limit; size *= 2, level++) others.push(this.peek(`${level}.${Math.floor(offset / size)}`, piece))
      value = Math.max(0, ...(await Promise.all(others)))
    }
    return value === 0 ? undefined : piece * this.charge.lengthMs + value - 1
  }
}
