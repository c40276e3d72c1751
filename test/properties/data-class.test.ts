import fc from 'fast-check'
import { expect, it } from 'vitest'
import { admits, isDataClass } from '../../src/matching/data-class.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'

/** TSK-3 as arrows: each class admits what its arrows lead to, and itself. */
const below: Readonly<Record<string, readonly string[]>> = { public: [], internal: ['public'], confidential: ['internal'], restricted: ['confidential'], personal: ['confidential'] }

function leadsTo(from: string, to: string): boolean {
  return from === to || below[from]!.some((next) => leadsTo(next, to))
}

it('TSK-3, CON-9: for every two texts, both are classes by name alone, and one admits the other if the order leads there', () => {
  const names = Object.keys(below)
  const text = editedText(fc.constantFrom(...names), ['P', ' ', '\n', 'a', '\u0131', '__proto__', 'constructor'], 1)
  const seen = coverage({ admits: 0.1, refuses: 0.1, 'no class': 0.2 })
  checkProperty(fc.property(text, text, (ceiling, declared) => {
    for (const one of [ceiling, declared]) expect(isDataClass(one)).toBe(names.includes(one))
    if (!isDataClass(ceiling) || !isDataClass(declared)) { seen.note('no class'); return }
    seen.note(leadsTo(ceiling, declared) ? 'admits' : 'refuses')
    expect(admits(ceiling, declared)).toBe(leadsTo(ceiling, declared))
  }), { runs: 500, coverage: seen })
})
