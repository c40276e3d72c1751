import type { ResourceRequest } from '../model/resource-request.js'
import { headerValues } from '../token/headers.js'

const traceparentForm = /^([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/

/**
 * The W3C trace that a request belongs to (AUD-2); `undefined` where it names none, several, or one that is malformed.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceparentOf(request: Pick<ResourceRequest, 'headers' | 'rawHeaders'>): string | undefined {
  const values = headerValues(request, 'traceparent')
  const [value] = values
  if (value === undefined || values.length > 1 || value.length > 512) return undefined
  const [matched, version, more] = traceparentForm.exec(value) ?? []
  // Version 00 has these four parts, later ones may have more, and ff is none.
  return version === 'ff' || (version === '00' && more !== undefined) ? undefined : matched
}
