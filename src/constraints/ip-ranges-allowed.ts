import { areRangesWithin, compileRanges, parseAddress } from '../matching/ip-range.js'
import type { Target } from '../matching/target.js'
import { compileOnce } from './compile-once.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny, denyMissing } from './constraint-definition.js'
import { denyTarget } from './deny-target.js'
import { expectStrings } from './expect-value.js'

/** Lists in the hands of `isNoLooser`. */
const rangesOf = compileOnce(compileRanges)

/** CON-3: every address that the target stands for lies in one of the ranges. */
export const ipRangesAllowed = defineConstraint<unknown>({
  name: 'ip_ranges_allowed',
  rule: 'CON-3',
  compile(value) {
    const ranges = compileRanges(expectStrings(value))
    if (ranges === undefined) throw new TypeError('has an entry that is no address/prefix')
    return ({ target, isTargetGiven, addresses }) => {
      if (target === undefined) return denyTarget('aap_constraint_violation', isTargetGiven)
      const texts = addressesOf(target, addresses)
      if (texts === undefined) return denyMissing('aap_constraint_violation', 'addresses')
      const outside = texts.find((text) => {
        const address = parseAddress(text)
        return address === undefined || !ranges.includes(address)
      })
      return outside === undefined ? pass : deny('aap_constraint_violation', `${JSON.stringify(outside)} is outside ip_ranges_allowed`)
    }
  },
  isNoLooser(child, parent) {
    const [inner, outer] = [rangesOf(expectStrings(child)), rangesOf(expectStrings(parent))]
    return inner !== undefined && outer !== undefined && areRangesWithin(inner, outer)
  },
})

/** A literal is its own address, whatever a route supplies beside it. */
function addressesOf(target: Target, supplied: unknown): readonly string[] | undefined {
  if (target.addressFamily !== 0) return [target.host]
  if (!Array.isArray(supplied) || supplied.length === 0) return undefined
  // A copy has `undefined` in place of holes, which `every` would pass over.
  const texts = [...supplied as unknown[]]
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}
