/** Nothing of an issuer is used for longer than this without asking it again (KEY-2). */
export const usableForMs = 86_400_000
/** However short a `max-age` is. */
export const shortestSeconds = 300
const longestSeconds = 86_400
const withoutMaxAgeSeconds = 600

/**
 * For how long an answer with this `Cache-Control` is fresh: its `max-age` between 5 minutes and 24 hours, and
 * 10 minutes if it has none (KEY-2). Other directives say nothing here: keys are always kept, and `no-store`
 * is no reason to ask the issuer at each request.
 *
 * @see RFC 9111 section 5.2.2.1
 */
export function freshForSeconds(cacheControl: string | null): number {
  const [, maxAge] = /(?:^|[\s,])max-age="?(\d+)"?\s*(?:,|$)/i.exec(cacheControl ?? '') ?? []
  if (maxAge === undefined) return withoutMaxAgeSeconds
  return Math.min(longestSeconds, Math.max(shortestSeconds, Number(maxAge)))
}
