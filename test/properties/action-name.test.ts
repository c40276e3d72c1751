import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { isActionName } from '../../src/matching/action-name.js'

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

it('CAP-1, TOK-8: for every text, an action name is what a reading character by character says', () => {
  const isComponent = (text: string) => text !== '' && letters.includes(text.charAt(0)) && Array.from(text).every((character) => `${letters}0123456789-_`.includes(character))
  const pieces = ['a', 'Z', '0', '-', '_', '.', '*', 'é', '\n', ' ', '\u212a', '\u0130']
  const text = fc.oneof(
    { arbitrary: editedText(fc.constantFrom('search.web', 'cms.draft-post', 'a', 'A_1.b-2.c', 'x'.repeat(127), 'a.'.repeat(63) + 'aa'), pieces), weight: 2 },
    fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: fc.constantFrom('a', '.'), minLength: 120, maxLength: 136 }),
    fc.string(),
  )
  const seen = coverage({ name: 0.2, none: 0.2 })
  checkProperty(fc.property(text, (value) => {
    const expected = value.length <= 128 && value.split('.').every(isComponent)
    seen.note(expected ? 'name' : 'none')
    expect(isActionName(value)).toBe(expected)
  }), { runs: 2_000, coverage: seen })
})
