import type { MaybePromise } from '../model/maybe-promise.js'
import { withDeadline } from './deadline.js'
import { fetchJson, type Fetch } from './fetch-json.js'
import { discoverEndpoint, isAllowedEndpoint, isAllowedIssuerUrl, type MetadataEndpoint } from './issuer-metadata.js'

export interface EndpointLocationOptions {
  readonly issuer: string
  readonly member: MetadataEndpoint
  /** Where it is; without it, the issuer's metadata say so. */
  readonly url: string | undefined
  readonly fetch: Fetch
  /** For one look at the metadata. */
  readonly timeoutMs: number
}

/** Where an endpoint of an issuer is: as configured, or as its metadata say (KEY-1). */
export class EndpointLocation {
  readonly #options: EndpointLocationOptions
  #discovered: string | undefined
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
    if (this.#discovered !== undefined && !this.#isDoubted) return this.#discovered
    this.#discovering ??= this.#discover().finally(() => { this.#discovering = undefined })
    return this.#discovering
  }

  /** After a failure the endpoint may have moved: the next one to ask for it looks again, and where that fails goes on as before. */
  doubt(): void {
    this.#isDoubted = true
  }

  async #discover(): Promise<string> {
    const { issuer, member, fetch, timeoutMs } = this.#options
    try {
      this.#discovered = await withDeadline(timeoutMs, (signal) => discoverEndpoint(issuer, member, (document) => fetchJson(document, fetch, signal)))
    } catch (error) {
      if (this.#discovered === undefined) throw error
    }
    this.#isDoubted = false
    return this.#discovered
  }
}
