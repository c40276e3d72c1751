import type { IncomingMessage } from 'node:http'
import type { Aap } from './aap.js'
import type { GuardCore, GuardRuling, Session } from '../guard/guard-core.js'
import type { StateStore } from '../model/store.js'

/** What the guard knows about a request, out of reach of everything that can write to the request (AUD-5). */
export interface RequestState {
  readonly core: GuardCore
  readonly session: Session
  readonly startedAtMs: number
  /** Set once there is a capability decision, or a reason why there need be none. */
  isDecided: boolean
  /** What handlers see. */
  aap: Aap | undefined
}

const states = new WeakMap<IncomingMessage, RequestState>()
const admissions = new WeakMap<IncomingMessage, { readonly store: StateStore; readonly scope: string; readonly action: string }[]>()

export function stateOf(req: IncomingMessage): RequestState | undefined {
  return states.get(req)
}

export function setState(req: IncomingMessage, state: RequestState): void {
  states.set(req, state)
}

/** A request counts once for an action, however often it is guarded (QTA-2). */
export function isAdmitted(req: IncomingMessage, { core, session }: RequestState, action: string): boolean {
  const scope = session.verified?.compiled.scope
  return (admissions.get(req) ?? []).some((admission) => admission.action === action && admission.scope === scope && admission.store === core.settings.rules.store)
}

export function noteAdmission(req: IncomingMessage, { core, session }: RequestState, { action }: GuardRuling): void {
  const scope = session.verified?.compiled.scope
  if (action === undefined || scope === undefined) return
  const admission = { store: core.settings.rules.store, scope, action }
  const earlier = admissions.get(req)
  if (earlier === undefined) admissions.set(req, [admission])
  else earlier.push(admission)
}
