import type { CapabilityCompiler } from '../claims/compile-capability.js'
import type { Denial } from '../model/denial.js'
import type { TokenCache } from '../token/token-cache.js'
import type { VerifiedToken } from '../token/verify-token.js'
import { compareAuthorizations } from '../claims/attenuation.js'

interface Comparison {
  readonly parent: VerifiedToken
  readonly denial: Denial | undefined
}

/** Two verified tokens stay what they are, so that each pair is compared once. */
const comparisons = new WeakMap<VerifiedToken, Comparison>()

/**
 * DEL-5: a delegated token is no broader than the one it names as its parent, where this process has verified that one
 * and still remembers it.
 */
export function checkParent(child: VerifiedToken, tokens: TokenCache, compiler: CapabilityCompiler): Denial | undefined {
  const { parentDigest } = child.compiled
  const parent = parentDigest === undefined ? undefined : tokens.findByIdentity(parentDigest)
  if (parent === undefined) return undefined
  let comparison = comparisons.get(child)
  if (comparison?.parent !== parent) comparisons.set(child, (comparison = compare(child, parent, compiler)))
  return comparison.denial
}

function compare(child: VerifiedToken, parent: VerifiedToken, { registry }: CapabilityCompiler): Comparison {
  const [first] = compareAuthorizations(child.view, parent.view, registry)
  if (first === undefined) return { parent, denial: undefined }
  return { parent, denial: { code: 'aap_invalid_delegation_chain', rule: 'DEL-5', detail: `broader than its parent ${JSON.stringify(parent.facts.id)}: ${first.path}: ${first.detail}` } }
}
