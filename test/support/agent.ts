import * as oauth from 'oauth4webapi'
import { agentSecret, type Binding } from './authorization-server.js'
import { createTlsFetch, type TlsRequest } from './tls-fetch.js'
import type { Authorities } from './tls-origin.js'
import type { IssuedCertificate } from './certificates.js'

export interface AgentOptions {
  readonly authorities: Authorities
  readonly issuer: string
  /** Resource indicator of what it calls (RFC 8707). */
  readonly audience: string
  readonly binding: Binding
  /** For a binding to mTLS. */
  readonly certificate?: IssuedCertificate
  /** Of its proofs. Default new ones for ES256. */
  readonly proofKeys?: ProofKeys
}

export type ProofKeys = oauth.CryptoKeyPair

export function generateProofKeys(algorithm: 'ES256' | 'RS256' | 'Ed25519'): Promise<ProofKeys> {
  return oauth.generateKeyPair(algorithm)
}

/** What an agent sent to an API, as it was sent. */
export interface SentRequest {
  readonly url: string
  readonly init: Omit<TlsRequest, 'headers'> & { readonly headers: Readonly<Record<string, string>> }
}

export interface AgentAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** As the client library reads `WWW-Authenticate`. */
  readonly challenges: readonly oauth.WWWAuthenticateChallenge[]
  /** Requests that it took: 2 where the server demanded a nonce first. */
  readonly attempts: number
}

/** An agent that knows OAuth by a library of its own (oauth4webapi). */
export interface Agent {
  readonly proofKeys: ProofKeys
  /** Of the public one of these (RFC 7638). */
  readonly thumbprint: string
  /** Every request to an API, in order. */
  readonly sent: SentRequest[]
  /** Gets a token by its client credentials. */
  requestToken(): Promise<oauth.TokenEndpointResponse>
  /** Reads the metadata of an API (RFC 9728), where it says that they are, or where they have to be. */
  readMetadata(resource: string, metadataUrl?: string): Promise<oauth.ResourceServer>
  /** Calls an API with this token, and once more when it is told to use a nonce. */
  call(url: string, accessToken: string, options?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<AgentAnswer>
}

export async function createAgent({ authorities, issuer, audience, binding, certificate, proofKeys: givenKeys }: AgentOptions): Promise<Agent> {
  const client: oauth.Client = { client_id: binding }
  const authentication = binding.includes('mtls') ? oauth.TlsClientAuth() : oauth.ClientSecretPost(agentSecret)
  const proofKeys = givenKeys ?? await generateProofKeys('ES256')
  const handle = oauth.DPoP(client, proofKeys)
  const proofs = binding.includes('dpop') ? { DPoP: handle } : {}
  const fetch = createTlsFetch({ ca: authorities.ofServers.certPem, cert: certificate?.certPem, key: certificate?.keyPem })
  const sent: SentRequest[] = []

  const discover = async (): Promise<oauth.AuthorizationServer> => {
    const url = new URL(issuer)
    return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oidc', [oauth.customFetch]: fetch }))
  }
  let metadata: Promise<oauth.AuthorizationServer> | undefined

  return {
    proofKeys,
    thumbprint: await handle.calculateThumbprint(),
    sent,
    requestToken: async () => {
      const server = await (metadata ??= discover())
      return (await withNonce(async () => {
        const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, { resource: audience, scope: 'search' }, { ...proofs, [oauth.customFetch]: fetch })
        return oauth.processClientCredentialsResponse(server, client, response)
      })).result
    },
    readMetadata: async (resource, metadataUrl) => {
      const identifier = new URL(resource)
      return oauth.processResourceDiscoveryResponse(identifier, await (metadataUrl === undefined ? oauth.resourceDiscoveryRequest(identifier, { [oauth.customFetch]: fetch }) : fetch(metadataUrl)))
    },
    call: async (url, accessToken, { method = 'GET', headers = {} } = {}) => {
      const send = (): Promise<Response> => oauth.protectedResourceRequest(accessToken, method, new URL(url), new Headers(headers), null, {
        ...proofs,
        [oauth.customFetch]: (to, init) => {
          sent.push({ url: to, init })
          return fetch(to, init)
        },
      })
      const { result, attempts } = await withNonce(() => send().then((response) => ({ response, challenges: [] }), challenged))
      return { status: result.response.status, headers: result.response.headers, text: await result.response.text(), challenges: result.challenges, attempts }
    },
  }
}

/** Refusals are answers here, but for the demand for a nonce. */
function challenged(error: unknown): { response: Response; challenges: readonly oauth.WWWAuthenticateChallenge[] } {
  if (!(error instanceof oauth.WWWAuthenticateChallengeError) || oauth.isDPoPNonceError(error)) throw error
  return { response: error.response, challenges: error.cause }
}

/** The library keeps the nonce that it was given, and leaves it to its user to try again. */
async function withNonce<T>(work: () => Promise<T>): Promise<{ result: T; attempts: number }> {
  try {
    return { result: await work(), attempts: 1 }
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return { result: await work(), attempts: 2 }
  }
}
