/** A SPIFFE ID of a workload: `spiffe://<trust domain>/<path>`. */
export interface SpiffeId {
  readonly trustDomain: string
  /** With its leading slash. */
  readonly path: string
}

const trustDomain = /^[a-z0-9._-]{1,255}$/
const segment = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/
const maxBytes = 2_048

/**
 * Reads a SPIFFE ID as its standard spells it: lower case, no port, no user, no query, no percent-encoding. Without a path
 * it names the trust domain itself and no workload, so it is none.
 *
 * @returns `undefined` for everything else (AGT-2)
 * @see the SPIFFE ID standard, section 2
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > maxBytes || !text.startsWith('spiffe://')) return undefined
  const [authority = '', ...segments] = text.slice('spiffe://'.length).split('/')
  if (!trustDomain.test(authority) || segments.length === 0 || !segments.every((part) => segment.test(part))) return undefined
  return { trustDomain: authority, path: `/${segments.join('/')}` }
}

/** Whether a text is a trust domain as SPIFFE IDs spell it. */
export function isTrustDomain(text: string): boolean {
  return trustDomain.test(text)
}
