import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { RevocationList } from '../../src/token/revocation-list.js'

const startSeconds = 1_000_000

/** Few prints, so that they meet; some share a half. */
const prints = fc.record({ high: fc.constantFrom(0, 1, -1, 0x7fff_ffff, -0x8000_0000), low: fc.integer({ min: -8, max: 8 }) })
const steps = fc.array(fc.oneof(
  fc.record({ kind: fc.constant('add' as const), print: prints, forSeconds: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 30 }) }),
), { maxLength: 200 })

describe('REV-1: the list of revocations', () => {
  it('is a map of prints to their latest end, from which only what has ended is ever lost', () => {
    checkProperty(fc.property(steps, fc.integer({ min: 1, max: 40 }), (taken, maxEntries) => {
      const list = new RevocationList(maxEntries)
      const oracle = new Map<string, number>()
      const keyOf = ({ high, low }: { high: number; low: number }): string => `${high} ${low}`
      let now = startSeconds
      for (const step of taken) {
        if (step.kind === 'wait') {
          now += step.seconds
          continue
        }
        const end = now + step.forSeconds
        const known = oracle.get(keyOf(step.print)) ?? 0
        const live = [...oracle.values()].filter((each) => each > now).length
        const entered = list.add(step.print, end, now)
        if (entered === 'full') expect(live).toBe(maxEntries)
        else oracle.set(keyOf(step.print), Math.max(known, end))
        if (known > now) expect(entered).toBe('known')
        else if (live < maxEntries) expect(entered).toBe('new')
        expect(list.size).toBeLessThanOrEqual(maxEntries)
        for (const high of [0, 1, -1, 0x7fff_ffff, -0x8000_0000]) for (let low = -8; low <= 8; low++) expect(list.has({ high, low }, now)).toBe((oracle.get(keyOf({ high, low })) ?? 0) > now)
      }
    }), { runs: 300 })
  })
})
