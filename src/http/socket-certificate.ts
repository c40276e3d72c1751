import type { IncomingMessage } from 'node:http'
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** A certificate and when it is valid, in epoch milliseconds. */
interface Shown {
  readonly certificate: X509Certificate
  readonly fromMs: number
  readonly untilMs: number
}

/** What a socket of either protocol says about its peer. Over HTTP/2 it is a stand-in, of which each stream has its own. */
type Peer = Partial<Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate' | 'getProtocol'>> & {
  /** On a server it is a code of OpenSSL. */
  readonly authorizationError?: unknown
}

/** By socket or session of HTTP/2, where it can show no other certificate later. */
const shownOn = new WeakMap<object, Shown | undefined>()

const curves: ReadonlySet<unknown> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
/** As for keys of issuers (TOK-1). */
const leastModulusBits = 2_048

/**
 * The client's certificate of a TLS connection to this server, while it is valid: one that was verified with the authorities
 * that the server trusts, or where allowed, one whose only fault is that it is self-signed.
 *
 * @returns `undefined` for every other connection
 * @see POP-5; RFC 8705 section 3
 */
export function socketCertificate(req: IncomingMessage, allowsSelfSigned: boolean): X509Certificate | undefined {
  const peer = req.socket as Peer
  if (!isVerified(peer) && !(allowsSelfSigned && isSelfSigned(peer))) return undefined
  const shown = shownBy(peer, connectionOf(req))
  if (shown === undefined) return undefined
  const nowMs = Date.now()
  return shown.fromMs <= nowMs && nowMs < shown.untilMs ? shown.certificate : undefined
}

/** A second handshake on the same connection leaves `authorized` as it was: only the error tells that it failed. */
function isVerified({ authorized, authorizationError }: Peer): boolean {
  return authorized === true && (authorizationError ?? undefined) === undefined
}

/** OpenSSL reports the last fault it finds, and looks at dates and purposes after this one. */
function isSelfSigned({ authorized, authorizationError }: Peer): boolean {
  return authorized === false && authorizationError === 'DEPTH_ZERO_SELF_SIGNED_CERT'
}

function connectionOf(req: IncomingMessage & { readonly stream?: { readonly session?: object | undefined } }): object {
  return req.stream?.session ?? req.socket
}

function shownBy(peer: Peer, connection: object): Shown | undefined {
  if (shownOn.has(connection)) return shownOn.get(connection)
  const shown = readShown(peer)
  // TLS 1.3 has no renegotiation.
  if (peer.getProtocol?.() === 'TLSv1.3') shownOn.set(connection, shown)
  return shown
}

function readShown(peer: Peer): Shown | undefined {
  // A resumed session without a certificate is authorized as well.
  const certificate = peer.getPeerX509Certificate?.()
  if (certificate === undefined || (!isVerified(peer) && !isProven(certificate))) return undefined
  return { certificate, fromMs: Date.parse(certificate.validFrom), untilMs: Date.parse(certificate.validTo) }
}

/**
 * What OpenSSL leaves out for a certificate that nobody vouches for: its own signature, and the strength of its key, whose
 * error the one about the signature replaces.
 */
function isProven(certificate: X509Certificate): boolean {
  try {
    const { publicKey } = certificate
    return isStrong(publicKey) && certificate.verify(publicKey)
  } catch {
    return false
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return curves.has(asymmetricKeyDetails?.namedCurve)
  if (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss') return (asymmetricKeyDetails?.modulusLength ?? 0) >= leastModulusBits
  return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448'
}
