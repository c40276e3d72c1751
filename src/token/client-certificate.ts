import { LRUCache } from 'lru-cache'
import { hash, X509Certificate } from 'node:crypto'
import type { Denial } from '../model/denial.js'
import type { ResourceRequest } from '../model/resource-request.js'
import { headerValues } from './headers.js'
import { parseCertificate } from './parse-certificate.js'

/** Where a client's certificate may come from (POP-5). */
export interface CertificateRules {
  /** The header of named proxies, in lower case; `undefined` where only sockets count. */
  readonly header: string | undefined
  /** Whether the peer of the connection is a named proxy. */
  readonly isProxy: (remoteAddress: string | undefined) => boolean
}

export interface ShownCertificate {
  /** `x5t#S256` of the certificate: SHA-256 of its DER, base64url. `undefined` where the client has shown none. */
  readonly thumbprint: string | undefined
  /** Why there is none, for the audit record. */
  readonly why?: string
}

/** Of a header's value, in characters. Node's own bound for all headers together is the same by default. */
const maxHeaderLength = 16_384
/** Behind a proxy the certificate comes again with each request, and is parsed when it is first seen. */
const maxRememberedHeaders = 512

const thumbprintsOfHeaders = new LRUCache<string, string>({ max: maxRememberedHeaders })
const thumbprintsOfCertificates = new WeakMap<X509Certificate, string>()

/** RFC 8941 section 3.3.5. What stands between the colons is decoded elsewhere. */
const byteSequence = /^:([^:]*):$/
/** One block of RFC 7468 section 5, its label compared exactly. */
const pemBlock = /^-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END CERTIFICATE-----(?:\r?\n)?$/

/**
 * Finds the certificate whose key the client has proved to hold in a TLS handshake.
 *
 * From a named proxy the configured header alone decides, since the socket's certificate is then the proxy's own. From any
 * other peer the header is ignored, since the agent can write it itself, and the socket's certificate counts.
 *
 * @see POP-5; RFC 8705 section 3, RFC 9440
 */
export function readClientCertificate(request: ResourceRequest, { header, isProxy }: CertificateRules): ShownCertificate | Denial {
  if (header !== undefined && isProxy(request.remoteAddress)) return readHeader(request, header)
  const { clientCertificate } = request
  if (clientCertificate === undefined) return { thumbprint: undefined, why: whyNoneOfSocket(request, header) }
  const certificate = clientCertificate instanceof X509Certificate ? clientCertificate : parseCertificate(clientCertificate)
  if (certificate === undefined) return { thumbprint: undefined, why: 'the certificate of the connection is not one certificate in DER' }
  return { thumbprint: thumbprintOf(certificate) }
}

/**
 * Refuses two headers from a named proxy, on two lines or joined on one, whatever the token is: the client wrote one of them,
 * so that this proxy passes on what clients say. One that cannot be read concerns only who needs its certificate.
 */
export function checkHeaderOnce(request: ResourceRequest, { header, isProxy }: CertificateRules): Denial | undefined {
  if (header === undefined || !isProxy(request.remoteAddress)) return undefined
  const values = headerValues(request, header)
  return values.length > 1 || values[0]?.includes(',') === true ? refuse(`more than one header ${header}`) : undefined
}

function whyNoneOfSocket(request: ResourceRequest, header: string | undefined): string {
  const none = 'the connection has no client certificate that was verified'
  if (header === undefined || headerValues(request, header).length === 0) return none
  return `${none}, and the header ${header} does not count: the peer is no trusted proxy`
}

function readHeader(request: ResourceRequest, header: string): ShownCertificate | Denial {
  const values = headerValues(request, header)
  const [value] = values
  if (value === undefined) return { thumbprint: undefined, why: `the proxy sent no header ${header}` }
  if (values.length > 1) return refuse(`more than one header ${header}`)
  // HAProxy sends the header with nothing in it for a client without a certificate.
  if (value === '') return { thumbprint: undefined, why: `the proxy sent an empty header ${header}` }
  if (value.length > maxHeaderLength) return refuse(`the header ${header} has over ${maxHeaderLength} characters`)
  if (header === 'client-cert' && !byteSequence.test(value)) return refuse('the header client-cert is not one byte sequence (RFC 9440 section 2.2)')

  const remembered = thumbprintsOfHeaders.get(value)
  if (remembered !== undefined) return { thumbprint: remembered }
  const der = decodeHeader(value)
  const certificate = der && parseCertificate(der)
  if (certificate === undefined) return refuse(`the header ${header} is not one certificate`)
  const thumbprint = thumbprintOf(certificate)
  thumbprintsOfHeaders.set(value, thumbprint)
  return { thumbprint }
}

/**
 * The forms that proxies write, which no text can confuse: a byte sequence (RFC 9440), URL-encoded PEM, and bare base64 of
 * the DER.
 */
function decodeHeader(value: string): Buffer | undefined {
  const [, sequence] = byteSequence.exec(value) ?? []
  if (sequence !== undefined) return decodeBase64(sequence)
  return value.includes('%') ? decodeEscapedPem(value) : decodeBase64(value)
}

function decodeEscapedPem(value: string): Buffer | undefined {
  let text: string
  try {
    text = decodeURIComponent(value)
  } catch {
    return undefined
  }
  const [, lines] = pemBlock.exec(text) ?? []
  return lines === undefined ? undefined : decodeBase64(lines.replace(/\r?\n/g, ''))
}

/** Strict base64 of RFC 4648 section 4: with its padding, and one spelling for each sequence of bytes. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** `x5t#S256` of RFC 8705 section 3.1. */
function thumbprintOf(certificate: X509Certificate): string {
  let thumbprint = thumbprintsOfCertificates.get(certificate)
  if (thumbprint === undefined) {
    thumbprint = hash('sha256', certificate.raw, 'base64url')
    thumbprintsOfCertificates.set(certificate, thumbprint)
  }
  return thumbprint
}

function refuse(detail: string): Denial {
  return { code: 'invalid_request', rule: 'POP-5', detail }
}
