import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { TrustedProxies } from './trusted-proxies.js'
import { comparableOrigin } from '../matching/comparable-url.js'
import { headerValues, isSentTwice } from './headers.js'

/** What a named proxy says of the connection that the client made to it. */
export interface Forwarded {
  /** Scheme, host and port as a `ComparableUrl` has them. Only where the proxy says both scheme and host. */
  readonly origin?: string
  /** Whether that connection was TLS. Where the proxy says so, this server's own socket is another connection. */
  readonly encrypted?: boolean
}

/** Where no named proxy says anything of its connection, or it was not asked. */
export const nothingForwarded: Forwarded = Object.freeze({})

/**
 * Reads `X-Forwarded-Host` and `X-Forwarded-Proto` of a named proxy, one value each: of several it cannot be told which
 * are the proxy's own. From anyone else both are ignored, as are `Forwarded` and `X-Forwarded-Port` from everyone.
 *
 * `Host` is never read. That there is one of it at most is asked of every request, since proxies and servers differ in
 * which of two they go by.
 *
 * @see POP-4, CON-12; RFC 9112 section 3.2
 */
export function readForwarded(request: ResourceRequest, proxies: TrustedProxies): Forwarded | Denial {
  if (isSentTwice(request, 'host')) return refused('more than one Host header')
  if (proxies.isEmpty || !proxies.has(request.remoteAddress)) return nothingForwarded

  const hosts = headerValues(request, 'x-forwarded-host')
  const protos = headerValues(request, 'x-forwarded-proto')
  if (hosts.length > 1) return refused('more than one X-Forwarded-Host header')
  if (protos.length > 1) return refused('more than one X-Forwarded-Proto header')

  const [host] = hosts
  const proto = protos[0]?.toLowerCase()
  if (proto !== undefined && proto !== 'http' && proto !== 'https') return refused('X-Forwarded-Proto is neither http nor https')
  const origin = host === undefined ? undefined : comparableOrigin(proto ?? 'https', host)
  if (host !== undefined && origin === undefined) return refused('X-Forwarded-Host is not host[:port]')
  if (proto === undefined) return nothingForwarded
  return { encrypted: proto === 'https', ...(origin !== undefined && { origin }) }
}

function refused(detail: string): Denial {
  return { code: 'invalid_request', rule: 'POP-4', detail }
}
