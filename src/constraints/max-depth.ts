import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

/** CON-10: settled when the token is compiled, since the depth is the token's own. */
export const maxDepth = defineConstraint<unknown>({
  name: 'max_depth',
  rule: 'CON-10',
  compile(value, { delegationDepth }) {
    const limit = expectCount(value, 10)
    const verdict = delegationDepth <= limit ? pass : deny('aap_excessive_delegation', `delegation depth ${delegationDepth} is above max_depth ${limit}`)
    return () => verdict
  },
  isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
})
