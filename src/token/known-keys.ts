import type { Algorithm } from './algorithms.js'
import type { VerificationKey } from './verification-key.js'

/**
 * Each candidate costs one signature check for a token that nobody has vouched for yet. An issuer with more
 * keys of one algorithm than this has to name them.
 */
const mostCandidates = 10

const none: readonly VerificationKey[] = Object.freeze([])

/** The keys of one answer of the issuer, ready for look-up. Never changed: a refresh makes the next one. */
export class KnownKeys {
  private readonly byIdentity = new Map<string, VerificationKey>()
  private readonly byKid = new Map<string, VerificationKey[]>()
  private readonly members: ReadonlySet<VerificationKey>

  /** Where `previous` holds the same key, that object is kept, so that what it verified stays valid (KEY-5, TOK-11). */
  constructor(parsed: readonly VerificationKey[], previous?: KnownKeys) {
    for (const key of parsed) {
      const identity = identityOf(key)
      if (!this.byIdentity.has(identity)) this.byIdentity.set(identity, previous?.byIdentity.get(identity) ?? key)
    }
    this.members = new Set(this.byIdentity.values())
    for (const key of this.members) {
      if (key.kid === undefined) continue
      const named = this.byKid.get(key.kid)
      if (named) named.push(key)
      else this.byKid.set(key.kid, [key])
    }
  }

  has(key: VerificationKey): boolean {
    return this.members.has(key)
  }

  /**
   * The keys to try, at most 10; none are tried where more would fit. A token that names a key gets exactly
   * the keys of that name, never one without a name; `undefined` says that the name is not known (KEY-3). A
   * token that names none gets every key that fits.
   */
  find(kid: string | undefined, algorithm: Algorithm): readonly VerificationKey[] | undefined {
    const named = kid === undefined ? [...this.members] : this.byKid.get(kid)
    const fitting = named?.filter((key) => key.fits(algorithm))
    return fitting && fitting.length > mostCandidates ? none : fitting
  }
}

/** The same key material under another name, or for another algorithm, is another key. */
function identityOf({ thumbprint, kid, algorithm }: VerificationKey): string {
  return JSON.stringify([thumbprint, algorithm ?? null, kid ?? null])
}
