import type { Claims } from '../model/claims.js'

const maxDepth = 32
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses one JSON object the way that leaves no room for two readings of it. `JSON.parse` settles the syntax; a walk
 * over the same text then refuses what it hides or forgives.
 *
 * @throws TypeError for bytes that are not UTF-8 (TOK-2)
 * @throws SyntaxError for what is not one JSON object, a repeated or null member or one named
 *   `__proto__`, a number that is not finite, and nesting over 32
 * @see TOK-7; RFC 8725 section 2.4
 */
export function parseStrictJson(bytes: Uint8Array): Claims {
  const text = decodeUtf8(bytes)
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object')
  walk(text)
  return value as Claims
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new TypeError('not UTF-8')
  }
}

const string = /"[^"\\]*(?:\\.[^"\\]*)*"/y
const number = /-?[0-9][0-9.eE+-]*/y

/** Relies on the text being valid JSON: a string before a colon is a name, and brackets match. */
function walk(text: string): void {
  // The names seen in each open object; `null` stands for an open array.
  const open: (Set<string> | null)[] = []
  let position = 0
  while (position < text.length) {
    const character = text[position]
    if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : null) > maxDepth) throw new SyntaxError(`nested deeper than ${maxDepth}`)
    } else if (character === '}' || character === ']') {
      open.pop()
    } else if (character === '"') {
      const end = endOf(string, text, position)
      const colon = skipSpace(text, end)
      if (text[colon] === ':') {
        takeName(text.slice(position, end), open.at(-1))
        position = skipSpace(text, colon + 1)
        if (text.startsWith('null', position)) throw new SyntaxError('a member is null')
        continue
      }
      position = end
      continue
    } else if (character === '-' || (character !== undefined && character >= '0' && character <= '9')) {
      const end = endOf(number, text, position)
      if (!Number.isFinite(Number(text.slice(position, end)))) throw new SyntaxError('a number is not finite')
      position = end
      continue
    }
    position++
  }
}

function endOf(token: RegExp, text: string, start: number): number {
  token.lastIndex = start
  return token.test(text) ? token.lastIndex : text.length
}

function skipSpace(text: string, start: number): number {
  let position = start
  while (text[position] === ' ' || text[position] === '\t' || text[position] === '\n' || text[position] === '\r') position++
  return position
}

/** Names are compared as they are after unescaping: `"\u0061"` repeats `"a"`. */
function takeName(quoted: string, names: Set<string> | null | undefined): void {
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  if (name === '__proto__') throw new SyntaxError('a member is named __proto__')
  if (names?.has(name)) throw new SyntaxError(`member ${JSON.stringify(name)} is repeated`)
  names?.add(name)
}
