import type { Denial } from '../model/denial.js'
import { closest } from './did-you-mean.js'
import { factNames } from '../model/facts.js'

/**
 * A fact under a wrong name would be a demand that nobody checks (`aproval: 'required'`), so the request is refused as
 * for any failure in the code around the guard (ERR-2). Other names are for registered constraints, where there are any.
 */
export function checkFactNames(facts: object, hasRegisteredConstraints: boolean): Denial | undefined {
  if (typeof facts !== 'object' || (facts as unknown) === null) return { code: 'internal_error', rule: 'ERR-2', detail: 'the facts of an action are an object' }
  for (const name of Object.keys(facts)) {
    if ((factNames as readonly string[]).includes(name)) continue
    const meant = closest(name, factNames)
    if (hasRegisteredConstraints && meant === undefined) continue
    return { code: 'internal_error', rule: 'ERR-2', detail: `unknown fact \`${name}\`${meant === undefined ? '' : `, did you mean \`${meant}\`?`}` }
  }
  return undefined
}
