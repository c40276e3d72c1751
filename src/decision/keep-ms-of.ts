import type { VerifiedToken } from '../token/verify-token.js'

/** 400 days, from the last use on. */
const longestMs = 34_560_000_000

/**
 * For how long to keep what a token has used up: longer than it can be used by any process whose clock is not further behind
 * than a token's times may be off (TOK-6).
 */
export function keepMsOf({ times: { expiresAt } }: Pick<VerifiedToken, 'times'>, nowMs: number): number {
  return Math.min(longestMs, Math.max(0, Math.ceil(expiresAt * 1_000 - nowMs)) + 600_000)
}
