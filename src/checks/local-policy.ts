import type { ConstraintFacts } from '../constraints/constraint-definition.js'
import type { QuotaWindow } from '../model/store.js'

/** What a server demands beside its tokens, from the option `policy`. It only ever narrows what they allow. */
export interface LocalPolicy {
  readonly agents: AgentPolicy
  readonly delegation: DelegationPolicy
  /** Of every request. */
  readonly everyone: Demands | undefined
  readonly actions: ReadonlyMap<string, Demands>
  /** For which supervised agents need approval (OVS-4). */
  readonly criticalActions: ReadonlySet<string>
  /** Of tokens whose delegation chain holds unknown actors, where these are not refused (DEL-4). */
  readonly unknownActors: Demands | undefined
  /** The widest subject that a quota counts by: all counters of one request can be kept where that subject's are (QTA-5). */
  readonly widestSubject: 'token' | 'agent' | 'operator'
}

/** AGT-1 and AGT-2. What is `undefined` restricts nothing. */
export interface AgentPolicy {
  readonly allowedIds?: ReadonlySet<string> | undefined
  readonly allowedOperators?: ReadonlySet<string> | undefined
  readonly allowedTrustDomains?: ReadonlySet<string> | undefined
  readonly deniedModels?: ReadonlySet<string> | undefined
  readonly needsAttestedRuntime: boolean
}

/** DEL-1, DEL-2 and DEL-4. */
export interface DelegationPolicy {
  readonly maxDepth?: number | undefined
  readonly needsParentJti: boolean
  /** `undefined` where anybody may be in a chain. */
  readonly knownActors?: ReadonlySet<string> | undefined
  /** Whether anyone else makes the token unusable, rather than subject to `LocalPolicy.unknownActors`. */
  readonly refusesUnknownActors: boolean
}

export interface Demands {
  readonly purposes: ReadonlySet<string> | undefined
  /** By wire name. They hold together with the token's own (CAP-7). */
  readonly constraints: Readonly<Record<string, unknown>>
  readonly quotas: readonly SubjectQuota[]
  readonly needsApproval: boolean
}

/** QTA-5: a quota over all tokens of one agent, task or operator. */
export interface SubjectQuota {
  readonly subject: 'agent' | 'task' | 'operator'
  /** Where the policy says it: quotas of different places are counted apart. */
  readonly place: string
  readonly name: string
  /** What audit records call it. */
  readonly label: string
  readonly window: QuotaWindow
  readonly limit: number
  readonly quantity: (facts: ConstraintFacts) => number | undefined
  readonly countsRequests: boolean
}

export const noPolicy: LocalPolicy = {
  agents: { needsAttestedRuntime: false },
  delegation: { needsParentJti: false, refusesUnknownActors: false },
  everyone: undefined,
  actions: new Map(),
  criticalActions: new Set(),
  unknownActors: undefined,
  widestSubject: 'token',
}

/** What is demanded of one action, or where none is known yet, of every action. */
export function demandsOn({ everyone, actions, unknownActors }: LocalPolicy, action: string | undefined, hasUnknownActors: boolean): readonly Demands[] {
  const ofAction = action === undefined ? undefined : actions.get(action)
  return [everyone, ofAction, hasUnknownActors ? unknownActors : undefined].filter((demands) => demands !== undefined)
}
