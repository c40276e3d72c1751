import type { IncomingMessage } from 'node:http'
import { chunkBytes } from './chunk-bytes.js'
import { createAttachment } from './attachment.js'

/**
 * Counts the bytes of one request body as they are received, before any decompression, and stops them at a limit (CON-6).
 * The stream is not made to flow: Node's parser hands each chunk over by `push`, and so does its end.
 *
 * The chunk that crosses the limit is dropped whole, and so is everything after it, the end included: what was cut never
 * looks complete, and nobody sees byte limit + 1.
 */
export class RequestMeter {
  readonly #req: IncomingMessage
  #receivedBytes: number | undefined
  #ceilingBytes = Infinity
  #limitBytes = Infinity
  #whenOver: ((detail: string) => void) | undefined
  #whenEnded: (() => void) | undefined
  #isOver = false
  #isEnded: boolean
  #isDropping = false
  #isReading = true

  constructor(req: IncomingMessage) {
    this.#req = req
    this.#receivedBytes = bytesWaiting(req)
    this.#isEnded = req.complete
    const push = req.push.bind(req)
    req.push = (chunk, encoding) => {
      if (chunk === null) this.#isEnded = true
      this.#count(chunk, encoding)
      if (!this.#isDropping) return push(chunk, encoding)
      if (this.#isEnded) this.#whenEnded?.()
      return this.#isReading
    }
  }

  /** So far; `undefined` where somebody had read before the counting began. */
  get receivedBytes(): number | undefined {
    return this.#receivedBytes
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Called with the reason as soon as the body is over a limit, once for each limit that is set from then on. */
  onOver(whenOver: (detail: string) => void): void {
    this.#whenOver = whenOver
  }

  /** The largest limit that could come to apply. Only ever lowered, until it is lifted. */
  expectAtMost(ceilingBytes: number): void {
    this.#ceilingBytes = Math.min(this.#ceilingBytes, ceilingBytes)
    this.#check()
  }

  /** No capability is asked for, so that none of them limits the body. Limits that do apply stay. */
  liftCeiling(): void {
    this.#ceilingBytes = Infinity
  }

  /** A limit that applies. Only ever lowered. */
  limit(limitBytes: number): void {
    this.#limitBytes = Math.min(this.#limitBytes, limitBytes)
    this.#check()
  }

  /** Nobody can read what waits, until it is released. For as long as nothing else happens. */
  holdBack(): () => void {
    const req = this.#req
    req.read = () => null
    return () => { if (!this.#isDropping) Reflect.deleteProperty(req, 'read') }
  }

  /** From here on the body goes nowhere. It is still received, so that the answer reaches a client which is still sending. */
  drop(): void {
    this.#isDropping = true
    this.holdBack()
    // Somebody who read slowly may have stopped it.
    this.#req.socket.resume()
  }

  /** Of a body that is dropped: called when its end was received. */
  onEnded(whenEnded: () => void): void {
    this.#whenEnded = whenEnded
    if (this.#isEnded) whenEnded()
  }

  /** Of a body that is dropped: the rest stays where it is. */
  stopReading(): void {
    this.#isReading = false
  }

  /**
   * The body goes nowhere any more, and whoever waits for it gets this error, however the stream comes to be destroyed.
   * The connection is left alone then: an answer may be on its way.
   */
  failWith(error: Error): void {
    const req = this.#req
    this.drop()
    // Node sets it at the end of the message, whether anybody was given the message or not.
    if (this.#isOver || !this.#isEnded) Object.defineProperty(req, 'complete', { configurable: true, enumerable: true, get: () => false, set: () => undefined })
    req._destroy = (_reason, done) => {
      // Deprecated, and still what some wait for.
      Reflect.set(req, 'aborted', true)
      req.once('close', () => req.emit('aborted'))
      // As Node itself does it: where nobody listens an error would end the process.
      process.nextTick(() => { done(req.listenerCount('error') === 0 ? null : error) })
    }
  }

  #count(chunk: unknown, encoding: unknown): void {
    if (this.#isDropping || this.#receivedBytes === undefined) return
    this.#receivedBytes += chunkBytes(chunk, encoding)
    this.#check()
  }

  #check(): void {
    const limitBytes = Math.min(this.#limitBytes, this.#ceilingBytes)
    if (this.#receivedBytes === undefined || this.#receivedBytes <= limitBytes) return
    this.#isOver = true
    this.drop()
    this.#whenOver?.(`${this.#receivedBytes} bytes were received, over a limit of ${limitBytes}`)
  }
}

const meters = createAttachment<IncomingMessage, RequestMeter>()

/** One meter a request, however many guards it passes. */
export function meterRequest(req: IncomingMessage): RequestMeter {
  let meter = meters.get(req)
  if (meter === undefined) meters.set(req, (meter = new RequestMeter(req)))
  return meter
}

export function requestMeterOf(req: IncomingMessage): RequestMeter | undefined {
  return meters.get(req)
}

/** Whether a request brings a body, by its header fields (RFC 9112 section 6). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  return coding !== undefined || (length !== undefined && length !== '0')
}

/** Unknown once something was read, or turned into text, and where nothing says where the body ends (RFC 9112 section 6.3). */
function bytesWaiting({ readableDidRead, readableEncoding, readableLength, headers }: IncomingMessage): number | undefined {
  const coding = headers['transfer-encoding']
  const isDelimited = coding === undefined || /(?:^|,)[\t ]*chunked[\t ]*$/i.test(coding)
  return isDelimited && !readableDidRead && readableEncoding === null ? readableLength : undefined
}
