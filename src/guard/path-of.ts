/** The path of a request target. A `#` stays: it makes the path ambiguous, which the route table has to see (RTE-1). Proofs go by `pathWithoutFragment`, records by `recordedPath`. */
export function pathOf(url = ''): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
