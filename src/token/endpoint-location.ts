import type { Clock } from '../model/clock.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import { BackOff } from './back-off.js'
import { withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { fetchJson, type Fetch } from './fetch-json.js'
import { freshForSeconds, usableForMs } from './key-freshness.js'
import { discoverEndpoint, isAllowedEndpoint, isAllowedIssuerUrl, type MetadataEndpoint } from './issuer-metadata.js'
import { tellSafely } from './tell-safely.js'

export interface EndpointLocationOptions {
  readonly issuer: string
  readonly member: MetadataEndpoint
  /** Where it is; without it, the issuer's metadata say so. */
  readonly url: string | undefined
  readonly fetch: Fetch
  readonly now: Clock
  /** For one look at the metadata, in milliseconds; half of it where the endpoint is known, so that a call is left the rest. */
  readonly timeoutMs: number
  /** Gets one line for the operator for each look that failed while the endpoint was known. */
  readonly onProblem?: ((message: string) => void) | undefined
}

/** As for keys without a `max-age` (KEY-2). */
const freshForMs = freshForSeconds(null) * 1_000

/**
 * Where an endpoint of an issuer is: as configured, or as its metadata say (KEY-1). Those are read again after 10 minutes, in
 * the background, since an endpoint that has moved may go on answering where it was; after a day whoever needs it waits
 * for that. Where they cannot be had, the known endpoint stays in use for as long as that lasts, the operator is told, and
 * looks back off from 1 s to 5 min (KEY-4).
 */
export class EndpointLocation {
  readonly #options: EndpointLocationOptions
  readonly #backOff = new BackOff()
  #discovered: string | undefined
  #discoveredAtMs = -Infinity
  #isDoubted = false
  /** The one look at the metadata that is under way, however many wait for it. */
  #discovering: Promise<string> | undefined

  /** @throws TypeError where KEY-1 does not allow to ask there */
  constructor(options: EndpointLocationOptions) {
    const { issuer, member, url } = options
    if (url !== undefined && (typeof url !== 'string' || !isAllowedEndpoint(url))) {
      throw new TypeError(`${member} of the issuer ${issuer} must be an https URL, or http on a loopback host, without credentials`)
    }
    if (url === undefined && !isAllowedIssuerUrl(issuer)) {
      throw new TypeError(`issuer ${issuer} must be an https URL, or http on a loopback host, without credentials, query and fragment; or ${member} must be given`)
    }
    this.#options = options
  }

  /** Rejects with an `Error` for the operator where the metadata cannot be had, or do not say. */
  find(): MaybePromise<string> {
    if (this.#options.url !== undefined) return this.#options.url
    if (this.#discovered === undefined || this.#isDoubted) return this.#look()
    const nowMs = this.#options.now()
    const ageMs = nowMs - this.#discoveredAtMs
    const isFresh = ageMs >= 0 && ageMs < freshForMs
    if (isFresh || this.#backOff.remainingMs(nowMs) > 0) return this.#discovered
    const look = this.#look()
    return Math.abs(ageMs) > usableForMs ? look : this.#discovered
  }

  /** After a failure the endpoint may have moved: the next one to ask for it looks again, and where that fails goes on as before. */
  doubt(): void {
    this.#isDoubted = true
  }

  /** Never rejects where the endpoint is known. */
  #look(): Promise<string> {
    this.#discovering ??= this.#discover().finally(() => { this.#discovering = undefined })
    return this.#discovering
  }

  async #discover(): Promise<string> {
    const { issuer, member, fetch, now, timeoutMs, onProblem } = this.#options
    const startedAtMs = now()
    const known = this.#discovered
    try {
      const url = await withDeadline(known === undefined ? timeoutMs : Math.ceil(timeoutMs / 2), (signal) => discoverEndpoint(issuer, member, (document) => fetchJson(document, fetch, signal)))
      this.#discovered = url
      this.#discoveredAtMs = startedAtMs
      this.#backOff.succeed()
      return url
    } catch (error) {
      if (known === undefined) throw error
      this.#backOff.fail(now())
      tellSafely(() => onProblem?.(`The ${member} of the issuer ${issuer} is used where it was, since its metadata could not be had: ${describeFailure(error)}`))
      return known
    } finally {
      this.#isDoubted = false
    }
  }
}
