import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { headerValues } from '../token/headers.js'
import { stateOf } from './request-state.js'
import { traceparentOf } from '../audit/trace-context.js'

/**
 * Headers for the calls that a handler makes on behalf of a request, so that they belong to the same trace (AUD-2):
 * the request's `traceparent` and `tracestate`, or where it has none, a `traceparent` from the token's `trace_id`, if
 * that is the 32 hexadecimal digits of a W3C trace id. Empty where there is no trace.
 *
 * @example
 * await fetch(req.aap.target, { headers: traceHeaders(req) })
 */
export function traceHeaders(req: IncomingMessage): Record<string, string> {
  const traceparent = traceparentOf(req)
  if (traceparent !== undefined) {
    const tracestate = headerValues(req, 'tracestate').join(',')
    return { traceparent, ...(tracestate !== '' && { tracestate }) }
  }
  const traceId = stateOf(req)?.aap?.audit?.traceId?.toLowerCase()
  if (traceId === undefined || !/^(?!0{32})[0-9a-f]{32}$/.test(traceId)) return {}
  return { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` }
}
