let lastSecond = NaN
let lastText = ''

/** RFC 3339 in UTC. Requests come many to a second, and making the text of a date costs more than a comparison. */
export function timestampOf(epochMs: number): string {
  const wholeMs = Math.trunc(epochMs)
  const second = Math.floor(wholeMs / 1000)
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, -'000Z'.length)
    lastSecond = second
  }
  return `${lastText}${String(wholeMs - second * 1000).padStart(3, '0')}Z`
}
