import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestState } from './request-state.js'
import { watchToken } from '../token/watch-token.js'
import { cutShort } from './limit-bodies.js'
import { whenClosed } from './result-record.js'

/** Ends the response where its token is revoked, or not active any more, before it is whole (REV-1). */
export function watchRevocation({ core, session: { verified, denial } }: RequestState, req: IncomingMessage, res: ServerResponse): void {
  if (verified === undefined || denial !== undefined) return
  whenClosed(res, watchToken(verified, core.settings.rules, (revoked) => { cutShort(req, res, revoked) }))
}
