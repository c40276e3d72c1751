import { request as httpsRequest } from 'node:https'
import { receive } from './http-client.js'

/** What a `fetch` over TLS trusts, and what it shows of itself. PEM. */
export interface TlsFetchOptions {
  /** The authority of servers. */
  readonly ca: string
  /** The client's certificate with its key. Default none. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export type TlsFetch = (url: string, init?: TlsRequest) => Promise<Response>

/** The part of a `RequestInit` that is heeded. Redirects are never followed. */
export interface TlsRequest {
  readonly method?: string | undefined
  readonly headers?: RequestInit['headers'] | undefined
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
}

/**
 * A `fetch` that trusts one authority and can show a certificate, which the global one of Node cannot be told to. One
 * connection a request.
 */
export function createTlsFetch({ ca, cert, key }: TlsFetchOptions): TlsFetch {
  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const request = httpsRequest(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      agent: false,
      ca,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(signal instanceof AbortSignal && { signal }),
    })
    const received = receive(request)
    request.end(body instanceof URLSearchParams ? body.toString() : body as string | Uint8Array | undefined)
    const { status, headers: pairs, content } = await received
    return new Response([204, 304].includes(status) ? null : content, { status, headers: pairs.map(([name, value]) => [name, value]) })
  }
}
