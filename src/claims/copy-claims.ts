import { maxNesting, type Claims } from '../model/claims.js'
import { isPlainObject } from '../model/plain-object.js'

/**
 * A copy of a payload that nobody else can change: what is parsed is frozen and shared. It is checked for what the
 * strict parser refuses in a text and an object can have too. Members that are `undefined` are absent, as in JSON.
 *
 * @throws TypeError where it is no payload of a token
 * @see TOK-7
 */
export function copyClaims(payload: unknown): Claims {
  if (!isPlainObject(payload)) throw new TypeError('TOK-7: the payload is not a JSON object')
  return copyObject(payload, 1)
}

function copyValue(value: unknown, nesting: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('TOK-7: a number is not finite')
    return value
  }
  if (nesting > maxNesting) throw new TypeError(`TOK-7: nested deeper than ${maxNesting}`)
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => copyValue(item, nesting + 1))
  if (isPlainObject(value)) return copyObject(value, nesting)
  throw new TypeError('TOK-7: a value is not JSON')
}

function copyObject(value: Readonly<Record<string, unknown>>, nesting: number): Claims {
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') throw new TypeError('TOK-7: a member is named __proto__')
    if (member === null) throw new TypeError(`TOK-7: member ${JSON.stringify(name)} is null`)
    if (member !== undefined) copy[name] = copyValue(member, nesting + 1)
  }
  return copy
}
