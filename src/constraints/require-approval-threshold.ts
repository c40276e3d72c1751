import { defineConstraint } from './constraint-definition.js'

/** CON-11: an amount above the threshold needs an approval, and so does an amount nobody supplied. */
export const requireApprovalThreshold = defineConstraint<unknown>({
  name: 'require_approval_threshold',
  rule: 'CON-11',
  compile(value) {
    if (typeof value !== 'number') throw new TypeError('must be a number')
    // Written so that NaN and anything that is no number needs an approval.
    return { kind: 'approval', isNeeded: ({ amount }) => !(typeof amount === 'number' && amount <= value) }
  },
  // Every amount is above NaN.
  isNoLooser: (child, parent) => typeof child === 'number' && typeof parent === 'number' && (Number.isNaN(child) || child <= parent),
})
