import { digestOf } from './digest.js'

/**
 * What can be revoked (REV-1), always of one issuer: a token by its id, and with it the tokens that were delegated from it;
 * only the tokens that name a parent; all tokens of an agent; all tokens for a task.
 */
export const revocableKinds = ['token', 'parent', 'agent', 'task'] as const
export type RevocableKind = (typeof revocableKinds)[number]

/** What a revocation is remembered by: 64 bits of a SHA-256 digest, as two signed 32-bit integers. */
export interface RevocationPrint {
  readonly high: number
  readonly low: number
}

/** One of the things by whose revocation a token ends. */
export interface RevocablePart extends RevocationPrint {
  /** Completes "is revoked". */
  readonly name: string
}

/** Ids are only compared as the issuer wrote them. */
export function revocationPrint(kind: RevocableKind, issuer: string, id: string): RevocationPrint {
  switch (kind) {
    case 'token': return printOf(digestOf(issuer, id), 0)
    case 'parent': return printOf(digestOf(issuer, id), 8)
    case 'agent':
    case 'task': return printOf(digestOf('revoked', kind, issuer, id), 0)
  }
}

interface RevocableToken {
  readonly issuer: string
  /** Digests over issuer and id, as of a compiled token. */
  readonly tokenDigest: string
  readonly parentDigest: string | undefined
  readonly agentId: string
  readonly taskId: string | undefined
}

/** Everything that a token can be revoked by, made once a token. */
export function revocablePartsOf({ issuer, tokenDigest, parentDigest, agentId, taskId }: RevocableToken): readonly RevocablePart[] {
  const parts = [part('the token', printOf(tokenDigest, 0)), part('its agent', revocationPrint('agent', issuer, agentId))]
  if (parentDigest !== undefined) parts.push(part('its parent token', printOf(parentDigest, 0)), part('what was delegated from its parent token', printOf(parentDigest, 8)))
  if (taskId !== undefined) parts.push(part('its task', revocationPrint('task', issuer, taskId)))
  return parts
}

/** 16 hexadecimal digits, by which processes tell each other. */
export function textOfPrint({ high, low }: RevocationPrint): string {
  return hex(high) + hex(low)
}

/** @returns `undefined` for what is no print */
export function parsePrint(text: string): RevocationPrint | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) return undefined
  return { high: Number.parseInt(text.slice(0, 8), 16) | 0, low: Number.parseInt(text.slice(8), 16) | 0 }
}

function part(name: string, { high, low }: RevocationPrint): RevocablePart {
  return { name, high, low }
}

/** Two prints of one digest are as independent as of two. */
function printOf(digest: string, byte: 0 | 8): RevocationPrint {
  const bytes = Buffer.from(digest, 'base64url')
  return { high: bytes.readInt32BE(byte), low: bytes.readInt32BE(byte + 4) }
}

function hex(number: number): string {
  return (number >>> 0).toString(16).padStart(8, '0')
}
