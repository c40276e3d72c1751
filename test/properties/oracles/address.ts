/** An address as one big number. A mapped IPv6 address is its IPv4 address (CON-3). */
export interface AddressNumber {
  readonly family: 4 | 6
  readonly value: bigint
}

const hexDigits = '0123456789abcdef'
export const widthOf = { 4: 32n, 6: 128n } as const

/** CON-3's addresses, read group by group as RFC 4291 section 2.2 describes them. */
export function readAddress(text: string): AddressNumber | undefined {
  const written = readWritten(text)
  return written !== undefined && isMapped(written) ? { family: 4, value: written.value & 0xffff_ffffn } : written
}

/** CON-3's `address/prefix`: the first address of the range and the bits behind the prefix. */
export function readRange(text: string): (AddressNumber & { readonly free: bigint }) | undefined {
  const [addressText = '', prefixText = '', ...more] = text.split('/')
  const written = readWritten(addressText)
  if (written === undefined || more.length > 0 || !isPlainNumber(prefixText)) return undefined
  const free = widthOf[written.family] - BigInt(prefixText)
  if (free < 0n) return undefined
  if (!isMapped(written)) return { ...written, free }
  return free <= 32n ? { family: 4, value: written.value & 0xffff_ffffn, free } : undefined
}

export function isInRange(address: AddressNumber, range: ReturnType<typeof readRange> & {}): boolean {
  return address.family === range.family && address.value >> range.free === range.value >> range.free
}

/** IPv4 as four plain decimals. */
export function readIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => isPlainNumber(part) && BigInt(part) < 256n)) return undefined
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

/** The family as it is written: a mapped address is still 6. */
function readWritten(text: string): AddressNumber | undefined {
  const ipv4 = readIpv4(text)
  if (ipv4 !== undefined) return { family: 4, value: ipv4 }
  const [front = '', back, ...more] = text.split('::')
  if (!text.includes(':') || more.length > 0) return undefined

  const head = readGroups(front, back === undefined)
  const tail = readGroups(back ?? '', true)
  if (head === undefined || tail === undefined) return undefined
  const known = head.length + tail.length
  if (back === undefined ? known !== 8 : known > 7) return undefined
  const groups = [...head, ...Array<bigint>(8 - known).fill(0n), ...tail]
  return { family: 6, value: groups.reduce((sum, group) => sum * 0x1_0000n + group, 0n) }
}

/** Groups between colons; where it is the end of the address, the last two may be an IPv4 address. */
function readGroups(text: string, isEnd: boolean): bigint[] | undefined {
  if (text === '') return []
  const groups: bigint[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const ipv4 = isEnd && i === parts.length - 1 ? readIpv4(part) : undefined
    if (ipv4 !== undefined) groups.push(ipv4 / 0x1_0000n, ipv4 % 0x1_0000n)
    else if (part.length >= 1 && part.length <= 4 && isAllOf(part.toLowerCase(), hexDigits)) groups.push(BigInt(`0x${part}`))
    else return undefined
  }
  return groups
}

function isMapped({ family, value }: AddressNumber): boolean {
  return family === 6 && value / 0x1_0000_0000n === 0xffffn
}

function isPlainNumber(text: string): boolean {
  return text.length >= 1 && text.length <= 3 && isAllOf(text, '0123456789') && (text === '0' || !text.startsWith('0'))
}

function isAllOf(text: string, characters: string): boolean {
  return Array.from(text).every((character) => characters.includes(character))
}
