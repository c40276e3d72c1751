import { isIPv6 } from 'node:net'

/** A URL as POP-4 compares it: the same two texts for everything that RFC 3986 says is the same by its syntax. */
export interface ComparableUrl {
  /** Scheme, host and port, without the scheme's own port. */
  readonly origin: string
  /** Begins with `/`. */
  readonly path: string
}

/** RFC 3986, appendix B. User information ends the authority at its `@`, with which no path begins. */
const httpUrl = /^(https?):\/\/([^/?#@\\]*)([^?#]*)/i
const hostAndPort = /^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]*))?$/
/** What RFC 3986 section 3.3 has in no path. Some of it parsers mend, each in its own way. */
const foreignToPaths = /[^A-Za-z0-9._~!$&'()*+,;=:@/%-]|%(?![0-9A-Fa-f]{2})/
const triplet = /%[0-9A-Fa-f]{2}/g
const unreserved = /^[A-Za-z0-9._~-]$/
const defaultPorts = { http: 80, https: 443 } as const
const maxPort = 65_535

/**
 * Normalises an absolute http(s) URL by its syntax and its scheme, and by nothing that needs the resource itself. Query
 * and fragment are dropped whatever they hold.
 *
 * It mends nothing: white space, control characters, backslashes and characters beyond ASCII are in no URL, so that a
 * name has to come as its A-labels. Two texts that only a resolver could know to be the same host stay two: a last dot,
 * another spelling of an IP address.
 *
 * @returns `undefined` for anything else, user information included
 * @see POP-4; RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3
 */
export function parseComparableUrl(text: string): ComparableUrl | undefined {
  const [, scheme = '', host = '', rest = ''] = httpUrl.exec(text) ?? []
  const origin = comparableOrigin(scheme.toLowerCase(), host)
  const path = comparablePath(rest)
  return origin === undefined || path === undefined ? undefined : { origin, path }
}

/**
 * A port is a number: leading zeros mean nothing, and an empty one is the scheme's own.
 *
 * @param scheme `http` or `https`, in lower case
 * @param host with its port, as in forwarded headers. Percent-encodings are refused: a name that is looked up has none
 * @returns `undefined` for another scheme, and where `host` is not `host[:port]`
 */
export function comparableOrigin(scheme: string, host: string): string | undefined {
  if (scheme !== 'http' && scheme !== 'https') return undefined
  const [, name, digits = ''] = hostAndPort.exec(host) ?? []
  if (name === undefined || (name.startsWith('[') && !isIPv6(name.slice(1, -1)))) return undefined
  const port = digits === '' ? defaultPorts[scheme] : Number(digits)
  if (port > maxPort) return undefined
  // In lower case only now: there are letters beyond ASCII whose lower case is within it.
  const origin = `${scheme}://${name.toLowerCase()}`
  return port === defaultPorts[scheme] ? origin : `${origin}:${port}`
}

/**
 * Unreserved characters are decoded once, and then dot segments removed, so that `%2e%2e` is one. Case, empty segments,
 * a slash at the end and every other percent-encoding stay.
 *
 * @param path of a request target or a URL, without query and fragment
 * @returns `undefined` where it does not begin with `/`, as the targets `*` and `http://…`, and where it has characters
 * that no path has. Of an empty path: `/`
 */
export function comparablePath(path: string): string | undefined {
  if (path === '') return '/'
  if (!path.startsWith('/') || foreignToPaths.test(path)) return undefined
  const decoded = path.includes('%') ? path.replace(triplet, decodeUnreserved) : path
  return decoded.includes('/.') ? withoutDotSegments(decoded) : decoded
}

function decodeUnreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return unreserved.test(character) ? character : encoded.toUpperCase()
}

/** RFC 3986 section 5.2.4. */
function withoutDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  if (last === '.' || last === '..') kept.push('')
  return `/${kept.join('/')}`
}
