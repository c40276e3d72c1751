import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ClientAuthentication } from '../../../src/token/client-authentication.js'
import { createIntrospectionEndpoint, type IntrospectionEndpoint } from '../../../src/token/introspection-endpoint.js'
import { createAgent } from '../../support/agent.js'
import { startAuthorizationServer, type AuthorizationServer } from '../../support/authorization-server.js'
import { createAuthorities } from '../../support/tls-origin.js'
import { createTlsFetch } from '../../support/tls-fetch.js'

const audience = 'https://api.example.com'
const secret = 'a secret: with % + & and =, long enough'
const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')

const keyed = (alg: string, { publicKey }: typeof es256) => ({ client_id: alg, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg, jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'k' }] } })
const clients = [
  { client_id: 'basic:api', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
  { client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
  keyed('ES256', es256), keyed('RS256', rsa), keyed('PS256', rsa), keyed('EdDSA', ed25519),
]
const authentications: ClientAuthentication[] = [
  { method: 'client_secret_basic', clientId: 'basic:api', clientSecret: secret },
  { method: 'client_secret_post', clientId: 'post', clientSecret: secret },
  { method: 'private_key_jwt', clientId: 'ES256', privateKey: es256.privateKey },
  { method: 'private_key_jwt', clientId: 'RS256', privateKey: rsa.privateKey, keyId: 'k' },
  { method: 'private_key_jwt', clientId: 'PS256', privateKey: rsa.privateKey, algorithm: 'PS256' },
  { method: 'private_key_jwt', clientId: 'EdDSA', privateKey: ed25519.privateKey },
]

describe('INT-1: at an authorization server that knows nothing of us (oidc-provider)', () => {
  const authorities = createAuthorities()
  let opaque: AuthorizationServer
  let structured: AuthorizationServer
  beforeAll(async () => {
    // oidc-provider says on the console that its own defaults are for development.
    vi.spyOn(console, 'info').mockImplementation(() => undefined)
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    opaque = await startAuthorizationServer({ authorities, audience, tokenFormat: 'opaque', clients })
    structured = await startAuthorizationServer({ authorities, audience, clients })
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await opaque.close()
    await structured.close()
  })

  const tokenOf = async ({ issuer }: AuthorizationServer): Promise<string> => (await (await createAgent({ authorities, issuer, audience, binding: 'none' })).requestToken()).access_token
  const endpointOf = ({ issuer }: AuthorizationServer, client: ClientAuthentication): IntrospectionEndpoint =>
    createIntrospectionEndpoint({ issuer, client, fetch: createTlsFetch({ ca: authorities.ofServers.certPem }), now: Date.now })

  it.each(authentications)('INT-1: an opaque token is introspected and revoked as $method of $clientId, found by the issuer alone', async (client) => {
    const token = await tokenOf(opaque)
    expect(token).toHaveLength(43)
    const endpoint = endpointOf(opaque, client)
    const answer = await endpoint.introspect(token)
    expect(answer).toMatchObject({ active: true, members: { active: true, client_id: 'none', iss: opaque.issuer, aud: audience, scope: 'search', token_type: 'Bearer', exp: expect.any(Number), iat: expect.any(Number) } })
    await endpoint.revoke(token)
    expect(await endpoint.introspect(token)).toEqual({ active: false })
    await endpoint.revoke(token)
  })

  it('INT-1: a token that it never issued is inactive', async () => {
    expect(await endpointOf(opaque, authentications[0]!).introspect('a'.repeat(43))).toEqual({ active: false })
  })

  it('INT-1: a token of a kind that it does not introspect is a failure (unsupported_token_type)', async () => {
    await expect(endpointOf(structured, authentications[0]!).introspect(await tokenOf(structured))).rejects.toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringContaining('status 400') })
  })

  it.each<[string, ClientAuthentication]>([
    ['a wrong secret', { method: 'client_secret_basic', clientId: 'basic:api', clientSecret: 'wrong' }],
    ['an unknown client', { method: 'client_secret_post', clientId: 'nobody', clientSecret: secret }],
    ['another key', { method: 'private_key_jwt', clientId: 'ES256', privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
  ])('INT-1: %s is a failure', async (_title, client) => {
    await expect(endpointOf(opaque, client).introspect(await tokenOf(opaque))).rejects.toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringContaining('status 401') })
  })
})
