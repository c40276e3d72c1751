import type { ConstraintErrorCode, Refusal } from '../model/verdict.js'
import { deny, denyMissing } from './constraint-definition.js'

/** There is no target, or none that every reader takes for the same host (CON-2). */
export function denyTarget(code: ConstraintErrorCode, isGiven: boolean): Refusal {
  return isGiven ? deny(code, 'the target is not exactly one plain absolute http(s) URL') : denyMissing(code, 'target')
}
