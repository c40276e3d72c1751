import type { DecisionRules } from './rules.js'
import type { Denial } from '../model/denial.js'
import type { DenialCode } from '../model/error-codes.js'
import type { Forwarded } from '../token/forwarded.js'
import type { ResourceRequest } from '../model/resource-request.js'
import type { TokenIdentity } from '../claims/compile-authorization.js'
import type { VerifiedProof } from '../token/dpop-proof.js'
import { checkPossession, type Shown } from '../token/possession.js'
import { checkRevoked } from './check-revoked.js'
import { checkTimes } from '../token/standard-claims.js'
import { checkTokenText, extractCredentials, type Credentials } from '../token/credentials.js'
import { IntrospectionUnavailable } from '../token/introspection-unavailable.js'
import type { MaybePromise } from '../model/maybe-promise.js'
import { KeysUnavailable } from '../token/key-set.js'
import { nothingForwarded, readForwarded } from '../token/forwarded.js'
import { recover } from './recover.js'
import { TokenRefused } from '../token/token-refused.js'
import { verifyToken, type VerifiedToken } from '../token/verify-token.js'
import { whenReady } from './when-ready.js'

/** Either a token that may be decided by, or why there is none. */
export type Authentication = Presented & (
  | { readonly denial?: undefined; readonly verified: VerifiedToken; readonly token?: undefined; readonly proof?: VerifiedProof | undefined }
  | { readonly denial: Denial; readonly verified?: VerifiedToken; readonly token?: TokenIdentity | undefined; readonly proof?: undefined }
)

/** What is known of a request whatever became of its token. */
export interface Presented {
  /** Of the credentials; absent where there are none, or none that can be read. */
  readonly scheme?: Credentials['scheme'] | undefined
  /** What a trusted proxy said about the connection to it. */
  readonly forwarded: Forwarded
}

type Verification = { readonly denial?: undefined; readonly verified: VerifiedToken } | { readonly denial: Denial; readonly verified?: undefined; readonly token?: TokenIdentity | undefined }

/**
 * From a request to a verified token: transport, size, header, issuer, signature, times, audience, claims, revocation,
 * proof, in this order (ORD-1). Synchronous where the token was verified before.
 */
export function authenticate(request: ResourceRequest, rules: DecisionRules, nowMs: number): MaybePromise<Authentication> {
  const blocked = checkFailureLimit(request, rules, nowMs)
  if (blocked !== undefined) return { denial: blocked, forwarded: nothingForwarded }

  const forwarded = readForwarded(request, rules.possession.proxies)
  if ('code' in forwarded) return failed({ denial: forwarded, forwarded: nothingForwarded }, request, rules, nowMs)
  const credentials = extractCredentials(request)
  if ('code' in credentials) return failed({ denial: credentials, scheme: credentials.scheme, forwarded }, request, rules, nowMs)

  const { scheme } = credentials
  return whenReady(verify(credentials.token, request, rules, nowMs), (result) => {
    if (result.denial !== undefined) return failed({ ...result, scheme, forwarded }, request, rules, nowMs)
    const { verified } = result
    const { confirmation, issuer: { audienceOrigin } } = verified
    return whenReady(checkVerified(verified, { credentials, confirmation, request, forwarded, audienceOrigin, nowMs }, rules), (shown) => {
      if (shown !== undefined && 'code' in shown) return failed({ denial: shown, verified, scheme, forwarded }, request, rules, nowMs)
      return { verified, proof: shown, scheme, forwarded }
    })
  })
}

/** By what is remembered, by its issuer's answer if it is opaque, or by its signature. Synchronous where that is known. */
function verify(token: string, request: ResourceRequest, rules: DecisionRules, nowMs: number): MaybePromise<Verification> {
  const known = findVerified(token, rules)
  if (known !== undefined) return confirmed(known, token, request, rules, nowMs)
  const opaque = checkTokenText(token) === undefined ? rules.verification.issuers.findForOpaque(token) : undefined
  if (opaque === undefined) return verifyFirst(token, rules, nowMs).then((first) => confirmed(first, token, request, rules, nowMs))
  return refusing(() => whenReady(opaque.introspection.verify(token, opaque, rules.verification, peerOf(request, rules), nowMs), (verified) => {
    noteLegacyScopes(verified, rules)
    const { issuer, id } = verified.facts
    return whenReady(rules.tasks.check(verified, nowMs), (denial) => (denial === undefined ? { verified } : { denial, token: { issuer, id } }))
  }))
}

/** INT-1: a JWT that was verified here, where its issuer is to be asked as well. */
function confirmed(result: Verification, token: string, request: ResourceRequest, rules: DecisionRules, nowMs: number): MaybePromise<Verification> {
  const { verified: jwt } = result
  const introspection = jwt?.issuer.introspection
  if (jwt === undefined || introspection?.jwts !== 'introspect') return result
  return refusing(() => whenReady(introspection.confirm(token, jwt, rules.verification, peerOf(request, rules), nowMs), (verified) => ({ verified })))
}

/** A named proxy's address is nobody's: what one client does behind it must not count against the others. */
function peerOf({ remoteAddress }: ResourceRequest, { possession: { proxies } }: DecisionRules): string | undefined {
  return proxies.has(remoteAddress) ? undefined : remoteAddress
}

/** A token that was verified before, as long as its issuer is still trusted and its key still the issuer's (TOK-11). */
function findVerified(token: string, { tokens, verification }: DecisionRules): Verification | undefined {
  const verified = tokens.get(token)
  if (verified === undefined) return undefined
  if (verification.issuers.find(verified.issuer.issuer) === verified.issuer && isKeyHeld(verified)) return { verified }
  tokens.delete(token)
  return undefined
}

function isKeyHeld({ issuer, key }: VerifiedToken): boolean {
  try {
    return key !== undefined && issuer.keys.holds(key)
  } catch (error) {
    // Verifying it anew waits for the issuer's keys, or says that there are none.
    if (error instanceof KeysUnavailable) return false
    throw error
  }
}

async function verifyFirst(token: string, rules: DecisionRules, nowMs: number): Promise<Verification> {
  const { verification, tokens, warn } = rules
  const denial = checkTokenText(token)
  if (denial !== undefined) return { denial }
  return refusing(async () => {
    const verified = await verifyToken(token, verification, nowMs)
    tokens.set(token, verified)
    if (token.length > 4_096) warn(`large token ${verified.facts.id}`, `A token of ${token.length} bytes was accepted (TRN-3): many proxies refuse headers of that size. Its issuer is ${verified.facts.issuer}`)
    noteLegacyScopes(verified, rules)
    return { verified }
  })
}

function noteLegacyScopes({ byLegacyScopes, facts: { issuer }, compiled: { authorization: { agent } } }: VerifiedToken, { warn }: DecisionRules): void {
  if (byLegacyScopes) warn(`legacy scopes ${issuer} ${agent.id}`, `A token of ${agent.id} from ${issuer} has no AAP claims and was read by its scopes (option legacyScopes)`)
}

/** Whatever the steps throw that is an answer, becomes one. */
function refusing(attempt: () => MaybePromise<Verification>): MaybePromise<Verification> {
  return recover(attempt, denialOf)
}

function denialOf(error: unknown): Verification {
  if (error instanceof TokenRefused) return { denial: error.denial, token: error.token }
  if (error instanceof KeysUnavailable) return { denial: { code: 'temporarily_unavailable', rule: 'KEY-4', detail: error.message, retryAfterSeconds: error.retryAfterSeconds } }
  if (error instanceof IntrospectionUnavailable) return { denial: { code: error.reason === 'peer' ? 'too_many_failures' : 'temporarily_unavailable', rule: 'INT-1', detail: error.message, retryAfterSeconds: error.retryAfterSeconds } }
  throw error
}

/** What is checked at every request, however often the token was seen. */
function checkVerified(verified: VerifiedToken, shown: Shown, rules: DecisionRules): ReturnType<typeof checkPossession> {
  const denial = checkTimes(verified.times, shown.nowMs, rules.verification.toleranceMs)
  if (denial !== undefined) return denial
  return whenReady(checkRevoked(verified, rules, shown.nowMs), (revoked) => revoked ?? checkPossession(shown, rules.possession))
}

function checkFailureLimit(request: ResourceRequest, { failures }: DecisionRules, nowMs: number): Denial | undefined {
  if (failures === undefined) return undefined
  const { remoteAddress } = request
  const waitMs = remoteAddress === undefined ? 0 : failures.waitMs(remoteAddress, nowMs)
  if (waitMs === 0) return undefined
  return { code: 'too_many_failures', rule: 'TRN-5', detail: 'this peer had too many failed validations', retryAfterSeconds: Math.ceil(waitMs / 1000) }
}

const countedFailures: ReadonlySet<DenialCode> = new Set(['invalid_token', 'token_expired', 'invalid_request', 'invalid_dpop_proof'])

/** Only what a peer sent wrongly counts against it: an issuer that is down does not. */
function failed<T extends Authentication & { denial: Denial }>(authentication: T, { remoteAddress }: ResourceRequest, { failures }: DecisionRules, nowMs: number): T {
  if (remoteAddress !== undefined && countedFailures.has(authentication.denial.code)) failures?.count(remoteAddress, nowMs)
  return authentication
}
