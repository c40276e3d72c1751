import { pathWithoutFragment } from '../matching/path-without-fragment.js'

/** Up to its path, however many slashes its sender thinks begin an authority. */
const absoluteForm = /^[A-Za-z][A-Za-z0-9+.-]*:[/\\]{2,}[^/\\]*/
/** What stands before an `@` where an authority would begin: in `//user:password@host/x`, and in a URL within a path. */
const userinfo = /(?<=[/\\]{2})[^/\\]*@/g

/**
 * The path of a request target as records and the operator's log may tell it: without query and fragment, and whatever form
 * the target has, without user information, which may be a password (AUD-1). Of the absolute form that is the path
 * alone. What is neither a path nor a URL is told as it is, or where an `@` is in it not at all.
 *
 * @see RFC 9112 section 3.2
 */
export function recordedPath(target: string): string {
  const path = pathWithoutFragment(target)
  if (path.startsWith('/')) return path.includes('@') ? path.replace(userinfo, '') : path
  const authority = absoluteForm.exec(path)
  if (authority === null) return target.includes('@') ? '' : path
  return path.slice(authority[0].length).replace(userinfo, '') || '/'
}
