class Refused extends Error {}

/**
 * TOK-7 as a parser that was written from RFC 8259 alone: it descends into the text character by character, and refuses
 * a second member of one name, a null member, `__proto__`, a number that is not finite and nesting over 32 where it
 * meets them. Bytes are decoded by the table of RFC 3629.
 *
 * @returns the object, or `undefined` where the bytes are refused
 */
export function readStrictJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const reader = new Reader(decodeUtf8(bytes))
    return reader.document()
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): Record<string, unknown> {
    this.#skipSpace()
    if (this.#here() !== '{') throw new Refused('no object')
    const value = this.#value(0) as Record<string, unknown>
    this.#skipSpace()
    if (this.#at !== this.#text.length) throw new Refused('something follows')
    return value
  }

  #value(depth: number): unknown {
    switch (this.#here()) {
      case '{': return this.#object(depth + 1)
      case '[': return this.#array(depth + 1)
      case '"': return this.#string()
      case 't': return this.#word('true', true)
      case 'f': return this.#word('false', false)
      case 'n': return this.#word('null', null)
      default: return this.#number()
    }
  }

  #object(depth: number): Record<string, unknown> {
    if (depth > 32) throw new Refused('too deep')
    const object: Record<string, unknown> = {}
    const names: string[] = []
    this.#expect('{')
    this.#skipSpace()
    if (this.#take('}')) return object
    do {
      this.#skipSpace()
      const name = this.#string()
      if (name === '__proto__' || names.includes(name)) throw new Refused(`member ${name}`)
      names.push(name)
      this.#skipSpace()
      this.#expect(':')
      this.#skipSpace()
      const value = this.#value(depth)
      if (value === null) throw new Refused('a null member')
      object[name] = value
      this.#skipSpace()
    } while (this.#take(','))
    this.#expect('}')
    return object
  }

  #array(depth: number): unknown[] {
    if (depth > 32) throw new Refused('too deep')
    const items: unknown[] = []
    this.#expect('[')
    this.#skipSpace()
    if (this.#take(']')) return items
    do {
      this.#skipSpace()
      items.push(this.#value(depth))
      this.#skipSpace()
    } while (this.#take(','))
    this.#expect(']')
    return items
  }

  #string(): string {
    this.#expect('"')
    let value = ''
    for (;;) {
      const character = this.#next()
      if (character === '"') return value
      if (character < ' ') throw new Refused('a control character')
      value += character === '\\' ? this.#escape() : character
    }
  }

  #escape(): string {
    const character = this.#next()
    const simple: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
    if (Object.hasOwn(simple, character)) return simple[character]!
    if (character !== 'u') throw new Refused('an escape')
    let code = 0
    for (let i = 0; i < 4; i++) {
      const digit = '0123456789abcdef'.indexOf(this.#next().toLowerCase())
      if (digit < 0) throw new Refused('an escape')
      code = code * 16 + digit
    }
    return String.fromCharCode(code)
  }

  #number(): number {
    const start = this.#at
    this.#take('-')
    if (!this.#take('0') && this.#digits() === 0) throw new Refused('no value')
    if (this.#take('.') && this.#digits() === 0) throw new Refused('no fraction')
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-')
      if (this.#digits() === 0) throw new Refused('no exponent')
    }
    const value = Number(this.#text.slice(start, this.#at))
    if (Math.abs(value) === Infinity) throw new Refused('not finite')
    return value
  }

  #digits(): number {
    const start = this.#at
    while (this.#here() >= '0' && this.#here() <= '9') this.#at++
    return this.#at - start
  }

  #word<T>(word: string, value: T): T {
    for (const character of word) this.#expect(character)
    return value
  }

  #skipSpace(): void {
    while (this.#here() !== '' && ' \t\n\r'.includes(this.#here())) this.#at++
  }

  #here(): string {
    return this.#text.charAt(this.#at)
  }

  #next(): string {
    const character = this.#here()
    if (character === '') throw new Refused('the end')
    this.#at++
    return character
  }

  #take(character: string): boolean {
    if (this.#here() !== character) return false
    this.#at++
    return true
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw new Refused(`no ${character}`)
  }
}

/** RFC 3629 section 4: the first byte, with what the second may be and how many follow. */
const sequences = [
  { first: [0xc2, 0xdf], second: [0x80, 0xbf], more: 1, bits: 0x1f },
  { first: [0xe0, 0xe0], second: [0xa0, 0xbf], more: 2, bits: 0x0f },
  { first: [0xe1, 0xec], second: [0x80, 0xbf], more: 2, bits: 0x0f },
  { first: [0xed, 0xed], second: [0x80, 0x9f], more: 2, bits: 0x0f },
  { first: [0xee, 0xef], second: [0x80, 0xbf], more: 2, bits: 0x0f },
  { first: [0xf0, 0xf0], second: [0x90, 0xbf], more: 3, bits: 0x07 },
  { first: [0xf1, 0xf3], second: [0x80, 0xbf], more: 3, bits: 0x07 },
  { first: [0xf4, 0xf4], second: [0x80, 0x8f], more: 3, bits: 0x07 },
] as const

function decodeUtf8(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at]!
    if (first < 0x80) {
      text += String.fromCharCode(first)
      continue
    }
    const sequence = sequences.find(({ first: [from, to] }) => from <= first && first <= to)
    if (sequence === undefined) throw new Refused('not UTF-8')
    let code = first & sequence.bits
    for (let i = 0; i < sequence.more; i++) {
      const byte = bytes[++at] ?? 0
      const [from, to] = i === 0 ? sequence.second : [0x80, 0xbf]
      if (byte < from || byte > to) throw new Refused('not UTF-8')
      code = code * 64 + (byte & 0x3f)
    }
    text += String.fromCodePoint(code)
  }
  return text
}
