import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestState } from './request-state.js'
import { historyOf } from './request-state.js'
import { timestampOf } from '../audit/timestamp-of.js'
import { traceparentOf } from '../audit/trace-context.js'

/**
 * Leaves a result record when the response has ended, with the bytes of its body (AUD-1). Bytes are counted where they
 * are written, since a length that a handler announces need not be the one it sends.
 */
export function recordResult({ core, session, startedAtMs }: RequestState, req: IncomingMessage, res: ServerResponse): void {
  const history = historyOf(req)
  if (!core.settings.trail.isOn || history.isResultDue) return
  history.isResultDue = true
  const bytes = countBytes(res)
  whenClosed(res, () => {
    const { correlationId, request, verified } = session
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
  for (const name of ['write', 'end'] as const) {
    const original = Reflect.get(res, name) as (...args: unknown[]) => unknown
    const counting = (...args: unknown[]): unknown => {
      bytes += lengthOf(args[0], args[1])
      return Reflect.apply(original, res, args)
    }
    res[name] = counting as ServerResponse['write'] & ServerResponse['end']
  }
  // What a handler writes in answer to HEAD stays here (RFC 9110 section 9.3.2).
  return () => (res.req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304 ? 0 : bytes)
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
