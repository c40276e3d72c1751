import type { Claims } from '../model/claims.js'
import { deepFreeze } from '../claims/deep-freeze.js'
import { parseStrictJson } from './strict-json.js'

/** What an issuer says of a token (RFC 7662 section 2.2). Frozen; one object for as long as it is remembered. */
export type IntrospectionAnswer = InactiveAnswer | ActiveAnswer

export interface InactiveAnswer {
  readonly active: false
}

export interface ActiveAnswer {
  readonly active: true
  /** All members of the answer, `active` included, as they came: no member is named twice, and some may be null. */
  readonly members: Claims
}

export const inactiveAnswer: InactiveAnswer = Object.freeze({ active: false })

/**
 * Reads the body of a 200. Inactive is every object whose `active` is not exactly `true` (INT-1).
 *
 * @throws Error that quotes nothing of the body, where that is not one JSON object that can be read in one way only (TOK-7)
 */
export function parseIntrospectionAnswer(bytes: Uint8Array): IntrospectionAnswer {
  return answerOf(parseObject(bytes))
}

export function answerOf(members: Claims): IntrospectionAnswer {
  return members.active === true ? deepFreeze({ active: true, members }) : inactiveAnswer
}

function parseObject(bytes: Uint8Array): Claims {
  try {
    return parseStrictJson(bytes, { allowsNull: true })
  } catch {
    // The parser's own messages quote the document, which may quote the token.
    throw new Error(isJson(bytes) ? 'JSON, but not one object that can be read in one way only' : 'not JSON')
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'))
    return true
  } catch {
    return false
  }
}
