import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import { chunkBytes } from './chunk-bytes.js'
import { createAttachment } from './attachment.js'

/** How a response is written: what nobody but the guard may do once it answers in a handler's place. */
const writers = ['write', 'end', 'writeHead', 'writeHeader', 'flushHeaders', 'setHeader', 'setHeaders', 'appendHeader', 'removeHeader', 'addTrailers', 'writeContinue', 'writeProcessing', 'writeEarlyHints'] as const
type Writer = (typeof writers)[number]
type Method = (...args: unknown[]) => unknown

/**
 * Counts the bytes of one response body as they are written, since a length that a handler announces need not be the one
 * it sends, and stops them at a limit (CON-7): the chunk that would cross it is not sent.
 *
 * What is mounted after the guard writes through this meter, a compression included; what is mounted before it gets what
 * the meter lets through.
 */
export class ResponseMeter {
  readonly #res: ServerResponse
  readonly #originals = new Map<Writer, Method>()
  #bytes = 0
  #limitBytes = Infinity
  #whenOver: ((detail: string) => void) | undefined
  /** Headers that were there before the handler was asked. */
  #ownHeaders: readonly (readonly [name: string, value: OutgoingHttpHeader | undefined])[] | undefined
  /** What the headers on their way say. */
  #sent: { readonly statusCode: number; readonly announcedBytes: number | undefined } | undefined
  #isCalling = false
  #isSilenced = false
  #isAnswering = false

  constructor(res: ServerResponse) {
    this.#res = res
    this.#replace('write', (args) => this.#write('write', args))
    this.#replace('end', (args) => this.#write('end', args))
  }

  /** Of the body on the wire. What is written in answer to HEAD stays here (RFC 9110 section 9.3.2). */
  get bytes(): number {
    return this.#hasNoBody() ? 0 : this.#bytes
  }

  /** From here on the response can be limited and silenced. The headers that it has now are not its handler's, and stay. */
  arm(): void {
    const isArmed = this.#ownHeaders !== undefined
    this.#ownHeaders = Object.entries(this.#res.getHeaders()).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value] as const)
    if (isArmed) return
    for (const name of ['writeHead', 'writeHeader'] as const) this.#replace(name, (args) => this.#writeHead(args))
    this.#replace('flushHeaders', () => this.#flushHeaders())
    for (const name of writers) this.#replace(name, (args) => (this.#isMute() ? this.#refuse(name, args) : this.#call(name, args)))
  }

  /** Only ever lowered. The reason is handed on as soon as something would be over it. */
  limit(limitBytes: number, whenOver: (detail: string) => void): void {
    this.arm()
    this.#limitBytes = Math.min(this.#limitBytes, limitBytes)
    this.#whenOver = whenOver
  }

  /**
   * From here on whatever handlers write goes nowhere, and tells them so as a closed connection would. They may not know
   * yet, and must neither crash nor add to what the guard answers.
   */
  silence(): void {
    if (this.#ownHeaders === undefined) this.arm()
    this.#isSilenced = true
    for (const name of ['statusCode', 'statusMessage'] as const) {
      let value: unknown = this.#res[name]
      Object.defineProperty(this.#res, name, {
        configurable: true,
        enumerable: true,
        get: () => value,
        set: (given: unknown) => {
          if (!this.#isMute()) value = given
        },
      })
    }
  }

  /**
   * The silenced response for the guard's own answer, without anything that handlers have prepared. The answer is sent in
   * one piece, with its length, and is the last on its connection. What is not ended is not sent, so that another can take
   * its place; the first to end is the answer.
   *
   * @param whenAnswered the end that Node knows is left to the caller, since handlers would take it for their own
   */
  answering(whenAnswered: () => void): ServerResponse {
    const res = this.#res
    const parts: Buffer[] = []
    const keep = (chunk: unknown, encoding: unknown): void => {
      if (typeof chunk === 'string') parts.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'))
      else if (chunk instanceof Uint8Array) parts.push(Buffer.from(chunk))
    }
    const own = new Map<PropertyKey, unknown>()
    const answering: ServerResponse = new Proxy(res, {
      get: (_, name): unknown => (own.has(name) ? own.get(name) : Reflect.get(res, name)),
      set: (_, name, value) => {
        if (own.has(name)) own.set(name, value)
        else if (!res.writableEnded) this.#answer(() => Reflect.set(res, name, value))
        return true
      },
    })
    const methods: Partial<Record<Writer, Method>> = {
      writeHead: (statusCode, ...more) => {
        answering.statusCode = statusCode as number
        if (typeof more[0] === 'string') answering.statusMessage = more.shift() as string
        for (const [name, value] of headersIn(more.at(-1))) answering.setHeader(String(name), value as string)
        return res
      },
      write: (...args) => {
        keep(args[0], args[1])
        callBack(args)
        return true
      },
      end: (...args) => {
        keep(args[0], args[1])
        this.#sendWhole(Buffer.concat(parts))
        callBack(args)
        whenAnswered()
        return res
      },
      flushHeaders: () => undefined,
    }
    for (const name of this.#originals.keys()) {
      const method = methods[name] ?? ((...args) => this.#call(name, args))
      own.set(name, (...args: unknown[]) => {
        const result = res.writableEnded ? this.#refuse(name, args) : this.#answer(() => method(...args))
        return result === res ? answering : result
      })
    }
    if (!res.headersSent) this.#answer(() => { this.#restoreHeaders() })
    return answering
  }

  #restoreHeaders(): void {
    const res = this.#res
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    for (const [name, value] of this.#ownHeaders ?? []) if (value !== undefined) res.setHeader(name, value)
    res.sendDate = true
    res.statusMessage = ''
  }

  /**
   * At once: a connection that breaks in this turn must not take it along. By Node's own methods, past whatever wraps them
   * and may hold it back for an end that does not come.
   */
  #sendWhole(body: Buffer): void {
    const res = this.#res
    const node = Object.getPrototypeOf(res) as ServerResponse
    res.removeHeader('transfer-encoding')
    res.setHeader('connection', 'close')
    const hasNoBody = this.#hasNoBody()
    if (hasNoBody) res.removeHeader('content-length')
    else res.setHeader('content-length', body.length)
    node.writeHead.call(res, res.statusCode)
    res.cork()
    if (hasNoBody || body.length === 0) node.flushHeaders.call(res)
    else node.write.call(res, body, 'utf8')
    res.uncork()
    this.#bytes += body.length
    Object.defineProperty(res, 'writableEnded', { configurable: true, enumerable: true, value: true })
  }

  #replace(name: Writer, method: (args: unknown[]) => unknown): void {
    const original = Reflect.get(this.#res, name) as Method | undefined
    // Already replaced, or not there in this version of Node.
    if (this.#originals.has(name) || original === undefined) return
    this.#originals.set(name, original)
    Reflect.set(this.#res, name, (...args: unknown[]) => method(args))
  }

  #write(name: 'write' | 'end', args: readonly unknown[]): unknown {
    if (this.#isMute()) return this.#refuse(name, args)
    const bytes = chunkBytes(args[0], args[1])
    const excess = this.#excessOf(bytes, name === 'end')
    if (excess !== undefined) return this.#stop(name, args, excess)
    return this.#call(name, args, bytes)
  }

  #writeHead(args: readonly unknown[]): unknown {
    if (this.#isMute()) return this.#refuse('writeHead', args)
    const headers = typeof args[1] === 'string' ? args[2] : (args[1] ?? args[2])
    const announcedBytes = announcedIn(headers) ?? this.#announcedBytes()
    const excess = this.#isUnlimited() || this.#hasNoBody(args[0]) ? undefined : this.#overLimit(announcedBytes, 'the response announces')
    if (excess !== undefined) return this.#stop('writeHead', args, excess)
    const result = this.#call('writeHead', args)
    this.#sent = { statusCode: this.#res.statusCode, announcedBytes }
    return result
  }

  #flushHeaders(): unknown {
    if (this.#isMute()) return undefined
    const excess = this.#excessOf(0, false)
    return excess === undefined ? this.#call('flushHeaders', []) : this.#stop('flushHeaders', [], excess)
  }

  #stop(name: Writer, args: readonly unknown[], excess: string): unknown {
    this.#whenOver?.(excess)
    // Whatever became of that: a response with a gap in it must not go on.
    if (!this.#isSilenced) this.#res.destroy()
    return this.#refuse(name, args)
  }

  /** Why something may not be sent: what it says it will be, or what it is. */
  #excessOf(bytes: number, isLast: boolean): string | undefined {
    if (this.#isUnlimited() || this.#hasNoBody()) return undefined
    const announcedBytes = this.#announcedBytes()
    const excess = this.#overLimit(announcedBytes, 'the response announces') ?? this.#overLimit(this.#bytes + bytes, 'the response has')
    if (excess !== undefined) return excess
    // Cut short, it would look whole (RFC 9112 section 6.3).
    return this.#res.req.httpVersionMinor === 0 && announcedBytes === undefined && !isLast ? 'a response to HTTP/1.0 of unannounced length cannot be limited while it streams' : undefined
  }

  #overLimit(bytes: number | undefined, what: string): string | undefined {
    return bytes !== undefined && bytes > this.#limitBytes ? `${what} ${bytes} bytes, over max_response_size ${this.#limitBytes}` : undefined
  }

  #announcedBytes(): number | undefined {
    return this.#sent === undefined ? lengthIn(this.#res.getHeader('content-length')) : this.#sent.announcedBytes
  }

  /** What the guard answers is not limited, and what a method calls in turn has been looked at already. */
  #isUnlimited(): boolean {
    return this.#limitBytes === Infinity || this.#isAnswering || this.#isCalling
  }

  #hasNoBody(statusCode: unknown = this.#sent?.statusCode ?? this.#res.statusCode): boolean {
    return this.#res.req.method === 'HEAD' || statusCode === 204 || statusCode === 304
  }

  #isMute(): boolean {
    return this.#isSilenced && !this.#isAnswering
  }

  /** As after the connection was lost: nothing is sent, nobody is asked to go on, and whoever waits for an answer gets one. */
  #refuse(name: Writer, args: readonly unknown[]): unknown {
    callBack(args, Object.assign(new Error('The response was ended by its guard'), { code: 'ERR_STREAM_DESTROYED' }))
    if (name === 'write') return false
    return name === 'end' || name === 'writeHead' || name === 'writeHeader' || name.startsWith('set') || name === 'appendHeader' ? this.#res : undefined
  }

  #call(name: Writer, args: readonly unknown[], bytes = 0): unknown {
    const wasCalling = this.#isCalling
    if (!wasCalling) this.#bytes += bytes
    this.#isCalling = true
    try {
      return Reflect.apply(this.#originals.get(name) as Method, this.#res, args)
    } finally {
      this.#isCalling = wasCalling
    }
  }

  #answer<T>(act: () => T): T {
    const wasAnswering = this.#isAnswering
    this.#isAnswering = true
    try {
      return act()
    } finally {
      this.#isAnswering = wasAnswering
    }
  }
}

const meters = createAttachment<ServerResponse, ResponseMeter>()

/** One meter a response, whoever wants to know. */
export function meterResponse(res: ServerResponse): ResponseMeter {
  let meter = meters.get(res)
  if (meter === undefined) meters.set(res, (meter = new ResponseMeter(res)))
  return meter
}

/** Tells whoever waits, in whichever place its callback stands. */
function callBack(args: readonly unknown[], error?: Error): void {
  const callback = args.find((arg) => typeof arg === 'function') as ((error?: Error) => void) | undefined
  if (callback !== undefined) process.nextTick(callback, error)
}

/** The largest length that headers announce. */
function announcedIn(headers: unknown): number | undefined {
  return largest(headersIn(headers).map(([name, value]) => (typeof name === 'string' && name.toLowerCase() === 'content-length' ? lengthIn(value) : undefined)))
}

/** Names and values, in any of the forms in which `writeHead` takes them. */
function headersIn(headers: unknown): readonly (readonly unknown[])[] {
  if (typeof headers !== 'object' || headers === null) return []
  if (!Array.isArray(headers)) return Object.entries(headers)
  if (Array.isArray(headers[0])) return headers as unknown[][]
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []))
}

function lengthIn(value: unknown): number | undefined {
  return largest((Array.isArray(value) ? value : [value]).map((length: unknown) => (typeof length === 'number' ? length : typeof length === 'string' ? Number.parseInt(length, 10) : undefined)))
}

function largest(lengths: readonly (number | undefined)[]): number | undefined {
  const known = lengths.filter((length) => length !== undefined && !Number.isNaN(length)) as number[]
  return known.length === 0 ? undefined : Math.max(...known)
}
