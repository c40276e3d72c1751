/** Bytes that are decoded at a time, so that a large chunk does not hold up everything else. */
const sliceBytes = 65_536

/**
 * Lines of UTF-8 that end with LF or CRLF, as they come; the last one may lack its end.
 *
 * @param longestBytes of a line
 * @throws Error for a longer line, more than `mostBytes` in all, or what is not UTF-8
 */
export class LineReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #longestBytes: number
  readonly #mostBytes: number
  #rest: Uint8Array = new Uint8Array()
  #bytes = 0
  #isFirstLine = true

  constructor({ longestBytes, mostBytes = Infinity }: { readonly longestBytes: number; readonly mostBytes?: number }) {
    this.#longestBytes = longestBytes
    this.#mostBytes = mostBytes
  }

  *push(chunk: Uint8Array): Generator<string> {
    for (let start = 0; start < chunk.byteLength; start += sliceBytes) yield* this.#slice(chunk.subarray(start, start + sliceBytes))
    // Also where a stream of the user's gives something that has no length.
    if (!(chunk.byteLength >= 0)) throw new Error('a chunk that is no bytes')
  }

  *end(): Generator<string> {
    if (this.#rest.byteLength > 0) yield this.#clean(this.#decode(this.#rest))
  }

  *#slice(slice: Uint8Array): Generator<string> {
    this.#bytes += slice.byteLength
    if (this.#bytes > this.#mostBytes) throw new Error(`more than ${this.#mostBytes} bytes`)
    const end = slice.lastIndexOf(10) + 1
    const whole = Buffer.concat([this.#rest, slice.subarray(0, end)])
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, slice])
    } else {
      this.#rest = slice.slice(end)
      const lines = this.#decode(whole).split('\n')
      lines.pop()
      for (const line of lines) {
        if (line.length > this.#longestBytes) throw this.#tooLong()
        yield this.#clean(line)
      }
    }
    if (this.#rest.byteLength > this.#longestBytes) throw this.#tooLong()
  }

  /** Without the CR of its end, and the first one without a byte order mark. */
  #clean(line: string): string {
    const start = this.#isFirstLine && line.startsWith('\ufeff') ? 1 : 0
    this.#isFirstLine = false
    return line.slice(start, line.endsWith('\r') ? -1 : undefined)
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      throw new Error('not UTF-8')
    }
  }

  #tooLong(): Error {
    return new Error(`a line of more than ${this.#longestBytes} bytes`)
  }
}
