import fc from 'fast-check'

/** Labels as the WHATWG parser gives them, each with ways to write it. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  a: ['a', 'A', '\uff41', 'a\u00ad'],
  aa: ['aa', 'aA', '\uff41a'],
  'a-b': ['a-b', 'A-B'],
  x_y: ['x_y', 'X_Y'],
  7: ['7', '\uff17', '\u2466'],
  org: ['org', 'ORG', 'Org', 'o\u200brg', '\uff4frg'],
  example: ['example', 'EXAMPLE', 'ex\u00adample'],
  'xn--bcher-kva': ['xn--bcher-kva', 'XN--BCHER-KVA', 'bücher', 'BÜCHER', 'bu\u0308cher'],
  'xn--r8jz45g': ['xn--r8jz45g', '例え', 'XN--R8JZ45G'],
  // Looks like `example`, and is not: its first letter is Cyrillic.
  'xn--xample-2of': ['xn--xample-2of', '\u0435xample', '\u0415xample'],
}
const labels = Object.keys(spellings)
const dots = ['.', '.', '.', '\u3002', '\uff0e', '\uff61']

/** Labels of a host, the most specific first. The last is no number: that would make it an address. */
export type Labels = readonly string[]

const lastLabel = fc.constantFrom(...labels.filter((label) => label !== '7'))
export const hostLabels: fc.Arbitrary<Labels> = fc.tuple(fc.array(fc.constantFrom(...labels), { maxLength: 3 }), lastLabel).map(([front, last]) => [...front, last])

/** A host as its labels, and as one of its spellings. */
export interface SpelledHost {
  readonly labels: Labels
  readonly text: string
}

/** Spells labels by numbers that were drawn: each picks a spelling of a label, or a kind of dot. */
export function spellHost(labelsOf: Labels, picks: readonly number[], endsWithDot: boolean): SpelledHost {
  const pick = <T>(list: readonly T[], at: number): T => list[(picks[at] ?? 0) % list.length]!
  const text = labelsOf.map((label, i) => `${i > 0 ? pick(dots, 2 * i) : ''}${pick(spellings[label] ?? [label], 2 * i + 1)}`).join('')
  return { labels: labelsOf, text: endsWithDot ? `${text}${pick(dots, 9)}` : text }
}

export const picks = fc.array(fc.nat({ max: 59 }), { minLength: 10, maxLength: 10 })

export const spelledHost: fc.Arbitrary<SpelledHost> = fc.tuple(hostLabels, picks, fc.boolean()).map((parts) => spellHost(...parts))

type Nearness = 'same' | 'below' | 'far below' | 'above' | 'glued' | 'suffixed' | 'another label'

/** A host that is equal to another, below or above it, or only looks so. */
export function nearHost(labelsOf: Labels): fc.Arbitrary<Labels> {
  const [first = 'a', ...rest] = labelsOf
  return fc.tuple(fc.constantFrom<Nearness>('same', 'below', 'below', 'far below', 'above', 'glued', 'suffixed', 'another label'), fc.constantFrom(...labels)).map(([nearness, label]) => {
    switch (nearness) {
      case 'same': return labelsOf
      case 'below': return [label, ...labelsOf]
      case 'far below': return [label, '7', ...labelsOf]
      case 'above': return rest.length > 0 ? rest : labelsOf
      case 'glued': return [first.startsWith('xn--') ? `a${first.slice(4)}` : `a-${first}`, ...rest]
      case 'suffixed': return [...labelsOf, label === '7' ? 'a' : label]
      case 'another label': return [first === label ? 'other' : label, ...rest].some((one, i, all) => i === all.length - 1 && one === '7') ? labelsOf : [first === label ? 'other' : label, ...rest]
    }
  })
}
