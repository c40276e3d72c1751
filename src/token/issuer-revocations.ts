import type { Denial } from '../model/denial.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { Fetch } from './fetch-json.js'
import { describeFailure } from './describe-failure.js'
import { EventStream } from './event-stream.js'
import { Hearing } from './hearing.js'
import { isAllowedEndpoint } from './issuer-metadata.js'
import { PolledList } from './polled-list.js'
import { readRevocation, type IssuedRevocation } from './revocation-entry.js'
import { revocationPrint } from '../claims/revocation-prints.js'
import type { Revocations } from './revocations.js'

/** Where an issuer says what it has revoked (REV-1). */
export interface RevocationSource {
  /** Why no token of the issuer may be accepted now; `undefined` while what it revokes is known. Asks it from then on. */
  denial(): MaybePromise<Denial | undefined>
  /** Resolves when it was heard. Rejects where it cannot be. */
  ready(): Promise<void>
  close(): void
}

export interface RevocationEvent {
  readonly event: 'revoked' | 'revocations_failed' | 'revocations_recovered'
  readonly issuer?: string
  readonly detail: string
}

export interface IssuerRevocationsOptions {
  readonly issuer: string
  readonly listUrl: string | undefined
  readonly eventsUrl: string | undefined
  /** Seconds, 1 to 30. Default 15. */
  readonly pollSeconds?: number | undefined
  readonly fetch: Fetch
  readonly revocations: Revocations
  readonly onEvent: (event: RevocationEvent) => void
}

/**
 * What one issuer tells. Where there is a list, it decides whether the issuer was heard, since it is whole: events then only
 * come earlier. What was revoked stays so until it ends, also where it leaves the list.
 *
 * @throws TypeError where there is nothing to ask, or it may not be asked there (KEY-1), or a time span for what is not asked
 * @throws RangeError for `pollSeconds` out of bounds
 */
export function createIssuerRevocations(options: IssuerRevocationsOptions): RevocationSource {
  const { listUrl, eventsUrl, pollSeconds = 15 } = options
  if (listUrl === undefined && eventsUrl === undefined) throw new TypeError('revocation needs `listUrl` or `eventsUrl`')
  for (const [name, url] of Object.entries({ listUrl, eventsUrl })) {
    if (url !== undefined && (typeof url !== 'string' || !isAllowedEndpoint(url))) throw new TypeError(`revocation.${name} must be an https URL, or http on a loopback host, without credentials`)
  }
  if (options.pollSeconds !== undefined && listUrl === undefined) throw new TypeError('revocation.pollSeconds is for `listUrl`, and there is none')
  if (!Number.isInteger(pollSeconds) || pollSeconds < 1 || pollSeconds > 30) throw new RangeError('revocation.pollSeconds must be an integer from 1 to 30')
  return new IssuerRevocations({ ...options, pollSeconds })
}

/** After an event that nobody could read, so long without another one. */
const distrustMs = 60_000

class IssuerRevocations implements RevocationSource {
  readonly #options: IssuerRevocationsOptions
  readonly #list: PolledList | undefined
  readonly #stream: EventStream | undefined
  readonly #hearing: Hearing
  /** Of the stream, where there is a list that decides. */
  readonly #streamHearing: Hearing
  #distrustedUntilMs = -Infinity
  #untold: IssuedRevocation[] = []

  constructor(options: IssuerRevocationsOptions & { readonly pollSeconds: number }) {
    this.#options = options
    const { issuer, listUrl, eventsUrl, pollSeconds, fetch } = options
    const hearingOf = (what: string, start: () => void): Hearing => new Hearing({ source: `the ${what} of ${issuer}`, start, onEvent: (event, detail) => { this.#tell(event, detail) } })
    const start = (): void => {
      void this.#list?.run()
      void this.#stream?.run()
    }
    this.#hearing = hearingOf(listUrl === undefined ? 'revocation events' : 'revocation list', start)
    this.#streamHearing = listUrl === undefined ? this.#hearing : hearingOf('revocation events', () => undefined)
    if (listUrl !== undefined) {
      this.#list = new PolledList({
        issuer,
        url: listUrl,
        fetch,
        pollMs: pollSeconds * 1_000,
        take: (revocation) => this.#take(revocation),
        onHeard: (sinceMs, newEntries) => {
          this.#hearing.heard(sinceMs)
          this.#tellListed(newEntries)
        },
        onFailed: (reason, newEntries) => {
          this.#hearing.failed(reason)
          this.#tellListed(newEntries)
        },
      })
    }
    if (eventsUrl !== undefined) {
      this.#stream = new EventStream({
        url: eventsUrl,
        fetch,
        take: (data) => { this.#takeEvent(data) },
        onHeard: () => {
          if (performance.now() >= this.#distrustedUntilMs) this.#streamHearing.heard()
          this.#tellEvents()
        },
        onFailed: (reason) => {
          this.#tellEvents()
          this.#streamHearing.failed(reason)
        },
      })
    }
  }

  denial(): MaybePromise<Denial | undefined> {
    return this.#hearing.denial()
  }

  ready(): Promise<void> {
    return this.#hearing.ready()
  }

  close(): void {
    this.#hearing.close()
    this.#list?.close()
    this.#stream?.close()
  }

  #take({ kind, id, until }: IssuedRevocation): boolean {
    const { revocations, issuer } = this.#options
    return revocations.enter(revocationPrint(kind, issuer, id), revocations.endOf(until), issuer) === 'new'
  }

  #takeEvent(data: string): void {
    let revocation: IssuedRevocation
    try {
      revocation = readRevocation(data, this.#options.issuer)
    } catch (error) {
      this.#distrustedUntilMs = performance.now() + distrustMs
      this.#streamHearing.distrust(`an event that is no revocation: ${describeFailure(error)}`)
      this.#list?.pollNow()
      throw error
    }
    if (this.#take(revocation)) this.#untold.push(revocation)
  }

  /** Events that come many at a time are on record together. */
  #tellEvents(): void {
    const [first] = this.#untold
    if (first === undefined) return
    const others = this.#untold.length - 1
    this.#untold = []
    this.#tell('revoked', `${first.kind} ${JSON.stringify(first.id.slice(0, 256))}${others === 0 ? '' : ` and ${others} more`}, by events`)
  }

  #tellListed(newEntries: number): void {
    if (newEntries > 0) this.#tell('revoked', `${newEntries} new in the list`)
  }

  #tell(event: RevocationEvent['event'], detail: string): void {
    this.#options.onEvent({ event, issuer: this.#options.issuer, detail })
  }
}
