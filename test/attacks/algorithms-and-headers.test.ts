import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createForger, forgedKeyId, hmac, segment, signature } from '../support/forge.js'
import { createGuard } from '../../src/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { useAttackedApi, withMember, wrongTypes } from '../support/attacked-api.js'

expectHealthyProcess()
const attacked = useAttackedApi()
const good = { alg: 'ES256', kid: forgedKeyId, typ: 'at+jwt' }
const invalid = (rule: string) => ({ status: 401, error: 'invalid_token', rule })

describe('TOK-1: algorithm confusion', () => {
  const signedWith = (header: object, sign: (input: string) => string): string => {
    const input = `${segment(header as Record<string, unknown>)}.${segment(attacked.claims())}`
    return `${input}.${sign(input)}`
  }
  const signedRight = (header: object) => attacked.forger.token(attacked.claims(), header as Record<string, unknown>)

  it('HS256 with the public key as its secret, in each form that a library might take it', async () => {
    const { publicKey, issuer } = attacked.forger
    const [jwk] = issuer.jwks.keys
    const pem = await exportSPKI(publicKey)
    const secrets: (string | Buffer)[] = [pem, pem.trimEnd(), publicKey.export({ type: 'spki', format: 'der' }), JSON.stringify(jwk), jwk!.x as string, Buffer.from(jwk!.x as string, 'base64url'), '', 'undefined']
    for (const secret of secrets) await attacked.expectRefused(signedWith({ ...good, alg: 'HS256' }, (input) => hmac(input, secret)), invalid('TOK-1'))
  })

  it.each(['none', 'None', 'NONE', 'nOnE', ' none', 'none ', 'none\u0000', '', 'null'])('alg %j with no signature, an empty one and a right one', async (alg) => {
    const unsigned = signedWith({ alg, kid: forgedKeyId }, () => '')
    await attacked.expectRefused(unsigned, invalid('TOK-1'))
    await attacked.expectRefused(unsigned.slice(0, -1), invalid('TOK-2'))
    await attacked.expectRefused(signedWith({ alg, kid: forgedKeyId }, () => 'AAAA'), invalid('TOK-1'))
    await attacked.expectRefused(signedRight({ ...good, alg }), invalid('TOK-1'))
  })

  it.each(['RS256', 'EdDSA', 'ES384', 'ES512', 'PS256', 'HS256', 'HS512', 'es256', 'ES256 ', 'ES256K', 'Es256', 'A128KW', 'dir', 'Ed25519', 'constructor', '__proto__', 'toString'])('a right ES256 signature under alg %s', async (alg) => {
    await attacked.expectRefused(signedRight({ ...good, alg }), invalid('TOK-1'))
  })

  it('ES256 in the DER form, of zeros, with r and s swapped, over another payload, by another key', async () => {
    const input = `${segment(good)}.${segment(attacked.claims())}`
    const der = signBytes('sha256', Buffer.from(input), attacked.forger.privateKey).toString('base64url')
    const right = Buffer.from(signature(input, attacked.forger.privateKey), 'base64url')
    const swapped = Buffer.concat([right.subarray(32), right.subarray(0, 32)]).toString('base64url')
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    for (const text of [der, Buffer.alloc(64).toString('base64url'), Buffer.alloc(64, 0xff).toString('base64url'), swapped, right.subarray(0, 63).toString('base64url'), Buffer.concat([right, Buffer.from([0])]).toString('base64url'), signature(input, other), signature(`${input} `, attacked.forger.privateKey), 'AA']) {
      await attacked.expectRefused(`${input}.${text}`, invalid('TOK-1'))
    }
    const [header, , tail] = attacked.forger.token(attacked.claims()).split('.')
    await attacked.expectRefused(`${header}.${segment(attacked.claims({ aap_capabilities: [{ action: 'search.web' }, { action: 'cms.publish' }] }))}.${tail}`, invalid('TOK-1'))
  })

  it('a key of a trusted issuer for other than its own algorithm: RS256 keys do not take PS256 or RS512', async () => {
    const rsa = createForger('https://rsa.example.com', 'RS256')
    const guard = createGuard({ issuer: rsa.issuer, audience: 'https://api.example.com', algorithms: ['RS256', 'RS512', 'PS256', 'ES256'], audit: [] })
    const input = (alg: string) => `${segment({ ...good, alg })}.${segment(attacked.claims({ iss: rsa.issuer.issuer }))}`
    const decide = async (token: string) => (await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')).status
    expect(await decide(`${input('RS256')}.${signature(input('RS256'), rsa.privateKey)}`)).toBe(200)
    expect(await decide(`${input('RS512')}.${signBytes('sha512', Buffer.from(input('RS512')), rsa.privateKey).toString('base64url')}`)).toBe(401)
    expect(await decide(`${input('ES256')}.${signature(input('ES256'), rsa.privateKey)}`)).toBe(401)
    expect(await decide(`${input('PS256')}.${signature(input('PS256'), rsa.privateKey)}`)).toBe(401)
    await guard.close()
  })

  it.each(wrongTypes.filter(([, json]) => json !== '"x"'))('alg is %s', async (what, json) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), withMember(good, 'alg', json)), invalid(what === 'null' ? 'TOK-7' : 'TOK-1'))
  })
})

describe('TOK-2: header parameters', () => {
  it.each([['an empty list', '[]'], ['a name', '["b64"]'], ['a known name', '["exp"]'], ['a string', '"x"'], ['an object', '{}'], ['false', 'false'], ['zero', '0']])('crit is %s', async (_what, json) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), withMember(good, 'crit', json)), invalid('TOK-2'))
  })

  it.each([['false', 'false'], ['text', '"true"'], ['one', '1'], ['a list', '[true]'], ['an object', '{}']])('b64 is %s', async (_what, json) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), withMember(good, 'b64', json)), invalid('TOK-2'))
  })

  it('crit and b64 together, with a payload that is not encoded (RFC 7797)', async () => {
    const header = segment({ ...good, b64: false, crit: ['b64'] })
    await attacked.expectRefused(attacked.forger.signSegments(header, segment(attacked.claims())), invalid('TOK-2'))
  })

  it('b64 true says nothing', async () => {
    await attacked.expectAllowed(attacked.forger.token(attacked.claims(), { ...good, b64: true }))
  })

  describe('jku, jwk, x5u and x5c', () => {
    let hits: string[]
    let origin: string
    const server = createServer((req, res) => {
      hits.push(req.url ?? '')
      res.end(JSON.stringify({ keys: [] }))
    })
    beforeAll(async () => {
      hits = []
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    })
    afterAll(async () => {
      server.close()
      await once(server, 'close')
    })

    it('are ignored with a key of ours and give nothing to a key of theirs; nothing is fetched', async () => {
      const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const jwk = { ...theirs.publicKey.export({ format: 'jwk' }), kid: 'theirs', alg: 'ES256' }
      const members = { jku: `${origin}/jwks`, jwk, x5u: `${origin}/cert`, x5c: [theirs.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')], x5t: 'x', 'x5t#S256': 'x' }
      const key = await importJWK(theirs.privateKey.export({ format: 'jwk' }), 'ES256')
      for (const [name, value] of Object.entries(members)) {
        await attacked.expectAllowed(attacked.forger.token(attacked.claims({ jti: name }), { ...good, [name]: value }))
        for (const kid of ['theirs', forgedKeyId, undefined]) {
          const header = { alg: 'ES256', [name]: value, ...(kid !== undefined && { kid }) }
          await attacked.expectRefused(await new SignJWT(attacked.claims()).setProtectedHeader(header).sign(key), invalid('TOK-1'))
        }
      }
      for (const [, json] of wrongTypes.slice(1)) await attacked.expectAllowed(attacked.forger.token(attacked.claims({ jti: json }), withMember(good, 'jku', json)))
      expect(hits).toEqual([])
    })
  })

  it.each(wrongTypes.filter(([, json]) => !json.startsWith("\"")))('kid is %s', async (what, json) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), withMember(good, 'kid', json)), invalid(what === 'null' ? 'TOK-7' : 'TOK-1'))
  })

  it.each(['', 'x', `${forgedKeyId} `, forgedKeyId.toUpperCase(), '../../etc/passwd', "' OR 1=1 --", '__proto__', 'constructor', 'a'.repeat(2_000), '\u0000'])('KEY-3: kid %j that no key has', async (kid) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), { ...good, kid }), invalid('TOK-1'))
  })

  it('a header without kid finds the key all the same', async () => {
    await attacked.expectAllowed(attacked.forger.token(attacked.claims(), { alg: 'ES256' }))
  })
})

describe('TOK-3: typ', () => {
  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+JWT', 'JWT', 'jwt', undefined])('%j is accepted', async (typ) => {
    await attacked.expectAllowed(attacked.forger.token(attacked.claims(), { alg: 'ES256', kid: forgedKeyId, ...(typ !== undefined && { typ }) }))
  })

  it.each(['', 'id+jwt', 'dpop+jwt', 'application/jwt', 'logout+jwt', 'at+jwt ', ' at+jwt', 'JOSE', 'at-jwt', 'application/application/at+jwt', 'at+jwt\u0000', 'ａt+jwt', 'secevent+jwt'])('%j is refused', async (typ) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), { ...good, typ }), invalid('TOK-3'))
  })

  it.each(wrongTypes)('typ is %s', async (what, json) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), withMember(good, 'typ', json)), invalid(what === 'null' ? 'TOK-7' : 'TOK-3'))
  })
})
