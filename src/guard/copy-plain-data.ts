import { isPlainObject } from '../model/plain-object.js'

/**
 * A frozen copy of what an operator wrote. Settings do not change after start-up, and whoever compiles a value finds it as
 * it would come from a token. A `Map`, a class or a function has no entries that anybody here would read, so that it would
 * demand nothing: it is refused rather than taken for an empty object.
 *
 * @param what begins the message
 * @throws TypeError for anything that is not as in JSON, with its place
 */
export function copyPlainData(what: string, value: unknown, path: readonly (string | number)[] = [], ancestors: readonly object[] = []): unknown {
  if (typeof value !== 'object' || value === null) {
    if (!isPlainValue(value)) throw notPlain(what, path)
    return value
  }
  if (!(Array.isArray(value) || isPlainObject(value)) || ancestors.includes(value)) throw notPlain(what, path)
  const copy = (member: unknown, name: string | number): unknown => copyPlainData(what, member, [...path, name], [...ancestors, value])
  if (Array.isArray(value)) return Object.freeze(Array.from(value, copy))
  // An own `__proto__` stays a member, for the reader to refuse.
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member, name)])))
}

/** `undefined` stands for a member that is not there. */
function isPlainValue(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

function notPlain(what: string, path: readonly (string | number)[]): TypeError {
  return new TypeError(`${what} must be plain data, as in JSON${path.length === 0 ? '' : `: \`${path.join('.')}\` is not`}`)
}
