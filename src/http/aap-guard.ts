import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FrameworkRequest } from './incoming-request.js'
import type { GuardCore, Session } from '../guard/guard-core.js'
import type { GuardOptions } from '../guard/guard-options.js'
import type { Denial } from '../model/denial.js'
import type { GuardRequest } from './guard-request.js'
import type { Next } from './respond.js'
import type { RouteMatch } from '../guard/route-table.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import { admittedBy, historyOf, noteProof, shownProof, type RequestState } from './request-state.js'
import { answerMetadata } from './protected-resource-metadata.js'
import { answerRefused, concludeRuling } from './conclude.js'
import { dropPipelined } from './lingering-close.js'
import { coreOf, createGuard, requireCore, type Guard } from '../guard/create-guard.js'
import { guardRequest } from './guard-request.js'
import { IncomingRequest } from './incoming-request.js'
import { handOn, meterBodies } from './limit-bodies.js'
import { pathOf } from '../guard/path-of.js'
import { recordUndecided } from './undecided-record.js'
import { refusesProof } from '../decision/admit.js'
import { clearAap, setAap } from './aap.js'
import { shareHiddenClass } from './share-hidden-class.js'
import { watchRevocation } from './watch-revocation.js'
import { whenReady } from '../decision/when-ready.js'

/** A middleware of Express, Connect, or anything that calls `(req, res, next)`. */
export interface AapGuard {
  (req: IncomingMessage, res: ServerResponse, next: Next): void
  /** The guard that decides, for `ready`, `close` and `authorize`. */
  readonly guard: Guard
}

/**
 * A middleware that **authenticates** every request: token, signature, standard claims, agent, task, context and
 * delegation. It sets `req.aap`.
 *
 * Alone it does **not authorize**: any valid token passes to any handler. Put `requireCapability` on each route, or
 * give the option `routes`, with which everything that is not listed is denied.
 *
 * @param options settings, or a guard made by `createGuard`. Default: `AAP_ISSUER` and `AAP_AUDIENCE` of the environment
 * @throws TypeError or RangeError that names the option which is wrong
 */
export function aapGuard(options: GuardOptions<GuardRequest> | Guard = {}): AapGuard {
  const known = coreOf(options)
  const guard = known === undefined ? createGuard(options as GuardOptions) : (options as Guard)
  const core = known ?? requireCore(guard)
  const { routes } = core.settings

  const middleware = (req: FrameworkRequest, res: ServerResponse, next: Next): void => {
    if (dropPipelined(req, res)) return
    shareHiddenClass(req, res)
    clearAap(req)
    const { metadata, allowsSelfSigned } = core.settings
    const request = new IncomingRequest(req, allowsSelfSigned)
    if (metadata !== undefined && answerMetadata(metadata, req, res)) {
      recordPublic(core, core.openPublic(request), 'TRN-4', 'the metadata of the server is public')
      return
    }
    const matched = routes?.match(request.method, pathOf(req.url), pathOf(request.url))
    if (matched !== undefined && matched.route === undefined) {
      passPublic(core, request, req, res, next)
      return
    }
    const correlationId = historyOf(req).state?.session.correlationId
    const opened = whenReady(core.openSession(request, guardRequest(req, matched?.params), correlationId), (session) => showOnce(core, session, req, routes === undefined))
    void whenReady(opened, (session) => {
      // A guard before this one may have ended the request while the token was verified.
      if (historyOf(req).cut !== undefined || dropPipelined(req, res)) return
      const state = takeOver(core, session, req)
      meterBodies(state, req, res)
      watchRevocation(state, req, res)
      if (session.nextNonce !== undefined) res.setHeader('DPoP-Nonce', session.nextNonce)
      if (routes === undefined) authenticateOnly(state, req, res, next)
      else decideRoute(state, matched, req, res, next)
    })
  }
  return Object.assign(middleware, { guard })
}

/**
 * A proof is shown to a store once, however many guards a request passes. It is shown at once where the action comes later,
 * so that the guard alone refuses a replay (POP-3).
 */
function showOnce(core: GuardCore, session: Session, req: IncomingMessage, isDecidedLater: boolean): MaybePromise<Session> {
  const { proof } = session
  if (proof === undefined) return session
  const shown = shownProof(req, core, proof.key)
  if (shown !== undefined) return whenReady(shown.refusal, (refusal) => afterShowing(session, refusal))
  if (!isDecidedLater) return session
  const result = core.showProof(session)
  noteProof(req, core, proof.key, whenReady(result, proofRefusal))
  return result
}

function proofRefusal({ denial }: { readonly denial?: Denial | undefined }): Denial | undefined {
  return denial !== undefined && refusesProof(denial) ? denial : undefined
}

/** Later guards neither show the proof again nor take the request for one that the store let pass. */
function afterShowing(session: Session, refusal: Denial | undefined): Session {
  return { ...session, proof: undefined, denial: refusal ?? session.denial }
}

/** A guard that comes later has the last word: what is on record for a request is one decision (AUD-1). */
function takeOver(core: GuardCore, session: Session, req: IncomingMessage): RequestState {
  const state: RequestState = { core, session, startedAtMs: performance.now(), aap: session.verified?.view, requiresProof: false }
  historyOf(req).state = state
  return state
}

function authenticateOnly(state: RequestState, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const { core, session } = state
  const denial = core.checkSession(session, (action) => admittedBy(req, state, action))
  if (denial !== undefined) {
    historyOf(req).isDecided = true
    answerRefused(core, core.refuse(session, denial), req, res, next)
    return
  }
  if (state.aap !== undefined) setAap(req, state.aap)
  recordUndecided(state, req, res)
  handOn(state, req, next)
}

function decideRoute(state: RequestState, matched: RouteMatch | undefined, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const history = historyOf(req)
  history.isDecided = true
  history.isDeciding = true
  const { core, session } = state
  const decided = core.decideMatch(session, matched, (action) => admittedBy(req, state, action))
  if (session.proof !== undefined) noteProof(req, core, session.proof.key, whenReady(decided, proofRefusal))
  void whenReady(decided, (ruling) => {
    if (session.proof !== undefined) state.session = afterShowing(session, proofRefusal(ruling))
    concludeRuling(state, ruling, req, res, next)
  })
}

/** A public route is a decision too, and on record as one. */
function passPublic(core: GuardCore, request: IncomingRequest, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const session = core.openPublic(request)
  historyOf(req).isDecided = true
  if (session.denial !== undefined) {
    answerRefused(core, core.refuse(session, session.denial), req, res, next)
    return
  }
  recordPublic(core, session, 'RTE-1', 'the route is public')
  next()
}

function recordPublic(core: GuardCore, { correlationId, request }: Session, rule: string, detail: string): void {
  core.record({ outcome: 'allow', correlationId, request, note: { rule, detail } })
}
