import type { Claims } from '../model/claims.js'

/** The seven AAP claims by their bare names. */
const bareNames = ['agent', 'task', 'capabilities', 'oversight', 'delegation', 'context', 'audit'] as const

export type AapClaimName = (typeof bareNames)[number]

/** The AAP claims of a token, whatever names the issuer gave them. */
export type AapClaims = Partial<Record<AapClaimName, unknown>>

/**
 * Finds the AAP claims of a payload, by the names of draft-00 (`aap_agent`), of draft-01 (`agent`), or of an identity
 * provider that only allows namespaced claims (`https://example.com/aap_agent`).
 *
 * @returns why the payload has none that can be used, or the claims
 * @see DIA-2, DIA-3, DIA-5
 */
export function readDialect(payload: Claims, claimPrefix: string | undefined): AapClaims | { readonly rule: string; readonly problem: string } {
  const spellings: ((name: AapClaimName) => string)[] = [(name) => `aap_${name}`, (name) => name]
  if (claimPrefix !== undefined) spellings.push((name) => `${claimPrefix}aap_${name}`)

  const found = spellings.map((spell) => collect(payload, spell)).filter((claims) => Object.keys(claims).length > 0)
  const [claims, other] = found
  if (claims === undefined) return { rule: 'DIA-5', problem: 'the token has no AAP claims' }
  if (other !== undefined) return { rule: 'DIA-2', problem: 'the token mixes two spellings of the AAP claims' }
  return claims
}

/** `capabilities_ref` is not supported, but a token with it says that its capabilities are somewhere, and not in its scopes. */
const restrictingNames: readonly string[] = [...bareNames, 'capabilities_ref']

/**
 * Whether a payload holds AAP claims under any namespace, also one that is not configured: a token that was meant to be
 * restricted by them must not be read by its scopes instead (DIA-5).
 */
export function hasAapClaims(payload: Claims): boolean {
  return Object.keys(payload).some((name) => restrictingNames.some((bare) => name === bare || name.endsWith(`aap_${bare}`)))
}

function collect(payload: Claims, spell: (name: AapClaimName) => string): AapClaims {
  const claims: AapClaims = {}
  for (const name of bareNames) {
    const spelled = spell(name)
    if (Object.hasOwn(payload, spelled)) claims[name] = payload[spelled]
  }
  return claims
}
