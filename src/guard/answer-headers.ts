import type { Denial } from '../model/denial.js'
import type { GuardRuling } from './guard-core.js'
import type { Settings } from './settings.js'
import { challengeFor } from './challenge.js'
import { errorCodes } from '../model/error-codes.js'

/** The settings that a refusal's headers are made of. */
export type AnswerSettings = Pick<Settings, 'offer'>

/** What was refused, as far as its headers depend on it. */
export type Refused = Pick<GuardRuling, 'scheme' | 'requiresProof'>

/** The headers by which a refusal says how to come again: which credentials, with which nonce, and when (TRN-4, POP-6). */
export function answerHeaders({ code, retryAfterSeconds, nonce }: Denial, { scheme, requiresProof }: Refused, { offer }: AnswerSettings): Readonly<Record<string, string>> {
  const { status, error, sentence } = errorCodes[code]
  const headers: Record<string, string> = {}
  if (status === 400 || status === 401 || status === 403) {
    headers['www-authenticate'] = challengeFor(error && { error, description: sentence }, scheme, requiresProof ? { ...offer, isBoundOnly: true } : offer)
  }
  if (nonce !== undefined) headers['dpop-nonce'] = nonce
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  return headers
}
