/** What an error says, for operators and audit records. Anything can be thrown, also what cannot be written as text. */
export function describeError(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'an error that cannot be written as text'
  }
}
