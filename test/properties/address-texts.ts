import fc from 'fast-check'
import type { AddressNumber } from './oracles/address.js'

/** An address and one of its spellings. Interesting ones often: ends of ranges, mapped and embedded IPv4. */
export interface SpelledAddress extends AddressNumber {
  readonly text: string
}

const mapped = 0xffffn << 32n
const ipv4Number = fc.oneof(fc.constantFrom(0n, 1n, 0x7f00_0001n, 0x0a00_0001n, 0x0102_0304n, 0xffff_ffffn), fc.bigInt({ min: 0n, max: 0xffff_ffffn }))
const ipv6Number = fc.oneof(
  fc.constantFrom(0n, 1n, 0x0102_0304n, mapped - 1n, mapped, mapped + 0x0102_0304n, mapped + 0xffff_ffffn, mapped + 0x1_0000_0000n, 0xfffen << 32n, (0x64_ff9bn << 96n) + 0x0102_0304n, (0x2002_0102_0304n << 80n), (1n << 128n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  // A run of zero groups, so that there is something to compress.
  fc.record({ front: fc.bigInt({ min: 0n, max: 0xffff_ffffn }), back: fc.bigInt({ min: 0n, max: 0xffff_ffffn }) }).map(({ front, back }) => (front << 96n) | back),
)

/** Every way to write an address: as IPv4, as IPv6 in full, compressed anywhere, in upper case, with a dotted end. */
export const spelledAddress: fc.Arbitrary<SpelledAddress> = fc.oneof(
  ipv4Number.map((value) => ({ family: 4 as const, value, text: ipv4Text(value) })),
  fc.tuple(ipv4Number, fc.boolean(), fc.nat(), fc.boolean()).map(([value, dotted, run, padded]) => ({ family: 4 as const, value, text: ipv6Text(mapped + value, { dotted, run, padded }) })),
  fc.tuple(ipv6Number, fc.boolean(), fc.nat(), fc.boolean(), fc.boolean()).map(([number, dotted, run, padded, upper]) => {
    const text = ipv6Text(number, { dotted, run, padded })
    const isMapped = number >> 32n === 0xffffn
    return { family: isMapped ? (4 as const) : (6 as const), value: isMapped ? number & 0xffff_ffffn : number, text: upper ? text.toUpperCase() : text }
  }),
)

export function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
}

interface Ipv6Style {
  /** The last two groups as IPv4. */
  readonly dotted?: boolean
  /** Which run of zeros becomes `::`, if any. */
  readonly run?: number
  readonly padded?: boolean
}

export function ipv6Text(value: bigint, { dotted = false, run = 0, padded = false }: Ipv6Style = {}): string {
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16).padStart(padded ? 4 : 1, '0'))
  const parts = dotted ? [...groups.slice(0, 6), ipv4Text(value & 0xffff_ffffn)] : groups
  const runs = zeroRuns(parts)
  const [start, end] = runs[run % (runs.length + 1)] ?? [-1, -1]
  return start < 0 ? parts.join(':') : `${parts.slice(0, start).join(':')}::${parts.slice(end).join(':')}`
}

/** Every stretch of groups that are zero, long and short. */
function zeroRuns(parts: readonly string[]): [start: number, end: number][] {
  const isZero = (at: number): boolean => ['0', '0000'].includes(parts[at] ?? '')
  return parts.flatMap((_, start) => parts.flatMap((__, last): [number, number][] => (last >= start && parts.slice(start, last + 1).every((___, i) => isZero(start + i)) ? [[start, last + 1]] : [])))
}
