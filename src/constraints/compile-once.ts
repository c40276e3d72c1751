/**
 * Compiles a list once, as long as it is there: comparing two tokens asks for the same lists again and again (DEL-5).
 * Only a frozen list of strings says the same for ever; any other is compiled each time.
 */
export function compileOnce<T>(compile: (entries: readonly string[]) => T): (entries: readonly string[]) => T {
  const known = new WeakMap<readonly string[], { readonly compiled: T }>()
  return (entries) => {
    if (!Object.isFrozen(entries)) return compile(entries)
    let entry = known.get(entries)
    if (entry === undefined) known.set(entries, (entry = { compiled: compile(entries) }))
    return entry.compiled
  }
}
