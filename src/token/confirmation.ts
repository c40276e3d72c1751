import type { Claims } from '../model/claims.js'
import type { Denial } from '../model/denial.js'
import { decodeBase64Url } from './base64url.js'

/** What whoever sends a token has to show that they hold (RFC 7800): all that is there. */
export interface Confirmation {
  /** Thumbprint of the key that signs the proofs (RFC 9449 section 6.1, RFC 7638). */
  readonly keyThumbprint?: string
  /** SHA-256 of the client's certificate (RFC 8705 section 3.1). */
  readonly certificateThumbprint?: string
}

/** Of a token that whoever has it may use. */
const unbound: Confirmation = Object.freeze({})

const methods = { jkt: 'keyThumbprint', 'x5t#S256': 'certificateThumbprint' } as const

/**
 * Reads `cnf`. A token that has it and names nothing that is checked here would look bound without being so; methods
 * beside those that are checked are left alone.
 *
 * @see POP-1
 */
export function readConfirmation({ cnf }: Claims): Confirmation | Denial {
  if (cnf === undefined) return unbound
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return invalid('cnf is no object')
  const confirmation: { -readonly [Name in keyof Confirmation]: string } = {}
  for (const [name, member] of Object.entries(methods)) {
    const value: unknown = Object.hasOwn(cnf, name) ? (cnf as Record<string, unknown>)[name] : undefined
    if (value === undefined) continue
    if (typeof value !== 'string' || decodeBase64Url(value)?.length !== 32) return invalid(`cnf.${name} is no SHA-256 in base64url`)
    confirmation[member] = value
  }
  return Object.keys(confirmation).length > 0 ? confirmation : invalid('cnf names no confirmation method that is known')
}

/** What is demanded of a token by itself and by its issuer's answer about it: all of it (POP-1). */
export function joinConfirmations(one: Confirmation, other: Confirmation): Confirmation | Denial {
  for (const [name, member] of Object.entries(methods)) {
    if (one[member] !== undefined && other[member] !== undefined && one[member] !== other[member]) return invalid(`cnf.${name} is not what the issuer answers`)
  }
  return { ...one, ...other }
}

export function isBound({ keyThumbprint, certificateThumbprint }: Confirmation): boolean {
  return keyThumbprint !== undefined || certificateThumbprint !== undefined
}

function invalid(detail: string): Denial {
  return { code: 'invalid_token', rule: 'POP-1', detail }
}
