import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { QuotaRequirement } from '../../src/constraints/constraint-definition.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { factsOf } from '../constraints/compiled.js'
import { isQuotaName, quotaDefinition } from '../../src/constraints/quota.js'

function quota(name: string, value: unknown, countedPerRequest: readonly string[] = []): QuotaRequirement | undefined {
  return quotaDefinition(name, new Set(countedPerRequest))?.compile(value, { action: 'a', delegationDepth: 0 }) as QuotaRequirement | undefined
}

const windows = ['second', 'minute', 'hour', 'day']
const thing = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,5}){0,3}$/)
const name = fc.tuple(fc.oneof(thing, fc.constantFrom('requests', 'drafts', 'per', 'per_day', 'requests_per_hour')), fc.constantFrom(...windows)).map(([what, window]) => `max_${what}_per_${window}`)

describe('CON-1: every name of a quota', () => {
  it('is read back as it was put together', () => {
    checkProperty(fc.property(thing, fc.constantFrom(...windows), fc.boolean(), (what, window, isCounted) => {
      const compiled = quota(`max_${what}_per_${window}`, 7, isCounted ? [what] : [])
      expect(compiled).toMatchObject({ window, limit: 7 })
      expect(compiled?.quantity(factsOf({ quantities: { [what]: 4 } }))).toBe(what === 'requests' || isCounted ? 1 : 4)
    }), { runs: 300 })
  })

  it('and every text that is none, read word by word', () => {
    const seen = coverage({ quota: 0.3, none: 0.2 })
    checkProperty(fc.property(editedText(name, ['_', '__', 'per', '_per_', 'max', 'day', 's', 'X', '1', '-', ' ', '\n', '\u00ea', '*']), (text) => {
      const expected = isNameByWords(text)
      seen.note(expected ? 'quota' : 'none')
      expect(isQuotaName(text)).toBe(expected)
      expect(quotaDefinition(text, new Set()) !== undefined).toBe(expected)
    }), { runs: 1_000, coverage: seen })
  })

  it('has a limit that is an integer from 0 to 2^53 - 1', () => {
    const limit = fc.oneof(fc.constantFrom<unknown>(-1, 0, 1, 2 ** 53 - 1, 2 ** 53, 0.5, -0, NaN, Infinity, '1', true, null, undefined, [1], {}), fc.double(), fc.maxSafeInteger())
    checkProperty(fc.property(limit, (value) => {
      const isLimit = typeof value === 'number' && value >= 0 && value < 2 ** 53 && value % 1 === 0
      if (isLimit) expect(quota('max_requests_per_hour', value)?.limit).toBe(value)
      else expect(() => quota('max_requests_per_hour', value)).toThrow(TypeError)
    }), { runs: 300 })
  })

  /** `max_`, a thing of lower-case words, `_per_`, a window. Only the last `_per_` counts, since a thing may hold one. */
  function isNameByWords(text: string): boolean {
    const words = text.split('_')
    const [first, ...rest] = words
    const [window, per, ...reversed] = rest.reverse()
    if (first !== 'max' || per !== 'per' || !windows.includes(window ?? '') || reversed.length === 0) return false
    const isWord = (word: string): boolean => word !== '' && Array.from(word).every((character) => 'abcdefghijklmnopqrstuvwxyz0123456789'.includes(character))
    return reversed.every(isWord) && !'0123456789'.includes(reversed.at(-1)!.charAt(0))
  }
})
