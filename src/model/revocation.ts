/**
 * What to revoke (REV-1): exactly one of `token`, `parent`, `agent` and `task`, by its id as the issuer writes it. A revoked
 * token takes along the tokens that name it as their parent; `parent` ends only those.
 */
export type Revocation = RevocationScope & (Only<'token'> | Only<'parent'> | Only<'agent'> | Only<'task'>)

type Only<Name extends Revoked> = Readonly<Record<Name, string>> & Readonly<Partial<Record<Exclude<Revoked, Name>, never>>>
type Revoked = 'token' | 'parent' | 'agent' | 'task'

interface RevocationScope {
  /** Whose token, agent or task it is. May be left out where the guard trusts exactly one issuer. */
  readonly issuer?: string
  /**
   * Epoch seconds after which it is forgotten, as the token's `exp`: in the future. Default: 24 h from now, and where a token
   * is shown meanwhile, until that token has expired.
   */
  readonly until?: number
}
