import { request as httpsRequest } from 'node:https'

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
  return (url, { method = 'GET', headers, body, signal } = {}) => new Promise((resolve, reject) => {
    const request = httpsRequest(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      agent: false,
      ca,
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(signal instanceof AbortSignal && { signal }),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const { rawHeaders, statusCode = 0 } = response
        const received = new Headers()
        for (let i = 0; i < rawHeaders.length; i += 2) received.append(rawHeaders[i]!, rawHeaders[i + 1]!)
        const content = [204, 304].includes(statusCode) ? null : Buffer.concat(parts)
        resolve(new Response(content, { status: statusCode, headers: received }))
      })
    })
    request.end(body instanceof URLSearchParams ? body.toString() : body as string | Uint8Array | undefined)
  })
}
