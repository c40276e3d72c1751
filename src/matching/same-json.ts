import { maxNesting } from '../model/claims.js'
import { isPlainObject } from '../model/plain-object.js'

/**
 * Whether two values say the same, whatever the order of their members. What is nested deeper than a token can be
 * (TOK-7), or is no JSON, is the same as itself only.
 */
export function isSameJson(a: unknown, b: unknown, nesting = 1): boolean {
  if (a === b || Object.is(a, b)) return true
  if (nesting > maxNesting) return false
  if (Array.isArray(a) && Array.isArray(b)) return areSameItems(a, b, nesting + 1)
  return isPlainObject(a) && isPlainObject(b) && areSameMembers(a, b, nesting + 1)
}

function areSameItems(a: readonly unknown[], b: readonly unknown[], nesting: number): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!isSameJson(a[i], b[i], nesting)) return false
  return true
}

function areSameMembers(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, nesting: number): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSameJson(a[name], b[name], nesting))
}
