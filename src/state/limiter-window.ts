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

/** Blocks of places end at 2^20, above which there are too few of them to matter. */
const topLevel = 20
const mostTopBlocks = 8
/** Of a search in halves among what was given back. */
const mostSteps = 12

/**
 * Requests in (now - w, now]: all of this piece, and of the piece before those that have not left yet. What was taken
 * of a piece has a place in it, from the sum before it to the sum after it, and the instant of each place is written down
 * after it was taken. Places are in the order of time. So to know whether so many have left, one looks at the last of them.
 */
export class SlidingLimiterWindow extends LimiterWindow {
  /** So much of the piece before does not count any more, for certain. */
  #freed = 0
  /** How many had been taken of this piece before this request. */
  #offset = 0

  protected async read(unseen: () => number): Promise<{ readonly room: number; readonly waitMs: number }> {
    const { limit, quantity, lengthMs } = this.charge
    const [givenBack, taken, givenBackBefore, before] = await Promise.all([this.peek('g', this.piece), this.peek('t', this.piece), this.peek('g', this.piece - 1), this.peek('t', this.piece - 1)])
    this.givenBack = givenBack
    this.#freed = 0
    if (limit === 0 || quantity > limit) return { room: 0, waitMs: lengthMs }
    // In this order no sum exceeds 2^53 - 1.
    const room = limit - before - (taken - givenBack)
    const over = quantity - room
    let waitMs = 0
    if (over > before) waitMs = this.#waitFor(await this.#instantOf(this.piece, over - before))
    else if (over > 0) waitMs = await this.#free(over, before, givenBackBefore, unseen)
    return { room: Math.min(room + this.#freed, Number.MAX_SAFE_INTEGER - taken), waitMs }
  }

  protected async settle(total: number): Promise<boolean> {
    const { limit, lengthMs, quantity, now } = this.charge
    this.#offset = total - quantity
    // After it was taken, while the window was looked at with a reading from before: so that nothing leaves too early.
    const takenMs = Math.max(now(), this.nowMs)
    const [before, ahead] = await Promise.all([this.add('t', this.piece - 1, 0), this.add('t', this.piece + 1, 0), this.#writeInstant(takenMs)])
    // The clock of another process is ahead, or this one was slow: it belongs to the next piece, which may not have seen it.
    if (ahead > 0) this.notBefore((this.piece + 1) * lengthMs)
    if (ahead > 0 || Math.floor(takenMs / lengthMs) > this.piece) return false
    const over = before - limit + (total - this.givenBack)
    return over <= this.#freed || (over <= before && this.#hasLeft(await this.#instantOf(this.piece - 1, over)))
  }

  override async giveBack(): Promise<void> {
    const blocks: string[] = []
    for (let level = 0, index = this.#offset; level <= topLevel; level++, index = Math.floor(index / 2)) {
      if (index % 2 === 1 || level === topLevel) blocks.push(`b${level}.${index}`)
    }
    await Promise.all([super.giveBack(), ...blocks.map((block) => this.add(block, this.piece, this.charge.quantity))])
  }

  /** Finds out whether so much of the piece before does not count any more, or how long until it will not. */
  async #free(over: number, before: number, givenBack: number, unseen: () => number): Promise<number> {
    let place = over
    let returned = 0
    // What was given back after a place does not count, so that fewer places have to have left.
    for (let least = Math.max(0, over - givenBack), step = 0, middle = least; least < place && step < mostSteps; step++, middle = Math.floor((least + place) / 2)) {
      const after = await this.#givenBackAfter(middle, before)
      if (middle + after < over) {
        least = middle + 1
      } else {
        place = middle
        returned = after
      }
    }
    const instantMs = place === 0 ? undefined : await this.#instantOf(this.piece - 1, place)
    if (place === 0 || this.#hasLeft(instantMs)) this.#freed = place + returned
    // Where others look at the same places, or one is not written down, those after it tell as well.
    if (place > 0 && (unseen() > 0 || givenBack > 0 || instantMs === undefined)) {
      const last = await this.#lastLeft(place, before)
      if (last > place) this.#freed = Math.max(this.#freed, last + (givenBack > 0 ? await this.#givenBackAfter(last, before) : 0))
    }
    return this.#freed >= over ? 0 : this.#waitFor(instantMs)
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

  /** At least so much was given back of the places after `place`: a tree of sums, of which only right branches are stored. */
  async #givenBackAfter(place: number, last: number): Promise<number> {
    const sums: Promise<number>[] = []
    let index = place
    for (let level = 0; level < topLevel; level++, index = Math.floor(index / 2)) {
      if (index % 2 === 1) sums.push(this.peek(`b${level}.${index++}`, this.piece - 1))
    }
    for (let count = 0; count < mostTopBlocks && index * 2 ** topLevel < last; count++) sums.push(this.peek(`b${topLevel}.${index++}`, this.piece - 1))
    return (await Promise.all(sums)).reduce((sum, one) => sum + one, 0)
  }

  /**
   * Under blocks of 2^n places that begin at a multiple of 2^n, so that a quantity needs few of them, and a quantity of 1
   * just one.
   */
  async #writeInstant(instantMs: number): Promise<void> {
    const value = instantMs - this.piece * this.charge.lengthMs + 1
    const end = this.#offset + this.charge.quantity
    const writes: Promise<void>[] = []
    for (let start = this.#offset; start < end;) {
      let size = 1
      let level = 0
      while (start % (2 * size) === 0 && start + 2 * size <= end) {
        size *= 2
        level++
      }
      writes.push(this.put(`${level}.${start / size}`, this.piece, value))
      start += size
    }
    await Promise.all(writes)
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
