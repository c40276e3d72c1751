import { isSubset } from '../matching/subset.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'
import { expectStrings } from './expect-value.js'

/** CON-5: the real method, in upper case, compared exactly. */
export const allowedMethods = defineConstraint<unknown>({
  name: 'allowed_methods',
  rule: 'CON-5',
  compile(value) {
    const methods = expectStrings(value)
    if (methods.includes('')) throw new TypeError('has an entry that is no method')
    return ({ method }) => (isUpperCase(method) && methods.includes(method) ? pass : deny('aap_constraint_violation', `method ${method} is not in allowed_methods`))
  },
  // An entry in lower case is no method that could come.
  isNoLooser: (child, parent) => isSubset(expectStrings(child).filter(isUpperCase), expectStrings(parent)),
})

function isUpperCase(method: string): boolean {
  return method === method.toUpperCase()
}
