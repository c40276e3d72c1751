/** The option `now` of guards and stores: a clock that stands still, so that no window of a quota ends while a test counts. */
export function stoppedClock(): { readonly now: () => number } {
  const nowMs = Date.now()
  return { now: () => nowMs }
}
