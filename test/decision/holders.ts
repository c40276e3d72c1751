import type { DecisionRules } from '../../src/decision/rules.js'
import type { Deciding } from './decisions.js'
import type { MaybePromise } from '../../src/model/maybe-promise.js'
import type { Ruling } from '../../src/decision/authorize.js'
import type { VerifiedToken } from '../../src/token/verify-token.js'
import { compileAuthorization } from '../../src/claims/compile-authorization.js'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'

/** What tells one token from another; what is left out is the same for all. */
export interface Holder {
  readonly issuer?: string
  /** `jti`. */
  readonly id?: string
  readonly subject?: string
  readonly agent?: string
  readonly operator?: string
  readonly task?: string
  readonly capabilities?: readonly object[]
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A verified token of somebody, compiled by a server's own rules, so that several can be shown to one server. */
export function tokenOf({ verification }: DecisionRules, { issuer = 'i', id = 'j', subject = 's', agent = 'a', operator = 'o', task = 't', capabilities = [{ action: 'a' }], claims = {} }: Holder): VerifiedToken {
  const payload = { aap_agent: { id: agent, type: 't', operator }, aap_task: { id: task, purpose: 'p' }, aap_capabilities: capabilities, ...claims }
  const compiled = compileAuthorization(parseAuthorization(payload, undefined) as ParsedAuthorization, { issuer, id }, subject, verification.compiler)
  return { compiled, confirmation: {} } as VerifiedToken
}

/** Decides a request of this holder's. */
export function decideFor({ decide, rules }: Deciding, holder: Holder, action = 'a', facts: Readonly<Record<string, unknown>> = {}, more: Parameters<Deciding['decide']>[2] = {}): MaybePromise<Ruling> {
  return decide(action, facts, { verified: tokenOf(rules, holder), ...more })
}
