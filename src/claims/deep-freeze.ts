/** Freezes a tree of plain objects and arrays (AUD-5). The strict parser bounds its depth (TOK-7). */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
