import type { Capability } from '../model/agent-authorization.js'
import type { ConstraintRegistry } from '../constraints/registry.js'
import type { LegacyScopes } from '../claims/legacy-scopes.js'
import type { ScopeTable } from '../claims/scope-table.js'
import { checkNames } from '../decision/did-you-mean.js'
import { copyPlainData } from './copy-plain-data.js'
import { isActionName } from '../matching/action-name.js'
import { readConstraints } from './read-constraints.js'

/** RFC 6749 section 3.3. */
const scopeToken = /^[!#-[\]-~]+$/

/**
 * Reads the option `legacyScopes`.
 *
 * @throws TypeError that names the scope and what is wrong with it
 */
export function compileLegacyScopes(option: unknown, registry: ConstraintRegistry): LegacyScopes | undefined {
  return compileScopes('option `legacyScopes`', option, registry)
}

/** @param name of what says it, for messages */
export function compileScopes(name: string, option: unknown, registry: ConstraintRegistry): ScopeTable | undefined {
  if (option === undefined) return undefined
  const scopes = copyPlainData(name, option)
  if (typeof scopes !== 'object' || scopes === null || Array.isArray(scopes)) throw new TypeError(`${name} must be an object from scopes to actions`)
  return new Map(Object.entries(scopes).map(([scope, entry]: [string, unknown]) => {
    const where = `${name}, ${JSON.stringify(scope)}`
    if (!scopeToken.test(scope)) throw new TypeError(`${where}: is no scope (RFC 6749 section 3.3)`)
    const entries: readonly unknown[] = Array.isArray(entry) ? entry : [entry]
    return [scope, entries.map((one) => readEntry(where, one, registry))]
  }))
}

function readEntry(where: string, entry: unknown, registry: ConstraintRegistry): Capability {
  const { action, constraints = {} } = typeof entry === 'string' ? { action: entry } : readObject(where, entry)
  if (!isActionName(action)) throw new TypeError(`${where}: ${JSON.stringify(action)} is no action name (CAP-1)`)
  return { action, constraints: readConstraints(`${where}: \`constraints\``, constraints, registry, action) }
}

function readObject(where: string, entry: unknown): { readonly action?: unknown; readonly constraints?: unknown } {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw new TypeError(`${where}: must be an action, { action, constraints }, or a list of them`)
  checkNames(`${where}: key`, entry, ['action', 'constraints'])
  return entry
}
