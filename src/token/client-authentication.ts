import type { JsonWebKey, KeyObject } from 'node:crypto'
import type { Clock } from '../model/clock.js'
import { compileClientAssertion, type AssertionAlgorithm } from './client-assertion.js'

/** How this server shows an issuer who it is: one of the methods of the registry of RFC 7591 section 2, RFC 8414 section 2. */
export type ClientAuthentication = SecretAuthentication | KeyAuthentication

export interface SecretAuthentication {
  /** @see RFC 6749 section 2.3.1 */
  readonly method: 'client_secret_basic' | 'client_secret_post'
  readonly clientId: string
  readonly clientSecret: string
}

export interface KeyAuthentication {
  /** @see RFC 7523 section 2.2 */
  readonly method: 'private_key_jwt'
  readonly clientId: string
  /** A PEM text, a private JWK, or a private key of `node:crypto`: EC P-256, RSA of 2,048 bits or more, or Ed25519. */
  readonly privateKey: string | JsonWebKey | KeyObject
  /** Default: ES256, RS256 or EdDSA, as the key is. */
  readonly algorithm?: AssertionAlgorithm
  /** `kid` by which the issuer finds the public key. Default: that of the JWK, else none. */
  readonly keyId?: string
}

/** Adds to the form what shows who is asking, and gives the header fields that do. */
export type AuthenticateClient = (form: URLSearchParams) => Promise<Readonly<Record<string, string>>>

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/**
 * @param issuer `aud` of what is signed
 * @throws TypeError for an unknown method, an empty id or secret, or a key that cannot sign
 */
export function compileClientAuthentication(client: ClientAuthentication, issuer: string, now: Clock): AuthenticateClient {
  if (typeof client !== 'object' || (client as unknown) === null) throw new TypeError('client must be an object with a method')
  const { method, clientId } = client
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('client: clientId must be a non-empty string')
  switch (method) {
    case 'client_secret_basic': {
      const credentials = Buffer.from(`${formEncode(clientId)}:${formEncode(secretOf(client))}`).toString('base64')
      const headers = Object.freeze({ authorization: `Basic ${credentials}` })
      return () => Promise.resolve(headers)
    }
    case 'client_secret_post': {
      const secret = secretOf(client)
      return (form) => {
        form.set('client_id', clientId)
        form.set('client_secret', secret)
        return Promise.resolve(noHeaders)
      }
    }
    case 'private_key_jwt': {
      const assert = compileClientAssertion(client, issuer, now)
      return async (form) => {
        form.set('client_id', clientId)
        form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        form.set('client_assertion', await assert())
        return noHeaders
      }
    }
    default:
      throw new TypeError('client: method must be client_secret_basic, client_secret_post or private_key_jwt')
  }
}

function secretOf({ clientSecret }: SecretAuthentication): string {
  if (typeof clientSecret !== 'string' || clientSecret === '') throw new TypeError('client: clientSecret must be a non-empty string')
  return clientSecret
}

/** Id and secret are form-encoded before they are joined, so that a colon in them is none of the header's (RFC 6749 section 2.3.1). */
function formEncode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice('_='.length)
}
