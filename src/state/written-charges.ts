import { hash } from 'node:crypto'
import type { QuotaCharge, QuotaWindow } from '../model/store.js'

/** A list of charges as the script of an admission reads it. */
export interface WrittenList {
  readonly keys: readonly string[]
  readonly text: string
}

export const nothing: WrittenList = Object.freeze({ keys: [], text: '' })

const windowLetter = { second: 's', minute: 'm', hour: 'h', day: 'd' } as const satisfies Record<QuotaWindow, string>

/**
 * Charges that never change, as those of a capability which counts requests, are written once; most of the time that an
 * admission takes on this side goes into texts.
 */
export class WrittenCharges {
  readonly #written = new WeakMap<readonly QuotaCharge[], WrittenList & { readonly slot: string }>()

  /** @param slot what all keys begin with */
  write(charges: readonly QuotaCharge[], slot: string): WrittenList {
    const known = this.#written.get(charges)
    if (known?.slot === slot) return known
    const list = { slot, ...writeCharges(charges, slot) }
    if (Object.isFrozen(charges) && charges.every(Object.isFrozen)) this.#written.set(charges, list)
    return list
  }
}

/** Charges of one key in a row are a group. */
function writeCharges(charges: readonly QuotaCharge[], slot: string): WrittenList {
  const keys: string[] = []
  const list: (number | string)[] = []
  for (let start = 0; start < charges.length;) {
    const { key } = charges[start] as QuotaCharge
    const group = keyPart(key)
    let end = start + 1
    while (charges[end]?.key === key) end++
    keys.push(`${slot}c:${group}`)
    list.push(end - start)
    for (const { name, window, limit, quantity } of charges.slice(start, end)) {
      const letter = Object.hasOwn(windowLetter, window) ? windowLetter[window] : undefined
      if (letter === undefined) throw new TypeError('an admission has an unknown window')
      const counter = keyPart(name)
      if (letter === 's' || letter === 'm') keys.push(`${slot}${letter}:${group}:${counter}`)
      list.push(letter + counter, readInteger(limit, 0, 'limit'), readInteger(quantity, 0, 'quantity'))
    }
    start = end
  }
  return { keys, text: JSON.stringify(list) }
}

/** Digests stand as they are. Another text stands by its digest, behind a sign that no digest has, so that none can be taken for another. */
export function keyPart(text: string): string {
  if (typeof text !== 'string') throw new TypeError('an admission has a key or a name that is no string')
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text
  // UTF-16, since UTF-8 would write every lone surrogate as the same replacement character.
  return `~${hash('sha256', Buffer.from(text, 'utf16le'), 'base64url')}`
}

/** @throws RangeError for a number that Redis could not hold exactly */
export function readInteger(value: number, least: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`an admission has a ${name} that is no integer from ${least} to 2^53 - 1`)
  return value
}
