import type { Facts } from '../model/facts.js'
import { closest } from './did-you-mean.js'
import { copyMembers } from '../model/plain-object.js'
import { describeError } from '../model/describe-error.js'
import { factNames } from '../model/facts.js'
import { HookFailed } from './hook.js'

/**
 * Facts that somebody states as values. One that is stated as `undefined` is missing, not unasked, so that it denies
 * where something depends on it (CAP-6); only `approval` and `proof` are no facts to be known but demands, made or not.
 *
 * A fact under a wrong name would be a demand that nobody checks (`aproval: 'required'`), and so would one that is inherited
 * or made by a getter. Other names are for registered constraints, where there are any.
 *
 * @throws HookFailed where these are no facts
 */
export function statedFacts(source: string, facts: unknown, hasRegisteredConstraints: boolean): Facts {
  const stated: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(membersOf(source, facts))) {
    checkName(source, name, hasRegisteredConstraints)
    if (value !== undefined || (name !== 'approval' && name !== 'proof')) stated[name] = value ?? null
  }
  return stated
}

function membersOf(source: string, facts: unknown): Readonly<Record<string, unknown>> {
  try {
    return copyMembers(`${source}: facts`, facts)
  } catch (error) {
    throw new HookFailed(describeError(error))
  }
}

function checkName(source: string, name: string, hasRegisteredConstraints: boolean): void {
  if ((factNames as readonly string[]).includes(name)) return
  const meant = closest(name, factNames)
  if (hasRegisteredConstraints && meant === undefined) return
  throw new HookFailed(`${source}: unknown fact \`${name}\`${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`)
}
