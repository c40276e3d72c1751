import type { GuardRuling } from './guard-core.js'

/**
 * Where to ask for the approval that a refusal lacks (OVS-1). The token's own reference leaves only as an absolute
 * http(s) URL of printable ASCII (ERR-1); where it has none, the decision itself is what a human can be asked about.
 */
export function approvalReferenceOf({ denial, verified, correlationId }: Pick<GuardRuling, 'denial' | 'verified' | 'correlationId'>): string | undefined {
  if (denial?.code !== 'aap_approval_required') return undefined
  const reference = verified?.compiled.authorization.oversight?.approvalReference
  return reference !== undefined && isSafeUrl(reference) ? reference : `urn:uuid:${correlationId}`
}

function isSafeUrl(text: string): boolean {
  return text.length <= 2_048 && /^https?:\/\/[!-~]+$/i.test(text) && URL.canParse(text)
}
