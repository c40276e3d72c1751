import type { Algorithm } from '../token/algorithms.js'
import type { AnswerStore } from '../model/store.js'
import type { Clock } from '../model/clock.js'
import type { ConstraintRegistry } from '../constraints/registry.js'
import type { Fetch } from '../token/fetch-json.js'
import type { KeySet } from '../token/key-set.js'
import type { IntrospectionOptions } from './guard-options.js'
import { checkNames } from '../decision/did-you-mean.js'
import { compileScopes } from './compile-legacy-scopes.js'
import { createIntrospection } from '../token/introspection.js'
import { createIntrospectionEndpoint } from '../token/introspection-endpoint.js'
import { createRevocationQueue } from '../token/revocation-queue.js'
import { describeError } from '../model/describe-error.js'
import { isAllowedEndpoint } from '../token/issuer-metadata.js'
import { introspectionOptionNames } from './guard-options.js'
import { IntrospectedTokens } from '../token/introspected-tokens.js'
import type { ClientAuthentication } from '../token/client-authentication.js'

export interface IntrospectionSurroundings {
  readonly fetch: Fetch
  readonly now: Clock
  readonly warn: (cause: string, message: string) => void
  readonly registry: ConstraintRegistry
  readonly answers: AnswerStore | undefined
  readonly storeTimeoutMs: number | undefined
  /** Of JWTs, signed answers included. */
  readonly algorithms: ReadonlySet<Algorithm>
  /** Of the option `clockTolerance`. */
  readonly toleranceSeconds: number
}

/** What is known of the issuer beside. */
export interface IntrospectingIssuer {
  readonly issuer: string
  readonly audience: ReadonlySet<string>
  readonly keys: KeySet
}

/** Of the `iat` of a signed answer, which came over a network. */
const leastToleranceSeconds = 60

/**
 * The option `introspection` of an issuer.
 *
 * @throws TypeError or RangeError that names the issuer and what is wrong
 */
export function compileIntrospection({ issuer, audience, keys }: IntrospectingIssuer, options: IntrospectionOptions, { fetch, now, warn, registry, answers, storeTimeoutMs, algorithms, toleranceSeconds }: IntrospectionSurroundings): IntrospectedTokens {
  const at = `option \`introspection\` of ${issuer}`
  if (typeof options !== 'object' || (options as unknown) === null || Array.isArray(options)) throw new TypeError(`${at} must be an object with clientId and clientSecret or privateKey`)
  checkNames(`key of the ${at}`, options, introspectionOptionNames)
  const { clientId, authentication, endpoint, revocationEndpoint, signedAnswers = false, scopes, tokenPrefix = '', jwts = 'verify', count = 'here', maxLifetime, timeoutMs, callsPerSecond, callsInFlight, inactivePerPeerPerMinute } = options
  if (authentication !== undefined && !methods.includes(authentication)) throw new TypeError(`${at}: \`authentication\` must be one of ${methods.join(', ')}`)
  for (const [name, url] of Object.entries({ endpoint, revocationEndpoint })) {
    if (url !== undefined && !(typeof url === 'string' && isAllowedEndpoint(url))) throw new TypeError(`${at}: \`${name}\` must be an https URL, or http on a loopback host, without credentials`)
  }
  if (typeof tokenPrefix !== 'string' || !/^[A-Za-z0-9._~+/-]*$/.test(tokenPrefix)) throw new TypeError(`${at}: \`tokenPrefix\` is what tokens begin with, of the characters that tokens have`)
  if (!['verify', 'introspect', 'refuse'].includes(jwts)) throw new TypeError(`${at}: \`jwts\` must be 'verify', 'introspect' or 'refuse'`)
  if (typeof (signedAnswers as unknown) !== 'boolean') throw new TypeError(`${at}: \`signedAnswers\` must be true or false`)
  if (maxLifetime !== undefined && maxLifetime !== Infinity && (!Number.isSafeInteger(maxLifetime) || maxLifetime < 1)) throw new RangeError(`${at}: \`maxLifetime\` must be seconds, an integer from 1, or Infinity`)
  try {
    const remote = createIntrospectionEndpoint({ issuer, endpoint, revocationEndpoint, client: clientOf(options), fetch, now, timeoutMs, signed: signedAnswers ? { issuer, keys, algorithms, recipients: new Set([clientId, ...audience]), toleranceSeconds: Math.max(leastToleranceSeconds, toleranceSeconds), now } : undefined, onProblem: (message) => { warn(`metadata of ${issuer}`, message) } })
    return new IntrospectedTokens({
      source: createIntrospection({ issuer, endpoint: remote, answers, storeTimeoutMs, count, now, warn, callsPerSecond, callsInFlight, inactivePerPeerPerMinute }),
      revocations: createRevocationQueue({ issuer, endpoint: remote, warn }),
      reading: { scopes: compileScopes(`${at}: \`scopes\``, scopes, registry), maxLifetimeSeconds: maxLifetime },
      tokenPrefix,
      jwts,
      now,
      countsHere: count === 'here',
    })
  } catch (error) {
    const message = describeError(error)
    if (message.startsWith('option')) throw error
    throw error instanceof RangeError ? new RangeError(`${at}: ${message}`) : new TypeError(`${at}: ${message}`)
  }
}

const methods: readonly string[] = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] satisfies ClientAuthentication['method'][]

function clientOf({ clientId, clientSecret, privateKey, keyId, algorithm, authentication }: IntrospectionOptions): ClientAuthentication {
  const method = authentication ?? (privateKey === undefined ? 'client_secret_basic' : 'private_key_jwt')
  if (method === 'private_key_jwt') {
    if (clientSecret !== undefined) throw new TypeError('private_key_jwt is by privateKey, and clientSecret is given')
    return { method, clientId, privateKey: privateKey as NonNullable<typeof privateKey>, ...(keyId !== undefined && { keyId }), ...(algorithm !== undefined && { algorithm }) }
  }
  if (privateKey !== undefined || keyId !== undefined || algorithm !== undefined) throw new TypeError(`privateKey, keyId and algorithm are of private_key_jwt, and the method is ${method}`)
  return { method, clientId, clientSecret: clientSecret as string }
}
