import { defineConstraint, deny } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

/** CON-7: responses are not measured yet, so a capability that limits them cannot be used. */
export const maxResponseSize = defineConstraint<unknown>({
  name: 'max_response_size',
  rule: 'CON-7',
  compile(value) {
    expectCount(value)
    const verdict = deny('aap_constraint_violation', 'max_response_size cannot be enforced by this version')
    return () => verdict
  },
  isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
})
