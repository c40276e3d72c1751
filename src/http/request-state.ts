import type { IncomingMessage } from 'node:http'
import type { Aap } from './aap.js'
import type { Denial } from '../model/denial.js'
import type { EarlierAdmission } from '../decision/authorize.js'
import type { GuardCore, Session } from '../guard/guard-core.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { QuotaCharge, StateStore } from '../model/store.js'
import { createAttachment } from './attachment.js'

/** What the guard knows about a request, out of reach of everything that can write to the request (AUD-5). */
export interface RequestState {
  readonly core: GuardCore
  session: Session
  readonly startedAtMs: number
  /** What handlers see. */
  aap: Aap | undefined
  /** Whether any decision so far demanded a bound token (POP-2). */
  requiresProof: boolean
  /** Why the route needs no capability, where it says so. */
  whyNone?: string
}

/** What holds for a request whichever guards it passes. */
interface RequestHistory {
  /** Grows with each request that comes to a guard. */
  readonly arrival: number
  /** The state of the guard that came last: earlier ones have nothing to say any more. */
  state: RequestState | undefined
  /** Set once a capability decision, or the refusal to take one, is on record (AUD-1). */
  isDecided: boolean
  /** Set while a capability decision is being taken. */
  isDeciding: boolean
  /** Set once it is on record that the response ended before anything was decided: nothing is decided then (AUD-1). */
  isUndecided: boolean
  /** Why the request was ended before its handler was done with it (CON-6, CON-7, REV-1): nothing more is done about it then. */
  cut: Denial | undefined
  /** Set where it was ended in the middle of its response. */
  isCutOff: boolean
  /** Why the request is to be ended once the decision on its way is there (REV-1). */
  revoked: Denial | undefined
  /** Set once the response is watched for its result record. */
  isResultDue: boolean
  readonly admissions: Admitted[]
  /** Proofs of possession that came with it, and the stores that they were shown to. */
  readonly proofs: ShownProof[]
}

interface ShownProof {
  readonly store: StateStore
  readonly key: string
  /** Why the store did not take it; `undefined` where it did. */
  readonly refusal: MaybePromise<Denial | undefined>
}

interface Admitted extends EarlierAdmission {
  readonly store: StateStore
  /** Of the token. */
  readonly tokenDigest: string
  readonly action: string
  taken: readonly QuotaCharge[]
}

const histories = createAttachment<IncomingMessage, RequestHistory>()
let arrivals = 0

export function historyOf(req: IncomingMessage): RequestHistory {
  let history = histories.get(req)
  if (history === undefined) histories.set(req, (history = { arrival: ++arrivals, state: undefined, isDecided: false, isDeciding: false, isUndecided: false, cut: undefined, isCutOff: false, revoked: undefined, isResultDue: false, admissions: [], proofs: [] }))
  return history
}

export function stateOf(req: IncomingMessage): RequestState | undefined {
  return histories.get(req)?.state
}

/** A request counts once for an action, however often it is guarded (QTA-2). */
export function admittedBy(req: IncomingMessage, { core, session }: RequestState, action?: string): Admitted | undefined {
  const tokenDigest = session.verified?.compiled.tokenDigest
  return histories.get(req)?.admissions.find((admission) => (action === undefined || admission.action === action) && admission.tokenDigest === tokenDigest && admission.store === core.settings.rules.state.store)
}

/** @param taken what was counted now, beside what was counted for the action before */
export function noteAdmission(req: IncomingMessage, state: RequestState, action: string, index: number, taken: readonly QuotaCharge[]): void {
  const earlier = admittedBy(req, state, action)
  const { core, session } = state
  const tokenDigest = session.verified?.compiled.tokenDigest
  if (earlier !== undefined) earlier.taken = [...earlier.taken, ...taken]
  else if (tokenDigest !== undefined) historyOf(req).admissions.push({ store: core.settings.rules.state.store, tokenDigest, action, index, taken })
}

/** A proof is shown to a store once a request, however often it is guarded: the first answer holds (POP-3). */
export function noteProof(req: IncomingMessage, { settings: { rules: { state: { store } } } }: GuardCore, key: string, refusal: MaybePromise<Denial | undefined>): void {
  historyOf(req).proofs.push({ store, key, refusal })
}

export function shownProof(req: IncomingMessage, { settings: { rules: { state: { store } } } }: GuardCore, key: string): ShownProof | undefined {
  return historyOf(req).proofs.find((shown) => shown.store === store && shown.key === key)
}
