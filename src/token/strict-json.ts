import { maxNesting, type Claims } from '../model/claims.js'

export interface StrictJsonOptions {
  /** Whether a member may be null, as in documents that are no tokens. Default `false` (TOK-7). */
  readonly allowsNull?: boolean
}

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
export function parseStrictJson(bytes: Uint8Array, { allowsNull = false }: StrictJsonOptions = {}): Claims {
  const text = decodeUtf8(bytes)
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object')
  walk(text, allowsNull)
  return value as Claims
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new TypeError('not UTF-8')
  }
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/** Relies on the text being valid JSON: brackets match, and a string before a colon is a name. */
function walk(text: string, allowsNull: boolean): void {
  // The names seen in each open object; `null` stands for an open array.
  const open: (Set<string> | null)[] = []
  let position = 0
  while (position < text.length) {
    const code = text.charCodeAt(position)
    if (code === quote) {
      position = takeString(text, position, open.at(-1), allowsNull)
    } else if (code === 0x7b || code === 0x5b) {
      if (open.push(code === 0x7b ? new Set() : null) > maxNesting) throw new SyntaxError(`nested deeper than ${maxNesting}`)
      position++
    } else if (code === 0x7d || code === 0x5d) {
      open.pop()
      position++
    } else if (isDigit(code)) {
      position = takeNumber(text, position)
    } else {
      position++
    }
  }
}

/** @returns where to go on: behind a value, or behind a name and its colon */
function takeString(text: string, start: number, names: Set<string> | null | undefined, allowsNull: boolean): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  const behind = skipSpace(text, end + 1)
  if (text.charCodeAt(behind) !== colon) return end + 1

  takeName(text.slice(start, end + 1), names)
  const value = skipSpace(text, behind + 1)
  if (!allowsNull && text.startsWith('null', value)) throw new SyntaxError('a member is null')
  return value
}

function isEscaped(text: string, position: number): boolean {
  let before = position - 1
  while (text.charCodeAt(before) === backslash) before--
  return (position - before) % 2 === 0
}

/** `JSON.parse` reads what is too large as infinity. */
function takeNumber(text: string, start: number): number {
  let end = start + 1
  let hasExponent = false
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === 0x65 || code === 0x45) hasExponent = true
    else if (!isDigit(code) && code !== 0x2e && code !== 0x2b && code !== 0x2d) break
  }
  if ((hasExponent || end - start > 300) && !Number.isFinite(Number(text.slice(start, end)))) throw new SyntaxError('a number is not finite')
  return end
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function skipSpace(text: string, start: number): number {
  let position = start
  for (;;) {
    const code = text.charCodeAt(position)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return position
    position++
  }
}

/** Names are compared as they are after unescaping: `"\u0061"` repeats `"a"`. */
function takeName(quoted: string, names: Set<string> | null | undefined): void {
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  if (name === '__proto__') throw new SyntaxError('a member is named __proto__')
  if (names?.has(name)) throw new SyntaxError(`member ${JSON.stringify(name)} is repeated`)
  names?.add(name)
}
