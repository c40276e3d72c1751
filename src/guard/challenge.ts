import type { Credentials } from '../token/credentials.js'

/** How whoever is refused may come again. */
export interface Offer {
  /** Algorithms of DPoP proofs, separated by spaces; absent where DPoP is off. */
  readonly proofAlgorithms: string | undefined
  /** Plain bearer tokens are of no use: the profile is strict, or the route demands proof of possession (POP-2). */
  readonly isBoundOnly: boolean
  /** Where this server's metadata is (RFC 9728). */
  readonly metadataUrl: string | undefined
}

/** What is wrong with the credentials. */
export interface Fault {
  readonly error: string
  readonly description: string
}

/**
 * The value of `WWW-Authenticate`: the challenge of the scheme that was used comes first, and alone says what is wrong.
 *
 * @param fault absent where there were no credentials (TRN-2)
 * @see TRN-4; RFC 6750 section 3, RFC 9449 section 7.1, RFC 9728 section 5.1
 */
export function challengeFor(fault: Fault | undefined, scheme: Credentials['scheme'] | undefined, { proofAlgorithms, isBoundOnly, metadataUrl }: Offer): string {
  const offersDpop = proofAlgorithms !== undefined
  const schemes: readonly string[] = isBoundOnly && offersDpop ? ['DPoP'] : !offersDpop ? ['Bearer'] : scheme === 'dpop' ? ['DPoP', 'Bearer'] : ['Bearer', 'DPoP']
  return schemes
    .map((name, i) => {
      const parameters = Object.entries({
        realm: 'api',
        error: i === 0 ? fault?.error : undefined,
        error_description: i === 0 ? fault?.description : undefined,
        algs: name === 'DPoP' ? proofAlgorithms : undefined,
        resource_metadata: metadataUrl,
      })
      return `${name} ${parameters.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${quoted(value)}`])).join(', ')}`
    })
    .join(', ')
}

/** A quoted-string of RFC 9110 section 5.6.4. */
function quoted(value: string): string {
  return `"${value.replace(/[^\t !-~]/g, '').replace(/["\\]/g, '\\$&')}"`
}
