/**
 * Whether an object is one that braces or `JSON.parse` make, in whichever realm: other objects mean more than their members
 * say. What a class or a prototype says is no own member, so that whoever goes through the members would pass over it.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

/**
 * A copy of the members of a plain object, each read once: what is checked is then what is used, and nothing is passed over.
 *
 * @param what begins the message
 * @throws TypeError for what is no plain object, and for a getter, a symbol and a member that is not enumerable
 */
export function copyMembers(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) throw new TypeError(`${what} must be a plain object: no list, no Map, no instance of a class, and nothing inherited`)
  for (const name of Reflect.ownKeys(value)) {
    const member = Object.getOwnPropertyDescriptor(value, name)
    if (typeof name === 'symbol' || member?.enumerable !== true || !('value' in member)) throw new TypeError(`${what}: \`${String(name)}\` must be an enumerable value under a name: no getter, and no symbol`)
  }
  return { ...value }
}

/** @throws TypeError for a member that nobody reads, as one is under a misspelt name */
export function refuseUnknownMembers(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`${what}: unknown member \`${unknown}\`; there are ${known.map((name) => `\`${name}\``).join(', ')}`)
}
