import { generateKeyPairSync, hash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import Provider from 'oidc-provider'
import { exampleClaims } from '../../src/testing/index.js'
import { openTlsOrigin, type Authorities } from './tls-origin.js'

export interface AuthorizationServerOptions {
  readonly authorities: Authorities
  /** Resource indicator and `aud` of the tokens (RFC 8707). */
  readonly audience: string
  /** What tokens say of the agent, in the canonical dialect. Default those of `exampleClaims`. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds that tokens live. Default 300. */
  readonly ttlSeconds?: number
  /** Whether its token endpoint demands a nonce in proofs (RFC 9449 section 8). Default `false`. */
  readonly requiresNonce?: boolean
  /** Default `jwt`. */
  readonly tokenFormat?: 'jwt' | 'opaque'
  /** Further clients, such as servers that introspect and revoke what others were issued. Default none. */
  readonly clients?: readonly Readonly<Record<string, unknown>>[]
}

/** How an agent's tokens are bound. */
export type Binding = 'none' | 'dpop' | 'mtls' | 'dpop and mtls'

export const agentSecret = 'a-secret-of-the-agent'
/** Of the certificates of agents that the authorization server knows. */
export const agentSubject = 'agent'

/** An authorization server in real use (oidc-provider), over TLS. */
export interface AuthorizationServer {
  /** Its `iss`, an https URL by which its metadata are found. */
  readonly issuer: string
  close(): Promise<void>
}

/**
 * Issues JWT access tokens (RFC 9068) for client credentials to one client of each `Binding`, whose id is the binding: those
 * of mTLS authenticate by a certificate of `agentSubject`, the others by `agentSecret`.
 */
export async function startAuthorizationServer({ authorities, audience, claims = {}, ttlSeconds = 300, requiresNonce = false, tokenFormat = 'jwt', clients = [] }: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const server = await openTlsOrigin(authorities)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { sub, ...tokenClaims } = exampleClaims(claims)
  const client = (binding: Binding): object => ({
    client_id: binding,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
    dpop_bound_access_tokens: binding.includes('dpop'),
    tls_client_certificate_bound_access_tokens: binding === 'mtls',
    ...(binding.includes('mtls')
      ? { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: `CN=${agentSubject}` }
      : { token_endpoint_auth_method: 'client_secret_post', client_secret: agentSecret }),
  })
  const provider = new Provider(server.origin, {
    clients: [...(['none', 'dpop', 'mtls', 'dpop and mtls'] as const).map(client), ...clients.map((settings) => ({ grant_types: [], redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256', introspection_signed_response_alg: 'ES256', ...settings }))],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'as-1', use: 'sig', alg: 'ES256' }] },
    formats: { customizers: { jwt: bindTwice } },
    extraTokenClaims: () => ({ ...tokenClaims, sub }),
    enabledJWA: { dPoPSigningAlgValues: ['ES256', 'RS256', 'Ed25519', 'EdDSA'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => requiresNonce },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        getCertificate: (context: { socket: TLSSocket }) => certificateOf(context.socket),
        certificateAuthorized: (context: { socket: TLSSocket }) => context.socket.authorized,
        certificateSubjectMatches: (context: { socket: TLSSocket }, _property: string, expected: string) => certificateOf(context.socket)?.subject === expected,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => {
          if (resource !== audience) throw new Error(`unknown resource ${resource}`)
          return { scope: 'search', audience, accessTokenFormat: tokenFormat, accessTokenTTL: ttlSeconds, jwt: { sign: { alg: 'ES256' } } }
        },
      },
    },
  })
  server.serve(provider.callback())
  return { issuer: server.origin, close: () => server.close() }
}

/** oidc-provider binds a token once, and leaves it to customizers to say more of it. */
function bindTwice({ socket }: { socket: TLSSocket }, { clientId }: { clientId: string }, { payload }: { payload: { cnf?: Record<string, string> } }): void {
  if ((clientId as Binding) !== 'dpop and mtls') return
  payload.cnf = { ...payload.cnf, 'x5t#S256': hash('sha256', certificateOf(socket)!.raw, 'base64url') }
}

function certificateOf(socket: TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate()
}
