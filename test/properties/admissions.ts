import fc from 'fast-check'
import { day, hour, minute, second } from '../state/clocked-store.js'
import type { QuotaWindow } from '../../src/model/store.js'

export const windows = ['second', 'minute', 'hour', 'day'] as const satisfies readonly QuotaWindow[]

const huge = Number.MAX_SAFE_INTEGER
const counters = windows.flatMap((window) => [0, 1, 2, 5, 40, huge].map((limit) => ({ key: limit < 5 ? 'few' : 'many', name: `max_${limit}`, window, limit })))

/** At most one of each of a few counters, with quantities around what they hold. */
export const charges = fc.uniqueArray(fc.record({ which: fc.nat({ max: counters.length - 1 }), quantity: fc.constantFrom(0, 1, 1, 1, 2, 3, huge - 4) }), { selector: ({ which }) => which, maxLength: 3 })
  .map((list) => list.map(({ which, quantity }) => ({ ...counters[which]!, quantity })))

/** Milliseconds between two admissions, around the lengths of the windows. */
export const pauses = [0, 0, 1, 7, 250, second - 1, second, second + 1, 30 * second, minute - 1, minute, 20 * minute, hour - 1, hour, 13 * hour, day - 1]
