import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ActiveAnswer, IntrospectionAnswer } from './introspection-answer.js'
import type { AgentTokenSettings } from '../claims/agent-token.js'
import type { Clock } from '../model/clock.js'
import type { Denial } from '../model/denial.js'
import type { Introspection } from './introspection.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import type { OperationBudget } from '../model/agent-authorization.js'
import type { ParsedAuthorization } from '../claims/parse-authorization.js'
import type { RevocationQueue } from './revocation-queue.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'
import type { TrustedIssuer } from './trusted-issuers.js'
import type { VerificationRules, VerifiedToken } from './verify-token.js'
import { checkBudget, spentBudget } from '../checks/budget.js'
import { compileAuthorization } from '../claims/compile-authorization.js'
import { digestOf } from '../claims/digest.js'
import { deepFreeze } from '../claims/deep-freeze.js'
import { hasAapClaims } from '../claims/dialect.js'
import { isAgentToken, readAgentToken } from '../claims/agent-token.js'
import { joinConfirmations } from './confirmation.js'
import { readIntrospected, type IntrospectedToken } from './introspected-token.js'
import { readLegacyScopes } from '../claims/legacy-scopes.js'
import { refuseToken, TokenRefused } from './token-refused.js'
import { withBudget } from '../claims/operation-budget.js'

export interface IntrospectedTokensSettings {
  readonly source: Introspection
  readonly revocations: RevocationQueue
  /** How its agent tokens are read. */
  readonly reading: Pick<AgentTokenSettings, 'scopes' | 'maxLifetimeSeconds'>
  /** What its opaque tokens begin with; empty where any can be its. */
  readonly tokenPrefix: string
  /** What is done with its JWTs: verified here, that and introspected, or refused. */
  readonly jwts: 'verify' | 'introspect' | 'refuse'
  readonly now: Clock
  /** Whether budgets of operations are counted here; else the issuer counts what it is asked (INT-4). */
  readonly countsHere: boolean
}

const maxCompleted = 100_000

/** The tokens of an issuer that says what they are when it is asked (INT-1). */
export class IntrospectedTokens {
  readonly tokenPrefix: string
  readonly jwts: IntrospectedTokensSettings['jwts']
  readonly #settings: IntrospectedTokensSettings
  /** Compiled once an answer, for as long as it is remembered. */
  readonly #verified = new WeakMap<ActiveAnswer, VerifiedToken>()
  /** What came of answers about JWTs, and of which JWT as it was verified. */
  readonly #confirmed = new WeakMap<ActiveAnswer, { readonly jwt: VerifiedToken; readonly confirmed: VerifiedToken }>()
  /**
   * Tokens whose budget is spent, by the token's digest, whatever the issuer says of them later; with the answer's budget by
   * which it was learned first. Made when there is one: it is large from the start.
   */
  #completed: LRUCache<string, OperationBudget> | undefined

  constructor(settings: IntrospectedTokensSettings) {
    this.#settings = settings
    this.tokenPrefix = settings.tokenPrefix
    this.jwts = settings.jwts
  }

  /**
   * What the token is. Synchronous where its answer is remembered. Throws or rejects with `TokenRefused` where it is not
   * active or the answer cannot be used, with `IntrospectionUnavailable` where nobody knows.
   *
   * @param peer address that the request came from, if it is the client's own
   */
  verify(token: string, issuer: TrustedIssuer, rules: VerificationRules, peer: string | undefined, nowMs: number): MaybePromise<VerifiedToken> {
    const answer = this.#settings.source.find(token, nowMs, peer)
    if (answer instanceof Promise) return answer.then((found) => this.#read(found, token, issuer, rules, nowMs))
    return this.#read(answer, token, issuer, rules, nowMs)
  }

  /**
   * A JWT that was verified here already, if its issuer still holds it for active. What the answer says of itself is held to
   * the rules of any answer, and a budget and a confirmation in it hold; what else the token permits is the JWT's to say.
   * Throws or rejects as `verify`.
   */
  confirm(token: string, verified: VerifiedToken, rules: VerificationRules, peer: string | undefined, nowMs: number): MaybePromise<VerifiedToken> {
    const answer = this.#settings.source.find(token, nowMs, peer)
    if (answer instanceof Promise) return answer.then((found) => this.#confirmBy(found, token, verified, rules, nowMs))
    return this.#confirmBy(answer, token, verified, rules, nowMs)
  }

  close(): void {
    this.#settings.revocations.close()
  }

  #confirmBy(answer: IntrospectionAnswer, token: string, jwt: VerifiedToken, { toleranceMs }: VerificationRules, nowMs: number): VerifiedToken {
    if (!answer.active) refuseToken('INT-1', 'the token is not active')
    const known = this.#confirmed.get(answer)
    if (known?.jwt === jwt) return known.confirmed
    const tokenDigest = digest(token)
    const { issuer, facts, compiled } = jwt
    const identity: TokenIdentity = { issuer: issuer.issuer, id: facts.id }
    const { claims, confirmation: answered } = accept(readIntrospected(answer.members, { issuer, tokenDigest, nowMs, toleranceMs }), identity)
    const confirmation = accept(joinConfirmations(jwt.confirmation, answered), identity)
    const { authorization } = accept(withBudget({ authorization: compiled.authorization, delegationDenial: undefined }, claims), identity)
    const { budget } = authorization
    const confirmed: VerifiedToken = { ...jwt, confirmation, ...this.#useOf(token, compiled.tokenDigest, budget), ...(budget !== undefined && { view: deepFreeze({ ...authorization, token: facts }) }) }
    this.#confirmed.set(answer, { jwt, confirmed })
    return confirmed
  }

  #read(answer: IntrospectionAnswer, token: string, issuer: TrustedIssuer, rules: VerificationRules, nowMs: number): VerifiedToken {
    if (!answer.active) refuseToken('INT-1', 'the token is not active')
    const known = this.#verified.get(answer)
    if (known !== undefined) return known
    const tokenDigest = digest(token)
    const read = accept(readIntrospected(answer.members, { issuer, tokenDigest, nowMs, toleranceMs: rules.toleranceMs }))
    const { facts, times, confirmation } = read
    const identity: TokenIdentity = { issuer: issuer.issuer, id: facts.id }
    const { parsed, byLegacyScopes } = this.#parse(read, issuer, rules, identity)
    const view = deepFreeze({ ...parsed.authorization, token: facts })
    const compiled = compileAuthorization({ ...parsed, authorization: view }, identity, facts.subject, rules.compiler)
    const { agent, task, budget } = parsed.authorization
    const verified: VerifiedToken = {
      facts,
      times,
      issuer,
      key: undefined,
      compiled,
      confirmation,
      byLegacyScopes,
      ...(agent.type === 'ephemeral' && task.id !== undefined && { task: { key: compiled.tokenDigest, task: digestOf(task.id) } }),
      ...this.#useOf(token, compiled.tokenDigest, budget),
      view,
    }
    this.#verified.set(answer, verified)
    return verified
  }

  /** What is asked about the token, and told, whenever it is used. */
  #useOf(token: string, tokenDigest: string, budget: OperationBudget | undefined): Pick<VerifiedToken, 'budget' | 'checkSpent' | 'isStillActive'> {
    const { source, now, countsHere, revocations } = this.#settings
    const foundSpent = (): void => {
      if (budget !== undefined) this.#foundSpent(tokenDigest, budget)
    }
    const complete = (): void => {
      foundSpent()
      if (budget?.expiresOnCompletion === true) revocations.revokeOnce(token)
    }
    return {
      checkSpent: () => {
        const spent = this.#checkSpent(tokenDigest, budget)
        // The issuer says so itself, or has answered anew and does not know: whoever took the last one has not revoked the token.
        if (spent !== undefined && this.#completed?.get(tokenDigest) !== budget) complete()
        return spent
      },
      ...(budget !== undefined && { budget: { most: Math.min(budget.maxOperations ?? Infinity, budget.remaining ?? Infinity), total: budget.maxOperations, isCountedHere: countsHere, complete, foundSpent } }),
      ...(countsHere && {
        isStillActive: () => {
          const answer = source.find(token, now())
          return answer instanceof Promise ? answer.then(({ active }) => active) : answer.active
        },
      }),
    }
  }

  #foundSpent(tokenDigest: string, budget: OperationBudget): void {
    if (!this.#settings.countsHere && !budget.expiresOnCompletion) return
    this.#completed ??= new LRUCache({ max: maxCompleted })
    if (!this.#completed.has(tokenDigest)) this.#completed.set(tokenDigest, budget)
  }

  #checkSpent(tokenDigest: string, budget: OperationBudget | undefined): Denial | undefined {
    return this.#completed?.has(tokenDigest) === true ? spentBudget : checkBudget(budget)
  }

  /** INT-2: an answer without AAP claims and without `agent_type` is no agent's, unless scopes stand for what it permits (DIA-5). */
  #parse({ claims, facts }: IntrospectedToken, { claimPrefix }: TrustedIssuer, { legacyScopes, compiler }: VerificationRules, identity: TokenIdentity): { readonly parsed: ParsedAuthorization; readonly byLegacyScopes: boolean } {
    if (legacyScopes !== undefined && !hasAapClaims(claims) && !isAgentToken(claims)) {
      return { parsed: accept(withBudget(accept(readLegacyScopes(facts, claims.act, legacyScopes), identity), claims), identity), byLegacyScopes: true }
    }
    return { parsed: accept(readAgentToken(claims, { ...this.#settings.reading, localMaxDepth: compiler.policy.delegation.maxDepth, claimPrefix }), identity), byLegacyScopes: false }
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}

function accept<T extends object>(result: T | Denial, token?: TokenIdentity): T {
  if ('code' in result) throw new TokenRefused(result, token)
  return result
}

/**
 * Whether a text is a JWT or looks like one: what stands before its first dot is a JSON object (RFC 7515, RFC 7516). However
 * many parts follow: one that lacks some, or has too many, may be some issuer's own with a dot added, and is shown to nobody.
 */
export function isJwtLike(token: string): boolean {
  const end = token.indexOf('.')
  if (end < 0) return false
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, end), 'base64url').toString())
    return typeof header === 'object' && header !== null
  } catch {
    return false
  }
}
