import type { GuardRuling } from '../guard/guard-core.js'
import type { PublicDenial } from '../guard/guard-options.js'
import { approvalReferenceOf } from '../guard/approval-reference.js'
import { answerHeaders, type AnswerSettings, type Refused } from '../guard/answer-headers.js'
import type { Denial } from '../model/denial.js'
import { errorCodes } from '../model/error-codes.js'

/**
 * What leaves the process of a refusal: status, headers and body, all of them from the table of codes. This is the one
 * place where a denial loses its private side (ERR-1).
 *
 * @param httpVersionMajor of the request: HTTP/2 and later have no `Connection` (RFC 9113 section 8.2.2)
 */
export function publicDenial(denial: Denial, ruling: Refused & Pick<GuardRuling, 'verified' | 'correlationId'>, settings: AnswerSettings, httpVersionMajor: number): PublicDenial {
  const { status, error, sentence } = errorCodes[denial.code]
  const { correlationId } = ruling
  const approvalReference = approvalReferenceOf({ ...ruling, denial })
  const { retryAfterSeconds } = denial

  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...answerHeaders(denial, ruling, settings) }
  // The rest of a body that is too large need not be received.
  if (status === 413 && httpVersionMajor === 1) headers.connection = 'close'

  const body: Record<string, string> = status === 500
    ? { error_correlation_id: correlationId }
    : {
        ...(error !== undefined && { error }),
        error_description: sentence,
        error_correlation_id: correlationId,
        ...(approvalReference !== undefined && { approval_reference: approvalReference }),
      }
  return Object.freeze({
    status,
    ...(error !== undefined && { error }),
    description: sentence,
    correlationId,
    ...(approvalReference !== undefined && { approvalReference }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    headers: Object.freeze(headers),
    body: Object.freeze(body),
  })
}
