import { constants, sign } from 'node:crypto'
import { CompactSign } from 'jose'
import { describe, expect, it } from 'vitest'
import { algorithms, type Algorithm } from '../../src/token/algorithms.js'
import { checkPublicKey } from '../../src/token/verification-key.js'
import { ec, ed25519, rsa, type KeyPair } from './keys/json-web-keys.js'
import { isVerifiedBy, type SignedText } from '../../src/token/jws-signature.js'

const pairs = { p256: ec(), p384: ec({}, 'P-384'), p521: ec({}, 'P-521'), rsa: rsa(), ed: ed25519() }
const pairFor: Record<Algorithm, KeyPair> = {
  ES256: pairs.p256, ES384: pairs.p384, ES512: pairs.p521,
  RS256: pairs.rsa, RS384: pairs.rsa, RS512: pairs.rsa, PS256: pairs.rsa, PS384: pairs.rsa, PS512: pairs.rsa,
  EdDSA: pairs.ed, Ed25519: pairs.ed,
}

/** By jose, which knows nothing of ours. */
async function signedBy(algorithm: Algorithm, payload = 'payload'): Promise<SignedText> {
  const jws = await new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: algorithm }).sign(pairFor[algorithm].privateKey)
  const end = jws.lastIndexOf('.')
  return { input: jws.slice(0, end), signature: Buffer.from(jws.slice(end + 1), 'base64url') }
}

const verify = (algorithm: Algorithm, signed: SignedText, pair = pairFor[algorithm]): Promise<boolean> => isVerifiedBy(checkPublicKey(pair.jwk), algorithm, signed)

describe.each(algorithms)('TOK-1: signatures by %s', (algorithm) => {
  it('that jose made', async () => {
    expect(await verify(algorithm, await signedBy(algorithm))).toBe(true)
  })

  it('over another text', async () => {
    const { input, signature } = await signedBy(algorithm)
    for (const other of ['', `${input}A`, input.slice(1), `${input}.`, input.toLowerCase()]) expect(await verify(algorithm, { input: other, signature })).toBe(false)
  })

  it('with one bit changed, cut short, made longer, of zeros, or none', async () => {
    const { input, signature } = await signedBy(algorithm)
    const flipped = [0, signature.length >> 1, signature.length - 1].map((i) => Buffer.from(signature).map((byte, j) => (i === j ? byte ^ 1 : byte)))
    for (const wrong of [...flipped, signature.subarray(1), signature.subarray(0, -1), Buffer.concat([signature, Buffer.alloc(1)]), Buffer.concat([Buffer.alloc(1), signature]), Buffer.alloc(signature.length), Buffer.alloc(0), Buffer.alloc(100_000, 1)]) {
      expect(await verify(algorithm, { input, signature: wrong })).toBe(false)
    }
  })

  it('by another key, of the same kind and of others', async () => {
    const signed = await signedBy(algorithm)
    const others = { ...pairs, another: { p256: ec(), p384: ec({}, 'P-384'), p521: ec({}, 'P-521'), rsa: rsa(), ed: ed25519() }[Object.entries(pairs).find(([, pair]) => pair === pairFor[algorithm])![0] as keyof typeof pairs] }
    for (const pair of Object.values(others)) if (pair !== pairFor[algorithm]) expect(await verify(algorithm, signed, pair)).toBe(false)
  })

  it('are by no other algorithm', async () => {
    const signed = await signedBy(algorithm)
    const same = (other: Algorithm): boolean => other === algorithm || (pairFor[other] === pairs.ed && pairFor[algorithm] === pairs.ed)
    for (const other of algorithms) expect(await isVerifiedBy(checkPublicKey(pairFor[algorithm].jwk), other, signed), other).toBe(same(other))
  })

  it('of a key that is declared for another algorithm', async () => {
    const signed = await signedBy(algorithm)
    const { alg, ...jwk } = pairFor[algorithm].jwk
    const others = algorithms.filter((other) => other !== algorithm && checkPublicKey(jwk).fits(other))
    for (const other of others) expect(await isVerifiedBy(checkPublicKey({ ...jwk, alg: other }), algorithm, signed)).toBe(false)
    expect(alg).toBeUndefined()
  })
})

describe('TOK-1: encodings and parameters that JWS does not have', () => {
  const input = 'e30.e30'

  it.each(['ES256', 'ES384', 'ES512'] as const)('%s in DER', async (algorithm) => {
    const digest = `sha${algorithm.slice(2)}`
    const { privateKey } = pairFor[algorithm]
    expect(await verify(algorithm, { input, signature: sign(digest, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }) })).toBe(true)
    expect(await verify(algorithm, { input, signature: sign(digest, Buffer.from(input), privateKey) })).toBe(false)
  })

  it.each(['PS256', 'PS384', 'PS512'] as const)('%s with a salt of another length', async (algorithm) => {
    const bits = Number(algorithm.slice(2))
    const signWith = (saltLength: number): Buffer => sign(`sha${bits}`, Buffer.from(input), { key: pairs.rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
    expect(await verify(algorithm, { input, signature: signWith(bits / 8) })).toBe(true)
    for (const saltLength of [0, 20, bits / 8 - 1, bits / 8 + 1, constants.RSA_PSS_SALTLEN_MAX_SIGN]) expect(await verify(algorithm, { input, signature: signWith(saltLength) })).toBe(false)
  })

  it('ES256 by a P-384 key, and with another digest', async () => {
    expect(await verify('ES256', { input, signature: sign('sha256', Buffer.from(input), { key: pairs.p384.privateKey, dsaEncoding: 'ieee-p1363' }) }, pairs.p384)).toBe(false)
    expect(await verify('ES256', { input, signature: sign('sha384', Buffer.from(input), { key: pairs.p256.privateKey, dsaEncoding: 'ieee-p1363' }) })).toBe(false)
  })
})
