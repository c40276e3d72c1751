import { isIPv4 } from 'node:net'

/** What an action reaches out to, as every rule sees it and as the handler gets it (CON-2). */
export interface Target {
  /**
   * The canonical URL, handed on as `req.aap.target`. Its host is `host`, without the trailing dot the text may have
   * had, so that a handler which looks at the host again sees the one that was checked.
   */
  readonly url: string
  /** ASCII, lower case, without port or trailing dot; IPv6 compressed and without brackets. */
  readonly host: string
  /** The family of `host` as it is written, 0 for a name. A mapped IPv6 address is 6 here. */
  readonly addressFamily: 0 | 4 | 6
}

/**
 * CON-2's demands on the text, with the authority as the only group. Stated on the raw text because the parser
 * repairs what it gets: it strips tabs, reads a backslash as a slash, forgets an empty userinfo and skips extra slashes.
 * `\s` is the Unicode white space, the ranges are C0, DEL and C1. No two neighbours overlap, so it is linear.
 */
// eslint-disable-next-line no-control-regex
const targetText = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/([^\s\\/?#@\u0000-\u001f\u007f-\u009f]+)(?:[/?#][^\s\\\u0000-\u001f\u007f-\u009f]*)?$/

const port = /:[0-9]*$/
const maxHostOctets = 253

/**
 * Reads a target, or gives `undefined` where it has to be denied. Takes exactly one string or `URL`: a repeated query
 * parameter is an array, and whichever element we picked the handler could pick the other.
 *
 * @see CON-2; https://url.spec.whatwg.org/#host-parsing
 */
export function parseTarget(value: unknown): Target | undefined {
  const text = typeof value === 'string' ? value : hrefOf(value)
  if (text === undefined) return undefined
  const authority = targetText.exec(text)?.[1]
  if (authority === undefined) return undefined
  const parsed = parseUrl(text)
  if (parsed === undefined) return undefined

  const { hostname } = parsed
  if (hostname.startsWith('[')) return { url: parsed.href, host: hostname.slice(1, -1), addressFamily: 6 }

  if (isIPv4(hostname)) {
    // The parser's form is plain, so the text is plain if it is the same: no octal, hex, dword, `%2e`, full width, last dot.
    const plain = authority.replace(port, '') === hostname
    return plain ? { url: parsed.href, host: hostname, addressFamily: 4 } : undefined
  }

  const host = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
  if (host.length > maxHostOctets || hasEmptyLabel(host)) return undefined
  if (host !== hostname) parsed.hostname = host
  return { url: parsed.href, host, addressFamily: 0 }
}

function hrefOf(value: unknown): string | undefined {
  try {
    // A subclass may answer anything, an object that only inherits from URL throws.
    const href: unknown = value instanceof URL ? value.href : undefined
    return typeof href === 'string' ? href : undefined
  } catch {
    return undefined
  }
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

function hasEmptyLabel(host: string): boolean {
  return host === '' || host.startsWith('.') || host.endsWith('.') || host.includes('..')
}
