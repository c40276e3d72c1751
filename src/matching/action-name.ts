/** CAP-1's grammar. A component cannot hold the dot that ends it, so there is one way to match and it is linear. */
const actionName = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*$/

/** TOK-8, in code points; the grammar is ASCII, so that these are the string's units as well. */
const maxLength = 128

export function isActionName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxLength && actionName.test(value)
}
