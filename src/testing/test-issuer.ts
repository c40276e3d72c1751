import { createServer } from 'node:http'
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import type { AddressInfo } from 'node:net'
import type { Algorithm } from '../token/algorithms.js'

export interface TestIssuerOptions {
  /** Default `ES256`. */
  readonly algorithm?: Algorithm
  /** `aud` of the tokens. Default `https://api.example.com`. */
  readonly audience?: string
  /** Epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

/** An authorization server as small as it can be: keys made at start, metadata and JWKS over HTTP, tokens on demand. */
export interface TestIssuer {
  /** Its `iss`, an http URL on loopback. */
  readonly issuer: string
  readonly audience: string
  readonly jwks: { readonly keys: readonly JWK[] }
  /**
   * Signs an access token with these claims. `iss`, `aud`, `iat`, `exp` (five minutes) and `jti` are added unless they
   * are among the claims; a claim given as `undefined` is left out.
   */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

/** For tests and examples: anyone in the process can have any token signed. */
export async function createTestIssuer({ algorithm = 'ES256', audience = 'https://api.example.com', now = Date.now }: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const kid = randomUUID()
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: algorithm }] }

  const server = createServer((req, res) => {
    const documents: Record<string, unknown> = {
      '/.well-known/oauth-authorization-server': { issuer, jwks_uri: `${issuer}/jwks` },
      '/jwks': jwks,
    }
    const document = documents[req.url ?? '']
    res.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(document ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    issuer,
    audience,
    jwks,
    sign: (claims, header = {}) => {
      const iat = Math.floor(now() / 1000)
      const payload: Record<string, unknown> = { iss: issuer, aud: audience, iat, exp: iat + 300, jti: randomUUID(), ...claims }
      return new SignJWT(Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))).setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header }).sign(privateKey)
    },
    close: () => new Promise((resolve, reject) => {
      server.close((error?: Error) => { if (error === undefined) resolve(); else reject(error) })
      server.closeAllConnections()
    }),
  }
}
