import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { X509Certificate } from 'node:crypto'
import type { ResourceRequest } from '../model/resource-request.js'
import { requestMeterOf } from './request-meter.js'
import { socketCertificate } from './socket-certificate.js'

/** What frameworks add to a request, where they do. */
export interface FrameworkRequest extends IncomingMessage {
  originalUrl?: string
  query?: unknown
  params?: unknown
}

/** A request of Node, as the guard sees it. What is seldom needed is read when it is. */
export class IncomingRequest implements ResourceRequest {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly #message: IncomingMessage
  readonly #allowsSelfSigned: boolean

  /** @param allowsSelfSigned whether a self-signed certificate of the connection counts (POP-5) */
  constructor(message: FrameworkRequest, allowsSelfSigned = false) {
    this.method = message.method ?? ''
    // A mount point is taken off `url`, and the rest of it stays in `originalUrl`.
    this.url = message.originalUrl ?? message.url ?? ''
    this.rawHeaders = message.rawHeaders
    this.#message = message
    this.#allowsSelfSigned = allowsSelfSigned
  }

  get headers(): ResourceRequest['headers'] {
    return this.#message.headers
  }

  get remoteAddress(): string | undefined {
    return this.#message.socket.remoteAddress
  }

  get encrypted(): boolean {
    return (this.#message.socket as Socket & Partial<TLSSocket>).encrypted === true
  }

  get clientCertificate(): X509Certificate | undefined {
    return socketCertificate(this.#message, this.#allowsSelfSigned)
  }

  /**
   * Counted from authentication on, where a capability of the token limits the body (CON-6). Over HTTP/2 nobody counts, and
   * a stream that its headers leave open may bring a body of any size, with GET as well.
   */
  get receivedBytes(): number | undefined {
    if (this.#message.httpVersionMajor === 1) return requestMeterOf(this.#message)?.receivedBytes
    return endsWithHeaders(this.#message) || this.#message.headers['content-length'] !== undefined ? undefined : Infinity
  }

  /** Whoever admits a request limits its response (CON-7). Not in HTTP/2, which has other ways to write and to close. */
  get limitsResponse(): boolean {
    return this.#message.httpVersionMajor === 1
  }

  /** HTTP/1.1 has no body where neither length nor coding announces one, HTTP/2 where its headers end the stream. */
  get contentLength(): number | undefined {
    return this.#message.httpVersionMajor === 1 || endsWithHeaders(this.#message) ? 0 : undefined
  }
}

function endsWithHeaders(message: IncomingMessage & { readonly stream?: { readonly endAfterHeaders?: boolean } }): boolean {
  return message.stream?.endAfterHeaders === true
}
