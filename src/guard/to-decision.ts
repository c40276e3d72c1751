import type { Decision } from '../model/decision.js'
import { answerHeaders, type AnswerSettings } from './answer-headers.js'
import type { GuardRuling } from './guard-core.js'
import { approvalReferenceOf } from './approval-reference.js'
import { errorCodes } from '../model/error-codes.js'

/** What a caller in this process gets to know: the public side, and the private reason beside it. */
export function toDecision(ruling: GuardRuling, settings: AnswerSettings): Decision {
  const { denial, correlationId, verified, capability, target, addresses, limits, nextNonce } = ruling
  const common = {
    correlationId,
    ...(verified !== undefined && { authorization: verified.view }),
    ...(capability !== undefined && { capability }),
    ...(target !== undefined && { target: target.url }),
    ...(addresses !== undefined && { addresses }),
  }
  const nonceHeader = nextNonce === undefined ? undefined : { 'dpop-nonce': nextNonce }
  if (denial === undefined) {
    return Object.freeze({ outcome: 'allow', status: 200, ...common, ...(nonceHeader !== undefined && { headers: Object.freeze(nonceHeader) }), ...(limits !== undefined && { limits }) })
  }
  const { status, error } = errorCodes[denial.code]
  const approvalReference = approvalReferenceOf(ruling)
  return Object.freeze({
    outcome: 'deny',
    status,
    ...(error !== undefined && { error }),
    ...(denial.retryAfterSeconds !== undefined && { retryAfterSeconds: denial.retryAfterSeconds }),
    ...common,
    ...(approvalReference !== undefined && { approvalReference }),
    headers: Object.freeze({ ...answerHeaders(denial, ruling, settings), ...nonceHeader }),
    reason: Object.freeze({ rule: denial.rule, detail: denial.detail }),
  })
}
