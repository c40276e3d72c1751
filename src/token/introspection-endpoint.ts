import type { Clock } from '../model/clock.js'
import { compileClientAuthentication, type AuthenticateClient, type ClientAuthentication } from './client-authentication.js'
import { withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { EndpointLocation } from './endpoint-location.js'
import { discard, postForm, readBounded, type Fetch } from './fetch-json.js'
import { parseIntrospectionAnswer, type IntrospectionAnswer } from './introspection-answer.js'
import { isAllowedIssuerUrl } from './issuer-metadata.js'
import { IntrospectionUnavailable } from './introspection-unavailable.js'
import { readSignedAnswer, signedAnswerType, type SignedAnswerRules } from './signed-answer.js'

export interface IntrospectionEndpointOptions {
  readonly issuer: string
  /** Of introspection. Without it the issuer's metadata say so: `introspection_endpoint` (RFC 8414 section 2). */
  readonly endpoint?: string | undefined
  /** Without it the issuer's metadata say so: `revocation_endpoint`. */
  readonly revocationEndpoint?: string | undefined
  readonly client: ClientAuthentication
  readonly fetch: Fetch
  readonly now: Clock
  /** For one whole call, discovery included: milliseconds from 1 to 30,000. Default 3,000. */
  readonly timeoutMs?: number | undefined
  /** How answers are to be signed (RFC 9701); those that are not are failures. Without it they are not signed. */
  readonly signed?: SignedAnswerRules | undefined
  /** Gets one line for the operator where the metadata cannot be read again, and a known endpoint is asked unconfirmed. */
  readonly onProblem?: ((message: string) => void) | undefined
}

/** What an issuer is asked about one token. Nothing is remembered here but where to ask. */
export interface IntrospectionEndpoint {
  /**
   * Rejects with `IntrospectionUnavailable` on everything but a 200 with one JSON object (INT-1).
   *
   * @see RFC 7662 section 2
   */
  introspect(token: string): Promise<IntrospectionAnswer>
  /**
   * Settles once the issuer has answered 200: the token is not active there any more. Rejects with
   * `RevocationFailed` on everything else.
   *
   * @see RFC 7009 section 2
   */
  revoke(token: string): Promise<void>
}

/** The message is for the operator and never quotes the token; there is no `cause`, which might. */
export class RevocationFailed extends Error {
  override readonly name = 'RevocationFailed'
}

const defaultTimeoutMs = 3_000
const longestTimeoutMs = 30_000

/**
 * @throws TypeError where a place may not be asked (KEY-1) or the client cannot authenticate
 * @throws RangeError for a time-out out of bounds
 */
export function createIntrospectionEndpoint(options: IntrospectionEndpointOptions): IntrospectionEndpoint {
  return new RemoteEndpoint(options)
}

class RemoteEndpoint implements IntrospectionEndpoint {
  readonly #issuer: string
  readonly #fetch: Fetch
  readonly #timeoutMs: number
  readonly #authenticate: AuthenticateClient
  readonly #introspection: EndpointLocation
  readonly #revocation: EndpointLocation | undefined
  readonly #signed: SignedAnswerRules | undefined

  constructor({ issuer, endpoint, revocationEndpoint, client, fetch, now, timeoutMs = defaultTimeoutMs, signed, onProblem }: IntrospectionEndpointOptions) {
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > longestTimeoutMs) throw new RangeError(`timeoutMs must be an integer from 1 to ${longestTimeoutMs}`)
    this.#issuer = issuer
    this.#fetch = fetch
    this.#timeoutMs = timeoutMs
    this.#signed = signed
    this.#authenticate = compileClientAuthentication(client, issuer, now)
    const asked = { issuer, fetch, now, timeoutMs, onProblem }
    this.#introspection = new EndpointLocation({ ...asked, member: 'introspection_endpoint', url: endpoint })
    // Where introspection was configured, the issuer's name need be no URL, and there may be no revocation.
    this.#revocation = revocationEndpoint === undefined && !isAllowedIssuerUrl(issuer) ? undefined : new EndpointLocation({ ...asked, member: 'revocation_endpoint', url: revocationEndpoint })
  }

  async introspect(token: string): Promise<IntrospectionAnswer> {
    try {
      return await this.#post(this.#introspection, token, (response, signal) => this.#read(response, signal), this.#signed && signedAnswerType)
    } catch (error) {
      throw new IntrospectionUnavailable(`the issuer ${this.#issuer} could not be asked about a token: ${describeWithout(token, error)}`, 'failure')
    }
  }

  async revoke(token: string): Promise<void> {
    try {
      if (this.#revocation === undefined) throw new Error('no revocation endpoint is configured, and its name is no URL to find one by')
      await this.#post(this.#revocation, token, (response) => { discard(response) }) // what it says is not for us (RFC 7009 section 2.2)
    } catch (error) {
      throw new RevocationFailed(`the issuer ${this.#issuer} could not revoke a token: ${describeWithout(token, error)}`)
    }
  }

  async #read(response: Response, signal: AbortSignal): Promise<IntrospectionAnswer> {
    if (this.#signed === undefined) return parseIntrospectionAnswer(await readBounded(response, signal))
    if (mediaTypeOf(response) !== signedAnswerType) {
      discard(response)
      throw new Error('the answer is not signed')
    }
    return readSignedAnswer(await readBounded(response, signal), this.#signed)
  }

  async #post<T>(location: EndpointLocation, token: string, read: (response: Response, signal: AbortSignal) => T | Promise<T>, accept = 'application/json'): Promise<T> {
    try {
      return await withDeadline(this.#timeoutMs, async (signal) => {
        const url = await location.find()
        const form = new URLSearchParams({ token, token_type_hint: 'access_token' })
        const headers = await this.#authenticate(form)
        return read(await postForm(url, { form, headers, accept }, this.#fetch, signal), signal)
      })
    } catch (error) {
      location.doubt()
      throw error
    }
  }
}

function mediaTypeOf(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}

/** Shorter texts are no secrets, and stand in many a message by chance. */
const leastQuoted = 8

/** A `fetch` of the user's may quote what it was given to send. */
function describeWithout(token: string, error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const encoded = new URLSearchParams({ token }).toString().slice('token='.length)
  const isQuoted = token.length >= leastQuoted && (message.includes(token) || message.includes(encoded))
  return isQuoted ? 'a failure whose message quotes the token' : describeFailure(error)
}
