/**
 * Nobody knows whether a token is active: 503 with `Retry-After`, never 401 (INT-1).
 *
 * - `failure`: the issuer was asked, and gave no answer that counts.
 * - `breaker`: it failed too often just now, and was not asked.
 * - `budget`: it was not asked, since it is being asked too much.
 * - `peer`: it was not asked, since this peer sent too many tokens that were inactive. A guard may answer 429 (TRN-5).
 */
export type UnavailableReason = 'failure' | 'breaker' | 'budget' | 'peer'

export class IntrospectionUnavailable extends Error {
  override readonly name = 'IntrospectionUnavailable'

  /**
   * @param message for the audit record; never quotes the token
   * @param retryAfterSeconds whole seconds, at least 1
   */
  constructor(message: string, readonly reason: UnavailableReason, readonly retryAfterSeconds = 1) {
    super(message)
  }
}
