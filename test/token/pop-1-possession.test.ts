import { describe, expect, it } from 'vitest'
import type { Confirmation } from '../../src/token/confirmation.js'
import { checkPossession, type PossessionRules, type Shown } from '../../src/token/possession.js'
import { createProofMaker } from '../support/dpop.js'
import { ProofVerifier } from '../../src/token/dpop-proof.js'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'

const nowMs = Date.UTC(2030, 4, 6, 12)
const client = createProofMaker('ES256', () => nowMs)
const token = 'a.b.c'
const certificateThumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'
const key: Confirmation = { keyThumbprint: client.thumbprint }
const certificate: Confirmation = { certificateThumbprint }
const rules: PossessionRules = { isStrict: false, dpop: new ProofVerifier(new Set(['ES256'])), mtls: { header: undefined, isProxy: () => false }, proxies: new TrustedProxies([]), baseOrigin: undefined }
const audienceOrigin = 'https://api.example.com'

function shown(confirmation: Confirmation, scheme: 'bearer' | 'dpop', more: Partial<Omit<Shown, 'request'>> & { readonly url?: string; readonly proofs?: readonly string[] } = {}): Shown {
  const { url = '/search', proofs = [client.proof({ token })], ...others } = more
  return { credentials: { scheme, token }, confirmation, request: { method: 'GET', url, headers: { dpop: proofs } }, forwarded: {}, audienceOrigin, nowMs, ...others }
}

const denial = (rule: string, detail: string, code = 'invalid_token') => ({ code, rule, detail: expect.stringContaining(detail) as string })
const holds = { key: expect.any(String) as string, expiresAtMs: nowMs + 60_000, nextNonce: undefined }

describe('POP-1: a token that is bound to a key needs the scheme DPoP, and every other one Bearer', () => {
  it.each<[string, Confirmation, 'bearer' | 'dpop', unknown]>([
    ['not bound, Bearer', {}, 'bearer', undefined],
    ['not bound, DPoP', {}, 'dpop', denial('POP-1', 'not bound to a key')],
    ['a key, DPoP', key, 'dpop', holds],
    ['a key, Bearer', key, 'bearer', denial('POP-1', 'scheme Bearer')],
    ['a certificate, Bearer', certificate, 'bearer', denial('POP-5', 'none was shown')],
    ['a certificate, DPoP', certificate, 'dpop', denial('POP-1', 'not bound to a key')],
    ['both, DPoP: the certificate first', { ...key, ...certificate }, 'dpop', denial('POP-5', 'none was shown')],
    ['both, Bearer', { ...key, ...certificate }, 'bearer', denial('POP-1', 'scheme Bearer')],
  ])('%s', async (_what, confirmation, scheme, expected) => {
    expect(await checkPossession(shown(confirmation, scheme), rules)).toEqual(expected)
  })

  it('what is off cannot be shown', async () => {
    expect(await checkPossession(shown(key, 'dpop'), { ...rules, dpop: undefined })).toEqual(denial('POP-1', 'DPoP is off'))
    expect(await checkPossession(shown(certificate, 'bearer'), { ...rules, mtls: undefined })).toEqual(denial('POP-5', 'mutual TLS is off'))
    expect(await checkPossession(shown({}, 'bearer'), { ...rules, dpop: undefined, mtls: undefined })).toBeUndefined()
  })

  it('without a proof to verify it answers at once', () => {
    for (const [confirmation, scheme] of [[{}, 'bearer'], [{}, 'dpop'], [key, 'bearer'], [certificate, 'bearer']] as const) expect(checkPossession(shown(confirmation, scheme), rules)).not.toBeInstanceOf(Promise)
  })
})

describe('POP-2: strict', () => {
  it('refuses what is not bound, after the scheme and before everything else', async () => {
    const strict = { ...rules, isStrict: true }
    expect(await checkPossession(shown({}, 'bearer'), strict)).toEqual(denial('POP-2', 'not bound'))
    expect(await checkPossession(shown({}, 'dpop'), strict)).toEqual(denial('POP-1', 'not bound to a key'))
    expect(await checkPossession(shown(key, 'dpop'), strict)).toEqual(holds)
    expect(await checkPossession(shown(certificate, 'bearer'), strict)).toEqual(denial('POP-5', 'none was shown'))
  })
})

describe('POP-4: the origin is that of baseUrl, else of a named proxy, else of the audience', () => {
  const at = (origin: string): string => client.proof({ token, url: `${origin}/search` })

  it.each<[string, string | undefined, string | undefined, string | undefined, string | undefined]>([
    ['all three', 'https://base.example', 'https://proxy.example', 'https://audience.example', 'https://base.example'],
    ['no baseUrl', undefined, 'https://proxy.example', 'https://audience.example', 'https://proxy.example'],
    ['the audience alone', undefined, undefined, 'https://audience.example', 'https://audience.example'],
    ['none', undefined, undefined, undefined, undefined],
  ])('%s', async (_what, baseOrigin, proxyOrigin, ofAudience, expected) => {
    for (const origin of ['https://base.example', 'https://proxy.example', 'https://audience.example']) {
      const given = shown(key, 'dpop', { proofs: [at(origin)], forwarded: proxyOrigin === undefined ? {} : { origin: proxyOrigin }, audienceOrigin: ofAudience })
      expect(await checkPossession(given, { ...rules, baseOrigin })).toEqual(origin === expected ? holds : denial('POP-4', expected === undefined ? 'does not know its own URL' : `is not ${expected}/search`, 'invalid_dpop_proof'))
    }
  })

  it.each(['*', 'https://api.example.com/search', '', 'search', '/sea rch', '/search\\', '?search', '#'])('a request target %j that is no path of this server', async (url) => {
    const result = await checkPossession(shown(key, 'dpop', { url }), rules)
    expect(result).toEqual(denial('POP-4', '', 'invalid_dpop_proof'))
  })

  it.each(['/search?x', '/search#x', '/search?#', '/./search', '/%73earch', '/x/../search'])('%j is /search', async (url) => {
    expect(await checkPossession(shown(key, 'dpop', { url }), rules)).toEqual(holds)
  })
})
