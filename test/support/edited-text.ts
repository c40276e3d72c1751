import fc from 'fast-check'

interface Edit {
  readonly kind: 'insert' | 'delete' | 'replace' | 'repeat' | 'swap' | 'case'
  readonly at: number
  readonly piece: string
}

function applyEdit(text: string, { kind, at, piece }: Edit): string {
  const i = at % (text.length + 1)
  const [before, here, after] = [text.slice(0, i), text.slice(i, i + 1), text.slice(i + 1)]
  switch (kind) {
    case 'insert': return `${before}${piece}${here}${after}`
    case 'delete': return `${before}${after}`
    case 'replace': return `${before}${piece}${after}`
    case 'repeat': return `${before}${here}${here}${after}`
    case 'swap': return `${before}${after.slice(0, 1)}${here}${after.slice(1)}`
    case 'case': return `${before}${here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase()}${after}`
  }
}

/** Near misses: a text that is in order, after up to so many small edits. Half of them are left as they are. */
export function editedText(text: fc.Arbitrary<string>, pieces: readonly string[], maxEdits = 2): fc.Arbitrary<string> {
  const edit = fc.record<Edit>({ kind: fc.constantFrom('insert', 'delete', 'replace', 'repeat', 'swap', 'case'), at: fc.nat({ max: 4_999 }), piece: fc.constantFrom(...pieces) })
  const edits = fc.oneof(fc.constant([]), fc.array(edit, { minLength: 1, maxLength: maxEdits }))
  return fc.tuple(text, edits).map(([original, list]) => list.reduce(applyEdit, original))
}
