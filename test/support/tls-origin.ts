import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { RequestListener } from 'node:http'
import { createAuthority, type Authority } from './certificates.js'

/** An https origin on a free port of the loopback interface. What it serves is said later, once its name is known. */
export interface TlsOrigin {
  /** `https://127.0.0.1:…` */
  readonly origin: string
  serve(listener: RequestListener): void
  close(): Promise<void>
}

/** Who vouches for the servers of a test and for its agents. */
export interface Authorities {
  readonly ofServers: Authority
  readonly ofAgents: Authority
}

export function createAuthorities(): Authorities {
  return { ofServers: createAuthority({ commonName: 'Authority of servers' }), ofAgents: createAuthority({ commonName: 'Authority of agents' }) }
}

/** Asks clients for a certificate and lets in those without one, too: whether it is demanded is the listener's business. */
export async function openTlsOrigin({ ofServers, ofAgents }: Authorities): Promise<TlsOrigin> {
  const { certPem, keyPem } = ofServers.issue({ commonName: 'localhost', purpose: 'server' })
  let serve: RequestListener = (_request, response) => { response.writeHead(503).end() }
  const server = createServer({ cert: certPem, key: keyPem, ca: ofAgents.certPem, requestCert: true, rejectUnauthorized: false }, (request, response) => { serve(request, response) })
  // Who asks again after a while finds the connection as it was.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (listener) => { serve = listener },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
