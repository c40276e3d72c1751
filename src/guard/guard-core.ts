import { randomUUID } from 'node:crypto'
import type { AuditRecord } from '../model/wire-audit-record.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { ResourceRequest } from '../model/resource-request.js'
import { routeOfFacts, type Route } from '../decision/route.js'
import type { RouteMatch } from './route-table.js'
import type { Settings } from './settings.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { authenticate } from '../decision/authenticate.js'
import { authorize, type Ruling } from '../decision/authorize.js'
import { checkAuthorization } from '../checks/order.js'
import { decisionRecord, type DecisionFacts } from '../audit/decision-record.js'
import { gatherCommonFacts } from '../decision/gather-facts.js'
import { isPromise, whenReady } from '../decision/when-ready.js'
import { noRequest, readRequest } from './read-request.js'
import { statedFacts } from '../decision/stated-facts.js'

/** A request whose token was looked at. */
export interface Session {
  readonly correlationId: string
  readonly request: ResourceRequest
  /** What hooks get. */
  readonly hookRequest: unknown
  readonly commonFacts: Facts
  /** Why the request is refused; where there is none, `verified` is there. */
  readonly denial?: Denial | undefined
  readonly verified?: VerifiedToken | undefined
  readonly token?: TokenIdentity | undefined
}

/** The whole outcome of a decision, private side included. */
export type GuardRuling = Ruling & Pick<Session, 'correlationId' | 'request' | 'verified' | 'token'>

const noFacts: Facts = Object.freeze({})

/** Joins settings, pipeline and audit. The adapters and `guard.authorize` are thin shells around it. */
export class GuardCore {
  readonly settings: Settings
  #closing: Promise<void> | undefined
  #inFlight = 0
  #idle: (() => void) | undefined

  constructor(settings: Settings) {
    this.settings = settings
  }

  /** Authenticates only: the token, and what needs no action to be known. Never throws or rejects. */
  openSession(request: ResourceRequest, hookRequest: unknown): MaybePromise<Session> {
    const correlationId = randomUUID()
    const refused = (denial: Denial): Session => ({ correlationId, request, hookRequest, commonFacts: noFacts, denial })
    if (this.#closing !== undefined) return refused({ code: 'temporarily_unavailable', rule: 'ERR-2', detail: 'the guard is closed', retryAfterSeconds: 1 })
    const { rules } = this.settings
    return this.#settle<Session>(
      () =>
        whenReady(authenticate(request, rules, rules.now()), ({ denial, verified, token }) => {
          if (denial !== undefined) return { correlationId, request, hookRequest, commonFacts: noFacts, denial, verified, token }
          return whenReady(gatherCommonFacts(rules, hookRequest), (commonFacts) => ({ correlationId, request, hookRequest, commonFacts, verified }))
        }),
      refused,
    )
  }

  /** The same for a request that a caller built. */
  openStated(request: ResourceRequest): MaybePromise<Session> {
    try {
      return this.openSession(readRequest(request), request)
    } catch (error) {
      return { correlationId: randomUUID(), request: noRequest, hookRequest: request, commonFacts: noFacts, denial: this.#failure(error) }
    }
  }

  /** The rules that hold whatever the action is (AGT, TSK-1, CTX-1, DEL). */
  checkSession({ verified, commonFacts, denial }: Session): Denial | undefined {
    if (denial !== undefined || verified === undefined) return denial
    const { now, verification } = this.settings.rules
    return checkAuthorization(verified.compiled, commonFacts, now(), verification.toleranceMs)
  }

  /**
   * Decides one action of a session and records it. Never throws or rejects.
   *
   * @param isAdmitted whether this request was admitted for the action before: then it is neither counted nor recorded twice
   */
  decide(session: Session, route: Route, isAdmitted: (action: string) => boolean): MaybePromise<GuardRuling> {
    return whenReady(this.#rule(session, route, isAdmitted), (ruling) => {
      const { correlationId, request, verified, token } = session
      const { denial, action, capability, target, addresses } = ruling
      const whole: GuardRuling = { denial, action, capability, target, addresses, correlationId, request, verified, token }
      if (denial?.missingFact !== undefined) this.#tellMissing(denial.missingFact, action, denial.rule, request)
      if (ruling.denial !== undefined || ruling.action === undefined || !isAdmitted(ruling.action)) this.recordRuling(whole)
      return whole
    })
  }

  /** CAP-6: a token wants something checked that the server does not say. */
  #tellMissing(fact: string, action: string | undefined, rule: string, { method, url }: ResourceRequest): void {
    const [path = ''] = url.split('?')
    this.settings.log.warn(`missing ${fact} ${action ?? ''}`, `${action ?? 'An action'} was refused (${rule}): the route of ${method} ${path} must supply \`${fact}\``)
  }

  /** Decides one action by facts that the caller states. Never throws or rejects. */
  decideStated(session: Session, action: string, facts: unknown): MaybePromise<GuardRuling> {
    try {
      const stated = statedFacts('guard.authorize', facts, this.settings.rules.hasRegisteredConstraints)
      return this.decide(session, routeOfFacts(action, stated), () => false)
    } catch (error) {
      const denial = session.denial ?? this.#failure(error)
      return this.decide({ ...session, denial }, routeOfFacts(action, {}), () => false)
    }
  }

  /** Everything in one place: what no route matches is denied, but only after it is known who asks (ORD-1, RTE-1). */
  decideMatch(session: Session, matched: RouteMatch | undefined, isAdmitted: (action: string) => boolean): MaybePromise<GuardRuling> {
    if (matched?.route !== undefined) return this.decide(session, matched.route, isAdmitted)
    const denial = this.checkSession(session) ?? { code: 'aap_invalid_capability', rule: 'RTE-1', detail: 'no route matches the request' }
    const { correlationId, request, verified, token } = session
    const ruling: GuardRuling = { denial, correlationId, request, verified, token }
    this.recordRuling(ruling)
    return ruling
  }

  #rule(session: Session, route: Route, isAdmitted: (action: string) => boolean): MaybePromise<Ruling> {
    const { denial, verified, request, hookRequest, commonFacts } = session
    const known = typeof route.action === 'string' ? { action: route.action } : {}
    if (denial !== undefined || verified === undefined) return { ...known, denial: denial ?? internalError('there is no verified token') }
    const { rules } = this.settings
    return this.#settle<Ruling>(
      () => authorize({ verified, route, request, hookRequest, commonFacts, nowMs: rules.now(), isAdmitted }, rules),
      (failure) => ({ ...known, denial: failure }),
    )
  }

  recordRuling({ denial, correlationId, request, verified, token, action, capability, target }: GuardRuling): void {
    const outcome = denial === undefined ? 'allow' : 'deny'
    this.record({ outcome, correlationId, request, denial, verified, token, action, capabilityIndex: capability?.index, targetHost: target?.host })
  }

  /** Leaves a decision record, if anybody listens. */
  record(facts: Omit<DecisionFacts, 'nowMs'>): void {
    this.writeRecord((nowMs) => decisionRecord({ ...facts, nowMs }))
  }

  /** Leaves a record, if anybody listens. Never throws. */
  writeRecord(make: (nowMs: number) => AuditRecord): void {
    const { trail, log } = this.settings
    if (!trail.isOn) return
    try {
      trail.write(make(this.#recordTime()))
    } catch (error) {
      log.error('audit record failure', `An audit record could not be made: ${String(error)}`)
    }
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
    const recover = (error: unknown): T => refused(this.#failure(error))
    this.#inFlight++
    let result: MaybePromise<T>
    try {
      result = attempt()
    } catch (error) {
      this.#finish()
      return recover(error)
    }
    if (!isPromise(result)) {
      this.#finish()
      return result
    }
    return result.catch(recover).finally(() => { this.#finish() })
  }

  #failure(error: unknown): Denial {
    const detail = error instanceof Error ? error.message : String(error)
    this.settings.log.error(detail, `A request was refused because something failed: ${detail}`)
    return internalError(detail)
  }

  #finish(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#idle?.()
  }

  /** Later requests get 503; decisions in flight are waited for. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      if (this.#inFlight > 0) await new Promise<void>((resolve) => { this.#idle = resolve })
      const { ownsStore, rules } = this.settings
      if (ownsStore) await rules.store.close?.()
    })()
    return this.#closing
  }
}

function internalError(detail: string): Denial {
  return { code: 'internal_error', rule: 'ERR-2', detail }
}
