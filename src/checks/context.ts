import type { Context } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import { isWithin } from '../matching/time-window.js'

/** CTX-1: where and when the token may be used, against what the server knows. A missing fact denies. */
export function checkContext(context: Context | undefined, facts: Facts, nowMs: number): Denial | undefined {
  if (context === undefined) return undefined
  const { timeWindow, networkZone, geoRestriction } = context
  if (timeWindow !== undefined && !isWithin(timeWindow, nowMs)) return outside('now is outside time_window')
  if (networkZone !== undefined && facts.zone !== networkZone) return outside(facts.zone === undefined ? 'the network zone is not known: `facts` must supply `zone`' : 'the request comes from another network zone')
  if (geoRestriction !== undefined && !(typeof facts.country === 'string' && geoRestriction.includes(facts.country))) {
    return outside(facts.country === undefined ? 'the country is not known: `facts` must supply `country`' : 'the request comes from another country')
  }
  return undefined
}

function outside(detail: string): Denial {
  return { code: 'aap_invalid_context', rule: 'CTX-1', detail }
}
