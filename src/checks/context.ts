import type { Context } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { Facts } from '../model/facts.js'
import { isWithin } from '../matching/time-window.js'

/** CTX-1: where and when the token may be used, against what the server knows. A missing fact denies. */
export function checkContext(context: Context | undefined, facts: Facts, nowMs: number): Denial | undefined {
  if (context === undefined) return undefined
  const { timeWindow, networkZone, geoRestriction } = context
  if (timeWindow !== undefined && !isWithin(timeWindow, nowMs)) return { ...invalidContext, detail: 'now is outside time_window' }
  if (networkZone !== undefined && facts.zone !== networkZone) return outside('zone', facts.zone, 'the request comes from another network zone')
  if (geoRestriction !== undefined && !(typeof facts.country === 'string' && geoRestriction.includes(facts.country))) {
    return outside('country', facts.country, 'the request comes from another country')
  }
  return undefined
}

const invalidContext = { code: 'aap_invalid_context', rule: 'CTX-1' } as const

function outside(fact: string, value: unknown, detail: string): Denial {
  if (typeof value === 'string') return { ...invalidContext, detail }
  return { ...invalidContext, detail: `the route must supply \`${fact}\``, missingFact: fact }
}
