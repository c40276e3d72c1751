import type { JsonWebKey, KeyObject } from 'node:crypto'
import type { AssertionAlgorithm } from '../token/client-assertion.js'
import type { Algorithm } from '../token/algorithms.js'
import type { AuditLogger, AuditSink } from '../audit/audit-trail.js'
import type { Clock } from '../model/clock.js'
import type { ConstraintDefinition } from '../constraints/constraint-definition.js'
import type { Facts } from '../model/facts.js'
import type { Fetch } from '../token/fetch-json.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { MtlsOptions } from './compile-mtls.js'
import type { OperatorLogger } from './operator-log.js'
import type { Policy } from '../model/wire-policy.js'
import type { RouteOptions } from '../decision/route.js'
import type { StateStore } from '../model/store.js'

/** An authorization server whose tokens are accepted. */
export interface IssuerOptions {
  /** Compared exactly with the claim `iss` (TOK-4). Its keys are found by its metadata unless they are given (KEY-1). */
  readonly issuer: string
  /** Where its keys are: an https URL, or http on a loopback host. */
  readonly jwksUri?: string
  /** Its keys themselves, `{ keys: [...] }` (RFC 7517). They do not expire. */
  readonly jwks?: object
  /** This server's identifiers in tokens of this issuer. Default: the option `audience`. */
  readonly audience?: string | readonly string[]
  /** Namespace in front of the canonical claim names, such as `https://example.com/` (DIA-3). */
  readonly claimPrefix?: string
  /** How it is asked about opaque tokens, and if that is wanted about JWTs. Default: opaque tokens are refused (INT-1). */
  readonly introspection?: IntrospectionOptions
  /** Where the issuer says what it has revoked (REV-1). Default: nobody is asked, and `guard.revoke` is the only source. */
  readonly revocation?: RevocationOptions
}

/** At least one of the two places. While they cannot be relied on, the issuer's tokens are refused with 503 (REV-1). */
export interface RevocationOptions {
  /** A list of what is revoked, one JSON object a line, at most 128 MB: an https URL, or http on a loopback host. */
  readonly listUrl?: string
  /** Server-sent events of what is revoked: an https URL, or http on a loopback host. */
  readonly eventsUrl?: string
  /** Seconds between two looks at the list, an integer from 1 to 30. Default 15. */
  readonly pollSeconds?: number
}

/**
 * Settings of a guard. All are checked when the guard is made; a wrong one throws a `TypeError` or `RangeError` that
 * names it. They are frozen: to change them, make a new guard on the same store.
 *
 * @typeParam Request what hooks get: the request as your framework knows it
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a framework's request is the user's to type
export interface GuardOptions<Request = any> {
  /**
   * Whose tokens are accepted: one issuer, several, or for many tenants a synchronous function from `iss` to its
   * settings, or to `undefined` where it is not trusted. Default: the environment variable `AAP_ISSUER`.
   */
  readonly issuer?: string | IssuerOptions | readonly (string | IssuerOptions)[] | ((iss: string) => IssuerOptions | undefined)
  /** This server's identifiers, one of which `aud` must hold (TOK-5). Default: the environment variable `AAP_AUDIENCE`. */
  readonly audience?: string | readonly string[]
  /** Signature algorithms, asymmetric ones only. Default `['ES256', 'RS256', 'EdDSA']` (TOK-1). */
  readonly algorithms?: readonly Algorithm[]
  /** `'at+jwt'` demands the token type of RFC 9068. Default `'any'` (TOK-3). */
  readonly tokenType?: 'any' | 'at+jwt'
  /** Seconds by which clocks may differ, 0 to 300. Default 60. For `exp`, `nbf`, `iat` and `task.created_at` only (TOK-6). */
  readonly clockTolerance?: number
  /** `'strict'`: every token has to be bound to a key or a certificate. Default `'standard'`: bound tokens are checked, bearer tokens accepted (POP-2). */
  readonly profile?: 'standard' | 'strict'
  /**
   * Tokens that are bound to a key, and sent with a proof (RFC 9449). `false`: such tokens are refused. Default: they are
   * checked, without nonces. A proof names this server by its origin: see `baseUrl` (POP-3).
   */
  readonly dpop?: boolean | DpopOptions
  /**
   * Tokens that are bound to a client certificate (RFC 8705). `false`: such tokens are refused. Default: they are checked
   * against the certificate of the TLS connection, where it was verified (POP-5).
   */
  readonly mtls?: boolean | MtlsOptions
  /**
   * Where clients reach this server: an https URL, or http on a loopback host. Its origin is what proofs are made for, and
   * with it the guard answers its metadata (RFC 9728) and names it in every challenge. Default: proofs are made for the
   * origin that a trusted proxy forwards, or else of the first audience that is a URL; there is no metadata (POP-4).
   */
  readonly baseUrl?: string
  /** Addresses of proxies, `10.0.0.7` or `10.0.0.0/8`, whose `X-Forwarded-Host`, `X-Forwarded-Proto` and certificate header are believed. Default none (POP-4). */
  readonly trustedProxies?: readonly string[]
  /** What is demanded beside the tokens, for all of them: see `schemas/policy.schema.json` (AGT-1, DEL-4, CAP-7, QTA-5). Default nothing. */
  readonly policy?: Policy
  /**
   * What scopes stand for in tokens without any AAP claim, while their issuer moves to AAP (DIA-5): scopes to an action, an
   * action with constraints, or a list. Such tokens are warned about. Default: they are refused.
   */
  readonly legacyScopes?: Readonly<Record<string, LegacyScope | readonly LegacyScope[]>>
  /** Constraints of your own, made by `defineConstraint` (CAP-5). Default none. */
  readonly constraints?: readonly ConstraintDefinition[]
  /** Things that every attempt takes one of, beside `requests`, in `max_<thing>_per_<unit>`. Default `['drafts']` (CON-1). */
  readonly countedPerRequest?: readonly string[]
  /** Facts of all routes, such as region, zone and country. What a route supplies itself wins. */
  readonly facts?: (request: Request) => MaybePromise<Facts | undefined>
  /** Gives the addresses of a host name where a constraint needs them and the route has none; `true` asks DNS. Default: nobody does (CON-3). */
  readonly resolveTargets?: true | ((host: string) => MaybePromise<readonly string[] | undefined>)
  /** Milliseconds that any hook may take, 1 to 60,000. Default 2,000 (ERR-2). */
  readonly hookTimeoutMs?: number
  /**
   * All routes on one page: `'METHOD /path'` to an action, an action with its facts, or `{ public: true }`. A
   * request that no route matches is denied (RTE-1). Default: none, and the middleware only authenticates.
   */
  readonly routes?: Readonly<Record<string, string | RouteEntry<Request> | PublicRoute>>
  /** Where counters live, and proofs. Default `memoryStore()`: exact within this process, and unknown to every other, as `redisStore` is not (QTA-4). */
  readonly store?: StateStore
  /** Milliseconds that the store may take, 1 to 60,000. Default 250. Then the request is refused with 503 (QTA-6). */
  readonly storeTimeoutMs?: number
  /**
   * What happens to a request that the store does not answer for (QTA-6). `'deny'`, the default: 503. `'local'`: this process
   * counts it, with its part of each limit, which is the limit divided by `processes`, rounded down; a request with a DPoP
   * proof is refused all the same. `processes` is how many share the store, over all machines: an integer from 1. Default:
   * the cores of this machine, which a message at start-up says.
   */
  readonly onStoreFailure?: 'deny' | 'local' | { readonly local: { readonly processes: number } }
  /** Revocations that are known at a time, an integer from 1 to 10,000,000, at 32 bytes each or less. Where there are more, tokens are refused. Default 1,000,000 (REV-1). */
  readonly maxRevocations?: number
  /** Where audit records go: a sink, a logger, or a list; `[]` for nowhere. Default: JSON lines on standard output (AUD-3). */
  readonly audit?: AuditSink | AuditLogger | readonly (AuditSink | AuditLogger)[]
  /** Where messages for operators go, each cause at most once a minute. Default `console`. */
  readonly logger?: OperatorLogger
  /**
   * Shapes the answer to a refused request, from its public side only. The headers of the refusal, such as `WWW-Authenticate`,
   * are set on the response already. Where it throws, the default is sent.
   */
  readonly respond?: Respond
  /** Failed validations that one peer address may cause in a minute, an integer from 1; more are answered 429. Default: not limited (TRN-5). */
  readonly failedValidationsPerMinute?: number
  /** What fetches issuer metadata and keys, for a custom CA or an egress proxy. Default: the global `fetch`. */
  readonly fetch?: Fetch
  /** Epoch milliseconds, for tests and vectors. Default `Date.now`. */
  readonly now?: Clock
}

/** How an issuer is asked about tokens (RFC 7662). Give `clientId` and `clientSecret`, or `privateKey`. */
export interface IntrospectionOptions {
  /** This server's, at the issuer. */
  readonly clientId: string
  readonly clientSecret?: string | undefined
  /** A PEM text, a private JWK, or a private key of `node:crypto`, for `private_key_jwt` (RFC 7523). */
  readonly privateKey?: string | JsonWebKey | KeyObject
  /** `kid` of that key. Default: that of the JWK, else none. */
  readonly keyId?: string
  /** Default: ES256, RS256 or EdDSA, as the key is. */
  readonly algorithm?: AssertionAlgorithm
  /** Default `client_secret_basic`, or with `privateKey`, `private_key_jwt`. */
  readonly authentication?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /** https, or http on loopback. Default: the issuer's metadata say so. */
  readonly endpoint?: string
  /**
   * Answers are JWTs that the issuer signs with the keys of its tokens, for `clientId` or an audience of this server; others are
   * failures (RFC 9701). Encrypted ones are not read. Default `false`.
   */
  readonly signedAnswers?: boolean
  /** For tokens that expire on completion (RFC 7009). Default: the issuer's metadata say so. */
  readonly revocationEndpoint?: string
  /** What scopes stand for, as `legacyScopes`. Default: each that is an action's name stands for that action (INT-3). */
  readonly scopes?: Readonly<Record<string, LegacyScope | readonly LegacyScope[]>>
  /** What its opaque tokens begin with. Needed where several issuers are asked. Default: any token that is no JWT. */
  readonly tokenPrefix?: string
  /** Its JWTs are verified here; `'introspect'`: and then introspected as well; `'refuse'`: it has none, and no keys. Default `'verify'`. */
  readonly jwts?: 'verify' | 'introspect' | 'refuse'
  /** Who counts `max_operations`: this server, or the issuer whenever it is asked, and then it is asked for every request (INT-4). Default `'here'`. */
  readonly count?: 'here' | 'issuer'
  /** Longest `exp - iat` of agent tokens, in seconds, or `Infinity`. Default 3,600 (INT-5). */
  readonly maxLifetime?: number
  /** Milliseconds that the issuer may take, 1 to 30,000. Default 3,000. */
  readonly timeoutMs?: number
  /** Calls that may be made in a second. Default 500; a quarter of them for tokens that are known. */
  readonly callsPerSecond?: number
  /** Calls under way at a time. Default 100. */
  readonly callsInFlight?: number
  /** Inactive tokens that one peer may make us ask about in a minute. Default 100. */
  readonly inactivePerPeerPerMinute?: number
}

/** How proofs are checked. */
export interface DpopOptions {
  /** Signature algorithms of proofs, advertised in the challenge. Default `['ES256', 'EdDSA', 'RS256']` (POP-3). */
  readonly algorithms?: readonly Algorithm[]
  /**
   * At least 32 characters. With it every proof needs a nonce of this server, which rotates and is made from this secret, so
   * that processes which share it accept each other's (RFC 9449 section 9). Default: no nonces.
   */
  readonly nonceSecret?: string
  /** Seconds for which a nonce is given out, 10 to 3,600; it is accepted for as long again. Default 300. */
  readonly noncePeriod?: number
}

/** What one scope permits: an action, or an action within constraints. */
export type LegacyScope = string | { readonly action: string; readonly constraints?: Readonly<Record<string, unknown>> }

/** An action and what the route says about it. */
export interface RouteEntry<Request> extends RouteOptions<Request> {
  /** The action, or a function that names it. Where it yields no valid name the request is denied (RTE-1). */
  readonly action: string | ((request: Request) => MaybePromise<unknown>)
}

/** A route that needs no token, such as a health check. */
export interface PublicRoute {
  readonly public: true
}

/** What the caller may know of a refusal (ERR-1), and what the default answer would be. */
export interface PublicDenial {
  readonly status: number
  readonly error?: string
  readonly description: string
  readonly correlationId: string
  readonly approvalReference?: string
  readonly retryAfterSeconds?: number
  /** In lower case. All but `content-type`, which is that of `body`, are on the response before `respond` is called. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>>
}

/**
 * Answers a refused request: it sets the status, and sends what it likes. `WWW-Authenticate`, `DPoP-Nonce`, `Retry-After` and
 * `Cache-Control: no-store` are set where they belong to the refusal, and may be set anew. Calling `next` hands on an error with the status
 * and these headers; it can never let the request through.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the request and the response are the framework's own
export type Respond = (denial: PublicDenial, request: any, response: any, next: (error?: unknown) => void) => unknown

export const optionNames = [
  'issuer', 'audience', 'algorithms', 'tokenType', 'clockTolerance', 'profile', 'dpop', 'mtls', 'baseUrl', 'trustedProxies', 'policy', 'legacyScopes', 'constraints', 'countedPerRequest', 'facts', 'resolveTargets',
  'hookTimeoutMs', 'routes', 'store', 'storeTimeoutMs', 'onStoreFailure', 'maxRevocations', 'audit', 'logger', 'respond', 'failedValidationsPerMinute', 'fetch', 'now',
] as const satisfies readonly (keyof GuardOptions)[]

/** Names that are decided and not built: using one is an error that says so, since nothing is parsed and ignored. */
export const laterOptions: ReadonlyMap<string, string> = new Map([
  ['onAuditFailure', 'a sink that fails is reported, and requests go on'],
  ['approvals', 'no approval can be given by this version: actions that need one are refused'],
  ['mode', 'decisions are always enforced by this version'],
])

export const issuerOptionNames = ['issuer', 'jwksUri', 'jwks', 'audience', 'claimPrefix', 'introspection', 'revocation'] as const satisfies readonly (keyof IssuerOptions)[]

export const issuerRevocationNames = ['listUrl', 'eventsUrl', 'pollSeconds'] as const satisfies readonly (keyof RevocationOptions)[]

export const introspectionOptionNames = [
  'clientId', 'clientSecret', 'privateKey', 'keyId', 'algorithm', 'authentication', 'endpoint', 'revocationEndpoint', 'signedAnswers', 'scopes', 'tokenPrefix', 'jwts', 'count', 'maxLifetime', 'timeoutMs', 'callsPerSecond', 'callsInFlight', 'inactivePerPeerPerMinute',
] as const satisfies readonly (keyof IntrospectionOptions)[]

export const laterRouteOptions: ReadonlyMap<string, string> = new Map([
  ['significant', 'no approval can be given by this version'],
])
