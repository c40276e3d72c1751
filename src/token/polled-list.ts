import { setImmediate as nextTurn } from 'node:timers/promises'
import { BackOff } from './back-off.js'
import { rejection, withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { chunksOf, discard, fetchStream, type Fetch } from './fetch-json.js'
import { Pause } from './pause.js'
import { LineReader } from './read-lines.js'
import { longestEntry, readRevocation, type IssuedRevocation } from './revocation-entry.js'

export interface PolledListOptions {
  readonly issuer: string
  readonly url: string
  readonly fetch: Fetch
  readonly pollMs: number
  /** Takes one entry of the list. @returns whether it was not known */
  readonly take: (revocation: IssuedRevocation) => boolean
  /** @param sinceMs of the monotonic clock: all that was revoked before is taken. @param newEntries how many were not known before */
  readonly onHeard: (sinceMs: number, newEntries: number) => void
  readonly onFailed: (reason: string, newEntries: number) => void
}

/** 128 MB, counted after inflating: a million entries of more than a hundred bytes. */
const mostBytes = 134_217_728
/** For one whole answer, and the work on it. */
const deadlineMs = 55_000
/** For the beginning of an answer, and for each part of it. */
const stalledMs = 10_000
/** Work on a list in one turn of the event loop. */
const sliceMs = 4
/** Without looking at the clock. */
const sliceLines = 64
/** Entries without an end are kept for a day after they were last in the list: it is read whole at least every hour. */
const readWholeEveryMs = 3_600_000

/** A list of what is revoked now, one JSON object a line, asked for again and again (REV-1). */
export class PolledList {
  readonly #options: PolledListOptions
  readonly #backOff: BackOff
  readonly #pause = new Pause()
  readonly #closing = new AbortController()
  #etag: string | undefined
  #wholeAtMs = -Infinity
  #isWanted = false

  constructor(options: PolledListOptions) {
    this.#options = options
    this.#backOff = new BackOff({ firstMs: 1_000, longestMs: options.pollMs })
  }

  /** Never rejects; resolves when the list is closed. */
  async run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const startedAtMs = performance.now()
      this.#isWanted = false
      await this.#poll(startedAtMs)
      const waitMs = this.#waitMs(startedAtMs)
      if (waitMs > 0) await this.#pause.take(waitMs)
    }
  }

  /** Asks without waiting for the next time. */
  pollNow(): void {
    this.#isWanted = true
    this.#pause.end()
  }

  close(): void {
    this.#closing.abort()
    this.#pause.end()
  }

  #waitMs(startedAtMs: number): number {
    if (this.#isWanted || this.#closing.signal.aborted) return 0
    const nowMs = performance.now()
    return this.#backOff.remainingMs(nowMs) || startedAtMs + this.#options.pollMs - nowMs
  }

  async #poll(startedAtMs: number): Promise<void> {
    const taken = { newEntries: 0 }
    try {
      await withDeadline(deadlineMs, (signal) => this.#readWhileItComes(signal, startedAtMs, taken))
      this.#backOff.succeed()
      this.#options.onHeard(startedAtMs, taken.newEntries)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#etag = undefined
      this.#backOff.fail(performance.now())
      this.#options.onFailed(`${this.#options.url}: ${describeFailure(error)}`, taken.newEntries)
    }
  }

  async #readWhileItComes(signal: AbortSignal, startedAtMs: number, taken: { newEntries: number }): Promise<void> {
    const stalled = new AbortController()
    const timer = setTimeout(() => { stalled.abort(new Error(`nothing came for ${stalledMs} ms`)) }, stalledMs).unref()
    try {
      const any = AbortSignal.any([signal, stalled.signal, this.#closing.signal])
      await Promise.race([this.#read(any, startedAtMs, taken, () => timer.refresh()), rejection(any)])
    } finally {
      clearTimeout(timer)
    }
  }

  async #read(signal: AbortSignal, startedAtMs: number, taken: { newEntries: number }, onProgress: () => void): Promise<void> {
    const { url, fetch } = this.#options
    if (startedAtMs - this.#wholeAtMs > readWholeEveryMs) this.#etag = undefined
    const response = await fetchStream(url, { accept: 'application/x-ndjson', ...(this.#etag !== undefined && { 'if-none-match': this.#etag }) }, fetch, signal)
    if (response.status === 304) {
      discard(response)
      return
    }
    await this.#takeAll(response, signal, taken, onProgress)
    this.#wholeAtMs = startedAtMs
    const etag = response.headers.get('etag')
    this.#etag = etag === null || etag.length > 1_024 ? undefined : etag
  }

  /** What can be read is taken, whatever else is in the list; but then the list is not heard. */
  async #takeAll(response: Response, signal: AbortSignal, taken: { newEntries: number }, onProgress: () => void): Promise<void> {
    const { issuer, take } = this.#options
    const reader = new LineReader({ longestBytes: longestEntry, mostBytes })
    let lines = 0
    let unreadable: string | undefined
    const takeLine = (line: string): void => {
      lines++
      if (line === '') return
      let revocation: IssuedRevocation
      try {
        revocation = readRevocation(line, issuer)
      } catch (error) {
        unreadable ??= `line ${lines}: ${describeFailure(error)}`
        return
      }
      if (take(revocation)) taken.newEntries++
    }
    let sinceMs = performance.now()
    for await (const chunk of chunksOf(response, signal)) {
      onProgress()
      for (const line of reader.push(chunk)) {
        takeLine(line)
        if (lines % sliceLines !== 0 || performance.now() - sinceMs < sliceMs) continue
        await nextTurn()
        signal.throwIfAborted()
        sinceMs = performance.now()
      }
    }
    for (const line of reader.end()) takeLine(line)
    if (unreadable !== undefined) throw new Error(unreadable)
  }
}
