import type { X509Certificate } from 'node:crypto'

/**
 * A request as the guard sees it, whatever server received it. An `IncomingMessage` of Node has this shape but
 * for the names of its socket's facts; the adapters fill those in.
 */
export interface ResourceRequest {
  /** The real method, in upper case as it was sent (CON-5). */
  readonly method: string
  /** The original request target, before any mount point was taken off. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values in turn, as received. Where present it decides how often a header was sent (TRN-1). */
  readonly rawHeaders?: readonly string[] | undefined
  /** Address of the peer of the connection (TRN-5). */
  readonly remoteAddress?: string | undefined
  /** Body length in bytes. Where absent it is taken from `Content-Length`. */
  readonly contentLength?: number | undefined
  /**
   * Bytes of the body that were received so far, where whoever received the request goes on counting and cuts the body at
   * the decision's limit. Absent where nobody counted: a body of unannounced length then has no known size (CON-6).
   */
  readonly receivedBytes?: number | undefined
  /** Whether whoever sends the response enforces the decision's limit. Where nobody does, CON-7 denies. */
  readonly limitsResponse?: boolean | undefined
  /** The client's certificate, which whoever received the request has verified; DER or parsed (POP-5). */
  readonly clientCertificate?: X509Certificate | Uint8Array | undefined
  /** Whether the connection is TLS on this server's own socket (CON-12). */
  readonly encrypted?: boolean | undefined
}
