import { parseAddress, type Address } from './ip-range.js'
import { parseTarget, type Target } from './target.js'

/** A compiled `domains_allowed` or `domains_blocked` (CON-2). */
export interface DomainList {
  /**
   * The entries that are no host or address, as written. They match nothing, which is safe in an allow-list only:
   * a block-list that has one must deny.
   */
  readonly malformed: readonly string[]
  /** Normalised; each stands for itself and every name below it. */
  readonly names: ReadonlySet<string>
  /** Normalised; each stands for itself. */
  readonly addresses: ReadonlySet<string>
  includes(target: Target): boolean
}

/**
 * Compiles the entries of a list. A name matches itself and every name below it, an address only itself, however
 * either is spelled: names are normalised by the parser that reads targets, and a mapped IPv6 address is its IPv4
 * address (CON-3), or blocking `10.0.0.1` would leave `[::ffff:10.0.0.1]` open. No other IPv6 form that embeds an
 * IPv4 address is taken apart.
 */
export function compileDomainList(entries: readonly string[]): DomainList {
  const names = new Set<string>()
  const addresses = new Set<string>()
  const malformed: string[] = []

  for (const entry of entries) {
    const address = parseAddress(withoutBrackets(entry))
    const name = address === undefined ? parseName(entry) : undefined
    if (address !== undefined) addresses.add(keyOf(address))
    else if (name !== undefined) names.add(name)
    else malformed.push(entry)
  }

  return {
    malformed,
    names,
    addresses,
    includes: ({ host, addressFamily }) => {
      if (addressFamily === 0) return includesNameOrParent(names, host)
      const address = addresses.size === 0 ? undefined : parseAddress(host)
      return address !== undefined && addresses.has(keyOf(address))
    },
  }
}

/** Whether every host that the inner list includes is in the outer one (DEL-5). Entries that are no host include none. */
export function areDomainsWithin(inner: DomainList, outer: DomainList): boolean {
  return [...inner.names].every((name) => includesNameOrParent(outer.names, name)) && [...inner.addresses].every((address) => outer.addresses.has(address))
}

/** What the URL syntax gives a meaning of its own, and `%`: in an entry these are a mistake, never part of a name. */
const notInName = /[/?#@:%]/

/** The parser lets more through than a host name has, such as `*`, which some would take for a wildcard. */
const hostName = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

function parseName(entry: string): string | undefined {
  if (notInName.test(entry)) return undefined
  const target = parseTarget(`http://${entry}`)
  return target?.addressFamily === 0 && hostName.test(target.host) ? target.host : undefined
}

/** SPEC is silent on how an IPv6 entry is written: as in a URL or as everywhere else. */
function withoutBrackets(entry: string): string {
  return entry.startsWith('[') && entry.endsWith(']') && entry.includes(':') ? entry.slice(1, -1) : entry
}

/** The families differ in the number of words, so that their keys cannot meet. */
function keyOf(address: Address): string {
  return address.words.join(' ')
}

/** Walks up the labels, so that a long list costs no more than a short one. */
function includesNameOrParent(names: ReadonlySet<string>, host: string): boolean {
  if (names.size === 0) return false
  let name = host
  while (!names.has(name)) {
    const dot = name.indexOf('.')
    if (dot === -1) return false
    name = name.slice(dot + 1)
  }
  return true
}
