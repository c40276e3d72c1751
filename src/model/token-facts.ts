/** What is known about the token itself, apart from what it authorizes. */
export interface TokenFacts {
  readonly kind: 'jwt' | 'opaque'
  readonly issuer: string
  /** `jti`: identifies the token together with `issuer` (TOK-9). */
  readonly id: string
  readonly subject?: string
  readonly clientId?: string
  /** Epoch seconds, as in `exp`. */
  readonly expiresAt: number
  /** For display only: an AAP token's scopes permit nothing (DIA-5). */
  readonly scopes: readonly string[]
}
