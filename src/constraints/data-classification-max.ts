import { admits, isDataClass } from '../matching/data-class.js'
import { pass } from '../model/verdict.js'
import { defineConstraint, deny, denyMissing } from './constraint-definition.js'

/** CON-9: the class that the route declares is at or below the one in the token (TSK-3 has the order). */
export const dataClassificationMax = defineConstraint<unknown>({
  name: 'data_classification_max',
  rule: 'CON-9',
  compile(value) {
    if (!isDataClass(value)) throw new TypeError('must be one of public, internal, confidential, restricted, personal')
    return ({ classification }) => {
      if (!isDataClass(classification)) return denyMissing('aap_constraint_violation', 'classification')
      return admits(value, classification) ? pass : deny('aap_constraint_violation', `${classification} is above data_classification_max ${value}`)
    }
  },
  // A ceiling that the parent's admits as a class admits no more than the parent's.
  isNoLooser: (child, parent) => isDataClass(child) && isDataClass(parent) && admits(parent, child),
})
