import { isIPv6 } from 'node:net'

/** An IP address as unsigned 32-bit words, the most significant first: one for IPv4, four for IPv6. */
export interface Address {
  readonly family: 4 | 6
  readonly words: readonly number[]
}

/** A compiled `ip_ranges_allowed` (CON-3). */
export interface RangeList {
  readonly ranges: readonly Range[]
  includes(address: Address): boolean
}

/** An address and the bits of it that count. */
export interface Range {
  readonly network: Address
  readonly masks: readonly number[]
}

const plainDecimal = '(0|[1-9][0-9]{0,2})'
const ipv4Text = new RegExp(`^${plainDecimal}\\.${plainDecimal}\\.${plainDecimal}\\.${plainDecimal}$`)
const rangeText = new RegExp(`^([^/]+)/${plainDecimal}$`)

/** The bits in front of the IPv4 address in a mapped IPv6 one. */
const mappedPrefix = 96

/**
 * Reads an address: IPv4 as four plain decimals, or IPv6 in any form of RFC 4291 section 2.2, without brackets and
 * without a zone id, which only means something on one machine.
 *
 * A mapped IPv6 address is the IPv4 address in it, because that is where a socket goes (CON-3). Every other form that
 * embeds one stays IPv6 and is in IPv6 ranges only: `::1.2.3.4` is deprecated and leads nowhere, and for NAT64
 * (`64:ff9b::/96`) or 6to4 (`2002::/16`) the way depends on the network.
 */
export function parseAddress(text: string): Address | undefined {
  const ipv4 = parseIpv4(text)
  if (ipv4 !== undefined) return { family: 4, words: [ipv4] }

  const words = parseIpv6(text)
  if (words === undefined) return undefined
  return isMapped(words) ? { family: 4, words: words.slice(3) } : { family: 6, words }
}

/**
 * Compiles ranges `address/prefix`, or gives `undefined` if one of them is malformed: then all are denied (CON-3).
 * An empty list allows nothing.
 *
 * Bits of the address behind the prefix do not count: `10.1.2.3/8` has the form that CON-3 asks for and says that
 * eight bits decide. This is how every router reads it, and no narrower reading would be less of a guess.
 */
export function compileRanges(entries: readonly string[]): RangeList | undefined {
  const ranges: Range[] = []
  for (const entry of entries) {
    const range = parseRange(entry)
    if (range === undefined) return undefined
    ranges.push(range)
  }
  return { ranges, includes: (address) => ranges.some((range) => contains(range, address)) }
}

/**
 * Whether every range of the inner list lies in one of the outer list (DEL-5). A range that only several outer ones
 * cover together, such as two halves, counts as outside.
 */
export function areRangesWithin(inner: RangeList, outer: RangeList): boolean {
  return inner.ranges.every((range) => outer.ranges.some((around) => isRangeWithin(range, around)))
}

/** The outer range decides by bits that the inner one decides by as well, and agrees on them. */
function isRangeWithin(inner: Range, outer: Range): boolean {
  return contains(outer, inner.network) && outer.masks.every((mask, word) => (mask & (inner.masks[word] ?? 0)) === mask)
}

function parseRange(text: string): Range | undefined {
  const [, addressText, prefixText] = rangeText.exec(text) ?? []
  const network = addressText === undefined ? undefined : parseAddress(addressText)
  if (addressText === undefined || network === undefined) return undefined

  // `network` is IPv4 for a mapped address too, whose prefix still counts from the start of the IPv6 one.
  const mapped = network.family === 4 && addressText.includes(':')
  const prefix = Number(prefixText) - (mapped ? mappedPrefix : 0)
  const bits = network.words.length * 32
  if (prefix < 0 || prefix > bits) return undefined
  return { network, masks: network.words.map((_, word) => maskOf(prefix - word * 32)) }
}

/** The mask of a word of which the first `bits` count; what is beyond the word's ends is cut off. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

function contains({ network, masks }: Range, address: Address): boolean {
  if (network.family !== address.family) return false
  return masks.every((mask, word) => (((network.words[word] ?? 0) ^ (address.words[word] ?? 0)) & mask) === 0)
}

function parseIpv4(text: string): number | undefined {
  const match = ipv4Text.exec(text)
  if (match === null) return undefined
  let value = 0
  for (const part of match.slice(1)) {
    const octet = Number(part)
    if (octet > 255) return undefined
    value = value * 256 + octet
  }
  return value
}

function parseIpv6(text: string): number[] | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined

  const pure = withoutDottedTail(text)
  if (pure === undefined) return undefined
  const [head = '', tail] = pure.split('::')
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const groups = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
  return [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 0x10000 + (groups[at + 1] ?? 0))
}

/** Writes the IPv4 address at the end of an IPv6 text as two groups. */
function withoutDottedTail(text: string): string | undefined {
  if (!text.includes('.')) return text
  const start = text.lastIndexOf(':') + 1
  const ipv4 = parseIpv4(text.slice(start))
  if (ipv4 === undefined) return undefined
  return `${text.slice(0, start)}${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function isMapped(words: readonly number[]): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}
