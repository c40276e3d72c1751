import { generateKeyPairSync, hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createProofMaker, thumbprintOf } from '../support/dpop.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { guardStyles, refusedProof, usePopApi, type Showing } from '../support/pop-api.js'
import { hmac, segment } from '../support/forge.js'
import { wrongTypes } from '../support/attacked-api.js'

expectHealthyProcess()

const invalidToken = { status: 401, error: 'invalid_token' }

describe.each(guardStyles)('a proof that is not in order, with %s', (style) => {
  const pop = usePopApi(style)
  const { client } = pop
  const url = 'https://api.example.com/search'
  const mallory = createProofMaker('ES256', () => pop.nowMs)

  it('one that is in order is accepted, whatever the scheme\'s case and whatever else is in header and claims', async () => {
    await pop.expectAllowed()
    for (const scheme of ['dpop', 'DPOP', 'dPoP']) await pop.expectAllowed({ scheme })
    await pop.expectAllowed({ parts: { header: { kid: 'mine', jku: 'https://mallory.example/keys', x5c: ['x'] }, claims: { nonce: 'of another server', exp: 1, nbf: 9e9, iss: 'x', cnf: {} } } })
    await pop.expectAllowed({ parts: { header: { jwk: { ...client.jwk, kid: 'mine', use: 'sig', key_ops: ['verify'], alg: 'ES256' } } } })
  })

  it('POP-3: no DPoP header, an empty one, two of them, even equal ones, and two in one', async () => {
    await pop.expectRefused({ proofs: [] }, refusedProof)
    await pop.expectRefused({ proofs: [''] }, { ...refusedProof, rule: 'TOK-2' })
    const token = pop.token()
    const [one, other] = [client.proof({ token }), client.proof({ token })]
    await pop.expectRefused({ token, proofs: [one, one] }, refusedProof)
    await pop.expectRefused({ token, proofs: [one, other] }, refusedProof)
    await pop.expectRefused({ token, proofs: [one, ''] }, refusedProof)
    await pop.expectRefused({ token, proofs: [one], lines: [`dpop: ${other}`] }, refusedProof)
    for (const joined of [`${one}, ${other}`, `${one},${other}`, `${one} ${other}`, `"${one}"`, `DPoP ${one}`]) await pop.expectRefused({ token, proofs: [joined] }, { ...refusedProof, rule: 'TOK-2' })
    // None of it used them up.
    await pop.expectAllowed({ token, proofs: [one] })
    await pop.expectAllowed({ token, proofs: [other] })
  })

  it('POP-3: the proof comes in its header alone', async () => {
    const token = pop.token()
    const proof = client.proof({ token })
    await pop.expectRefused({ token, proofs: [], target: `/search?dpop=${proof}&DPoP=${proof}` }, refusedProof)
    await pop.expectRefused({ token, proofs: [], lines: [`X-DPoP: ${proof}`, `DPoP-Proof: ${proof}`, `Cookie: DPoP=${proof}`] }, refusedProof)
  })

  it.each(['none', 'None', 'HS256', 'HS384', 'HS512', 'ES256K', 'ES384', 'PS256', 'RS512', 'EdDSA', 'RS256', 'es256', 'ES256 ', '', 'Ed448', 'ECDH-ES', '__proto__', 'constructor'])('POP-3: alg %j', async (alg) => {
    await pop.expectRefused({ parts: { header: { alg } } }, refusedProof)
  })

  it('POP-3: alg none without a signature, and HS256 with the public key as the secret', async () => {
    const token = pop.token()
    const claims = segment({ jti: 'forged', htm: 'GET', htu: url, iat: pop.nowMs / 1000, ath: hash('sha256', token, 'base64url') })
    const none = segment({ typ: 'dpop+jwt', alg: 'none', jwk: client.jwk })
    await pop.expectRefused({ token, proofs: [`${none}.${claims}.`] }, refusedProof)
    const header = segment({ typ: 'dpop+jwt', alg: 'HS256', jwk: client.jwk })
    for (const secret of [JSON.stringify(client.jwk), client.jwk.x as string, Buffer.from(client.jwk.x as string, 'base64url'), client.thumbprint, '']) {
      await pop.expectRefused({ token, proofs: [`${header}.${claims}.${hmac(`${header}.${claims}`, secret)}`] }, refusedProof)
    }
    const octets = segment({ typ: 'dpop+jwt', alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } })
    await pop.expectRefused({ token, proofs: [`${octets}.${claims}.${hmac(`${octets}.${claims}`, 'secret')}`] }, refusedProof)
    const stripped = client.proof({ token }).replace(/[^.]*$/, '')
    await pop.expectRefused({ token, proofs: [stripped] }, refusedProof)
  })

  it('POP-3: a private key in jwk', async () => {
    await pop.expectRefused({ parts: { header: { jwk: client.privateKey.export({ format: 'jwk' }) } } }, refusedProof)
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']) await pop.expectRefused({ parts: { header: { jwk: { ...client.jwk, [name]: 'AQAB' } } } }, refusedProof)
    for (const value of ['', 0, false, [], {}]) await pop.expectRefused({ parts: { header: { jwk: { ...client.jwk, d: value } } } }, refusedProof)
  })

  it.each<[string, unknown]>([
    ['none', undefined], ['a string', 'x'], ['a list', []], ['an empty object', {}], ['no kty', { crv: 'P-256', x: 'AQ', y: 'AQ' }], ['another curve', { kty: 'EC', crv: 'secp256k1', x: 'AQ', y: 'AQ' }],
    ['the point at infinity', { kty: 'EC', crv: 'P-256', x: Buffer.alloc(32).toString('base64url'), y: Buffer.alloc(32).toString('base64url') }],
    ['a point off the curve', { kty: 'EC', crv: 'P-256', x: Buffer.alloc(32, 1).toString('base64url'), y: Buffer.alloc(32, 2).toString('base64url') }],
    ['an Ed25519 key of order 1', { kty: 'OKP', crv: 'Ed25519', x: Buffer.from([1, ...Array<number>(31).fill(0)]).toString('base64url') }],
    ['a key set', { keys: [client.jwk] }], ['for encryption', { ...client.jwk, use: 'enc' }], ['for signing only', { ...client.jwk, key_ops: ['sign'] }], ['for another algorithm', { ...client.jwk, alg: 'ES384' }],
    ['coordinates with padding', { ...client.jwk, x: `${client.jwk.x as string}=` }],
  ])('POP-3: jwk: %s', async (_what, jwk) => {
    await pop.expectRefused({ parts: { header: { jwk } } }, refusedProof)
  })

  it('POP-3: RSA keys too small, too large, or with exponent 1', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' })
    await pop.expectRefused({ parts: { header: { alg: 'RS256', jwk: small } } }, refusedProof)
    const n = Buffer.alloc(1_200, 0xff).toString('base64url')
    await pop.expectRefused({ parts: { header: { alg: 'RS256', jwk: { kty: 'RSA', e: 'AQAB', n } } } }, refusedProof)
    await pop.expectRefused({ parts: { header: { alg: 'RS256', jwk: { ...generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' }), e: 'AQ' } } } }, refusedProof)
  })

  it.each([undefined, 'JWT', 'at+jwt', 'DPoP+JWT', 'application/dpop+jwt', 'dpop', '', null, 1, ['dpop+jwt']])('POP-3: typ %j', async (typ) => {
    await pop.expectRefused({ parts: { header: { typ } } }, { ...refusedProof, rule: expect.stringMatching(/^(POP-3|TOK-7)$/) as never })
  })

  it('TOK-2, TOK-7: crit, b64, doubled members, members named __proto__, null, deep nesting', async () => {
    const token = pop.token()
    const refused = async (proof: string, rule: string): Promise<void> => { await pop.expectRefused({ token, proofs: [proof] }, { ...refusedProof, rule }) }
    await refused(client.proof({ token, header: { crit: ['exp'], exp: 1 } }), 'TOK-2')
    await refused(client.proof({ token, header: { crit: [] } }), 'TOK-2')
    await refused(client.proof({ token, header: { b64: false } }), 'TOK-2')
    const jwk = JSON.stringify(client.jwk)
    const claims = `"jti":"x","htm":"GET","htu":"${url}","iat":${pop.nowMs / 1000},"ath":"${hash('sha256', token, 'base64url')}"`
    for (const header of [`{"typ":"dpop+jwt","alg":"ES256","alg":"ES256","jwk":${jwk}}`, `{"typ":"dpop+jwt","alg":"ES256","jwk":${jwk},"jwk":${jwk}}`, `{"typ":"dpop+jwt","alg":"ES256","jwk":${jwk},"__proto__":{}}`, `{"typ":"dpop+jwt","alg":"ES256","jwk":${jwk},"x":null}`, `{"typ":"dpop+jwt","alg":"ES256","jwk":${jwk}} x`, '[]', '"x"', 'null', '', '{']) await refused(client.proof({ token, header }), 'TOK-7')
    for (const payload of [`{${claims},"htm":"GET"}`, `{"htm":"POST",${claims}}`, `{${claims},"\\u0068tm":"GET"}`, `{${claims},"__proto__":{"htm":"GET"}}`, `{${claims},"x":null}`, `{${claims},"x":${'['.repeat(40)}${']'.repeat(40)}}`, `{${claims},"x":1e999}`, `[{${claims}}]`, '""', '']) await refused(client.proof({ token, claims: payload }), 'TOK-7')
    await pop.expectAllowed({ token, proofs: [client.proof({ token, claims: `{${claims}}` })] })
  })

  it('TOK-2: other than three segments of strict base64url', async () => {
    const token = pop.token()
    const proof = client.proof({ token })
    const [header = '', payload = '', signature = ''] = proof.split('.')
    for (const broken of [`${header}.${payload}`, header, `${header}..${signature}`, `${proof}.`, `${proof}.${signature}`, `.${proof}`, `${proof}=`, `${header}=.${payload}.${signature}`, `${header}.${payload}.${signature.slice(0, -1)}`, '.', '..', '...', 'x', proof.replace('.', ' .')]) {
      await pop.expectRefused({ token, proofs: [broken] }, { status: 401, error: 'invalid_dpop_proof', rule: expect.stringMatching(/^(TOK-[27]|POP-3)$/) as never })
    }
    await pop.expectAllowed({ token, proofs: [proof] })
  })

  it('POP-3: htm is exact', async () => {
    for (const htm of ['get', 'Get', 'GET ', ' GET', 'POST', '*', '', undefined, 'HEAD', 'GE', 'GETT', ['GET'], true, { toString: 'GET' }]) await pop.expectRefused({ parts: { claims: { htm } } }, refusedProof)
    await pop.expectRefused({ method: 'POST', parts: { method: 'GET' } }, refusedProof)
    expect((await pop.show({ method: 'HEAD', parts: { method: 'GET' } })).status).toBe(401)
    expect(pop.api.audit.takeDecision().rule).toBe('POP-3')
    await pop.expectAllowed({ method: 'HEAD' })
    await pop.expectAllowed({ method: 'POST' })
  })

  it('POP-3: no method is taken from elsewhere', async () => {
    await pop.expectRefused({ method: 'POST', parts: { method: 'DELETE' }, lines: ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Method-Override: DELETE'] }, refusedProof)
    await pop.expectRefused({ method: 'POST', target: '/search?_method=DELETE', parts: { method: 'DELETE' } }, refusedProof)
  })

  it.each(wrongTypes)('POP-3, TOK-7: claims that are %s', async (_what, json) => {
    for (const name of ['htm', 'htu', 'iat', 'jti', 'ath']) {
      // Any text names a proof.
      if (name === 'jti' && json.length > 2 && json.startsWith('"')) continue
      const token = pop.token()
      const claims = { jti: 'wrong types', htm: 'GET', htu: url, iat: pop.nowMs / 1000, ath: hash('sha256', token, 'base64url') }
      const text = JSON.stringify({ ...claims, [name]: undefined }).replace(/\}$/, `,"${name}":${json}}`)
      await pop.expectRefused({ token, proofs: [client.proof({ token, claims: text })] }, { status: 401, error: 'invalid_dpop_proof', rule: expect.stringMatching(/^(POP-[34]|TOK-7)$/) as never })
    }
  })

  it('POP-3: missing claims', async () => {
    for (const name of ['htm', 'htu', 'iat', 'jti', 'ath']) await pop.expectRefused({ parts: { claims: { [name]: undefined } } }, { ...refusedProof, rule: name === 'htu' ? 'POP-4' : 'POP-3' })
    await pop.expectRefused({ parts: { claims: { jti: '' } } }, refusedProof)
  })

  it('POP-3: iat is at most 60 s old and 10 s ahead, to the millisecond', async () => {
    const iat = pop.nowMs / 1000
    const start = pop.nowMs
    const at = async (offsetMs: number, isAccepted: boolean, exactIat = iat): Promise<void> => {
      const token = pop.token()
      const proofs = [client.proof({ token, claims: { iat: exactIat } })]
      pop.nowMs = start + offsetMs
      if (isAccepted) await pop.expectAllowed({ token, proofs })
      else await pop.expectRefused({ token, proofs }, refusedProof)
      pop.nowMs = start
    }
    await at(60_000, true)
    await at(60_001, false)
    await at(59_999, true)
    await at(-10_000, true)
    await at(-10_001, false)
    await at(-9_999, true)
    await at(60_250, true, iat + 0.25)
    await at(60_251, false, iat + 0.25)
    for (const wild of [0, -1, 1e300, -1e300, 2 ** 53, iat * 1000, iat - 3_600, iat + 3_600]) await at(0, false, wild)
  })

  it('POP-3: proofs by another key than the token is bound to are no proofs for it', async () => {
    const token = pop.token()
    await pop.expectRefused({ token, proofs: [mallory.proof({ token })] }, { ...invalidToken, rule: 'POP-3' })
    for (const algorithm of ['RS256', 'EdDSA'] as const) await pop.expectRefused({ token, proofs: [createProofMaker(algorithm, () => pop.nowMs).proof({ token })] }, { ...invalidToken, rule: 'POP-3' })
    // The right key in the header, and the signature of another; another key in the header, and the signature of the right one.
    await pop.expectRefused({ token, proofs: [mallory.proof({ token, header: { jwk: client.jwk } })] }, refusedProof)
    await pop.expectRefused({ token, proofs: [client.proof({ token, header: { jwk: mallory.jwk } })] }, { ...invalidToken, rule: 'POP-3' })
    // A thumbprint is of the key's own members, whatever else it says.
    await pop.expectRefused({ token, proofs: [mallory.proof({ token, header: { jwk: { ...mallory.jwk, kid: client.thumbprint, jkt: client.thumbprint } } })] }, { ...invalidToken, rule: 'POP-3' })
    expect(thumbprintOf(client.jwk)).not.toBe(thumbprintOf(mallory.jwk))
  })

  it('POP-3: a signature that is another, cut, longer, or spelled in DER', async () => {
    const token = pop.token()
    const proof = client.proof({ token })
    const other = client.proof({ token })
    const signature = Buffer.from(proof.split('.')[2]!, 'base64url')
    const withSignature = (bytes: Uint8Array): string => proof.replace(/[^.]*$/, Buffer.from(bytes).toString('base64url'))
    const der = (number: Buffer): Buffer => Buffer.concat([Buffer.from([2, 33, 0]), number])
    const flipped = Buffer.from(signature)
    flipped[63]! ^= 1
    const wrong = [other.split('.')[2]!, mallory.proof({ token }).split('.')[2]!].map((text) => Buffer.from(text, 'base64url'))
    for (const bytes of [...wrong, flipped, signature.subarray(0, 63), Buffer.concat([signature, Buffer.alloc(1)]), Buffer.alloc(64), Buffer.alloc(0), Buffer.concat([Buffer.from([48, 70]), der(signature.subarray(0, 32)), der(signature.subarray(32))])]) {
      await pop.expectRefused({ token, proofs: [withSignature(bytes)] }, refusedProof)
    }
    await pop.expectAllowed({ token, proofs: [proof] })
  })

  it('POP-3: a proof for another token, or for none', async () => {
    const [token, other] = [pop.token(), pop.token({ jti: 'other' })]
    await pop.expectRefused({ token, parts: { token: other } }, refusedProof)
    await pop.expectRefused({ token, proofs: [client.proof()] }, refusedProof)
    const digest = hash('sha256', token, 'hex')
    for (const ath of [token, digest, digest.toUpperCase(), Buffer.from(digest, 'hex').toString('base64'), `${hash('sha256', token, 'base64url')}=`, hash('sha256', token, 'base64url').toLowerCase(), hash('sha512', token, 'base64url'), hash('sha256', `DPoP ${token}`, 'base64url'), hash('sha256', token.split('.')[1]!, 'base64url')]) {
      await pop.expectRefused({ token, parts: { claims: { ath } } }, refusedProof)
    }
    // The same token with its signature spelled anew is another text, and needs another proof.
    await pop.expectAllowed({ token: other, parts: { token: other } })
  })

  it('POP-3: 8,192 bytes are a proof, 8,193 are none', async () => {
    const token = pop.token()
    const sized = (bytes: number): string => {
      for (let padding = 5_000; ; padding++) {
        const proof = client.proof({ token, claims: { padding: 'x'.repeat(padding), jti: `sized ${bytes}` } })
        if (proof.length >= bytes) return proof
      }
    }
    const lengths = new Set<number>()
    for (const wanted of [8_190, 8_191, 8_192]) {
      const proof = sized(wanted)
      lengths.add(proof.length)
      if (proof.length <= 8_192) await pop.expectAllowed({ token, proofs: [proof] })
      else await pop.expectRefused({ token, proofs: [proof] }, refusedProof)
    }
    expect(Math.max(...lengths)).toBeGreaterThan(8_190)
    for (const size of [8_193, 8_200, 12_000]) await pop.expectRefused({ token, proofs: [sized(size)] }, refusedProof)
    await pop.expectRefused({ token, proofs: ['.'.repeat(9_000)] }, refusedProof)
    await pop.expectRefused({ token, proofs: ['a'.repeat(9_000)] }, refusedProof)
  })

  it('POP-1: a bound token sent as Bearer, with and without its proof', async () => {
    const bearer: Showing[] = [{ scheme: 'Bearer' }, { scheme: 'Bearer', proofs: [] }, { scheme: 'bearer' }]
    for (const showing of bearer) await pop.expectRefused(showing, { ...invalidToken, rule: 'POP-1' })
  })

  it('POP-1: a token that is not bound, sent as DPoP, with a proof that is in order', async () => {
    await pop.expectRefused({ token: pop.token({ cnf: undefined }) }, { ...invalidToken, rule: 'POP-1' })
    await pop.expectRefused({ token: pop.token({ cnf: undefined }), proofs: [] }, { ...invalidToken, rule: 'POP-1' })
    await pop.expectAllowed({ token: pop.token({ cnf: undefined }), scheme: 'Bearer', proofs: [] })
    // A proof nobody asked for is not looked at.
    await pop.expectAllowed({ token: pop.token({ cnf: undefined }), scheme: 'Bearer', proofs: ['rubbish', 'rubbish'] })
  })

  it('POP-1: cnf that is no confirmation', async () => {
    for (const cnf of [{}, [], 'x', 5, true, { kid: 'x' }, { jwk: client.jwk }, { jkt: '' }, { jkt: 5 }, { jkt: [client.thumbprint] }, { jkt: `${client.thumbprint}=` }, { jkt: client.thumbprint.slice(1) }, { JKT: client.thumbprint }, { jkt: client.thumbprint, 'x5t#S256': 5 }, { 'jkt#S256': client.thumbprint }]) {
      for (const scheme of ['DPoP', 'Bearer']) await pop.expectRefused({ token: pop.token({ cnf }), scheme }, { ...invalidToken, rule: 'POP-1' })
    }
  })
})
