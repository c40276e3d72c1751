/**
 * The JWS algorithms that a token or a proof may be signed with: asymmetric ones only, so that what verifies
 * can never sign. HS*, `none` and every name that is not here are refused, at configuration and at request
 * time (TOK-1).
 *
 * @see RFC 7518 section 3.1, RFC 8037 section 3.1 (`EdDSA`), RFC 9864 section 2.2 (`Ed25519`); RFC 8725 section 3.1
 */
export const algorithms = [
  'ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519',
] as const

export type Algorithm = (typeof algorithms)[number]

const known: ReadonlySet<unknown> = new Set(algorithms)

/** Whether a name is on the list, spelled exactly so. */
export function isAlgorithm(value: unknown): value is Algorithm {
  return known.has(value)
}

/** What is accepted without configuration (TOK-1). */
export const defaultAlgorithms: readonly Algorithm[] = Object.freeze(['ES256', 'RS256', 'EdDSA'] as const)
