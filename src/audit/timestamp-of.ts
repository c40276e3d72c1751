let lastMs = NaN
let lastText = ''

/** RFC 3339 in UTC. Requests come many to a millisecond, and formatting costs more than comparing. */
export function timestampOf(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString()
    lastMs = epochMs
  }
  return lastText
}
