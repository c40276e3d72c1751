import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Denial } from '../model/denial.js'
import type { GuardCore, GuardRuling } from '../guard/guard-core.js'
import { historyOf, noteAdmission, type RequestState } from './request-state.js'
import { holdEnd } from './lingering-close.js'
import { cutShort, limitBodies } from './limit-bodies.js'
import { publicDenial } from './public-denial.js'
import { recordResult } from './result-record.js'
import { requestMeterOf } from './request-meter.js'
import { respond, type Next } from './respond.js'
import { setAap } from './aap.js'

/** Turns a decision into what happens next: the handler, with `req.aap` complete, or an answer. */
export function concludeRuling(state: RequestState, ruling: GuardRuling, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const { denial, action, capability, taken = [], target, addresses, correlationId, limits } = ruling
  const history = historyOf(req)
  history.isDeciding = false
  if (denial !== undefined || action === undefined || capability === undefined || state.aap === undefined) {
    answerRefused(state.core, { ...ruling, denial: denial ?? { code: 'internal_error', rule: 'ERR-2', detail: 'the decision has no capability' } }, req, res, next)
    return
  }
  noteAdmission(req, state, action, capability.index, taken)
  state.requiresProof ||= ruling.requiresProof
  // The rest of it was frozen with the token.
  state.aap = Object.freeze({
    ...state.aap,
    decision: Object.freeze({ capability: Object.freeze(capability), correlationId }),
    ...(target !== undefined && { target: target.url }),
    ...(addresses !== undefined && { addresses }),
  })
  setAap(req, state.aap)
  recordResult(state, req, res)
  limitBodies(limits, req, res)
  if (history.revoked !== undefined) cutShort(req, res, history.revoked)
  // The body may be over its limit by now.
  if (history.cut === undefined) next()
}

/** Answers a refusal, which is on record already. */
export function answerRefused(core: GuardCore, ruling: Pick<GuardRuling, 'verified' | 'correlationId' | 'scheme' | 'requiresProof'> & { readonly denial: Denial }, req: IncomingMessage, res: ServerResponse, next: Next): void {
  if (historyOf(req).cut !== undefined) return
  const isUnread = ruling.denial.code === 'request_too_large' || requestMeterOf(req)?.isOver === true
  if (isUnread && req.httpVersionMajor === 1) holdEnd(req, res)
  respond(publicDenial(ruling.denial, ruling, core.settings, req.httpVersionMajor), req, res, next, core.settings)
}
