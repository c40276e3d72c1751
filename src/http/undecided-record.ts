import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GuardCore } from '../guard/guard-core.js'
import { historyOf, type RequestState } from './request-state.js'
import { recordedPath } from '../audit/recorded-path.js'
import { isFinished, whenClosed } from './result-record.js'

const maxWarnedRoutes = 1_000
const warnedRoutes = new WeakMap<GuardCore, Set<string>>()

/**
 * An authenticated request that ends without a capability decision leaves a record every time, and a warning once a
 * route unless the route says that it needs none (AUD-1).
 */
export function recordUndecided(state: RequestState, req: IncomingMessage, res: ServerResponse): void {
  whenClosed(res, () => {
    const history = historyOf(req)
    if (history.isDecided || history.state !== state) return
    history.isDecided = true
    history.isUndecided = true
    const { core, session: { correlationId, request, verified }, whyNone } = state
    const howCut = howItWasCut(res)
    const detail = whyNone === undefined
      ? `${howCut === undefined ? 'the response ended' : `${howCut},`} without a capability decision`
      : `the route needs no capability: ${whyNone}${howCut === undefined ? '' : `; ${howCut}`}`
    core.record({ outcome: 'undecided', correlationId, request, status: res.headersSent ? res.statusCode : undefined, note: { rule: 'AUD-1', detail }, verified })
    // Where the caller left before there was an answer, the route has not shown that it takes no decision.
    if (whyNone === undefined && res.headersSent && res.statusCode !== 404) warnOnce(core, request.method, request.url, res.statusCode)
  })
}

/** By a caller who left, or by whoever destroyed it; `undefined` where it was not. */
function howItWasCut(res: ServerResponse): string | undefined {
  if (!res.headersSent) return 'the connection ended before a response began'
  return isFinished(res) ? undefined : 'the connection ended in the middle of the response'
}

function warnOnce(core: GuardCore, method: string, url: string, status: number): void {
  const route = `${method} ${recordedPath(url)}`
  let warned = warnedRoutes.get(core)
  if (warned === undefined) warnedRoutes.set(core, (warned = new Set()))
  if (warned.size >= maxWarnedRoutes || warned.has(route)) return
  warned.add(route)
  core.settings.log.warn(`undecided ${route}`, `${route} answered ${status} without a capability decision. Add requireCapability(action), or requireCapability.none('why') if the route needs none`)
}
