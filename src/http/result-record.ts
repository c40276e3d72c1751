import type { ServerResponse } from 'node:http'
import type { GuardCore, Session } from '../guard/guard-core.js'
import { timestampOf } from '../audit/timestamp-of.js'
import { traceparentOf } from '../audit/trace-context.js'

const watched = new WeakSet<ServerResponse>()

/**
 * Leaves a result record when the response has ended, with the bytes of its body (AUD-1). Bytes are counted where they
 * are written, since a length that a handler announces need not be the one it sends.
 */
export function recordResult(core: GuardCore, { correlationId, request, verified }: Session, res: ServerResponse, startedAtMs: number): void {
  if (!core.settings.trail.isOn || watched.has(res)) return
  watched.add(res)
  const bytes = countBytes(res)
  whenClosed(res, () => {
    const traceId = verified?.compiled.authorization.audit?.traceId
    const traceparent = traceparentOf(request)
    core.writeRecord((nowMs) => ({
      kind: 'result',
      time: timestampOf(nowMs),
      correlation_id: correlationId,
      status: res.statusCode,
      bytes: bytes(),
      duration_ms: Math.max(0, Math.round(performance.now() - startedAtMs)),
      ...(!res.writableFinished && { aborted: true }),
      ...(traceId !== undefined && { trace_id: traceId }),
      ...(traceparent !== undefined && { traceparent }),
    }))
  })
}

/** Also where the caller left while the request was looked at. */
export function whenClosed(res: ServerResponse, then: () => void): void {
  if (res.closed) then()
  else res.once('close', then)
}

function countBytes(res: ServerResponse): () => number {
  let bytes = 0
  const { write, end } = res
  const count = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string') bytes += Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
    else if (chunk instanceof Uint8Array) bytes += chunk.byteLength
  }
  res.write = function (this: ServerResponse, ...args: unknown[]) {
    count(args[0], args[1])
    return Reflect.apply(write, this, args) as boolean
  } as typeof write
  res.end = function (this: ServerResponse, ...args: unknown[]) {
    count(args[0], args[1])
    return Reflect.apply(end, this, args) as ServerResponse
  } as typeof end
  // What a handler writes in answer to HEAD stays here (RFC 9110 section 9.3.2).
  return () => (res.req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304 ? 0 : bytes)
}
