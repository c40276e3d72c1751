import { compileRanges, parseAddress, type RangeList } from '../matching/ip-range.js'

/**
 * The peers whose word counts for what the client's own connection was like (POP-4, POP-5, CON-12).
 *
 * A peer is known by the address of its connection and by nothing that it sends. `::ffff:10.0.0.1`, as a socket for both
 * families has it, is the IPv4 address. An address with a zone id, such as `fe80::1%eth0`, is nobody's, since anyone on a
 * link can take it; nor is a peer without an address, on a Unix domain socket.
 */
export class TrustedProxies {
  readonly isEmpty: boolean
  readonly #entries: readonly RangeList[]

  /**
   * @param entries IP addresses, and ranges `address/prefix` as in CON-3
   * @throws TypeError that names the entry, to stand behind the name of an option: for one that is neither, and for a
   * range of every address that a family has, with which each client would be its own proxy
   */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(compileEntry)
    this.isEmpty = entries.length === 0
  }

  /** @param remoteAddress of the peer of the connection, as Node writes it */
  has(remoteAddress: string | undefined): boolean {
    if (this.isEmpty || typeof remoteAddress !== 'string') return false
    const address = parseAddress(remoteAddress)
    return address !== undefined && this.#entries.some((entry) => entry.includes(address))
  }
}

function compileEntry(entry: unknown): RangeList {
  const range = typeof entry === 'string' ? compileRanges([asRange(entry)]) : undefined
  if (range === undefined) throw new TypeError(`${JSON.stringify(entry)} is neither an IP address nor a range such as 10.0.0.0/8`)
  if (range.ranges.every(({ masks }) => masks.every((mask) => mask === 0))) throw new TypeError(`${JSON.stringify(entry)} is everyone: name the addresses that only proxies have`)
  return range
}

function asRange(entry: string): string {
  if (entry.includes('/')) return entry
  return entry.includes(':') ? `${entry}/128` : `${entry}/32`
}
