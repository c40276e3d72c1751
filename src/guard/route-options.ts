import { checkNames } from '../decision/did-you-mean.js'
import { isDataClass } from '../matching/data-class.js'
import { isStringList } from './is-string-list.js'
import { laterRouteOptions } from './guard-options.js'
import { routeOptionNames } from '../decision/route.js'

/**
 * Checks what a route says about its action, as far as it is known before a request comes.
 *
 * @param where names the route in the message
 * @throws TypeError for an unknown name and for a value of the wrong type
 */
export function checkRouteOptions(where: string, options: Readonly<Record<string, unknown>>, alsoKnown: readonly string[] = []): void {
  if (typeof options !== 'object' || (options as unknown) === null) throw new TypeError(`${where}: the options of a route are an object`)
  checkNames(`${where}: option`, options, [...alsoKnown, ...routeOptionNames], laterRouteOptions)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const rule = rules[name as keyof typeof rules]
    if (typeof value === 'function' && rule.mayBeFunction) continue
    if (!rule.isValid(value)) throw new TypeError(`${where}: \`${name}\` must be ${rule.expected}`)
  }
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
  quantities: fact('an object of integers from 0', (value) => typeof value === 'object' && value !== null && Object.values(value).every((count) => Number.isSafeInteger(count) && (count as number) >= 0)),
  classification: fact('public, internal, confidential, restricted or personal', isDataClass),
  purposes: fact('a list of purposes', isStringList),
  region: fact('an ISO 3166-1 alpha-2 code in upper case', (value) => typeof value === 'string' && /^[A-Z]{2}$/.test(value)),
  approval: { isValid: (value) => value === 'required', expected: "'required'", mayBeFunction: false },
  critical: fact('true or false', (value) => typeof value === 'boolean'),
  proof: { isValid: (value) => value === 'required', expected: "'required'", mayBeFunction: false },
}
