import { withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { fetchJson, type Fetch } from './fetch-json.js'
import { discoverEndpoint } from './issuer-metadata.js'
import { parseKeySet, type VerificationKey } from './verification-key.js'

/** One good answer of an issuer: at least one usable key. */
export interface FetchedKeys {
  readonly keys: readonly VerificationKey[]
  readonly cacheControl: string | null
}

export interface KeySourceOptions {
  readonly issuer: string
  /** Where the keys are; without it, the issuer's metadata say so. */
  readonly jwksUri: string | undefined
  readonly fetch: Fetch
  /** For one whole `fetchKeys`: discovery, keys, and their bodies (KEY-6). */
  readonly deadlineMs: number
}

/** How an issuer's keys are got. When they are is the business of the key set. */
export class KeySource {
  private readonly options: KeySourceOptions
  /** Where the last good answer came from, if that was not configured. */
  private discovered: string | undefined

  constructor(options: KeySourceOptions) {
    this.options = options
  }

  /** Rejects with an `Error` for the operator on every kind of failure (KEY-6). */
  fetchKeys(): Promise<FetchedKeys> {
    const { jwksUri, deadlineMs } = this.options
    return withDeadline(deadlineMs, (signal) =>
      jwksUri === undefined ? this.discoverAndFetch(signal) : this.fetchFrom(jwksUri, signal))
  }

  /** Keys that are no longer where they were are looked for once more, in case the issuer moved them (KEY-1). */
  private async discoverAndFetch(signal: AbortSignal): Promise<FetchedKeys> {
    const remembered = this.discovered
    this.discovered = undefined
    let failure: unknown
    if (remembered !== undefined) {
      try {
        return this.remember(remembered, await this.fetchFrom(remembered, signal))
      } catch (error) {
        failure = error
      }
    }
    const url = await discoverEndpoint(this.options.issuer, 'jwks_uri', (document) => fetchJson(document, this.options.fetch, signal))
    if (url === remembered) throw failure
    return this.remember(url, await this.fetchFrom(url, signal))
  }

  private remember(url: string, fetched: FetchedKeys): FetchedKeys {
    this.discovered = url
    return fetched
  }

  private async fetchFrom(url: string, signal: AbortSignal): Promise<FetchedKeys> {
    try {
      const { value, cacheControl } = await fetchJson(url, this.options.fetch, signal)
      const keys = parseKeySet(value)
      if (keys.length === 0) throw new Error('no key in it is usable, it has more than 100, or it is no key set')
      return { keys, cacheControl }
    } catch (error) {
      throw new Error(`${url}: ${describeFailure(error)}`, { cause: error })
    }
  }
}
