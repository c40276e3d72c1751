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

/** Whether keys may be fetched from here: as for issuers, but a query is the issuer's own business (KEY-1). */
export function isAllowedKeysUrl(url: string): boolean {
  return isAllowedUrl(url)
}

/**
 * Where the issuer says that its keys are (KEY-1). The first document counts that exists, that is about exactly
 * this issuer, and that names a place we may fetch from; the metadata of OAuth is asked before that of OpenID.
 * The issuer's name is compared as text, since that is how tokens are compared with it (TOK-4).
 *
 * @see RFC 8414 sections 3.1 and 3.3; OpenID Connect Discovery 1.0 sections 4.1 and 4.3
 */
export async function discoverKeysUrl(issuer: string, fetchDocument: (url: string) => Promise<JsonAnswer>): Promise<string> {
  const failures: string[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      const { value } = await fetchDocument(url)
      return readKeysUrl(issuer, value)
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

function readKeysUrl(issuer: string, metadata: unknown): string {
  const { issuer: named, jwks_uri: url } = (metadata ?? {}) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
  if (named !== issuer) throw new Error(`the metadata is of the issuer ${JSON.stringify(named)}`)
  if (typeof url !== 'string') throw new Error('the metadata has no `jwks_uri`')
  if (!isAllowedKeysUrl(url)) throw new Error('`jwks_uri` is not https')
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
