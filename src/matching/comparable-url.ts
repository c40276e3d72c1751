/** A URL as POP-4 compares it: the same text for everything that names the same resource. */
export interface ComparableUrl {
  /** Scheme, host and port, without the scheme's own port. */
  readonly origin: string
  /** At least `/`. */
  readonly path: string
}

/** RFC 3986, appendix B, without user information; what follows the path is lost. */
const httpUrl = /^(https?):\/\/([^/?#\\@]*)([^?#]*)/i
const authority = /^((?:[a-z0-9._~-]+)|\[[0-9a-f:.]+\])(?::([0-9]*))?$/
/** RFC 3986 section 3.3, and nothing that a parser might mend. */
const pathForm = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*$/
const unreserved = /^[A-Za-z0-9._~-]$/
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * Normalises an absolute http(s) URL by its syntax and its scheme, and by nothing that needs the resource itself.
 *
 * @returns `undefined` for anything else, user information included
 * @see POP-4; RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3
 */
export function parseComparableUrl(text: string): ComparableUrl | undefined {
  const [, scheme = '', host = '', path = ''] = httpUrl.exec(text) ?? []
  const origin = comparableOrigin(scheme.toLowerCase(), host.toLowerCase())
  const comparable = comparablePath(path)
  return origin === undefined || comparable === undefined ? undefined : { origin, path: comparable }
}

/** @param host with its port, as in `Host` and in forwarded headers */
export function comparableOrigin(scheme: string, host: string): string | undefined {
  const [, name, port = ''] = authority.exec(host.toLowerCase()) ?? []
  if (name === undefined || defaultPorts[scheme] === undefined || Number(port) > 65_535) return undefined
  const number = port === '' ? '' : String(Number(port))
  return number === '' || number === defaultPorts[scheme] ? `${scheme}://${name}` : `${scheme}://${name}:${number}`
}

/** @param path without query and fragment; `undefined` where it has characters that no path has */
export function comparablePath(path: string): string | undefined {
  if (!pathForm.test(path)) return undefined
  return withoutDotSegments(path.replace(/%[0-9A-Fa-f]{2}/g, decodeUnreserved))
}

function decodeUnreserved(triplet: string): string {
  const character = String.fromCharCode(parseInt(triplet.slice(1), 16))
  return unreserved.test(character) ? character : triplet.toUpperCase()
}

/** RFC 3986 section 5.2.4. */
function withoutDotSegments(path: string): string {
  const output: string[] = []
  const segments = path.split('/').slice(1)
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    if (segment === '..') output.pop()
    if (segment !== '.' && segment !== '..') output.push(segment)
    else if (isLast) output.push('')
  }
  return `/${output.join('/')}`
}
