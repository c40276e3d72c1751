import { pass } from '../model/verdict.js'
import { defineConstraint, denyMissing } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

/** CON-7: nobody knows the size of the response when the request is decided, so somebody has to enforce the limit later. */
export const maxResponseSize = defineConstraint<unknown>({
  name: 'max_response_size',
  rule: 'CON-7',
  compile: (value) => ({
    kind: 'body-limit',
    responseBytes: expectCount(value),
    check: ({ limitsResponse }) => (limitsResponse ? pass : denyMissing('aap_constraint_violation', 'limitsResponse')),
  }),
  isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
})
