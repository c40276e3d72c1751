import type { ResourceRequest } from '../model/resource-request.js'

/**
 * Every value that was sent for a header, in order. The raw list decides where there is one, since Node joins or drops
 * what was sent twice.
 *
 * @param name in lower case
 */
export function headerValues(request: Pick<ResourceRequest, 'headers' | 'rawHeaders'>, name: string): readonly string[] {
  const { rawHeaders } = request
  const values: string[] = []
  if (rawHeaders !== undefined) {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (isNamed(rawHeaders[i] as string, name)) values.push(rawHeaders[i + 1] as string)
    }
    return values
  }
  // Read only here: Node makes this object when it is first asked for.
  const { headers } = request
  for (const key of Object.keys(headers)) {
    const value = headers[key]
    if (value !== undefined && isNamed(key, name)) values.push(...(typeof value === 'string' ? [value] : value))
  }
  return values
}

/**
 * Whether a header was sent more than once. Keeps nothing, so that every request can be asked.
 *
 * @param name in lower case
 */
export function isSentTwice(request: Pick<ResourceRequest, 'headers' | 'rawHeaders'>, name: string): boolean {
  const { rawHeaders } = request
  if (rawHeaders === undefined) return headerValues(request, name).length > 1
  let isSent = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i] as string, name)) continue
    if (isSent) return true
    isSent = true
  }
  return false
}

function isNamed(key: string, name: string): boolean {
  return key.length === name.length && (key === name || key.toLowerCase() === name)
}
