import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../../src/token/algorithms.js'
import { checkPublicKey } from '../../src/token/verification-key.js'
import { parseComparableUrl } from '../../src/matching/comparable-url.js'
import { ProofVerifier, type ProofContext } from '../../src/token/dpop-proof.js'
import { readConfirmation } from '../../src/token/confirmation.js'

/** The key of the examples of RFC 9449, as it stands in the headers of its proofs. */
const header = 'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
const thumbprint = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'

const proofs = {
  /** Section 5, the request with the authorization code. */
  token: `${header}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`,
  /** Section 5, the request with the refresh token. */
  refresh: `${header}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA`,
  /** Section 7.1, the request to the protected resource. */
  resource: `${header}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`,
}
/** The access token of section 7.1. */
const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const iat = 1_562_262_618

const algorithms: ReadonlySet<Algorithm> = new Set(['ES256', 'RS256'])
const context: ProofContext = { method: 'GET', url: parseComparableUrl('https://resource.example.org/protectedresource'), token, thumbprint, nowMs: iat * 1000 }
const verify = (proof: string, more: Partial<ProofContext> = {}) => new ProofVerifier(algorithms).verify([proof], { ...context, ...more })

describe('RFC 9449 section 7.1: the proof of a request to a protected resource', () => {
  it('holds, for its minute', async () => {
    expect(await verify(proofs.resource)).toEqual({ key: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), expiresAtMs: (iat + 60) * 1000, nextNonce: undefined })
    expect(await verify(proofs.resource, { nowMs: (iat + 60) * 1000 })).not.toHaveProperty('code')
    expect(await verify(proofs.resource, { nowMs: (iat + 60) * 1000 + 1 })).toMatchObject({ code: 'invalid_dpop_proof', rule: 'POP-3' })
  })

  it('has the claims that the section says, and the hash of its token', () => {
    expect(JSON.parse(Buffer.from(proofs.resource.split('.')[1]!, 'base64url').toString())).toEqual({ jti: 'e1j3V_bKic8-LAEB', htm: 'GET', htu: 'https://resource.example.org/protectedresource', iat, ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' })
    expect(hash('sha256', token, 'base64url')).toBe('fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo')
  })

  it.each<[string, Partial<ProofContext>, string, string]>([
    ['another method', { method: 'POST' }, 'invalid_dpop_proof', 'POP-3'],
    ['another path', { url: parseComparableUrl('https://resource.example.org/protectedresource/') }, 'invalid_dpop_proof', 'POP-4'],
    ['another host', { url: parseComparableUrl('https://resource.example.com/protectedresource') }, 'invalid_dpop_proof', 'POP-4'],
    ['another token', { token: `${token}x` }, 'invalid_dpop_proof', 'POP-3'],
    ['a token that is bound to another key', { thumbprint: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' }, 'invalid_token', 'POP-3'],
    ['another time', { nowMs: (iat - 11) * 1000 }, 'invalid_dpop_proof', 'POP-3'],
  ])('does not hold for %s', async (_what, more, code, rule) => {
    expect(await verify(proofs.resource, more)).toMatchObject({ code, rule })
  })
})

describe('RFC 9449 section 5: the proofs of token requests', () => {
  it.each<[string, string, number]>([
    ['with the authorization code', proofs.token, 1_562_262_616], ['with the refresh token', proofs.refresh, 1_562_265_296],
  ])('%s: everything holds but the hash of the access token, which there is not yet', async (_what, proof, at) => {
    const atTokenEndpoint = { method: 'POST', url: parseComparableUrl('https://server.example.com/token'), nowMs: at * 1000 }
    expect(await verify(proof, atTokenEndpoint)).toMatchObject({ code: 'invalid_dpop_proof', rule: 'POP-3', detail: 'ath is not the hash of the token' })
    expect(await verify(proof, { ...atTokenEndpoint, method: 'GET' })).toMatchObject({ detail: 'htm "POST" is not GET' })
    expect(await verify(proof)).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  it('the key has the thumbprint of section 6.1, which a token names in cnf', () => {
    const { jwk } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { jwk: object }
    expect(jwk).toEqual({ kty: 'EC', x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs', y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA', crv: 'P-256' })
    expect(checkPublicKey(jwk).thumbprint).toBe(thumbprint)
    expect(readConfirmation({ cnf: { jkt: thumbprint } })).toEqual({ keyThumbprint: thumbprint })
  })
})

describe('RFC 7638: thumbprints', () => {
  const rsa = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB', alg: 'RS256', kid: '2011-04-29',
  }

  it('section 3.1: of the RSA key', () => {
    expect(checkPublicKey(rsa).thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('section 3.2.1: of the members that make the key alone, in whatever order they came', () => {
    const { n, e, kty } = rsa
    for (const same of [{ n, e, kty }, { e, n, kty, kid: 'another', alg: 'PS256', use: 'sig' }]) expect(checkPublicKey(same).thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('RFC 8037 appendix A.3: of the Ed25519 key', () => {
    expect(checkPublicKey({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }).thumbprint).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })
})
