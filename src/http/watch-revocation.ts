import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestState } from './request-state.js'
import { cutShort } from './limit-bodies.js'
import { whenClosed } from './result-record.js'

/** Ends the response where its token is revoked before it is whole (REV-1). */
export function watchRevocation({ core, session: { verified, denial } }: RequestState, req: IncomingMessage, res: ServerResponse): void {
  if (verified === undefined || denial !== undefined) return
  whenClosed(res, core.settings.rules.revocations.watch(verified, (revoked) => { cutShort(req, res, revoked) }))
}
