import type { Facts } from '../model/facts.js'
import { ignoreRejection, isPromise, type MaybePromise } from '../model/maybe-promise.js'
import type { Task } from '../model/agent-authorization.js'
import { callHook } from './hook.js'
import { whenReady } from './when-ready.js'
import type { DecisionRules } from './rules.js'
import type { FactHook } from './route.js'
import { statedFacts } from './stated-facts.js'

/**
 * Asks a route's hooks, all at once, and adds their answers to the facts that are known. `undefined` becomes `null`: the
 * route does supply the fact, so that it is missing rather than unasked, and missing denies (CAP-6).
 *
 * @throws HookFailed where a hook throws, rejects or does not settle in time
 */
export function gatherFacts(known: Facts, hooks: readonly FactHook[], request: unknown, task: Task, timeoutMs: number): MaybePromise<Facts> {
  if (hooks.length === 0) return known
  const facts: Record<string, unknown> = { ...known }
  const pending: Promise<void>[] = []
  for (const { name, read } of hooks) {
    const answer = callHook(name, timeoutMs, () => read(request, task))
    if (isPromise(answer)) pending.push(noteLater(facts, name, answer))
    else facts[name] = answer ?? null
  }
  return pending.length === 0 ? facts : Promise.all(pending).then(() => facts)
}

function noteLater(facts: Record<string, unknown>, name: string, answer: Promise<unknown>): Promise<void> {
  const noted = answer.then((value) => { facts[name] = value ?? null })
  // A hook that fails at once leaves nobody to wait for the others.
  ignoreRejection(noted)
  return noted
}

/**
 * The facts of every route, from the option `facts`.
 *
 * @throws HookFailed as above, and where the hook answers with something else or under names that nobody reads
 */
export function gatherCommonFacts({ facts: hook, hookTimeoutMs, hasRegisteredConstraints }: CommonFactsRules, request: unknown): MaybePromise<Facts> {
  if (hook === undefined) return noFacts
  return whenReady(callHook('facts', hookTimeoutMs, () => hook(request)), (facts) => statedFacts('facts', facts ?? noFacts, hasRegisteredConstraints))
}

type CommonFactsRules = Pick<DecisionRules, 'facts' | 'hookTimeoutMs' | 'hasRegisteredConstraints'>

const noFacts: Facts = Object.freeze({})
