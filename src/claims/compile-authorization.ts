import type { AgentAuthorization } from '../model/agent-authorization.js'
import type { Denial } from '../model/denial.js'
import type { QuotaCharge } from '../model/store.js'
import { checkAgent } from '../checks/agent.js'
import { checkDelegation, hasUnknownActors } from '../checks/delegation.js'
import type { CapabilityCompiler, CompiledCapability, CompiledQuota } from './compile-capability.js'
import type { LocalPolicy } from '../checks/local-policy.js'
import { digestOf } from './digest.js'
import type { ParsedAuthorization } from './parse-authorization.js'
import { revocablePartsOf, type RevocablePart } from './revocation-prints.js'

/**
 * Everything about a token that can be worked out when it is first seen. A request looks its action up, runs the
 * checks and hands the quotas to the store.
 */
export interface CompiledAuthorization {
  readonly authorization: AgentAuthorization
  /** Who acts is the token's own, and local policy stays as it is: settled here (AGT-1, AGT-2). */
  readonly agentDenial: Denial | undefined
  /** And so are depth, chain and actors (DEL-1 to DEL-4). */
  readonly delegationDenial: Denial | undefined
  /** Whether the delegation could be read, admitted or not: where its form is wrong an empty one stands in for it (TOK-10). */
  readonly isDelegationRead: boolean
  /** Whether local policy does not know somebody in the chain (DEL-4). */
  readonly hasUnknownActors: boolean
  /** In the order of the token. */
  readonly candidates: readonly Candidate[]
  /** Digest over issuer and token id (QTA-1): two tokens with the same one are the same token. */
  readonly tokenDigest: string
  /** The same of the token that this one was delegated from, where it names one. */
  readonly parentDigest: string | undefined
  /** What the token can be revoked by (REV-1). */
  readonly revocable: readonly RevocablePart[]
  /** Digest of the widest subject that this guard counts by. */
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
  readonly #subjects: SubjectDigests
  #charges: readonly QuotaCharge[] | undefined

  constructor(capability: CompiledCapability, index: number, subjects: SubjectDigests) {
    this.capability = capability
    this.index = index
    this.#subjects = subjects
  }

  /** One of each quota, in the order of the capability's; made when it is first used, and frozen. */
  get charges(): readonly QuotaCharge[] {
    return (this.#charges ??= this.#charge())
  }

  /** One key for all quotas of the capability, and one for those of a subject at one place of local policy (QTA-1, QTA-5). */
  #charge(): readonly QuotaCharge[] {
    const { action, quotas } = this.capability
    const own = digestOf(this.#subjects.token, action, String(this.index))
    return Object.freeze(quotas.map((quota) => {
      const { window, limit } = quota
      const name = counterName(quota.name)
      if (quota.subject !== 'token') return Object.freeze({ key: digestOf(this.#subjects[quota.subject], quota.place), name, window, limit, quantity: 1 })
      return Object.freeze({ key: own, name: quota.ordinal === 0 ? name : `${quota.ordinal} ${name}`, window, limit, quantity: 1 })
    }))
  }
}

/** Whom quotas count by. Each digest says whose it is, so that no two of them are equal. */
type SubjectDigests = Readonly<Record<CompiledQuota['subject'], string>>

export interface TokenIdentity {
  readonly issuer: string
  /** `jti`, or what stands in for it (TOK-9). */
  readonly id: string
}

export function compileAuthorization(parsed: ParsedAuthorization, token: TokenIdentity, subject: string | undefined, compiler: CapabilityCompiler): CompiledAuthorization {
  const { authorization } = parsed
  const { agent, delegation, capabilities } = authorization
  const { policy } = compiler
  const subjects = digestSubjects(authorization, token, policy)
  const isChainUnknown = hasUnknownActors(delegation, policy.delegation)
  const candidates = capabilities.map((capability, index) => new Candidate(compiler.compile(capability, delegation.depth, isChainUnknown), index, subjects))
  const parentDigest = delegation.parentJti === undefined ? undefined : digestOf(token.issuer, delegation.parentJti)
  return {
    authorization,
    agentDenial: checkAgent(agent, subject, policy.agents),
    delegationDenial: parsed.delegationDenial ?? checkDelegation(delegation, policy.delegation),
    isDelegationRead: parsed.delegationDenial === undefined,
    hasUnknownActors: isChainUnknown,
    candidates,
    tokenDigest: subjects.token,
    parentDigest,
    revocable: revocablePartsOf({ issuer: token.issuer, tokenDigest: subjects.token, parentDigest, agentId: agent.id, taskId: authorization.task.id }),
    scope: subjects[policy.widestSubject],
    requestCeilingBytes: requestCeilingOf(candidates),
    limitsResponses: candidates.some(({ capability }) => capability.limits?.responseBytes !== undefined),
  }
}

/**
 * An agent, and a task, are an operator's: so the operator's digest can place all of them (QTA-5). Nobody looks at these
 * digests where local policy counts by tokens only.
 */
function digestSubjects({ agent, task }: AgentAuthorization, { issuer, id }: TokenIdentity, { widestSubject }: LocalPolicy): SubjectDigests {
  const token = digestOf(issuer, id)
  if (widestSubject === 'token') return { token, agent: '', task: '', operator: '' }
  return {
    token,
    agent: digestOf('agent', issuer, agent.operator, agent.id),
    // An agent without a task is at one task, whatever token it shows.
    task: task.id === undefined ? digestOf('task', issuer, agent.operator, 'agent', agent.id) : digestOf('task', issuer, agent.operator, task.id),
    operator: digestOf('operator', issuer, agent.operator),
  }
}

function requestCeilingOf(candidates: readonly Candidate[]): number | undefined {
  const limits = candidates.map(({ capability }) => capability.limits?.requestBytes)
  return limits.every((limit) => limit === undefined) ? undefined : Math.max(...limits.map((limit) => limit ?? Infinity))
}

/** A registered constraint may be called anything; spaces are left to ordinals. */
function counterName(name: string): string {
  return /^[A-Za-z0-9_.:-]{1,64}$/.test(name) ? name : digestOf(name)
}

/** Alternatives for an action, in the order of the token (CAP-3). */
export function candidatesFor({ candidates }: CompiledAuthorization, action: string): readonly Candidate[] {
  return candidates.filter(({ capability }) => capability.action === action)
}
