const longest = 300

/**
 * One line for the operator's log about something that went wrong with an issuer. Messages of `fetch` hide the
 * reason in `cause`, and parts of some come from the other side: what is not printable ASCII becomes `?` (AUD-4).
 */
export function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : 'unknown reason'
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined)
  const text = code === undefined || message.includes(code) ? message : `${message} (${code})`
  return text.slice(0, longest).replace(/[^\x20-\x7e]/g, '?')
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
