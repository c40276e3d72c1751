import type { QuotaWindow } from '../model/store.js'
import type { ConstraintDefinition } from './constraint-definition.js'
import { expectCount } from './expect-value.js'

const quotaName = /^max_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)_per_(second|minute|hour|day)$/

export function isQuotaName(name: string): boolean {
  return quotaName.test(name)
}

/** Whether a name of a constraint can count it. */
export function isCountable(thing: string): boolean {
  return quotaName.exec(`max_${thing}_per_day`)?.[1] === thing
}

/**
 * CON-1: the constraints whose names say what they count and over which window.
 *
 * @param countedPerRequest things that every attempt takes one of, beside `requests`
 * @returns `undefined` where the name has another form
 */
export function quotaDefinition(name: string, countedPerRequest: ReadonlySet<string>): ConstraintDefinition<unknown> | undefined {
  const parts = quotaName.exec(name)
  if (parts === null) return undefined
  const thing = parts[1] as string
  const window = parts[2] as QuotaWindow
  const countsRequests = thing === 'requests' || countedPerRequest.has(thing)
  return {
    name,
    rule: 'CON-1',
    compile: (value) => ({
      kind: 'quota',
      window,
      limit: expectCount(value),
      countsRequests,
      quantity: countsRequests ? () => 1 : ({ quantities }) => suppliedQuantity(quantities, thing),
    }),
    isNoLooser: (child, parent) => expectCount(child) <= expectCount(parent),
  }
}

function suppliedQuantity(quantities: unknown, thing: string): number | undefined {
  if (typeof quantities !== 'object' || quantities === null || !Object.hasOwn(quantities, thing)) return undefined
  const quantity = (quantities as Record<string, unknown>)[thing]
  return Number.isSafeInteger(quantity) && (quantity as number) >= 0 ? (quantity as number) : undefined
}
