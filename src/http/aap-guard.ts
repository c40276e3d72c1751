import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FrameworkRequest } from './incoming-request.js'
import type { GuardCore, Session } from '../guard/guard-core.js'
import type { GuardOptions } from '../guard/guard-options.js'
import type { GuardRequest } from './guard-request.js'
import type { RouteMatch } from '../guard/route-table.js'
import { coreOf, createGuard, type Guard } from '../guard/create-guard.js'
import { concludeRuling, refuse } from './conclude.js'
import { guardRequest } from './guard-request.js'
import { IncomingRequest } from './incoming-request.js'
import { isAdmitted, setState, stateOf, type RequestState } from './request-state.js'
import { setAap } from './aap.js'
import { whenClosed } from './result-record.js'
import { whenReady } from '../decision/when-ready.js'
import type { Next } from './respond.js'

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
  const core = known ?? (coreOf(guard) as GuardCore)
  const { routes } = core.settings

  const middleware = (req: FrameworkRequest, res: ServerResponse, next: Next): void => {
    setAap(req, undefined)
    const request = new IncomingRequest(req)
    const matched = routes?.match(request.method, pathOf(req.url), pathOf(request.url))
    if (matched !== undefined && matched.route === undefined) {
      passPublic(core, request, next)
      return
    }
    const hookRequest = guardRequest(req, matched?.params)
    void whenReady(core.openSession(request, hookRequest), (session) => {
      if (routes === undefined) authenticateOnly(core, session, req, res, next)
      else decideRoute(core, session, matched, req, res, next)
    })
  }
  return Object.assign(middleware, { guard })
}

function pathOf(url = ''): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function authenticateOnly(core: GuardCore, session: Session, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const denial = core.checkSession(session)
  if (denial !== undefined) {
    core.recordRuling({ ...session, denial })
    refuse(core, { ...session, denial }, req, res, next)
    return
  }
  const state = beginRequest(core, session, req)
  recordUndecided(state, res)
  next()
}

function decideRoute(core: GuardCore, session: Session, matched: RouteMatch | undefined, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const state = beginRequest(core, session, req)
  state.isDecided = true
  void whenReady(core.decideMatch(session, matched, (action) => isAdmitted(req, state, action)), (ruling) => {
    concludeRuling(state, ruling, req, res, next)
  })
}

function beginRequest(core: GuardCore, session: Session, req: IncomingMessage): RequestState {
  // A guard that comes later takes over: one request leaves one decision record (AUD-1).
  const earlier = stateOf(req)
  if (earlier !== undefined) earlier.isDecided = true
  const state: RequestState = { core, session, startedAtMs: performance.now(), isDecided: false, aap: session.verified?.view }
  setState(req, state)
  setAap(req, state.aap)
  return state
}

function passPublic(core: GuardCore, request: IncomingRequest, next: Next): void {
  core.record({ outcome: 'allow', correlationId: crypto.randomUUID(), request, note: { rule: 'RTE-1', detail: 'the route is public' } })
  next()
}

const warnedRoutes = new WeakMap<GuardCore, Set<string>>()

/** An authenticated request that ends without a decision leaves a record every time, and a warning once a route (AUD-1). */
function recordUndecided(state: RequestState, res: ServerResponse): void {
  whenClosed(res, () => {
    if (state.isDecided) return
    const { core, session } = state
    const { correlationId, request, verified } = session
    core.record({
      outcome: 'undecided',
      correlationId,
      request,
      status: res.statusCode,
      note: { rule: 'AUD-1', detail: 'the response ended without a capability decision' },
      ...(verified !== undefined && { verified }),
    })
    if (res.statusCode === 404) return
    const path = pathOf(request.url)
    const warned = warnedRoutes.get(core) ?? new Set()
    warnedRoutes.set(core, warned)
    if (warned.size >= 1_000 || warned.has(`${request.method} ${path}`)) return
    warned.add(`${request.method} ${path}`)
    core.settings.log.warn(`undecided ${request.method} ${path}`, `${request.method} ${path} answered ${res.statusCode} without a capability decision. Add requireCapability(action), or requireCapability.none('why') if the route needs none`)
  })
}
