import { checkNames } from '../decision/did-you-mean.js'
import { copyMembers, isPlainObject } from '../model/plain-object.js'
import { copyPlainData } from './copy-plain-data.js'
import { isDataClass } from '../matching/data-class.js'
import { isStringList } from './is-string-list.js'
import { laterRouteOptions } from './guard-options.js'
import { routeOptionNames, type RouteOptions } from '../decision/route.js'

/**
 * Checks what a route says about its action, as far as it is known before a request comes.
 *
 * @param where names the route in the message
 * @returns a copy, which nobody can change after it was checked
 * @throws TypeError for what is no plain object, for an unknown name and for a value of the wrong type
 */
export function readRouteOptions<Request>(where: string, given: unknown, alsoKnown: readonly string[] = []): RouteOptions<Request> {
  const options = copyMembers(`${where}: the options of a route`, given)
  checkNames(`${where}: option`, options, [...alsoKnown, ...routeOptionNames], laterRouteOptions)
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, readOption(where, name as keyof typeof rules, value)]))
}

function readOption(where: string, name: keyof typeof rules, given: unknown): unknown {
  const rule = rules[name]
  if (given === undefined || (typeof given === 'function' && rule.mayBeFunction)) return given
  const value = Array.isArray(given) || isPlainObject(given) ? copyPlainData(`${where}: \`${name}\``, given) : given
  if (!rule.isValid(value)) throw new TypeError(`${where}: \`${name}\` must be ${rule.expected}`)
  return value
}

interface Rule {
  readonly isValid: (value: unknown) => boolean
  readonly expected: string
  readonly mayBeFunction: boolean
}

function fact(expected: string, isValid: Rule['isValid']): Rule {
  return { isValid, expected: `${expected}, or a function that gives it`, mayBeFunction: true }
}

const rules: Record<(typeof routeOptionNames)[number], Rule> = {
  target: fact('an absolute http(s) URL', (value) => typeof value === 'string' || value instanceof URL),
  addresses: fact('a list of IP addresses', isStringList),
  amount: fact('a number', (value) => typeof value === 'number' && !Number.isNaN(value)),
  quantities: fact('an object of integers from 0', (value) => isPlainObject(value) && Object.values(value).every((count) => Number.isSafeInteger(count) && (count as number) >= 0)),
  classification: fact('public, internal, confidential, restricted or personal', isDataClass),
  purposes: fact('a list of purposes', isStringList),
  region: fact('an ISO 3166-1 alpha-2 code in upper case', (value) => typeof value === 'string' && /^[A-Z]{2}$/.test(value)),
  approval: { isValid: (value) => value === 'required', expected: "'required'", mayBeFunction: false },
  critical: fact('true or false', (value) => typeof value === 'boolean'),
  proof: { isValid: (value) => value === 'required', expected: "'required'", mayBeFunction: false },
}
