import type { Decision } from '../model/decision.js'
import type { Facts } from '../model/facts.js'
import type { GuardOptions } from './guard-options.js'
import type { Revocation } from '../model/revocation.js'
import type { VerifiedToken } from '../token/verify-token.js'
import type { ResourceRequest } from '../model/resource-request.js'
import { freezeSettings } from './settings.js'
import { GuardCore } from './guard-core.js'
import { watchToken } from '../token/watch-token.js'
import { toDecision } from './to-decision.js'

/** Decides requests, whatever server received them. Made by `createGuard`. */
export interface Guard {
  /**
   * Decides one action of one request, counts it and records it. Never rejects: whatever fails is a refusal.
   *
   * @param request as received; `url` is the original one
   * @param action what the request does, an action name (CAP-1)
   * @param facts what constraints may need, by the names of the route options
   */
  authorize(request: ResourceRequest, action: string, facts?: Facts): Promise<Decision>
  /**
   * Revokes a token, what was delegated from one, an agent or a task (REV-1): at once in this process, cached tokens and open
   * responses included, and within a second in all others that share the store.
   *
   * Resolves when the store has told them. Rejects where it could not, and here it holds all the same; with a `TypeError` or
   * `RangeError` where nothing was revoked, since the argument is wrong.
   */
  revoke(what: Revocation): Promise<void>
  /**
   * Calls back once, in a later turn, when the token of an allowed decision of `authorize` is revoked: for whoever still sends
   * what was asked for. The middleware ends its responses itself.
   *
   * @returns what stops it: call it when the response has ended
   * @throws TypeError for anything but a decision of this guard that allows
   */
  onRevoked(decision: Decision, listener: () => void): () => void
  /** Resolves when the keys of the configured issuers are there, and it is known what was revoked; rejects if they cannot be had now. Nothing is fetched before. */
  ready(): Promise<void>
  /** Ends the guard: decisions in flight finish, later requests are refused with 503. Can be called again. */
  close(): Promise<void>
}

const cores = new WeakMap<object, GuardCore>()

/**
 * Makes a guard from options and the environment (`AAP_ISSUER`, `AAP_AUDIENCE`). Nothing is fetched yet.
 *
 * @throws TypeError or RangeError that names the option which is wrong, and the name that was probably meant
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a framework's request is the user's to type
export function createGuard<Request = any>(options: GuardOptions<Request> = {}): Guard {
  const core = new GuardCore(freezeSettings(options, process.env))
  const allowed = new WeakMap<Decision, VerifiedToken>()
  const guard: Guard = Object.freeze({
    authorize: async (request: ResourceRequest, action: string, facts: Facts = {}) => {
      const ruling = await core.decideStated(request, action, facts)
      const decision = toDecision(ruling, core.settings)
      if (decision.outcome === 'allow' && ruling.verified !== undefined) allowed.set(decision, ruling.verified)
      return decision
    },
    revoke: (what: Revocation) => core.revoke(what),
    onRevoked: (decision: Decision, listener: () => void) => {
      const verified = allowed.get(decision)
      if (verified === undefined) throw new TypeError('guard.onRevoked: this is no decision of this guard that allows')
      if (typeof listener !== 'function') throw new TypeError('guard.onRevoked: the listener must be a function')
      return watchToken(verified, core.settings.rules, () => { listener() })
    },
    ready: () => core.ready(),
    close: () => core.close(),
  })
  cores.set(guard, core)
  return guard
}

/** What stands behind a guard, for the adapters. `undefined` where something else was passed. */
export function coreOf(guard: object): GuardCore | undefined {
  return cores.get(guard)
}

/** @throws TypeError where it is no guard */
export function requireCore(guard: object): GuardCore {
  const core = coreOf(guard)
  if (core === undefined) throw new TypeError('this is no guard made by createGuard')
  return core
}
