import { randomUUID } from 'node:crypto'
import type { AuditRecord } from '../model/wire-audit-record.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import type { Revocation } from '../model/revocation.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { RouteMatch } from './route-table.js'
import type { Settings } from './settings.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'
import type { VerifiedToken } from '../token/verify-token.js'
import type { Credentials } from '../token/credentials.js'
import type { Forwarded } from '../token/forwarded.js'
import type { VerifiedProof } from '../token/dpop-proof.js'
import { admitProof } from '../decision/admit.js'
import { authenticate } from '../decision/authenticate.js'
import { authorize, type AdmittedBy, type Ruling } from '../decision/authorize.js'
import { checkAuthorization } from '../checks/order.js'
import { checkParent } from '../decision/check-parent.js'
import { demandsOn } from '../checks/local-policy.js'
import { decisionRecord, type DecisionFacts } from '../audit/decision-record.js'
import { describeError } from '../model/describe-error.js'
import { gatherCommonFacts } from '../decision/gather-facts.js'
import { isPromise, type MaybePromise } from '../model/maybe-promise.js'
import { noRequest, readRequest } from './read-request.js'
import { nothingForwarded } from '../token/forwarded.js'
import { recordedPath } from '../audit/recorded-path.js'
import { readRevocationCall } from './read-revocation-call.js'
import { revocationPrint } from '../claims/revocation-prints.js'
import { requiresProof } from '../decision/requires-proof.js'
import { routeOfFacts, type Route } from '../decision/route.js'
import { statedFacts } from '../decision/stated-facts.js'
import { whenReady } from '../decision/when-ready.js'

/** A request whose token was looked at. */
export interface Session {
  /** Names everything about this request in the audit trail. */
  readonly correlationId: string
  readonly request: ResourceRequest
  /** What hooks get. */
  readonly hookRequest: unknown
  readonly commonFacts: Facts
  /** Why the request is refused; where there is none, `verified` is there. */
  readonly denial?: Denial | undefined
  readonly verified?: VerifiedToken | undefined
  readonly token?: TokenIdentity | undefined
  /** How the token was sent, for the challenge (TRN-4). */
  readonly scheme?: Credentials['scheme'] | undefined
  readonly forwarded: Forwarded
  /** A proof of possession that still has to be shown to the store, so that it is accepted once (POP-3). */
  readonly proof?: VerifiedProof | undefined
  /** For the client's next proofs, where its nonce will soon be too old (RFC 9449 section 8.2). */
  readonly nextNonce?: string | undefined
}

/** The whole outcome of a decision, private side included. */
export type GuardRuling = Ruling & Pick<Session, 'correlationId' | 'request' | 'verified' | 'token' | 'scheme' | 'nextNonce'> & {
  /** A bound token is demanded, whatever the profile says (POP-2). */
  readonly requiresProof: boolean
}

const noFacts: Facts = Object.freeze({})
const closed: Denial = { code: 'temporarily_unavailable', rule: 'ERR-2', detail: 'the guard is closed', retryAfterSeconds: 1 }

/** Joins settings, pipeline and audit. The adapters and `guard.authorize` are thin shells around it. */
export class GuardCore {
  readonly settings: Settings
  #closing: Promise<void> | undefined
  #inFlight = 0
  #idle: (() => void) | undefined

  constructor(settings: Settings) {
    this.settings = settings
  }

  /**
   * Authenticates only: the token, and what needs no action to be known. Never throws or rejects.
   *
   * @param correlationId of the request, where another guard has given it one
   */
  openSession(request: ResourceRequest, hookRequest: unknown, correlationId: string = randomUUID()): MaybePromise<Session> {
    const refused = (denial: Denial): Session => ({ correlationId, request, hookRequest, commonFacts: noFacts, forwarded: nothingForwarded, denial })
    if (this.#closing !== undefined) return refused(closed)
    const { rules } = this.settings
    return this.#settle<Session>(
      () =>
        whenReady(authenticate(request, rules, rules.now()), ({ denial, verified, token, scheme, forwarded, proof }) => {
          const session = { correlationId, request, hookRequest, commonFacts: noFacts, denial, verified, token, scheme, forwarded, proof, nextNonce: proof?.nextNonce }
          if (denial !== undefined || rules.facts === undefined) return session
          // Where the hook fails, there may be a proof to remember all the same.
          return this.#settle<Session>(() => whenReady(gatherCommonFacts(rules, hookRequest), (commonFacts) => ({ ...session, commonFacts })), (failure) => ({ ...session, denial: failure }))
        }),
      refused,
    )
  }

  /**
   * Shows a session's proof to the store before any action is known: the guard alone must refuse a replay. Never throws
   * or rejects.
   */
  showProof(session: Session): MaybePromise<Session> {
    const { verified, proof, ...others } = session
    if (verified === undefined || proof === undefined) return session
    const shown = { ...others, verified }
    return this.#settle<Session>(
      () => whenReady(admitProof({ scope: verified.compiled.scope, proof }, this.settings.rules), (denial) => ({ ...shown, denial: denial ?? shown.denial })),
      (failure) => ({ ...shown, denial: failure }),
    )
  }

  /** The rules that hold whatever the action is (TSK-1, CTX-1, DEL-1 to DEL-3, INT-4). Never throws. */
  checkSession({ verified, commonFacts, denial }: Session, admittedBy: AdmittedBy): Denial | undefined {
    if (denial !== undefined || verified === undefined) return denial
    const { now, verification, tokens } = this.settings.rules
    try {
      const demands = demandsOn(verification.compiler.policy, undefined, verified.compiled.hasUnknownActors)
      return checkAuthorization(verified.compiled, demands, commonFacts, now(), verification.toleranceMs) ?? checkParent(verified, tokens, verification.compiler) ?? (admittedBy() === undefined ? verified.checkSpent?.() : undefined)
    } catch (error) {
      return this.#failure(error)
    }
  }

  /** Decides one action of a session and records it, unless this request was admitted for it before. Never throws or rejects. */
  decide(session: Session, route: Route, admittedBy: AdmittedBy): MaybePromise<GuardRuling> {
    return whenReady(this.#rule(session, route, admittedBy), ({ denial, action, capability, taken, target, addresses, limits, isCountedLocally }) => {
      const { correlationId, request, verified, token, scheme, nextNonce } = session
      const ruling: GuardRuling = { denial, action, capability, taken, target, addresses, limits, isCountedLocally, correlationId, request, verified, token, scheme, nextNonce, requiresProof: requiresProof(session.commonFacts, route) }
      if (ruling.requiresProof) this.#tellUnprovable(action, request)
      if (denial?.missingFact !== undefined) this.#tellMissing(denial.missingFact, action, denial.rule, request)
      if (denial !== undefined || action === undefined || admittedBy(action) === undefined) this.recordRuling(ruling)
      return ruling
    })
  }

  /** Everything in one place: what no route matches is denied, but only after it is known who asks (ORD-1, RTE-1). */
  decideMatch(session: Session, matched: RouteMatch | undefined, admittedBy: AdmittedBy): MaybePromise<GuardRuling> {
    if (matched?.route !== undefined) return this.decide(session, matched.route, admittedBy)
    return whenReady(this.showProof(session), (shown) => this.refuse(shown, this.checkSession(shown, admittedBy) ?? { code: 'aap_invalid_capability', rule: 'RTE-1', detail: 'no route matches the request' }))
  }

  /** Decides one action of a request that a caller built, by facts that the caller states. Never throws or rejects. */
  decideStated(request: ResourceRequest, action: string, facts: unknown): MaybePromise<GuardRuling> {
    const notAdmitted = (): undefined => undefined
    return this.#track(() =>
      whenReady(this.#openStated(request), (session) => {
        try {
          const stated = statedFacts('guard.authorize', facts, this.settings.rules.hasRegisteredConstraints)
          return this.decide(session, routeOfFacts(action, stated), notAdmitted)
        } catch (error) {
          return this.decide({ ...session, denial: session.denial ?? this.#failure(error) }, routeOfFacts(action, {}), notAdmitted)
        }
      }),
    )
  }

  /** Refuses a session for a reason that needs no pipeline, and records it. */
  refuse({ correlationId, request, verified, token, scheme, nextNonce, commonFacts }: Session, denial: Denial): GuardRuling & { readonly denial: Denial } {
    const ruling = { denial, correlationId, request, verified, token, scheme, nextNonce, requiresProof: requiresProof(commonFacts) }
    this.recordRuling(ruling)
    return ruling
  }

  /** A session for a request that no token is asked for. */
  openPublic(request: ResourceRequest): Session {
    return { correlationId: randomUUID(), request, hookRequest: request, commonFacts: noFacts, forwarded: nothingForwarded, denial: this.#closing && closed }
  }

  recordRuling({ denial, correlationId, request, verified, token, action, capability, target, isCountedLocally }: GuardRuling): void {
    const outcome = denial === undefined ? 'allow' : 'deny'
    this.record({ outcome, correlationId, request, denial, verified, token, action, capabilityIndex: capability?.index, targetHost: target?.host, isCountedLocally })
  }

  /** Leaves a decision record, if anybody listens. */
  record(facts: DecisionFacts): void {
    this.writeRecord((nowMs) => decisionRecord(facts, nowMs))
  }

  /** Leaves a record, if anybody listens. Never throws. */
  writeRecord(make: (nowMs: number) => AuditRecord): void {
    const { trail, log } = this.settings
    if (!trail.isOn) return
    try {
      trail.write(make(this.#recordTime()))
    } catch (error) {
      log.error('audit record failure', `An audit record could not be made: ${describeError(error)}`)
    }
  }

  /** REV-1: takes effect at once, and settles when the other processes were told. Rejects where they were not, or with what is wrong. */
  async revoke(revocation: Revocation): Promise<void> {
    const { rules: { revocations, sharedRevocations, verification, now }, tellRevocation } = this.settings
    const { kind, id, issuer, until } = readRevocationCall(revocation, verification.issuers, now())
    const print = revocationPrint(kind, issuer, id)
    const end = revocations.endOf(until)
    const entered = revocations.enter(print, end, issuer)
    tellRevocation({ event: 'revoked', issuer, detail: `${kind} ${JSON.stringify(id.slice(0, 256))}, by a call` })
    await sharedRevocations?.publish(print, end)
    if (entered === 'full') throw new Error('guard.revoke: there is no room for another revocation, and all tokens of the issuer are refused: raise the option `maxRevocations`')
  }

  /** Settles when there are keys, and it is known what was revoked. */
  async ready(): Promise<void> {
    const { verification, sharedRevocations } = this.settings.rules
    await Promise.all([verification.issuers.ready(), sharedRevocations?.ready()])
  }

  /** Later requests get 503; decisions in flight are waited for. */
  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle()
    return this.#closing
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => { this.#idle = resolve })
    const { verification, sharedRevocations } = this.settings.rules
    // What was in flight may still have found a token spent, and had it revoked.
    verification.issuers.close()
    sharedRevocations?.close()
  }

  #openStated(request: ResourceRequest): MaybePromise<Session> {
    try {
      return this.openSession(readRequest(request), request)
    } catch (error) {
      return { correlationId: randomUUID(), request: noRequest, hookRequest: request, commonFacts: noFacts, forwarded: nothingForwarded, denial: this.#failure(error) }
    }
  }

  #rule(session: Session, route: Route, admittedBy: AdmittedBy): MaybePromise<Ruling> {
    const { denial, verified, request, hookRequest, commonFacts, proof, forwarded } = session
    const action = typeof route.action === 'string' ? route.action : undefined
    if (verified === undefined) return { action, denial: denial ?? this.#failure(new Error('there is no verified token')) }
    if (denial !== undefined) return whenReady(this.showProof(session), (shown) => ({ action, denial: shown.denial }))
    const { rules } = this.settings
    return this.#settle<Ruling>(
      () => authorize({ verified, route, request, hookRequest, commonFacts, forwarded, nowMs: rules.now(), admittedBy, proof }, rules),
      (failure) => ({ action, denial: failure }),
    )
  }

  /** CAP-6: a token wants something checked that the server does not say. */
  #tellMissing(fact: string, action: string | undefined, rule: string, { method, url }: ResourceRequest): void {
    this.settings.log.warn(`missing ${fact} ${action ?? ''}`, `${action ?? 'An action'} was refused (${rule}): the route of ${method} ${recordedPath(url)} must supply \`${fact}\``)
  }

  /** What start-up could not see: a route of its own middleware, or the option `facts`, demands what nobody can show (POP-2). */
  #tellUnprovable(action: string | undefined, { method, url }: ResourceRequest): void {
    const { dpop, mtls } = this.settings.rules.possession
    if (dpop !== undefined || mtls !== undefined) return
    this.settings.log.warn(`unprovable ${action ?? ''}`, `${action ?? 'An action'} is always refused (POP-2): ${method} ${recordedPath(url)} demands \`proof: 'required'\`, and with \`dpop\` and \`mtls\` off no token can be bound`)
  }

  /** A decision that failed because of its clock is recorded all the same. */
  #recordTime(): number {
    try {
      return this.settings.rules.now()
    } catch {
      return Date.now()
    }
  }

  /** Whatever fails on the way is a refusal with 500, told to the operator and the audit record only (ERR-2). */
  #settle<T>(attempt: () => MaybePromise<T>, refused: (denial: Denial) => T): MaybePromise<T> {
    return this.#track(() => {
      try {
        const result = attempt()
        return isPromise(result) ? result.catch((error: unknown) => refused(this.#failure(error))) : result
      } catch (error) {
        return refused(this.#failure(error))
      }
    })
  }

  #failure(error: unknown): Denial {
    const detail = describeError(error)
    this.settings.log.error(detail, `A request was refused because something failed: ${detail}`)
    return { code: 'internal_error', rule: 'ERR-2', detail }
  }

  /** Counts what is in flight, so that `close` can wait for it. The attempt must not throw. */
  #track<T>(attempt: () => MaybePromise<T>): MaybePromise<T> {
    this.#inFlight++
    const result = attempt()
    if (isPromise(result)) return result.finally(() => { this.#finish() })
    this.#finish()
    return result
  }

  #finish(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#idle?.()
  }
}
