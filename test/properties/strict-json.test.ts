import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { editedText } from '../support/edited-text.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { jsonObjectText, jsonPieces, nestedText } from './json-texts.js'
import { parseStrictJson } from '../../src/token/strict-json.js'
import { readStrictJson } from './oracles/strict-json.js'

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    // TypeError says that it is no UTF-8, SyntaxError everything else; nothing else is thrown.
    expect([TypeError, SyntaxError]).toContain((error as Error).constructor)
    return undefined
  }
}

describe('TOK-7: every text, against a parser that descends character by character', () => {
  it('texts in order and nearly so', () => {
    const seen = coverage({ read: 0.3, refused: 0.2 })
    checkProperty(fc.property(editedText(jsonObjectText, jsonPieces), (text) => {
      const bytes = Buffer.from(text)
      const expected = readStrictJson(bytes)
      seen.note(expected === undefined ? 'refused' : 'read')
      expect(parse(bytes)).toEqual(expected)
      expectCleanPrototypes()
    }), { runs: 2_000, coverage: seen })
  })

  it('with a defect put in front of one of its members: it is refused, although JSON.parse takes it', () => {
    const defect = fc.constantFrom('"a":1,"a":2', '"a":1,"\\u0061":2', '"n":null', '"n" : \n null', '"\\u005f_proto__":{}', '"__proto__":1', '"big":[-1e309]', '"inner":[{"a":1,"a":2}]')
    checkProperty(fc.property(jsonObjectText, fc.nat(), defect, (text, position, members) => {
      const victims = objectStarts(text)
      const at = victims[position % victims.length]! + 1
      const defective = `${text.slice(0, at)}${members}${text.slice(at).trimStart().startsWith('}') ? '' : ','}${text.slice(at)}`
      expect(() => JSON.parse(defective)).not.toThrow()
      expect(() => parseStrictJson(Buffer.from(defective))).toThrow(SyntaxError)
    }), { runs: 1_000 })
  })

  it('nesting about as deep as is allowed', () => {
    const seen = coverage({ read: 0.2, refused: 0.2 })
    checkProperty(fc.property(nestedText, (text) => {
      const expected = readStrictJson(Buffer.from(text))
      seen.note(expected === undefined ? 'refused' : 'read')
      expect(parse(Buffer.from(text))).toEqual(expected)
    }), { runs: 300, coverage: seen })
  })

  it('TOK-2: bytes in order and nearly so, against the table of UTF-8', () => {
    const edit = fc.record({ at: fc.nat(), byte: fc.constantFrom(0x00, 0x22, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff), insert: fc.boolean() })
    const seen = coverage({ read: 0.1, refused: 0.3 })
    checkProperty(fc.property(jsonObjectText, fc.array(edit, { maxLength: 2 }), (text, edits) => {
      const bytes = [...Buffer.from(text)]
      for (const { at, byte, insert } of edits) bytes.splice(at % (bytes.length + 1), insert ? 0 : 1, byte)
      const expected = readStrictJson(Uint8Array.from(bytes))
      seen.note(expected === undefined ? 'refused' : 'read')
      expect(parse(Uint8Array.from(bytes))).toEqual(expected)
    }), { runs: 1_500, coverage: seen })
  })
})

/** Where objects begin in a text that is in order: brackets that stand in no string. */
function objectStarts(text: string): number[] {
  const starts: number[] = []
  let inString = false
  for (let at = 0; at < text.length; at++) {
    if (inString && text[at] === '\\') at++
    else if (text[at] === '"') inString = !inString
    else if (text[at] === '{' && !inString) starts.push(at)
  }
  return starts
}
