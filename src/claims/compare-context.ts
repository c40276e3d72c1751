import type { AttenuationDifference } from '../model/attenuation.js'
import type { Context } from '../model/agent-authorization.js'
import { differenceUnless } from './difference.js'
import { isSubset } from '../matching/subset.js'
import { isWindowWithin } from '../matching/time-window.js'

/** DEL-5 for the context: where and when the parent may not be used, the child may not either (CTX-1). */
export function compareContext(child: Context = {}, parent: Context = {}): readonly AttenuationDifference[] {
  const at = (member: keyof Context) => ({ path: `context.${member}`, rule: 'CTX-1', child: child[member], parent: parent[member] })
  return [
    ...differenceUnless(isKept(child.timeWindow, parent.timeWindow, isWindowWithin), at('timeWindow'), 'time_window is not within the parent\'s'),
    ...differenceUnless(isKept(child.networkZone, parent.networkZone, (zone, other) => zone === other), at('networkZone'), 'network_zone is not the parent\'s'),
    ...differenceUnless(isKept(child.geoRestriction, parent.geoRestriction, isSubset), at('geoRestriction'), 'geo_restriction has a country that the parent\'s has not'),
  ]
}

function isKept<T>(child: T | undefined, parent: T | undefined, isNoLooser: (child: T, parent: T) => boolean): boolean {
  return parent === undefined || (child !== undefined && isNoLooser(child, parent))
}
