// A value of the wrong type does not compile (TOK-10): these say what was expected, for the audit record.

export function expectStrings(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw new TypeError('must be an array of strings')
  return value
}

export function expectCount(value: unknown, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > max) throw new TypeError(`must be an integer from 0 to ${max}`)
  return value as number
}
