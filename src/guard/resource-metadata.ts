import { comparablePath, parseComparableUrl } from '../matching/comparable-url.js'
import { isAllowedIssuerUrl } from '../token/issuer-metadata.js'

/** The option `baseUrl`, checked. */
export interface BaseUrl {
  /** As it was given: the resource identifier, which clients compare as text. */
  readonly text: string
  /** As a `ComparableUrl` has it. */
  readonly origin: string
}

/** What clients may know of this server before they have a token (RFC 9728). The same for everyone, so it is written once. */
export interface ResourceMetadata {
  /** Where it is: what challenges name in `resource_metadata` (TRN-4). */
  readonly url: string
  /** The path of that URL. */
  readonly path: string
  /** JSON text. */
  readonly document: string
}

export interface ResourceMetadataSettings {
  readonly baseUrl: BaseUrl
  /** Names of the issuers; `undefined` where a function knows them, tenant by tenant. */
  readonly issuers: readonly string[] | undefined
  /** Algorithms of proofs; `undefined` where DPoP is off. */
  readonly dpopAlgorithms: readonly string[] | undefined
  /** Whether every token must be bound (POP-2). */
  readonly isStrict: boolean
  /** Whether a binding to a certificate is looked at (POP-5). */
  readonly hasMtls: boolean
}

const beforePath = /^https?:\/\/[^/]*/i

/**
 * Reads the option `baseUrl`: where clients find this server, as they write it.
 *
 * Its path has to be in normal form, since the path of the metadata is made of it and asked for as it is written.
 *
 * @throws TypeError where it is no https URL, or http on a loopback host, or has credentials, a query or a fragment
 * @see POP-4; RFC 9728 section 1.2
 */
export function compileBaseUrl(baseUrl: unknown): BaseUrl {
  const url = typeof baseUrl === 'string' && isAllowedIssuerUrl(baseUrl) ? parseComparableUrl(baseUrl) : undefined
  if (typeof baseUrl !== 'string' || url === undefined) throw new TypeError('option `baseUrl` must be an https URL, or http on a loopback host, without credentials, query and fragment')
  const path = pathOfBase(baseUrl)
  if (path !== '' && comparablePath(path) !== path) throw new TypeError(`option \`baseUrl\`: write its path in its normal form, ${url.path}`)
  return { text: baseUrl, origin: url.origin }
}

/**
 * The well-known path goes between host and path of the resource identifier. A slash that ends it goes only where it is
 * the whole path.
 *
 * Tokens come in a header only. Where nothing but DPoP would do (`strict` without certificates) no bearer method is named;
 * a certificate-bound token is sent as a bearer token.
 *
 * @see RFC 9728 sections 2 and 3.1
 */
export function compileResourceMetadata({ baseUrl, issuers, dpopAlgorithms, isStrict, hasMtls }: ResourceMetadataSettings): ResourceMetadata {
  const basePath = pathOfBase(baseUrl.text)
  const path = `/.well-known/oauth-protected-resource${basePath === '/' ? '' : basePath}`
  const takesDpopOnly = isStrict && !hasMtls && dpopAlgorithms !== undefined
  const document = JSON.stringify({
    resource: baseUrl.text,
    authorization_servers: issuers,
    bearer_methods_supported: takesDpopOnly ? undefined : ['header'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
    dpop_bound_access_tokens_required: takesDpopOnly || undefined,
    tls_client_certificate_bound_access_tokens: hasMtls || undefined,
  })
  return { url: `${baseUrl.origin}${path}`, path, document }
}

function pathOfBase(text: string): string {
  return text.replace(beforePath, '')
}
