import type { ConstraintRegistry } from '../constraints/registry.js'
import { closest } from '../decision/did-you-mean.js'
import { compileDomainList } from '../matching/domain-list.js'
import { isQuotaName } from '../constraints/quota.js'

/**
 * Constraints that an operator wrote: ones that this guard knows and that can hold. What a token may say by mistake, a
 * server must not.
 *
 * @param where begins the message
 * @param constraints plain data that nobody else can change, since it is compiled later
 * @param action what they are for, where it is known
 * @throws TypeError that names the constraint, and the name that was probably meant
 */
export function readConstraints(where: string, constraints: unknown, registry: ConstraintRegistry, action = 'any'): Readonly<Record<string, unknown>> {
  if (typeof constraints !== 'object' || constraints === null || Array.isArray(constraints)) throw new TypeError(`${where} must be an object of constraints`)
  for (const [name, value] of Object.entries(constraints)) {
    if (!registry.names.includes(name) && !isQuotaName(name)) {
      const meant = closest(name, registry.names)
      throw new TypeError(`${where} has an unknown constraint \`${name}\`${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`)
    }
    const problem = registry.problemOf(name, value, { action, delegationDepth: 0 }) ?? problemOfEntries(name, value)
    if (problem !== undefined) throw new TypeError(`${where}: ${problem}`)
  }
  return constraints as Readonly<Record<string, unknown>>
}

/** An entry that is no host, or that no method equals, is a mistake here, where in a token it only fails closed (CON-2, CON-5). */
function problemOfEntries(name: string, value: unknown): string | undefined {
  if (name === 'allowed_methods') {
    const never = (value as readonly string[]).find((method) => method !== method.toUpperCase())
    return never === undefined ? undefined : `${name} has an entry that is not in upper case: ${JSON.stringify(never)}`
  }
  if (name !== 'domains_allowed' && name !== 'domains_blocked') return undefined
  const [malformed] = compileDomainList(value as readonly string[]).malformed
  return malformed === undefined ? undefined : `${name} has an entry that is no host: ${JSON.stringify(malformed)}`
}
