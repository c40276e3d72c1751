import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyLimits } from '../model/body-limits.js'
import type { Denial } from '../model/denial.js'
import { closeSoon, markClosing, whenUploadOver } from './lingering-close.js'
import { errorCodes } from '../model/error-codes.js'
import { hasBody, meterRequest, requestMeterOf } from './request-meter.js'
import { historyOf, type RequestState } from './request-state.js'
import { meterResponse } from './response-meter.js'
import { publicDenial } from './public-denial.js'
import { respond, sendDefault } from './respond.js'

/** Of RFC 9113 section 7. */
const cancelled = 8

/**
 * What may come to limit the bodies of a request is known once its token is: from here on they are counted, and whatever
 * is mounted behind the guard gets to the response by the meter only, so that it can be limited and silenced.
 */
export function meterBodies({ core, session: { verified, denial } }: RequestState, req: IncomingMessage, res: ServerResponse): void {
  if (verified === undefined || denial !== undefined) return
  if (core.settings.trail.isOn) meterResponse(res)
  if (req.httpVersionMajor !== 1) return
  const { requestCeilingBytes, limitsResponses } = verified.compiled
  const countsRequest = requestCeilingBytes !== undefined && hasBody(req)
  if (countsRequest) meterRequest(req).onOver((detail) => { cutShort(req, res, { code: 'request_too_large', rule: 'CON-6', detail }) })
  if (countsRequest || limitsResponses) meterResponse(res).arm()
}

/**
 * Hands a request on that no capability was asked for yet. The largest limit of any holds for what is not decided by then,
 * and until then nobody gets at a body that is over it already (CON-6).
 */
export function handOn(state: RequestState, req: IncomingMessage, next: () => void): void {
  const ceilingBytes = state.session.verified?.compiled.requestCeilingBytes ?? Infinity
  const meter = requestMeterOf(req)
  const release = (meter?.receivedBytes ?? 0) > ceilingBytes ? meter?.holdBack() : undefined
  try {
    next()
  } finally {
    release?.()
    if (!historyOf(req).isDecided && state.whyNone === undefined) meter?.expectAtMost(ceilingBytes)
  }
}

/** Puts the limits of the capability that admitted on both bodies; the lowest of those that admitted holds (CON-6, CON-7). */
export function limitBodies(limits: BodyLimits | undefined, req: IncomingMessage, res: ServerResponse): void {
  const meter = requestMeterOf(req)
  // What was set by now is not the handler's.
  if (meter !== undefined) meterResponse(res).arm()
  // Asked in any case: it may have gone over while the decision was taken.
  meter?.limit(limits?.requestBytes ?? Infinity)
  if (limits?.responseBytes !== undefined) meterResponse(res).limit(limits.responseBytes, (detail) => { cutShort(req, res, { code: 'aap_constraint_violation', rule: 'CON-7', detail }) })
}

/**
 * Ends a request that went over a limit, or whose token was revoked: with the answer of its refusal where nothing was sent, else by cutting the
 * connection, so that what was sent cannot look whole. Handlers are silenced first and told last, when the answer is out of
 * their reach: many answer an error by closing the connection.
 */
export function cutShort(req: IncomingMessage, res: ServerResponse, denial: Denial): void {
  const history = historyOf(req)
  const { state } = history
  if (state === undefined || history.cut !== undefined) return
  // A decision on its way is the only one on record, and answers. Where it admits, this comes again.
  if (history.isDeciding && history.admissions.length === 0) {
    if (denial.rule === 'REV-1') history.revoked = denial
    return
  }
  history.cut = denial
  if (!history.isDecided) {
    history.isDecided = true
    state.core.refuse(state.session, denial)
  }

  if (req.httpVersionMajor !== 1) {
    history.isCutOff = true
    resetStream(res)
    return
  }
  const error = cutError(denial)
  const finish = (): void => {
    req.destroy(error)
    closeSoon(req, res)
  }
  markClosing(req, res)
  meterRequest(req).failWith(error)
  const response = meterResponse(res)
  response.silence()
  if (res.writableEnded && denial.rule !== 'REV-1') {
    whenUploadOver(req, finish)
  } else if (res.headersSent) {
    history.isCutOff = true
    res.destroy()
    req.destroy(error)
  } else {
    const answer = publicDenial(denial, { ...state.session, requiresProof: state.requiresProof }, state.core.settings, req.httpVersionMajor)
    const begin = (): ServerResponse => response.answering(() => { whenUploadOver(req, finish) })
    // The handlers behind `next` have had the request already.
    const fallBack = (): void => { sendDefault(answer, begin()) }
    respond(answer, req, begin(), fallBack, state.core.settings, fallBack)
  }
}

/** Over HTTP/2 what was sent may be all there is: the stream ends, and with it whatever its handler still writes. */
function resetStream(res: ServerResponse & { readonly stream?: { close(code: number): void } }): void {
  res.stream?.close(cancelled)
}

/** What a parser hands to error handlers, in the words of the parsers of Express. */
function cutError({ code }: Denial): Error {
  const { status, sentence, error } = errorCodes[code]
  return Object.assign(new Error(sentence), { status, statusCode: status, expose: true, code: error, ...(status === 413 && { type: 'entity.too.large' }) })
}
