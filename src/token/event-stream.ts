import { BackOff } from './back-off.js'
import { rejection } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { chunksOf, discard, fetchStream, type Fetch } from './fetch-json.js'
import { Pause } from './pause.js'
import { LineReader } from './read-lines.js'
import { longestEntry } from './revocation-entry.js'

export interface EventStreamOptions {
  readonly url: string
  readonly fetch: Fetch
  /** Takes the data of one event. Where it throws, the stream is left, and the event is asked for again. */
  readonly take: (data: string) => void
  /** A connection was made, or something came by it, if only a comment. */
  readonly onHeard: () => void
  /** Of a connection that could not be made, or that ended soon: others end now and then, and are made anew. */
  readonly onFailed: (reason: string) => void
}

/** For the beginning of an answer. */
const connectMs = 10_000
/** A connection by which nothing comes, not even a comment, may be broken without a sign. */
const idleMs = 45_000
/** A connection that lasted for so long was a good one. */
const stableMs = 5_000
/** Line breaks and the name of the field come on top of the data. */
const longestLine = longestEntry + 16

/**
 * Server-sent events, for as long as it is open: reconnects by itself, with the id of the last event that was taken.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  readonly #options: EventStreamOptions
  readonly #backOff = new BackOff({ firstMs: 250, longestMs: 10_000 })
  readonly #pause = new Pause()
  readonly #closing = new AbortController()
  #lastId = ''
  #isConnected = false

  constructor(options: EventStreamOptions) {
    this.#options = options
  }

  /** Never rejects; resolves when the stream is closed. */
  async run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const startedAtMs = performance.now()
      let reason = 'the stream has ended'
      try {
        await this.#listen()
      } catch (error) {
        reason = describeFailure(error)
      }
      if (this.#isClosed()) return
      const wasStable = performance.now() - startedAtMs > stableMs && this.#isConnected
      if (wasStable) this.#backOff.succeed()
      else this.#options.onFailed(`${this.#options.url}: ${reason}`)
      this.#backOff.fail(performance.now())
      await this.#pause.take(this.#backOff.remainingMs(performance.now()))
    }
  }

  close(): void {
    this.#closing.abort()
    this.#pause.end()
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #listen(): Promise<void> {
    this.#isConnected = false
    const idle = new AbortController()
    const giveUp = (ms: number): NodeJS.Timeout => setTimeout(() => { idle.abort(new Error(`nothing came for ${ms} ms`)) }, ms).unref()
    let timer = giveUp(connectMs)
    try {
      const signal = AbortSignal.any([idle.signal, this.#closing.signal])
      const { url, fetch, onHeard } = this.#options
      const response = await Promise.race([fetchStream(url, { accept: 'text/event-stream', ...(this.#lastId !== '' && { 'last-event-id': this.#lastId }) }, fetch, signal), rejection(signal)])
      if (!/^text\/event-stream *(;|$)/i.test(response.headers.get('content-type') ?? '')) {
        discard(response)
        throw new Error('no text/event-stream')
      }
      const reader = new LineReader({ longestBytes: longestLine })
      const ends = new LineEnds()
      const event = new PendingEvent(this.#lastId)
      this.#isConnected = true
      onHeard()
      clearTimeout(timer)
      timer = giveUp(idleMs)
      for await (const chunk of chunksOf(response, signal)) {
        timer.refresh()
        for (const line of reader.push(ends.toLineFeeds(chunk))) this.#takeLine(line, event)
        onHeard()
      }
    } finally {
      clearTimeout(timer)
      idle.abort()
    }
  }

  #takeLine(line: string, event: PendingEvent): void {
    if (line !== '') {
      event.add(line)
      return
    }
    const data = event.end()
    if (data !== undefined) this.#options.take(data)
    this.#lastId = event.id
  }
}

/** Lines of an event stream may also end with CR alone. */
class LineEnds {
  #isBehindReturn = false

  /** The same lines, ended by LF. What ends with CR has ended, whatever comes. */
  toLineFeeds(chunk: Uint8Array): Uint8Array {
    if (!this.#isBehindReturn && !chunk.includes(13)) return chunk
    const bytes: number[] = []
    for (const byte of chunk) {
      if (byte !== 10 || !this.#isBehindReturn) bytes.push(byte === 13 ? 10 : byte)
      this.#isBehindReturn = byte === 13
    }
    return Uint8Array.from(bytes)
  }
}

/** The lines of one event. */
class PendingEvent {
  /** Stays for the events that come, until one has another. */
  id: string
  #data: string | undefined
  #type = ''

  constructor(id: string) {
    this.id = id
  }

  add(line: string): void {
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#type = value
    // What no header field can carry is nobody's id.
    else if (field === 'id' && /^[\x20-\x7e]{0,1024}$/.test(value)) this.id = value
    else if (field === 'data') {
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
      if (this.#data.length > longestEntry) throw new Error(`an event of more than ${longestEntry} characters`)
    }
  }

  /** Its data, where it is one of those that tell of revocations. */
  end(): string | undefined {
    const data = this.#type === '' || this.#type === 'message' || this.#type === 'revocation' ? this.#data : undefined
    this.#data = undefined
    this.#type = ''
    return data
  }
}
