import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../../src/token/algorithms.js'
import { createProofMaker, type ProofAlgorithm, type ProofMaker } from '../support/dpop.js'
import { parseComparableUrl } from '../../src/matching/comparable-url.js'
import { proofIdAt, ProofVerifier, type ProofContext } from '../../src/token/dpop-proof.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const now = () => nowMs
const token = 'a.b.c'
const contextOf = ({ thumbprint }: Pick<ProofMaker, 'thumbprint'>): ProofContext => ({ method: 'GET', url: parseComparableUrl('https://api.example.com/search'), token, thumbprint, nowMs })

/** Notes how often a header was judged: each time its algorithm is looked up. */
class CountingSet extends Set<Algorithm> {
  looks = 0

  override has(algorithm: Algorithm): boolean {
    this.looks++
    return super.has(algorithm)
  }
}

const holds = { key: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), expiresAtMs: nowMs + 60_000, nextNonce: undefined }
const refused = { code: 'invalid_dpop_proof' }

describe('POP-3: every algorithm that is on', () => {
  it.each<ProofAlgorithm>(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'])('%s, and no other', async (algorithm) => {
    const client = createProofMaker(algorithm, now)
    expect(await new ProofVerifier(new Set([algorithm])).verify([client.proof({ token })], contextOf(client))).toEqual(holds)
    const others = (['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] as const).filter((other) => other !== algorithm)
    expect(await new ProofVerifier(new Set(others)).verify([client.proof({ token })], contextOf(client))).toMatchObject(refused)
    // A key is only for what it has the shape of, whatever the header says.
    for (const alg of others) {
      const isSameKind = ['RS256', 'PS256'].includes(algorithm) && ['RS256', 'PS256'].includes(alg)
      expect(await new ProofVerifier(new Set(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'])).verify([client.proof({ token, header: { alg } })], contextOf(client)), alg).toMatchObject({ ...refused, detail: isSameKind ? 'the signature does not verify' : `jwk is not for ${alg}` })
    }
  })

  it('EdDSA by its other name, where it is on', async () => {
    const client = createProofMaker('EdDSA', now)
    const proof = client.proof({ token, header: { alg: 'Ed25519' } })
    expect(await new ProofVerifier(new Set(['Ed25519'])).verify([proof], contextOf(client))).toEqual(holds)
    expect(await new ProofVerifier(new Set(['EdDSA'])).verify([proof], contextOf(client))).toMatchObject(refused)
  })
})

describe('POP-3: the order of checks', () => {
  const client = createProofMaker('ES256', now)
  const mallory = createProofMaker('ES256', now)
  const verifier = new ProofVerifier(new Set(['ES256']))
  const detailOf = async (proofs: readonly string[], more: Partial<ProofContext> = {}): Promise<string> => {
    const result = await verifier.verify(proofs, { ...contextOf(client), ...more })
    return 'code' in result ? `${result.code} ${result.detail}` : 'holds'
  }

  it('header, key, claims, signature: the first that fails answers', async () => {
    const all = { typ: 'JWT', alg: 'none', jwk: 5 }
    expect(await detailOf([])).toContain('no DPoP header')
    expect(await detailOf(['x', 'y'])).toContain('more than one')
    expect(await detailOf(['x'.repeat(9_000)])).toContain('8192 bytes')
    expect(await detailOf([client.proof({ header: all, claims: '' })])).toContain('typ')
    expect(await detailOf([client.proof({ header: { ...all, typ: 'dpop+jwt' }, claims: '' })])).toContain('alg')
    expect(await detailOf([client.proof({ header: { jwk: 5 }, claims: '' })])).toContain('jwk')
    expect(await detailOf([mallory.proof({ claims: '' })])).toContain('payload')
    expect(await detailOf([mallory.proof({ claims: {} })])).toMatch(/^invalid_token .*another key/)
    const wrong = { htm: 'POST', htu: 'x', iat: 'x', jti: 5, ath: 5 }
    const order: readonly (readonly [string, Record<string, unknown>, string])[] = [['htm', { htm: 'GET' }, 'htu'], ['htu', { htu: 'https://api.example.com/search' }, 'iat'], ['iat', { iat: nowMs / 1000 }, 'jti'], ['jti', { jti: 'x' }, 'ath']]
    let claims: Record<string, unknown> = wrong
    expect(await detailOf([client.proof({ claims })])).toContain('htm')
    for (const [, mended, next] of order) {
      claims = { ...claims, ...mended }
      expect(await detailOf([client.proof({ claims })])).toContain(next)
    }
    expect(await detailOf([mallory.proof({ token, header: { jwk: client.jwk } })])).toContain('signature')
    expect(await detailOf([client.proof({ token })])).toBe('holds')
    expect(await detailOf([client.proof({ token })], { url: undefined })).toContain('does not know its own URL')
  })

  it.each<[string, string, string]>([
    ['another URL', 'https://api.example.com/other?secret', 'htu https://api.example.com/other is not https://api.example.com/search'],
    ['user information', 'https://user:secret@api.example.com/search', 'htu, no plain http(s) URL, is not https://api.example.com/search'],
    ['in what looks like a second authority', 'https://api.example.com//user:secret@host/', 'htu https://api.example.com//host/ is not https://api.example.com/search'],
  ])('AUD-1: what it says of a wrong htu has neither query nor password: %s', async (_, htu, detail) => {
    expect(await detailOf([client.proof({ token, claims: { htm: 'GET', htu, iat: nowMs / 1000 } })])).toBe(`invalid_dpop_proof ${detail}`)
  })

  it('what it says of a proof quotes no signature and no token', async () => {
    for (const proof of ['x', client.proof({ token: 'other' }), mallory.proof({ token, header: { jwk: client.jwk } })]) {
      const detail = await detailOf([proof])
      expect(detail).not.toContain(token)
      expect(detail).not.toContain(proof.split('.').at(-1)!.slice(0, 20).padEnd(20, '!'))
    }
  })
})

describe('POP-3: a header is judged once, where its proof held', () => {
  it('and its second proof is checked in every other way', async () => {
    const algorithms = new CountingSet(['ES256'])
    const verifier = new ProofVerifier(algorithms)
    const client = createProofMaker('ES256', now)
    const mallory = createProofMaker('ES256', now)
    expect(await verifier.verify([client.proof({ token })], contextOf(client))).toEqual(holds)
    expect(algorithms.looks).toBe(1)
    for (let i = 0; i < 5; i++) expect(await verifier.verify([client.proof({ token })], contextOf(client))).toEqual(holds)
    expect(algorithms.looks).toBe(1)
    const good = client.proof({ token })
    const [header = '', payload = '', signature = ''] = good.split('.')
    const bad = [
      mallory.proof({ token, header: { jwk: client.jwk } }), client.proof({ token: 'other' }), client.proof({ token, method: 'POST' }), client.proof({ token, url: 'https://other.example/search' }), client.proof({ token, nowMs: 0 }), client.proof({ token, claims: { jti: 5 } }),
      client.proof({ token, claims: '' }), client.proof({ token, claims: '[]' }), `${header}.${payload}`, `${header}.${payload}.`, `${good}.`, `${header}..${signature}`, `${header}.${payload}.${signature}=`, `${header}.${payload}=.${signature}`, `${header}x`, header, `${header}.`,
    ]
    for (const proof of bad) expect(await verifier.verify([proof], contextOf(client)), proof).toMatchObject(refused)
    expect(await verifier.verify([good, good], contextOf(client))).toMatchObject(refused)
    // Nor does it hold for a token that is bound to another key.
    expect(await verifier.verify([good], contextOf(mallory))).toMatchObject({ code: 'invalid_token' })
    expect(await verifier.verify([good], contextOf(client))).toEqual(holds)
  })

  it('nothing of a proof that does not hold is kept', async () => {
    const algorithms = new CountingSet(['ES256'])
    const verifier = new ProofVerifier(algorithms)
    const client = createProofMaker('ES256', now)
    const mallory = createProofMaker('ES256', now)
    for (const proof of [client.proof({ token, method: 'POST' }), client.proof({ token: 'other' }), mallory.proof({ token, header: { jwk: client.jwk } }), mallory.proof({ token })]) {
      for (let i = 0; i < 3; i++) {
        const before = algorithms.looks
        expect(await verifier.verify([proof], contextOf(client))).toHaveProperty('code')
        expect(algorithms.looks).toBe(before + 1)
      }
    }
  })

  it('a flood of proofs that do not hold, 12,000 headers, pushes out nothing', async () => {
    const algorithms = new CountingSet(['ES256'])
    const verifier = new ProofVerifier(algorithms)
    const client = createProofMaker('ES256', now)
    expect(await verifier.verify([client.proof({ token })], contextOf(client))).toEqual(holds)
    const [, payload = '', signature = ''] = client.proof({ token, method: 'POST' }).split('.')
    let held = 0
    for (let i = 0; i < 12_000; i++) {
      const header = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: { ...client.jwk, kid: `${i}` } })).toString('base64url')
      if (!('code' in await verifier.verify([`${header}.${payload}.${signature}`], contextOf(client)))) held++
    }
    expect(held).toBe(0)
    const before = algorithms.looks
    expect(await verifier.verify([client.proof({ token })], contextOf(client))).toEqual(holds)
    expect(algorithms.looks, 'known still').toBe(before)
  })

  it('a header that is long is judged each time', async () => {
    const algorithms = new CountingSet(['ES256'])
    const verifier = new ProofVerifier(algorithms)
    const client = createProofMaker('ES256', now)
    const header = { padding: 'x'.repeat(2_000) }
    for (const looks of [1, 2, 3]) {
      expect(await verifier.verify([client.proof({ token, header })], contextOf(client))).toEqual(holds)
      expect(algorithms.looks).toBe(looks)
    }
  })
})

describe('POP-3: what the store is told', () => {
  it('for how long the proof could be shown again, to its last millisecond', () => {
    const proof = { key: 'k', expiresAtMs: nowMs }
    expect(proofIdAt(proof, nowMs)).toEqual({ key: 'k', keepMs: 1 })
    expect(proofIdAt(proof, nowMs - 0.5)).toEqual({ key: 'k', keepMs: 1 })
    expect(proofIdAt(proof, nowMs - 60_000)).toEqual({ key: 'k', keepMs: 60_001 })
    expect(proofIdAt(proof, nowMs - 70_000)).toEqual({ key: 'k', keepMs: 70_001 })
  })

  it('nothing, where it could not be shown any more, or not yet: the clock has moved since it was checked', () => {
    const proof = { key: 'k', expiresAtMs: nowMs }
    for (const atMs of [nowMs + 1, nowMs + 0.1, nowMs + 1e9, nowMs - 70_001, nowMs - 1e9]) expect(proofIdAt(proof, atMs)).toBeUndefined()
  })

  it('one key for a jti and a client, and no other for it', async () => {
    const verifier = new ProofVerifier(new Set(['ES256', 'EdDSA']))
    const clients = [createProofMaker('ES256', now), createProofMaker('EdDSA', now)] as const
    const keyOf = async (client: ProofMaker, claims: Record<string, unknown>): Promise<unknown> => ((await verifier.verify([client.proof({ token, claims })], contextOf(client))) as { key: string }).key
    const keys = await Promise.all(clients.flatMap((client) => ['a', 'b', 'a ', '1:a'].map((jti) => keyOf(client, { jti }))))
    expect(new Set(keys).size).toBe(8)
    expect(await keyOf(clients[0], { jti: 'a', iat: nowMs / 1000 - 30, more: true })).toBe(keys[0])
  })
})
