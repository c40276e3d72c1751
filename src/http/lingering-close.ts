import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { chunkBytes } from './chunk-bytes.js'
import { historyOf } from './request-state.js'
import { meterRequest } from './request-meter.js'

/**
 * Closing a socket with unread data in it resets the connection, and the client may lose the answer that says why. So the
 * answer is sent, and the rest of the body received and dropped for a while, before the connection is closed.
 *
 * @see RFC 9112 section 9.6
 */
const lingerMs = 1_000

/** Connections that end with the answer to one request. */
const closing = new WeakMap<Socket, { readonly arrival: number; readonly res: ServerResponse }>()

export function markClosing(req: IncomingMessage, res: ServerResponse): void {
  if (!closing.has(req.socket)) closing.set(req.socket, { arrival: historyOf(req).arrival, res })
}

/** What was pipelined behind an answer that ends the connection is not processed. True where a request was dropped for that. */
export function dropPipelined(req: IncomingMessage, res: ServerResponse): boolean {
  const last = closing.get(req.socket)
  if (last === undefined || historyOf(req).arrival <= last.arrival || isBefore(res, last.res)) return false
  if (res.socket === null) res.destroy()
  else req.socket.destroySoon()
  return true
}

/** Requests can overtake each other on their way to the guard, but responses hold the connection in turn. */
function isBefore(res: ServerResponse, last: ServerResponse): boolean {
  return res.socket !== null && last.socket === null && !last.writableFinished
}

/**
 * Makes the answer to a request the last one of its connection: what `end` is given is sent at once, and the end itself is
 * held back until the upload is over.
 */
export function holdEnd(req: IncomingMessage, res: ServerResponse): void {
  markClosing(req, res)
  meterRequest(req).drop()
  if (!res.headersSent) res.setHeader('connection', 'close')
  const end = res.end.bind(res)
  res.end = (...args: unknown[]) => {
    if (res.writableEnded) return res
    sendWhole(res, args[0], args[1])
    Object.defineProperty(res, 'writableEnded', { configurable: true, enumerable: true, value: true })
    // Whatever its headers say.
    res.once('finish', () => { req.socket.destroySoon() })
    whenUploadOver(req, () => { end(args.find((arg) => typeof arg === 'function') as (() => void) | undefined) })
    return res
  }
}

/** Calls back when the body was received to its end, the peer left, or a second has passed. */
export function whenUploadOver(req: IncomingMessage, then: () => void): void {
  const { socket } = req
  const meter = meterRequest(req)
  meter.drop()
  let isOver = false
  const conclude = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    socket.off('close', conclude)
    meter.stopReading()
    then()
  }
  // In a later turn: what was written in this one is on its way by then.
  const concludeSoon = (): void => { setImmediate(conclude) }
  const timer = setTimeout(conclude, lingerMs).unref()
  socket.once('close', conclude)
  meter.onEnded(concludeSoon)
  if (socket.destroyed) concludeSoon()
}

/** Closes the connection behind what was written, without an end of the response that its handler could take for its own. */
export function closeSoon(req: IncomingMessage, res: ServerResponse): void {
  if (res.socket !== null || res.writableFinished) req.socket.destroySoon()
  // Other answers go first.
  else res.once('socket', (socket: Socket) => { setImmediate(() => { socket.destroySoon() }) })
}

/**
 * All of the response but its end, at once: a connection that breaks in this turn must not take it along. Its length is
 * announced where it can be, so that the client need not wait for the end.
 */
function sendWhole(res: ServerResponse, chunk: unknown, encoding: unknown): void {
  const text = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : ''
  if (!res.headersSent && !res.hasHeader('content-length') && !res.hasHeader('transfer-encoding')) res.setHeader('content-length', chunkBytes(text, encoding))
  res.cork()
  res.write(text, (typeof encoding === 'string' ? encoding : 'utf8') as BufferEncoding)
  // Where the response has no body nothing has taken its headers along.
  res.flushHeaders()
  res.uncork()
}
