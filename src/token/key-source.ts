import { ignoreRejection } from '../model/maybe-promise.js'
import { withDeadline } from './deadline.js'
import { describeFailure } from './describe-failure.js'
import { fetchJson, type Fetch } from './fetch-json.js'
import { discoverEndpoint } from './issuer-metadata.js'
import { parseKeySet, type VerificationKey } from './verification-key.js'

/** One good answer of an issuer: at least one usable key. */
export interface FetchedKeys {
  readonly keys: readonly VerificationKey[]
  readonly cacheControl: string | null
  /** Why the metadata could not be had: the keys are from where they were the last time, which may no longer be the place. */
  readonly unlocated?: string
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
  /** What the metadata said when the keys that they name could last be fetched. */
  private discovered: string | undefined

  constructor(options: KeySourceOptions) {
    this.options = options
  }

  /** Rejects with an `Error` for the operator on every kind of failure (KEY-6). */
  fetchKeys(): Promise<FetchedKeys> {
    const { jwksUri, deadlineMs } = this.options
    if (jwksUri !== undefined) return withDeadline(deadlineMs, (signal) => this.fetchFrom(jwksUri, signal))
    return this.discovered === undefined ? this.fetchFirst() : this.fetchAgain(this.discovered)
  }

  private fetchFirst(): Promise<FetchedKeys> {
    return withDeadline(this.options.deadlineMs, async (signal) => {
      const url = await this.locate(signal)
      return this.remember(url, await this.fetchFrom(url, signal))
    })
  }

  /**
   * The set that counts is the one that the metadata name now (KEY-5), so they are read each time, while the keys are fetched
   * from where they were: an issuer that moves them may leave a copy behind. Where the metadata name another place, its answer
   * is the only one that counts, and its failure is the failure. Where they cannot be had, the keys of the known place are
   * given as `unlocated`. Both run under the same deadline, so that metadata that hang leave time for the keys.
   */
  private async fetchAgain(known: string): Promise<FetchedKeys> {
    const { deadlineMs } = this.options
    const atKnown = withDeadline(deadlineMs, (signal) => this.fetchFrom(known, signal))
    ignoreRejection(atKnown)
    const named: { url?: string } = {}
    try {
      const moved = await withDeadline(deadlineMs, async (signal) => {
        named.url = await this.locate(signal)
        return named.url === known ? undefined : this.remember(named.url, await this.fetchFrom(named.url, signal))
      })
      if (moved !== undefined) return moved
    } catch (error) {
      if (named.url !== undefined) throw error
      const unlocated = describeFailure(error)
      const fetched = await atKnown.catch((failure: unknown) => { throw new Error(`${describeFailure(failure)}; ${unlocated}`, { cause: failure }) })
      return { ...fetched, unlocated }
    }
    return atKnown
  }

  private locate(signal: AbortSignal): Promise<string> {
    return discoverEndpoint(this.options.issuer, 'jwks_uri', (document) => fetchJson(document, this.options.fetch, signal))
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
