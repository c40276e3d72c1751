import { pass } from '../model/verdict.js'
import { defineConstraint, deny } from './constraint-definition.js'

/** CON-12: `true` demands TLS, `false` restricts nothing. */
export const requireEncryption = defineConstraint<unknown>({
  name: 'require_encryption',
  rule: 'CON-12',
  compile(value) {
    if (typeof value !== 'boolean') throw new TypeError('must be a boolean')
    return ({ encrypted }) => (!value || encrypted === true ? pass : deny('aap_constraint_violation', 'the request is not known to have come over TLS'))
  },
  isNoLooser: (child, parent) => child === true || parent === false,
})
