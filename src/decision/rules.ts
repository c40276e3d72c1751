import type { Clock } from '../model/clock.js'
import type { Facts } from '../model/facts.js'
import type { FailureLimit } from '../token/failure-limit.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { PossessionRules } from '../token/possession.js'
import type { Revocations } from '../token/revocations.js'
import type { SharedRevocations } from '../token/shared-revocations.js'
import type { StoreGate } from './store-gate.js'
import type { TaskBindings } from './task-bindings.js'
import type { TokenCache } from '../token/token-cache.js'
import type { VerificationRules } from '../token/verify-token.js'

/** What every decision of one guard is made by: its settings and what it remembers. */
export interface DecisionRules {
  readonly verification: VerificationRules
  readonly tokens: TokenCache
  readonly possession: PossessionRules
  /** TRN-5; absent where failures are not limited. */
  readonly failures: FailureLimit | undefined
  readonly state: StoreGate
  /** INT-5. */
  readonly tasks: TaskBindings
  /** REV-1: what this process knows. */
  readonly revocations: Revocations
  /** What the processes tell each other of it; absent where the store has no way to. */
  readonly sharedRevocations: SharedRevocations | undefined
  readonly hookTimeoutMs: number
  /** Whether facts may have names that only a registered constraint knows. */
  readonly hasRegisteredConstraints: boolean
  /** Facts of every route, from the request. */
  readonly facts: ((request: unknown) => MaybePromise<Facts | undefined>) | undefined
  /** Gives the addresses of a host name (CON-3); absent where routes have to. */
  readonly resolveTargets: ((host: string) => MaybePromise<readonly string[] | undefined>) | undefined
  readonly now: Clock
  /** Tells the operator something, once a cause. */
  readonly warn: (cause: string, message: string) => void
}
