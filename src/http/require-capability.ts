import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FrameworkRequest } from './incoming-request.js'
import type { GuardRequest } from './guard-request.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { Next } from './respond.js'
import type { RouteOptions } from '../decision/route.js'
import { admittedBy, historyOf, stateOf, type RequestState } from './request-state.js'
import { compileRoute } from '../decision/route.js'
import { dropPipelined } from './lingering-close.js'
import { concludeRuling } from './conclude.js'
import { guardRequest } from './guard-request.js'
import { isActionName } from '../matching/action-name.js'
import { readRouteOptions } from '../guard/route-options.js'
import { recordResult } from './result-record.js'
import { requestMeterOf } from './request-meter.js'
import { whenReady } from '../decision/when-ready.js'

/** A middleware for one route. */
export type RouteGuard = (req: IncomingMessage, res: ServerResponse, next: Next) => void

/** Authorizes one route: capability, constraints, quotas and oversight. Needs `aapGuard` before it. */
export interface RequireCapability {
  /**
   * @param action what the route does (CAP-1), or a function that names it
   * @param route facts that constraints may need
   * @throws TypeError for a name that is no action, for options that are no plain object, and for one that is unknown or of the wrong type
   */
  (action: string | ((req: GuardRequest) => MaybePromise<unknown>), route?: RouteOptions<GuardRequest>): RouteGuard
  /**
   * For a route that any authenticated agent may use.
   *
   * @param why is left in the audit record
   * @throws TypeError without a reason
   */
  none(why: string): RouteGuard
}

function create(action: string | ((req: GuardRequest) => MaybePromise<unknown>), options: RouteOptions<GuardRequest> = {}): RouteGuard {
  if (typeof action !== 'function' && !isActionName(action)) throw new TypeError(`requireCapability: ${JSON.stringify(action)} is no action name (CAP-1)`)
  const route = compileRoute(action, readRouteOptions<GuardRequest>(`requireCapability(${typeof action === 'string' ? `'${action}'` : 'function'})`, options))

  return afterGuard((state, req, res, next) => {
    const history = historyOf(req)
    history.isDecided = true
    history.isDeciding = true
    const session = { ...state.session, hookRequest: guardRequest(req) }
    void whenReady(state.core.decide(session, route, (name) => admittedBy(req, state, name)), (ruling) => {
      concludeRuling(state, ruling, req, res, next)
    })
  })
}

function none(why: string): RouteGuard {
  if (typeof why !== 'string' || why === '') throw new TypeError('requireCapability.none: say why the route needs no capability')
  return afterGuard((state, req, res, next) => {
    state.whyNone = why
    requestMeterOf(req)?.liftCeiling()
    recordResult(state, req, res)
    next()
  })
}

function afterGuard(run: (state: RequestState, req: FrameworkRequest, res: ServerResponse, next: Next) => void): RouteGuard {
  return (req, res, next) => {
    const state = stateOf(req)
    if (state === undefined) next(new Error('requireCapability found no guard: add app.use(aapGuard()) before this route'))
    else if (!isOver(req) && !dropPipelined(req, res)) run(state, req, res, next)
  }
}

/** Answered and on record: a decision would be a second one (AUD-1). */
function isOver(req: IncomingMessage): boolean {
  const { cut, isUndecided } = historyOf(req)
  return cut !== undefined || isUndecided
}

export const requireCapability: RequireCapability = Object.assign(create, { none })
