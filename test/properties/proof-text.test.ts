import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../../src/token/algorithms.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { createProofMaker, type ProofMaker } from '../support/dpop.js'
import { editedText } from '../support/edited-text.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { judgeProof } from './oracles/proof.js'
import { mutated, nodeOf, write, type Node } from './json-nodes.js'
import { parseComparableUrl } from '../../src/matching/comparable-url.js'
import { ProofVerifier, type ProofContext } from '../../src/token/dpop-proof.js'
import { segment } from '../support/forge.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const url = 'https://api.example.com/search'
const token = 'a.b.c'
const tokenHash = hash('sha256', token, 'base64url')
const algorithms: ReadonlySet<Algorithm> = new Set(['ES256', 'EdDSA', 'RS256'])
const clients = (['ES256', 'EdDSA', 'RS256'] as const).map((algorithm) => createProofMaker(algorithm, () => nowMs))
const [es, ed, rs] = clients as [ProofMaker, ProofMaker, ProofMaker]
const contextOf = ({ thumbprint }: ProofMaker): ProofContext => ({ method: 'GET', url: parseComparableUrl(url), token, thumbprint, nowMs })

/** Order of the group of P-256: for every ES256 signature (r, s) there is another that verifies, (r, n - s). It names the same `jti`. */
const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function twinOf(proof: string): string {
  const [header = '', payload = '', signature = ''] = proof.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = orderOfP256 - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  return `${header}.${payload}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString('base64url')}`
}

interface Signed {
  readonly proof: string
  readonly client: ProofMaker
}

const signed: readonly Signed[] = clients.flatMap((client) => [client.proof({ token }), client.proof({ token, claims: { more: 'x', jti: 'another' } })].map((proof) => ({ proof, client })))
const accepted = new Set([...signed.map(({ proof }) => proof), ...signed.filter(({ client }) => client === es).map(({ proof }) => twinOf(proof))])
const one = fc.constantFrom(...signed)

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const pieces = ['A', 'Q', 'g', 'z', '0', '-', '_', '.', '..', '=', '==', '+', '/', '~', ' ', '\t', '\n', ',', '%2E', '\0', '\u00e9', '\ud800', '"', 'e30', 'bnVsbA', 'AAAA']

/** The smallest change there is: one bit, one character, one segment. */
const changed: fc.Arbitrary<Signed> = fc.oneof(
  { weight: 3, arbitrary: one.chain(({ proof, client }) => fc.tuple(fc.nat({ max: proof.length - 1 }), fc.constantFrom(...Array.from(alphabet))).map(([at, character]) => ({ client, proof: `${proof.slice(0, at)}${character}${proof.slice(at + 1)}` }))) },
  { weight: 2, arbitrary: one.chain(({ proof, client }) => editedText(fc.constant(proof), pieces, 2).map((text) => ({ client, proof: text }))) },
  { weight: 2, arbitrary: fc.tuple(one, fc.nat({ max: 2 }), fc.nat(), fc.nat({ max: 7 })).map(([{ proof, client }, part, at, bit]) => {
    const segments = proof.split('.')
    const bytes = Buffer.from(segments[part]!, 'base64url')
    bytes[at % bytes.length]! ^= 1 << bit
    return { client, proof: segments.map((text, i) => (i === part ? bytes.toString('base64url') : text)).join('.') }
  }) },
  fc.tuple(fc.array(one, { minLength: 1, maxLength: 3 }), fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 4 })).map(([list, order]) => ({ client: list[0]!.client, proof: order.map((part, i) => list[i % list.length]!.proof.split('.')[part]!).join('.') })),
  // The proof of one client, for the token of another.
  fc.tuple(one, fc.constantFrom(...clients)).map(([{ proof }, client]) => ({ client, proof })),
  fc.tuple(one, fc.constantFrom(twinOf)).map(([{ proof, client }, twin]) => ({ client, proof: client === es ? twin(proof) : proof })),
)

describe('POP-3: nothing that differs from a proof that was signed is accepted', () => {
  it.each(['a verifier that knows the headers', 'a verifier that has seen nothing'])('by %s', async (which) => {
    const knowing = new ProofVerifier(algorithms)
    for (const { proof, client } of signed) expect(await knowing.verify([proof], contextOf(client))).not.toHaveProperty('code')
    const seen = coverage({ accepted: 0.02, refused: 0.4 })
    await checkProperty(fc.asyncProperty(changed, async ({ proof, client }) => {
      const verifier = which.includes('knows') ? knowing : new ProofVerifier(algorithms)
      const result = await verifier.verify([proof], contextOf(client))
      const isSigned = accepted.has(proof) && judgeProof(...textsOf(proof), knownOf(client)) === 'holds'
      seen.note(isSigned ? 'accepted' : 'refused')
      if (isSigned) expect(result).toMatchObject({ expiresAtMs: nowMs + 60_000 })
      else expect(result).toMatchObject({ code: expect.stringMatching(/^invalid_(dpop_proof|token)$/), rule: expect.any(String) })
    }), { runs: 400, coverage: seen })
  })

  it('a proof and its twin are one for the store', async () => {
    const [first, second] = [signed[0]!.proof, twinOf(signed[0]!.proof)]
    expect(first).not.toBe(second)
    const verifier = new ProofVerifier(algorithms)
    expect(await verifier.verify([first], contextOf(es))).toEqual(await verifier.verify([second], contextOf(es)))
  })
})

function textsOf(proof: string): [header: string, payload: string] {
  const [header = '', payload = ''] = proof.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return [header, payload]
}

function knownOf({ thumbprint }: ProofMaker): Parameters<typeof judgeProof>[2] {
  return { method: 'GET', url, tokenHash, thumbprint, nowMs }
}

const client = fc.constantFrom(es, es, ed, rs)
const headerOf = ({ algorithm, jwk }: ProofMaker): Record<string, unknown> => ({ typ: 'dpop+jwt', alg: algorithm, jwk })
const claims = { jti: 'j', htm: 'GET', htu: url, iat: nowMs / 1000, ath: tokenHash }

const verifier = new ProofVerifier(algorithms)

/** Signs these texts and expects what the rules say of them. */
async function expectJudgement(maker: ProofMaker, header: string, payload: string): Promise<string> {
  const expected = judgeProof(header, payload, knownOf(maker))
  const result = await verifier.verify([maker.signSegments(segment(header), segment(payload))], contextOf(maker))
  expect('code' in result ? result.code : 'holds', `${header} ${payload}: ${JSON.stringify(result)}`).toBe(expected)
  expectCleanPrototypes()
  return expected
}

/** Values that are near the right ones. */
const near = {
  htm: fc.constantFrom('GET', 'GET', 'get', 'Get', 'GET ', ' GET', 'POST', '', 'G\u0045T', 'GET\0', 'HEAD'),
  htu: editedText(fc.constantFrom(url, url, `${url}?q#f`, 'HTTPS://API.example.com:443/./search', 'https://api.example.com/x/%2e%2e/s%65arch', 'https://api.example.com/search/', 'http://api.example.com/search'), ['/', '//', '.', '..', '/../search', '%2e', '%2F', '%73', '?', '#', '@', ':443', ':80', '\\', ' ', 'S', '\u017f', ';', 'https://', 'x'], 2),
  iat: fc.oneof(fc.constantFrom(0, -60, -60.001, -59.999, 10, 10.001, 9.999, -61, 11, 1e9, -1e12, 0.5).map((seconds) => nowMs / 1000 + seconds), fc.double({ min: -70, max: 20, noNaN: true }).map((seconds) => nowMs / 1000 + seconds), fc.constantFrom<unknown>(`${nowMs / 1000}`, true, [nowMs / 1000], nowMs)),
  jti: fc.oneof(fc.constantFrom<unknown>('', ' ', 'j', '\0', '\ud800', '__proto__', 5, true, [], ['j'], {}), fc.string({ maxLength: 50 })),
  ath: fc.constantFrom<unknown>(tokenHash, tokenHash, tokenHash.slice(1), `${tokenHash}=`, `${tokenHash} `, tokenHash.toLowerCase(), token, '', [tokenHash], Buffer.from(tokenHash, 'base64url').toString('hex')),
}
const nearClaims = fc.tuple(fc.constantFrom(...(['htm', 'htu', 'htu', 'iat', 'iat', 'jti', 'ath'] as const)), fc.boolean()).chain(([name, both]) => (both ? fc.tuple(near[name] as fc.Arbitrary<unknown>, near.htu) : fc.tuple(near[name] as fc.Arbitrary<unknown>, fc.constant(undefined))).map(([value, htu]) => ({ ...claims, ...(htu !== undefined && { htu }), [name]: value })))

/** Keys of others, and the client's own with something else about it. */
const strangers = (['ES256', 'ES384', 'EdDSA', 'RS256'] as const).map((algorithm) => createProofMaker(algorithm).jwk)
const nearHeader = (maker: ProofMaker): fc.Arbitrary<Record<string, unknown>> => fc.record({
  typ: fc.constantFrom<unknown>('dpop+jwt', 'dpop+jwt', 'dpop+jwt', 'dpop+jwt', 'DPoP+JWT', 'application/dpop+jwt', 'JWT', 'dpop+jwt ', ['dpop+jwt']),
  alg: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>(maker.algorithm) }, fc.constantFrom<unknown>('ES256', 'RS256', 'EdDSA', 'ES384', 'PS256', 'HS256', 'none', 'es256', 'Ed25519', '', 5, ['ES256'])),
  jwk: fc.oneof(
    { weight: 4, arbitrary: fc.constant<unknown>(maker.jwk) }, fc.constantFrom<unknown>(...strangers, {}, [], 'x', [maker.jwk]),
    fc.tuple(fc.constantFrom('kid', 'use', 'alg', 'key_ops', 'd', 'k', 'x', 'y', 'n', 'e', 'crv', 'kty', 'ext', 'oth'), fc.constantFrom<unknown>('sig', 'enc', 'ES256', 'RS256', 'EdDSA', ['verify'], ['sign'], [], 'AQAB', 'P-256', 'Ed25519', 'EC', 'OKP', '', 5, true, maker.jwk.x ?? maker.jwk.n)).map(([name, value]) => ({ ...maker.jwk, [name]: value })),
  ),
})
const extra = fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, fc.constantFrom<object>({ crit: [] }, { crit: ['exp'] }, { b64: true }, { b64: false }, { kid: 'x' }, { jku: 'https://x.example' }, { x5c: [] }, { 'x5t#S256': 'x' }, { constructor: 1 }))

describe('POP-3, POP-4: every proof that the client signed, against the rules', () => {
  it('claims that are near the right ones', () => {
    const seen = coverage({ holds: 0.1, invalid_dpop_proof: 0.2 })
    return checkProperty(fc.asyncProperty(client, nearClaims, async (maker, payload) => {
      seen.note(await expectJudgement(maker, JSON.stringify(headerOf(maker)), JSON.stringify(payload)))
    }), { runs: 500, coverage: seen })
  })

  it('headers that are near the right ones', () => {
    const seen = coverage({ holds: 0.05, invalid_dpop_proof: 0.2, invalid_token: 0.005 })
    const headed = client.chain((maker) => fc.tuple(fc.constant(maker), nearHeader(maker), extra))
    return checkProperty(fc.asyncProperty(headed, async ([maker, header, more]) => {
      seen.note(await expectJudgement(maker, JSON.stringify({ ...header, ...more }), JSON.stringify(claims)))
    }), { runs: 500, coverage: seen })
  })

  it('header and claims, changed anywhere in their trees: repeated, renamed, wrapped, null', () => {
    const seen = coverage({ holds: 0.02, invalid_dpop_proof: 0.3 })
    const asIs = (value: object): fc.Arbitrary<Node> => fc.constant(nodeOf(value))
    const texts = client.chain((maker) => fc.tuple(fc.constant(maker), fc.oneof(asIs(headerOf(maker)), mutated(asIs(headerOf(maker)), 2)), fc.oneof(asIs(claims), mutated(asIs({ ...claims, more: { deep: ['x'] } }), 2))))
    return checkProperty(fc.asyncProperty(texts, async ([maker, header, payload]) => {
      seen.note(await expectJudgement(maker, write(header), write(payload)))
    }), { runs: 500, coverage: seen })
  })
})
