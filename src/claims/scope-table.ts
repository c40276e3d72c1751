import type { Capability } from '../model/agent-authorization.js'
import { isActionName } from '../matching/action-name.js'

/** What scopes stand for, by scope. A scope that is not in it stands for nothing. */
export type ScopeTable = ReadonlyMap<string, readonly Capability[]>

/** The scopes of a text with spaces in between, in its order. Any other white space is part of a scope (RFC 6749 section 3.3). */
export function splitScopes(text: string): readonly string[] {
  return text.split(' ').filter((scope) => scope !== '')
}

/**
 * The capabilities that scopes stand for, in the order of the scopes. A scope twice counts once.
 *
 * @param table where `undefined`, each scope that is an action's name stands for that action (INT-3)
 */
export function capabilitiesOf(scopes: readonly string[], table: ScopeTable | undefined): readonly Capability[] {
  return [...new Set(scopes)].flatMap((scope) => table?.get(scope) ?? (table === undefined && isActionName(scope) ? [{ action: scope, constraints: {} }] : []))
}
