/** Whether every entry of the inner list is in the outer one (DEL-5). */
export function isSubset(inner: readonly string[], outer: readonly string[]): boolean {
  const entries = new Set(outer)
  return inner.every((entry) => entries.has(entry))
}
