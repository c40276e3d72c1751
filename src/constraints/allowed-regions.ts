import { isSubset } from '../matching/subset.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny, denyMissing } from './constraint-definition.js'
import { expectStrings } from './expect-value.js'

/** CON-8: ISO 3166-1 alpha-2 in upper case, compared exactly. */
export const allowedRegions = defineConstraint<unknown>({
  name: 'allowed_regions',
  rule: 'CON-8',
  compile(value) {
    const regions = expectStrings(value)
    if (!regions.every(isAlpha2)) throw new TypeError('has an entry that is no ISO 3166-1 alpha-2 code')
    return ({ region }) => {
      if (typeof region !== 'string') return denyMissing('aap_constraint_violation', 'region')
      return regions.includes(region) ? pass : deny('aap_constraint_violation', `region ${JSON.stringify(region)} is not in allowed_regions`)
    }
  },
  isNoLooser: (child, parent) => isSubset(expectStrings(child), expectStrings(parent)),
})

function isAlpha2(text: string): boolean {
  return /^[A-Z]{2}$/.test(text)
}
