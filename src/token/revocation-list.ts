import { randomBytes } from 'node:crypto'
import type { RevocationPrint } from '../claims/revocation-prints.js'

/** What became of an entry. `full`: it is not in the list, since nothing in it may be forgotten yet. */
export type Entered = 'new' | 'known' | 'full'

const segmentCount = 256
const smallestSlots = 16
/** An end that never comes. */
export const endless = 0xffff_ffff

interface Segment {
  readonly highs: Int32Array
  readonly lows: Int32Array
  /** Epoch seconds; 0 where the slot is empty. */
  readonly ends: Uint32Array
  used: number
  /** No entry of the segment ends before. */
  earliest: number
}

/**
 * What is revoked, by print, each entry until its end (REV-1). 12 bytes a slot, and at most 32 bytes an entry however many
 * there are; a look-up reads a few array elements and allocates nothing.
 *
 * Open addressing in segments that grow one at a time, so that no entry has to wait until a million others have moved. Where
 * an entry goes nobody outside of the process can tell: entries cannot be chosen to make look-ups long.
 */
export class RevocationList {
  readonly #maxEntries: number
  readonly #seed = randomBytes(4).readInt32LE()
  readonly #segments: Segment[] = Array.from({ length: segmentCount }, () => emptySegment(0))
  #size = 0

  /** @param maxEntries integer from 1 */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Entries that take up room, those included whose end has come and that nobody has cleared yet. */
  get size(): number {
    return this.#size
  }

  /** Of all arrays. */
  get bytes(): number {
    return this.#segments.reduce((sum, { ends }) => sum + ends.length * 12, 0)
  }

  /** @param nowSeconds epoch seconds, fractions included */
  has({ high, low }: RevocationPrint, nowSeconds: number): boolean {
    if (this.#size === 0) return false
    const mixed = mix(high, low, this.#seed)
    const segment = this.#segments[mixed >>> 24] as Segment
    const end = segment.ends[slotOf(segment, mixed, high, low)]
    return end !== undefined && (end > nowSeconds || end === endless)
  }

  /** @param end epoch seconds from 1 to `endless`; of two ends the later one counts */
  add({ high, low }: RevocationPrint, end: number, nowSeconds: number): Entered {
    const mixed = mix(high, low, this.#seed)
    const index = mixed >>> 24
    let segment = this.#segments[index] as Segment
    let slot = slotOf(segment, mixed, high, low)
    const known = segment.ends[slot] ?? 0
    if (known !== 0) {
      segment.ends[slot] = Math.max(known, end)
      return known > nowSeconds || known === endless ? 'known' : 'new'
    }
    if (this.#size >= this.#maxEntries) {
      this.#clear(nowSeconds)
      if (this.#size >= this.#maxEntries) return 'full'
    }
    segment = this.#segments[index] as Segment
    if ((segment.used + 1) * 4 > segment.ends.length * 3) segment = this.#rebuild(index, nowSeconds, 1)
    slot = slotOf(segment, mixed, high, low)
    segment.highs[slot] = high
    segment.lows[slot] = low
    segment.ends[slot] = end
    segment.used++
    segment.earliest = Math.min(segment.earliest, end)
    this.#size++
    return 'new'
  }

  /** Forgets what has ended, in segments that may have such an entry. */
  #clear(nowSeconds: number): void {
    for (let index = 0; index < segmentCount; index++) if ((this.#segments[index] as Segment).earliest <= nowSeconds) this.#rebuild(index, nowSeconds, 0)
  }

  /** Without what has ended, and with room for so many more. */
  #rebuild(index: number, nowSeconds: number, more: number): Segment {
    const { highs, lows, ends, used } = this.#segments[index] as Segment
    const isLive = (end: number): boolean => end !== 0 && (end > nowSeconds || end === endless)
    const live = ends.reduce((count, end) => (isLive(end) ? count + 1 : count), 0)
    let slots = smallestSlots
    while ((live + more) * 4 > slots * 3) slots *= 2
    const rebuilt = emptySegment(slots)
    for (let from = 0; from < ends.length; from++) {
      const end = ends[from] as number
      if (!isLive(end)) continue
      const high = highs[from] as number
      const low = lows[from] as number
      const slot = slotOf(rebuilt, mix(high, low, this.#seed), high, low)
      rebuilt.highs[slot] = high
      rebuilt.lows[slot] = low
      rebuilt.ends[slot] = end
      rebuilt.earliest = Math.min(rebuilt.earliest, end)
    }
    rebuilt.used = live
    this.#size += live - used
    this.#segments[index] = rebuilt
    return rebuilt
  }
}

function emptySegment(slots: number): Segment {
  return { highs: new Int32Array(slots), lows: new Int32Array(slots), ends: new Uint32Array(slots), used: 0, earliest: Infinity }
}

/** The slot that has it, or the empty one where it would go; -1 in a segment without slots. A quarter of them is always empty. */
function slotOf({ highs, lows, ends }: Segment, mixed: number, high: number, low: number): number {
  const mask = ends.length - 1
  if (mask < 0) return -1
  let slot = mixed & mask
  while (ends[slot] !== 0 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & mask
  return slot
}

function mix(high: number, low: number, seed: number): number {
  let mixed = Math.imul(low ^ seed, 0x9e37_79b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ high, 0x85eb_ca6b)
  return mixed ^ (mixed >>> 13)
}
