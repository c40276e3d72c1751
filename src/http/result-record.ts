import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestState } from './request-state.js'
import { historyOf } from './request-state.js'
import { meterResponse } from './response-meter.js'
import { timestampOf } from '../audit/timestamp-of.js'
import { traceparentOf } from '../audit/trace-context.js'

/** Leaves a result record when the response has ended, with the bytes of its body, and why it was cut short if it was (AUD-1). */
export function recordResult({ core, session, startedAtMs }: RequestState, req: IncomingMessage, res: ServerResponse): void {
  const history = historyOf(req)
  if (!core.settings.trail.isOn || history.isResultDue) return
  history.isResultDue = true
  const meter = meterResponse(res)
  // An answer to what was cut is whole without an end of its own.
  const isWhole = (): boolean => !history.isCutOff && (isFinished(res) || (history.cut !== undefined && res.writableEnded))
  whenClosed(res, () => {
    const { correlationId, request, verified } = session
    const traceId = verified?.compiled.authorization.audit?.traceId
    const traceparent = traceparentOf(request)
    core.writeRecord((nowMs) => ({
      kind: 'result',
      time: timestampOf(nowMs),
      correlation_id: correlationId,
      status: res.statusCode,
      bytes: meter.bytes,
      duration_ms: Math.max(0, Math.round(performance.now() - startedAtMs)),
      ...(!isWhole() && { aborted: true }),
      ...(history.cut !== undefined && { rule: history.cut.rule, detail: history.cut.detail }),
      ...(traceId !== undefined && { trace_id: traceId }),
      ...(traceparent !== undefined && { traceparent }),
    }))
  })
}

/** Ended, and handed to the system whole. Over HTTP/2 a stream that was reset claims to have finished what nobody ended. */
export function isFinished({ writableEnded, writableFinished }: ServerResponse): boolean {
  return writableEnded && writableFinished
}

/** Also where the caller left while the request was looked at. */
export function whenClosed(res: ServerResponse, then: () => void): void {
  if (res.closed) then()
  else res.once('close', then)
}
