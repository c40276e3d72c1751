import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Denial } from '../model/denial.js'
import type { GuardCore, GuardRuling } from '../guard/guard-core.js'
import { deepFreeze } from '../claims/deep-freeze.js'
import { noteAdmission, type RequestState } from './request-state.js'
import { publicDenial } from './public-denial.js'
import { recordResult } from './result-record.js'
import { respond, type Next } from './respond.js'
import { setAap } from './aap.js'

/** Turns a decision into what happens next: the handler, with `req.aap` complete, or an answer. */
export function concludeRuling(state: RequestState, ruling: GuardRuling, req: IncomingMessage, res: ServerResponse, next: Next): void {
  const { core, session, startedAtMs } = state
  const { denial, capability, target, addresses, correlationId } = ruling
  if (denial !== undefined) {
    refuse(core, { ...ruling, denial }, req, res, next)
    return
  }
  noteAdmission(req, state, ruling)
  if (state.aap !== undefined && capability !== undefined) {
    state.aap = deepFreeze({
      ...state.aap,
      decision: { capability, correlationId },
      ...(target !== undefined && { target: target.url }),
      ...(addresses !== undefined && { addresses: [...addresses] }),
    })
  }
  setAap(req, state.aap)
  recordResult(core, session, res, startedAtMs)
  next()
}

/** Answers a refusal. It is recorded already. */
export function refuse(core: GuardCore, ruling: Pick<GuardRuling, 'verified' | 'correlationId'> & { readonly denial: Denial }, req: IncomingMessage, res: ServerResponse, next: Next): void {
  respond(publicDenial(ruling.denial, ruling), req, res, next, core.settings)
}
