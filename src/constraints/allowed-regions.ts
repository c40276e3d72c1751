import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectStrings } from './expect-value.js'

/** CON-8: ISO 3166-1 alpha-2 in upper case, compared exactly. */
export const allowedRegions = defineConstraint<unknown>({
  name: 'allowed_regions',
  rule: 'CON-8',
  compile(value) {
    const regions = new Set(expectStrings(value))
    return ({ region }) => {
      if (typeof region !== 'string') return deny('aap_constraint_violation', 'the region is not known: the route must supply `region`')
      return isAlpha2(region) && regions.has(region) ? pass : deny('aap_constraint_violation', `region ${JSON.stringify(region)} is not in allowed_regions`)
    }
  },
})

function isAlpha2(text: string): boolean {
  return /^[A-Z]{2}$/.test(text)
}
