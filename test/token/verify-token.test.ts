import { describe, expect, it } from 'vitest'
import { CapabilityCompiler } from '../../src/claims/compile-capability.js'
import { candidatesFor } from '../../src/claims/compile-authorization.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { defaultAlgorithms } from '../../src/token/algorithms.js'
import { createStaticKeySet, KeysUnavailable, type KeySet } from '../../src/token/key-set.js'
import { TokenRefused } from '../../src/token/token-refused.js'
import type { TrustedIssuer } from '../../src/token/trusted-issuers.js'
import { verifyToken, type VerificationRules } from '../../src/token/verify-token.js'
import { ec } from './keys/json-web-keys.js'
import { audience, issuer, issuerKey, jwks, now, nowMs, otherKey, payloadOf, signJws, signToken } from './signed-token.js'

const trusted = (name: string, keys: KeySet): TrustedIssuer => ({ issuer: name, audience: new Set([audience]), audienceOrigin: undefined, claimPrefix: undefined, keys, introspection: undefined })

function rulesFor(...issuers: readonly TrustedIssuer[]): VerificationRules {
  return {
    issuers: { named: issuers, find: (iss) => issuers.find((entry) => entry.issuer === iss), ready: async () => undefined, findForOpaque: () => undefined, close: () => undefined },
    algorithms: new Set(defaultAlgorithms),
    tokenType: 'any',
    toleranceMs: 60_000,
    compiler: new CapabilityCompiler(createRegistry({ registered: [], countedPerRequest: new Set(['drafts']) }), noPolicy),
  }
}

const rules = rulesFor(trusted(issuer, createStaticKeySet(jwks)))

async function refusal(token: string, given = rules): Promise<TokenRefused> {
  const error: unknown = await verifyToken(token, given, nowMs).then(() => 'accepted', (reason: unknown) => reason)
  expect(error).toBeInstanceOf(TokenRefused)
  return error as TokenRefused
}

describe('a valid token', () => {
  it('gives its facts, its times and its compiled authorization', async () => {
    const verified = await verifyToken(signToken({ client_id: 'c', scope: 'a b', nbf: now }), rules, nowMs)
    expect(verified.facts).toEqual({ kind: 'jwt', issuer, id: 'token-1', subject: 'spiffe://example.com/agent/researcher-01', clientId: 'c', expiresAt: now + 300, scopes: ['a', 'b'] })
    expect(verified.times).toEqual({ expiresAt: now + 300, issuedAt: now - 10, notBefore: now })
    expect(verified.compiled.authorization.capabilities.map(({ action }) => action)).toEqual(['search.web', 'cms.draft'])
    expect(verified.key?.kid).toBe('k1')
  })

  it('AUD-5: what handlers see is frozen to its leaves', async () => {
    const { view } = await verifyToken(signToken({ aap_task: { id: 't', purpose: 'p', context: { deep: [{ er: 1 }] } } }), rules, nowMs)
    const leaves = (value: unknown): unknown[] => (typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(leaves)] : [])
    expect(leaves(view).every((part) => Object.isFrozen(part))).toBe(true)
    expect(view.token.issuer).toBe(issuer)
  })

  it('DIA-5: scope permits nothing', async () => {
    const { compiled } = await verifyToken(signToken({ scope: 'admin.everything' }), rules, nowMs)
    expect(candidatesFor(compiled, 'admin.everything')).toEqual([])
  })
})

describe('TOK-1: the signature is by a key of the issuer', () => {
  it.each([
    ['by another key of the same name', () => signJws(payloadOf(), {}, otherKey)],
    ['by a key that the issuer does not have', () => signToken({}, { kid: 'k2' })],
    ['of another payload', () => { const [header, , signature] = signToken().split('.'); return [header, signToken({ jti: 'other' }).split('.')[1], signature].join('.') }],
    ['of another header', () => { const [, payload, signature] = signToken().split('.'); return [signToken({}, { typ: 'JWT' }).split('.')[0], payload, signature].join('.') }],
    ['of zeros', () => `${signToken().split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`],
    ['in ASN.1, which is another spelling', () => `${signToken().split('.').slice(0, 2).join('.')}.${Buffer.alloc(72, 0x30).toString('base64url')}`],
    ['that is empty', () => `${signToken().split('.').slice(0, 2).join('.')}.`],
    ['cut short', () => signToken().slice(0, -2)],
    ['by an algorithm that the key is not for', () => signToken({}, { alg: 'RS256' })],
    ['by a public key that the token brought', () => { const own = ec(); return signJws(payloadOf(), { kid: undefined, jwk: own.jwk }, own) }],
  ])('%s: invalid_token, and nothing of the token is recorded', async (_, make) => {
    const { denial, token } = await refusal(make())
    expect(denial).toMatchObject({ code: 'invalid_token', rule: 'TOK-1' })
    expect(token).toBeUndefined()
  })

  it('a token without kid is tried with every key that fits', async () => {
    const first = ec()
    const both = rulesFor(trusted(issuer, createStaticKeySet({ keys: [first.jwk, ec().jwk, { ...issuerKey.jwk, kid: undefined }] })))
    await expect(verifyToken(signToken({}, { kid: undefined }), both, nowMs)).resolves.toMatchObject({ facts: { id: 'token-1' } })
  })
})

describe('TOK-4: only the keys of the issuer that the token names', () => {
  it.each([
    ['missing', undefined],
    ['unknown', 'https://evil.example'],
    ['with a slash behind', `${issuer}/`],
    ['in another case', issuer.toUpperCase()],
    ['empty', ''],
    ['a number', 1],
    ['a list', [issuer]],
    ['an object', { issuer }],
    ['__proto__', '__proto__'],
  ])('an iss that is %s is refused before any key is looked for', async (_, iss) => {
    const untouchable: KeySet = { find: () => { throw new Error('looked for a key') }, holds: () => true, ready: async () => undefined }
    const { denial } = await refusal(signToken({ iss }), rulesFor(trusted(issuer, untouchable)))
    expect(denial).toMatchObject({ code: 'invalid_token', rule: 'TOK-4' })
  })

  it('a key of another trusted issuer does not verify', async () => {
    const other = 'https://other.example'
    const two = rulesFor(trusted(issuer, createStaticKeySet({ keys: [otherKey.jwk] })), trusted(other, createStaticKeySet(jwks)))
    expect((await refusal(signToken(), two)).denial.rule).toBe('TOK-1')
    await expect(verifyToken(signToken({ iss: other }), two, nowMs)).resolves.toMatchObject({ facts: { issuer: other } })
  })

  it('KEY-4: an issuer without any usable key is no defect of the token', async () => {
    const down: KeySet = { find: () => Promise.reject(new KeysUnavailable(issuer, 7)), holds: () => false, ready: async () => undefined }
    await expect(verifyToken(signToken(), rulesFor(trusted(issuer, down)), nowMs)).rejects.toBeInstanceOf(KeysUnavailable)
  })
})

describe('POP-1: a bound token cannot be used while no binding can be checked', () => {
  it.each([
    ['jkt', { jkt: 'AA' }],
    ['x5t#S256', { 'x5t#S256': 'AA' }],
    ['an unknown method', { kid: 'x' }],
    ['nothing', {}],
    ['a string', 'jkt'],
    ['a list', []],
    ['false', false],
  ])('cnf with %s', async (_, cnf) => {
    expect((await refusal(signToken({ cnf }))).denial).toMatchObject({ code: 'invalid_token', rule: 'POP-1' })
  })
})

describe('ORD-1: header, issuer, signature, times, audience, claims, proof', () => {
  // Each row mends one more defect; the rule that answers moves down the list.
  const defects = [
    ['TOK-1', { header: { alg: 'HS256' } }],
    ['TOK-4', { iss: 'https://evil.example' }],
    ['TOK-1', { signature: 'wrong' }],
    ['TOK-6', { exp: now - 1_000 }],
    ['TOK-5', { aud: 'https://other.example' }],
    ['TOK-4', { sub: undefined }],
    ['TOK-9', { jti: undefined }],
    ['TOK-10', { aap_task: { id: 't' } }],
    ['POP-1', { cnf: {} }],
  ] as const

  it.each(defects.map(([rule], mended) => [mended, rule] as const))('with the first %i mended: %s', async (mended, rule) => {
    const { header = {}, signature, ...claims } = Object.assign({}, ...defects.slice(mended).map(([, defect]) => defect)) as Record<string, any>
    const token = signJws(payloadOf(claims), header, signature === undefined ? issuerKey : otherKey)
    const { denial, token: known } = await refusal(token)
    expect(denial.rule).toBe(rule)
    // Who issued the token is known, and recorded, from the signature on.
    expect(known).toEqual(mended <= 2 ? undefined : { issuer, id: mended <= 6 ? '' : 'token-1' })
  })
})
