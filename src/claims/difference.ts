import type { AttenuationDifference } from '../model/attenuation.js'

/** What is at the same place of both authorizations, and which rule speaks of it. */
export interface Comparison {
  readonly path: string
  readonly rule: string
  readonly child: unknown
  readonly parent: unknown
}

/** Nothing where the child keeps to what the parent has, else the one difference that says why it does not. */
export function differenceUnless(holds: boolean, comparison: Comparison, detail: string): readonly AttenuationDifference[] {
  return holds ? [] : [differenceAt(comparison, detail)]
}

export function differenceAt({ path, rule, child, parent }: Comparison, detail: string): AttenuationDifference {
  return Object.freeze({ path, rule, detail, ...(child !== undefined && { child }), ...(parent !== undefined && { parent }) })
}
