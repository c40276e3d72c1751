import type { IntrospectedTokens } from './introspected-tokens.js'
import type { KeySet } from './key-set.js'
import type { RevocationSource } from './issuer-revocations.js'

/** An authorization server whose tokens are accepted, and how. */
export interface TrustedIssuer {
  /** Compared exactly with `iss` (TOK-4). */
  readonly issuer: string
  /** This server's identifiers, one of which `aud` must hold (TOK-5). */
  readonly audience: ReadonlySet<string>
  /** Origin of the first of them that is an http(s) URL: what proofs are compared with where nothing better is known (POP-4). */
  readonly audienceOrigin: string | undefined
  /** What stands in front of the canonical claim names (DIA-3). */
  readonly claimPrefix: string | undefined
  readonly keys: KeySet
  /** Absent where it is not asked about tokens: its opaque ones are refused. */
  readonly introspection: IntrospectedTokens | undefined
  /** Where it says what it has revoked; absent where nobody asks (REV-1). */
  readonly revocation?: RevocationSource | undefined
}

/** The only way from an `iss` that nobody has verified yet to keys. */
export interface TrustedIssuers {
  /** Those that are known at start-up; `undefined` where each `iss` is asked for when it comes. */
  readonly named: readonly TrustedIssuer[] | undefined
  /** `undefined` where the issuer is not trusted. */
  find(iss: string): TrustedIssuer | undefined
  /** Whom to ask about a token that is no JWT; `undefined` for JWTs, and where nobody is (INT-1). */
  findForOpaque(token: string): (TrustedIssuer & { readonly introspection: IntrospectedTokens }) | undefined
  /** Resolves when the keys of all issuers that are known by name are there, and what they have revoked. */
  ready(): Promise<void>
  /** Gives up what it still wanted of the issuers, and asks none any more. */
  close(): void
}
