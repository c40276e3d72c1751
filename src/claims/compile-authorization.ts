import type { AgentAuthorization } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { QuotaCharge } from '../model/store.js'
import { checkDelegation } from '../checks/delegation.js'
import { compileCapability, type CompiledCapability } from './compile-capability.js'
import type { ConstraintRegistry } from '../constraints/registry.js'
import { digestOf } from './digest.js'
import type { ParsedAuthorization } from './parse-authorization.js'

/**
 * Everything about a token that can be worked out when it is first seen. A request looks its action up, runs the
 * checks and hands the quotas to the store.
 */
export interface CompiledAuthorization {
  readonly authorization: AgentAuthorization
  /** Depth, chain and actors are the token's own: settled here (DEL-1 to DEL-3). */
  readonly delegationDenial: Denial | undefined
  /** In the order of the token. */
  readonly candidates: readonly Candidate[]
  /** Digest over issuer and token id (QTA-1). */
  readonly scope: string
  /** The largest request body that any capability admits: `Infinity` where one of them has no limit, `undefined` where none has one (CON-6). */
  readonly requestCeilingBytes: number | undefined
  /** Whether any capability limits the response (CON-7). */
  readonly limitsResponses: boolean
}

/** A capability of one token: what it demands is shared by all tokens that say the same, its counters are its own. */
export class Candidate {
  readonly capability: CompiledCapability
  /** Position in the token's list. */
  readonly index: number
  readonly #scope: string
  #keys: readonly string[] | undefined
  #fixedCharge: readonly QuotaCharge[] | undefined

  constructor(capability: CompiledCapability, index: number, scope: string) {
    this.capability = capability
    this.index = index
    this.#scope = scope
  }

  /** Keys of the counters, in the order of the capability's quotas; made when the capability is first used (QTA-1). */
  get quotaKeys(): readonly string[] {
    const { action, quotas } = this.capability
    return (this.#keys ??= quotas.map(({ name }) => digestOf(this.#scope, action, String(this.index), name)))
  }

  /** What a request takes, where it is the same for all requests. */
  get fixedCharge(): readonly QuotaCharge[] | undefined {
    const { countsRequestsOnly, quotas } = this.capability
    if (!countsRequestsOnly) return undefined
    return (this.#fixedCharge ??= quotas.map(({ window, limit }, i) => ({ key: this.quotaKeys[i] as string, window, limit, quantity: 1 })))
  }
}

export interface TokenIdentity {
  readonly issuer: string
  /** `jti`, or what stands in for it (TOK-9). */
  readonly id: string
}

export function compileAuthorization(parsed: ParsedAuthorization, token: TokenIdentity, registry: ConstraintRegistry): CompiledAuthorization {
  const { authorization } = parsed
  const scope = digestOf(token.issuer, token.id)
  const candidates = authorization.capabilities.map((capability, index) => new Candidate(compileCapability(capability, authorization.delegation.depth, registry), index, scope))
  return {
    authorization,
    delegationDenial: parsed.delegationDenial ?? checkDelegation(authorization.delegation),
    candidates,
    scope,
    requestCeilingBytes: requestCeilingOf(candidates),
    limitsResponses: candidates.some(({ capability }) => capability.limits?.responseBytes !== undefined),
  }
}

function requestCeilingOf(candidates: readonly Candidate[]): number | undefined {
  const limits = candidates.map(({ capability }) => capability.limits?.requestBytes)
  return limits.every((limit) => limit === undefined) ? undefined : Math.max(...limits.map((limit) => limit ?? Infinity))
}

/** Alternatives for an action, in the order of the token (CAP-3). */
export function candidatesFor({ candidates }: CompiledAuthorization, action: string): readonly Candidate[] {
  return candidates.filter(({ capability }) => capability.action === action)
}
