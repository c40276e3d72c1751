import { describeFailure } from './describe-failure.js'
import type { JsonAnswer } from './fetch-json.js'

/**
 * Whether a configured issuer can be asked for its metadata: an https URL, or plain http on a loopback host
 * (KEY-1), without credentials, query or fragment.
 *
 * @see RFC 8414 section 2
 */
export function isAllowedIssuerUrl(url: string): boolean {
  return isAllowedUrl(url) && !/[?#]/.test(url)
}

/** Members of the metadata that say where something is. @see RFC 8414 section 2 */
export type MetadataEndpoint = 'jwks_uri' | 'introspection_endpoint' | 'revocation_endpoint'

/** Whether an endpoint of an issuer may be asked: as for issuers, but a query is the issuer's own business (KEY-1). */
export function isAllowedEndpoint(url: string): boolean {
  return isAllowedUrl(url)
}

/**
 * Where the issuer says that its keys are (KEY-1), or another endpoint. The first document counts that exists, that is about exactly
 * this issuer, and that names a place we may fetch from; the metadata of OAuth is asked before that of OpenID.
 * The issuer's name is compared as text, since that is how tokens are compared with it (TOK-4).
 *
 * @see RFC 8414 sections 3.1 and 3.3; OpenID Connect Discovery 1.0 sections 4.1 and 4.3
 */
export async function discoverEndpoint(issuer: string, member: MetadataEndpoint, fetchDocument: (url: string) => Promise<JsonAnswer>): Promise<string> {
  const failures: string[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      const { value } = await fetchDocument(url)
      return readEndpoint(issuer, member, value)
    } catch (error) {
      failures.push(`${url}: ${describeFailure(error)}`)
    }
  }
  throw new Error(`no metadata (${failures.join('; ')})`)
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

function readEndpoint(issuer: string, member: MetadataEndpoint, metadata: unknown): string {
  const { issuer: named, [member]: url } = (metadata ?? {}) as Readonly<Partial<Record<MetadataEndpoint | 'issuer', unknown>>>
  if (named !== issuer) throw new Error(`the metadata is of the issuer ${JSON.stringify(named)}`)
  if (typeof url !== 'string') throw new Error(`the metadata has no \`${member}\``)
  if (!isAllowedEndpoint(url)) throw new Error(`\`${member}\` is not https`)
  return url
}

function isAllowedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** The URL parser has already turned every spelling of an IPv4 address into four decimals. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
