import { generateKeyPairSync, type KeyObject } from 'node:crypto'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>
}

type Curve = 'P-256' | 'P-384' | 'P-521'

function pair(keys: { publicKey: KeyObject; privateKey: KeyObject }, members: Record<string, unknown>): KeyPair {
  return { privateKey: keys.privateKey, jwk: { ...keys.publicKey.export({ format: 'jwk' }), ...members } }
}

export const ec = (members: Record<string, unknown> = {}, namedCurve: Curve = 'P-256'): KeyPair =>
  pair(generateKeyPairSync('ec', { namedCurve }), members)

export const rsa = (members: Record<string, unknown> = {}, modulusLength = 2048): KeyPair =>
  pair(generateKeyPairSync('rsa', { modulusLength }), members)

export const ed25519 = (members: Record<string, unknown> = {}): KeyPair => pair(generateKeyPairSync('ed25519'), members)

/** The public JWKs of some EC keys, as an issuer publishes them. */
export const keySetOf = (...kids: string[]): { keys: Record<string, unknown>[] } => ({ keys: kids.map((kid) => ec({ kid }).jwk) })

/** A modulus of exactly so many bits that nobody knows the factors of; imports look at no more than its size. */
export function modulusOf(bits: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xa5)
  const excess = bytes.length * 8 - bits
  bytes[0] = (0xff >> excess) & (0x80 >> excess | 0x15)
  bytes[bytes.length - 1] = 0xc1
  return bytes
}

export const base64url = (bytes: Uint8Array | number[]): string => Buffer.from(bytes).toString('base64url')
