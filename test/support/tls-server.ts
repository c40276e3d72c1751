import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import { createAuthority } from './certificates.js'

export type Protocol = 'HTTP/1.1' | 'HTTP/2'
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** What vouches for servers in tests; clients have to be told. */
export const serverAuthority = createAuthority({ commonName: 'Authority for servers' })
const identity = serverAuthority.issue({ commonName: 'localhost', purpose: 'server' })

export interface TlsServer {
  readonly port: number
  /** For whoever wants the connections themselves. */
  readonly server: Server
}

/**
 * A server that asks clients for certificates and lets every one in, for the listener to judge. It ends with the test.
 *
 * @param options `ca` are the authorities whose clients are authorized
 */
export async function startTlsServer(protocol: Protocol, listener: (req: IncomingMessage, res: ServerResponse) => void, options: TlsOptions = {}): Promise<TlsServer> {
  const settings: TlsOptions = { cert: identity.certPem, key: identity.keyPem, requestCert: true, rejectUnauthorized: false, ...options }
  // The compatibility interface of HTTP/2 is that of HTTP/1.1, and has types of its own.
  const server = protocol === 'HTTP/1.1' ? createServer(settings, listener) : createSecureServer(settings, listener as never)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => { server.close() })
  return { port: (server.address() as AddressInfo).port, server }
}
