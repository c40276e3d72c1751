import type { Facts } from '../model/facts.js'
import type { Route } from './route.js'

/**
 * Whether a request needs a bound token whatever the profile says: its route demands one, or the option `facts` does for
 * every route. What is enforced and what challenges offer both go by it (POP-2, TRN-4).
 *
 * @param route absent where no route is known yet, or none matches
 */
export function requiresProof(commonFacts: Facts, route?: Route): boolean {
  return 'proof' in commonFacts || (route !== undefined && 'proof' in route.constants)
}
