import type { Claims } from '../model/claims.js'
import type { SignedText } from './jws-signature.js'
import { decodeBase64Url } from './base64url.js'
import { parseStrictJson, type StrictJsonOptions } from './strict-json.js'

/** A compact JWS, well formed and not yet to be believed. */
export interface JwsParts<Header> extends SignedText {
  readonly header: Header
  readonly payload: Claims
}

/** Is told the rule and what is wrong, and throws. */
export type Refuse = (rule: string, detail: string) => never

/**
 * Takes a compact JWS apart: access tokens and proofs alike.
 *
 * @param readHeader judges the header before the payload is looked at (ORD-1)
 * @param reading of the payload
 * @see TOK-2, TOK-7; RFC 7515 section 7.1
 */
export function parseJws<Header>(text: string, refuse: Refuse, readHeader: (header: Claims) => Header, reading?: StrictJsonOptions): JwsParts<Header> {
  const [header, payload, signature] = split(text, refuse).map((segment) => decode(segment, refuse)) as [Buffer, Buffer, Buffer]
  const members = parse(header, 'header', refuse)
  if ('crit' in members) refuse('TOK-2', 'the header has crit')
  if ('b64' in members && members.b64 !== true) refuse('TOK-2', 'the header has b64 other than true')
  return { header: readHeader(members), payload: parse(payload, 'payload', refuse, reading), input: inputOf(text), signature }
}

/** The same, where the very text of the header was judged before. */
export function parseJwsBehind<Header>(header: Header, text: string, refuse: Refuse): JwsParts<Header> {
  const [, payload, signature] = split(text, refuse)
  return { header, payload: parse(decode(payload, refuse), 'payload', refuse), input: inputOf(text), signature: decode(signature, refuse) }
}

function inputOf(text: string): string {
  return text.slice(0, text.lastIndexOf('.'))
}

function split(text: string, refuse: Refuse): readonly [header: string, payload: string, signature: string] {
  const segments = text.split('.')
  if (segments.length !== 3) refuse('TOK-2', `${segments.length} segments instead of three`)
  return segments as [string, string, string]
}

function decode(segment: string, refuse: Refuse): Buffer {
  return decodeBase64Url(segment) ?? refuse('TOK-2', 'a segment is not strict base64url')
}

function parse(bytes: Uint8Array, part: string, refuse: Refuse, reading?: StrictJsonOptions): Claims {
  try {
    return parseStrictJson(bytes, reading)
  } catch (error) {
    return refuse(error instanceof TypeError ? 'TOK-2' : 'TOK-7', `${part}: ${(error as Error).message}`)
  }
}
