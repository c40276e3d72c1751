/**
 * The path of a request target, up to its query or its fragment, whichever comes first. A `#` has no place in a target:
 * what stands behind it is no part of the resource (POP-4), and belongs in no record (AUD-1).
 */
export function pathWithoutFragment(url: string): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}
