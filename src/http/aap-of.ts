import type { IncomingMessage } from 'node:http'
import type { Aap } from './aap.js'
import { stateOf } from './request-state.js'

/**
 * What `req.aap` holds, with its type, and out of reach of whoever can write to the request.
 *
 * @throws Error if no guard let the request through
 */
export function aapOf(req: IncomingMessage): Aap {
  const aap = stateOf(req)?.aap
  if (aap === undefined) throw new Error('aapOf: no guard let this request through: add app.use(aapGuard()) before its handler')
  return aap
}
