const prototypes = { Object: Object.prototype, Array: Array.prototype, Function: Function.prototype, String: String.prototype, Number: Number.prototype, Boolean: Boolean.prototype } as const

const before = Object.entries(prototypes).map(([name, prototype]) => ({ name, prototype, members: membersOf(prototype) }))

function membersOf(prototype: object): Map<PropertyKey, PropertyDescriptor> {
  return new Map(Reflect.ownKeys(prototype).map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)!]))
}

/** Fails if anything was added to a prototype that all objects share, or replaced there, since this file was loaded. */
export function expectCleanPrototypes(): void {
  for (const { name, prototype, members } of before) {
    const keys = Reflect.ownKeys(prototype)
    if (keys.length !== members.size) throw new Error(`${name}.prototype has other members than before: ${keys.filter((key) => !members.has(key)).map(String).join()}`)
    for (const key of keys) {
      const [is, was] = [Object.getOwnPropertyDescriptor(prototype, key), members.get(key)]
      if (is?.value !== was?.value || is?.get !== was?.get) throw new Error(`${name}.prototype.${String(key)} was replaced`)
    }
  }
}
