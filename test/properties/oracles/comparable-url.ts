const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const unreserved = `${letters}${digits}-._~`
const subDelimiters = "!$&'()*+,;="
const pathCharacters = `${unreserved}${subDelimiters}:@/`

/**
 * POP-4's URL, read character by character as RFC 3986 writes its grammar (appendix A), and its dot segments taken out
 * with two buffers as section 5.2.4 tells it. As one text, or `undefined` where the rule refuses.
 */
export function readComparableUrl(text: string): string | undefined {
  const colon = text.indexOf(':')
  const scheme = lowerAscii(text.slice(0, Math.max(colon, 0)))
  if (scheme !== 'http' && scheme !== 'https') return undefined
  let at = colon + 1
  if (text[at] !== '/' || text[at + 1] !== '/') return undefined
  at += 2

  let authority = ''
  while (at < text.length && !'/?#'.includes(text[at]!)) authority += text[at++]!
  let path = ''
  while (at < text.length && !'?#'.includes(text[at]!)) path += text[at++]!

  const server = readServer(scheme, authority)
  const normalPath = readComparablePath(path)
  return server === undefined || normalPath === undefined ? undefined : `${scheme}://${server}${normalPath}`
}

/** A path as it is compared. */
export function readComparablePath(path: string): string | undefined {
  let decoded = ''
  for (let i = 0; i < path.length; i++) {
    const character = path[i]!
    if (character === '%') {
      const value = hexValue(path[i + 1]) * 16 + hexValue(path[i + 2])
      if (Number.isNaN(value)) return undefined
      const plain = String.fromCodePoint(value)
      decoded += unreserved.includes(plain) ? plain : `%${'0123456789ABCDEF'[value >> 4]!}${'0123456789ABCDEF'[value & 15]!}`
      i += 2
    } else if (pathCharacters.includes(character)) decoded += character
    else return undefined
  }
  if (path === '') return '/'
  return path.startsWith('/') ? removeDotSegments(decoded) : undefined
}

function readServer(scheme: 'http' | 'https', authority: string): string | undefined {
  const isLiteral = authority.startsWith('[')
  const hostEnd = isLiteral ? authority.indexOf(']') + 1 : (authority.includes(':') ? authority.indexOf(':') : authority.length)
  const host = authority.slice(0, hostEnd)
  const rest = authority.slice(hostEnd)
  if (host === '' || (isLiteral ? !isIpv6(host.slice(1, -1)) : !allOf(host, unreserved))) return undefined
  if (rest !== '' && !rest.startsWith(':')) return undefined
  if (!allOf(rest.slice(1), digits)) return undefined

  let port = 0n
  for (const digit of rest.slice(1)) port = port * 10n + BigInt(digit)
  if (port > 65_535n) return undefined
  const own = scheme === 'http' ? 80n : 443n
  return rest.length <= 1 || port === own ? lowerAscii(host) : `${lowerAscii(host)}:${port}`
}

/** Section 3.2.2: eight groups of one to four hex digits, the last two perhaps an IPv4 address, a run of them as `::`. */
function isIpv6(text: string): boolean {
  const [front = '', back, ...more] = text.split('::')
  if (more.length > 0) return false
  const head = countGroups(front, back === undefined)
  const tail = countGroups(back ?? '', true)
  if (head === undefined || tail === undefined) return false
  return back === undefined ? head === 8 : head + tail <= 7
}

function countGroups(text: string, isEnd: boolean): number | undefined {
  if (text === '') return 0
  const parts = text.split(':')
  let count = 0
  for (const [i, part] of parts.entries()) {
    if (isEnd && i === parts.length - 1 && isIpv4(part)) count += 2
    else if (part.length >= 1 && part.length <= 4 && allOf(part, `${digits}ABCDEFabcdef`)) count++
    else return undefined
  }
  return count
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => part !== '' && part.length <= 3 && allOf(part, digits) && Number(part) <= 255 && (part === '0' || !part.startsWith('0')))
}

/** Section 5.2.4, steps 2A to 2E, with `input` and `output` as there. */
function removeDotSegments(path: string): string {
  let input = path
  let output = ''
  while (input !== '') {
    if (input.startsWith('../')) input = input.slice(3)
    else if (input.startsWith('./')) input = input.slice(2)
    else if (input.startsWith('/./')) input = input.slice(2)
    else if (input === '/.') input = '/'
    else if (input.startsWith('/../') || input === '/..') {
      input = input === '/..' ? '/' : input.slice(3)
      output = output.slice(0, Math.max(output.lastIndexOf('/'), 0))
    } else if (input === '.' || input === '..') input = ''
    else {
      const next = input.indexOf('/', 1)
      output += next < 0 ? input : input.slice(0, next)
      input = next < 0 ? '' : input.slice(next)
    }
  }
  return output
}

function hexValue(character = ''): number {
  const value = '0123456789abcdef'.indexOf(character === '' ? ' ' : lowerAscii(character))
  return value < 0 ? Number.NaN : value
}

function lowerAscii(text: string): string {
  let lower = ''
  for (const character of text) {
    const at = letters.indexOf(character)
    lower += at >= 0 && at < 26 ? letters[at + 26]! : character
  }
  return lower
}

function allOf(text: string, allowed: string): boolean {
  for (const character of text) if (!allowed.includes(character)) return false
  return true
}
