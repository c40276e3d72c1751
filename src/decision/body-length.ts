import type { ResourceRequest } from '../model/resource-request.js'
import { headerValues } from '../token/headers.js'

/** What is known of the request body's size when it is decided: what was announced, or else what was received so far (CON-6). */
export function knownBodyBytes(request: ResourceRequest): number | undefined {
  const announced = announcedBodyBytes(request)
  const { receivedBytes } = request
  return announced === undefined ? receivedBytes : Math.max(announced, receivedBytes ?? 0)
}

/**
 * Bytes of the request body on the wire, as announced; `undefined` where nothing announces them (CON-6).
 *
 * @see RFC 9110 section 8.6, RFC 9112 section 6.3
 */
export function announcedBodyBytes(request: ResourceRequest): number | undefined {
  const announced = headerValues(request, 'content-length')
  if (headerValues(request, 'transfer-encoding').length > 0) return undefined
  if (announced.length > 1 || !announced.every((value) => /^[0-9]{1,15}$/.test(value))) return undefined
  const [length = request.contentLength] = announced.map(Number)
  if (length !== undefined) return Math.max(length, request.contentLength ?? 0)
  return request.method === 'GET' || request.method === 'HEAD' ? 0 : undefined
}
