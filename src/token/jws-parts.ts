import type { Claims } from '../model/claims.js'
import { decodeBase64Url } from './base64url.js'
import { parseStrictJson } from './strict-json.js'

/** Header and payload of a compact JWS, well formed and not yet to be believed. */
export interface JwsParts {
  readonly header: Claims
  readonly payload: Claims
}

/** Told the rule and what is wrong; throws. */
export type Refuse = (rule: string, detail: string) => never

/**
 * Takes a compact JWS apart: access tokens and proofs alike.
 *
 * @see TOK-2, TOK-7; RFC 7515 section 7.1
 */
export function parseJwsParts(text: string, refuse: Refuse): JwsParts {
  const segments = decodeSegments(text, refuse)
  const header = parse(segments[0], 'header', refuse)
  if ('crit' in header) refuse('TOK-2', 'the header has crit')
  if ('b64' in header && header.b64 !== true) refuse('TOK-2', 'the header has b64 other than true')
  return { header, payload: parse(segments[1], 'payload', refuse) }
}

/** The payload alone, where the very text of the header was seen before. */
export function parseJwsPayload(text: string, refuse: Refuse): Claims {
  return parse(decodeSegments(text, refuse)[1], 'payload', refuse)
}

function decodeSegments(text: string, refuse: Refuse): readonly [header: Buffer, payload: Buffer, signature: Buffer] {
  const segments = text.split('.')
  if (segments.length !== 3) refuse('TOK-2', `${segments.length} segments instead of three`)
  return segments.map((segment) => decodeBase64Url(segment) ?? refuse('TOK-2', 'a segment is not strict base64url')) as [Buffer, Buffer, Buffer]
}

function parse(bytes: Uint8Array, part: string, refuse: Refuse): Claims {
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    return refuse(error instanceof TypeError ? 'TOK-2' : 'TOK-7', `${part}: ${(error as Error).message}`)
  }
}
