import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { base64url, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createStaticKeySet, KeysUnavailable, type KeySet } from '../../../src/token/key-set.js'
import type { IntrospectionEndpoint } from '../../../src/token/introspection-endpoint.js'
import { createGuard } from '../../../src/index.js'
import { bytes, json } from '../keys/issuer-server.js'
import { expSeconds, startMs, useTokenServer } from './token-server.js'

const type = 'application/token-introspection+jwt'
const token = 'an-opaque-token-of-some-length'
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const others = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' })
const keys = createStaticKeySet({ keys: [jwk(own.publicKey, 'k'), jwk(rsa.publicKey, 'rsa')] })

const issuer = useTokenServer()
const members = { active: true, sub: 'agent', exp: expSeconds }

interface Variation {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject | Uint8Array
}

/** What the issuer signs, unless a case says otherwise. */
function answerOf({ claims = {}, header = {}, key = own.privateKey }: Variation = {}): Promise<string> {
  const payload: Readonly<Record<string, unknown>> = { iss: issuer.issuer, aud: 'my-api', iat: startMs / 1_000, token_introspection: members, ...claims }
  return new SignJWT(Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: 'ES256', typ: 'token-introspection+jwt', kid: 'k', ...header })
    .sign(key)
}

function endpoint(known: KeySet = keys): IntrospectionEndpoint {
  return issuer.endpoint({ now: () => startMs, signed: { issuer: issuer.issuer, keys: known, algorithms: new Set(['ES256', 'RS256', 'EdDSA']), recipients: new Set(['my-api', 'https://api.example.com']), toleranceSeconds: 60, now: () => startMs } })
}

const asked = async (text: string | Promise<string>, contentType = type): Promise<unknown> => {
  const body = await text
  issuer.answer(() => bytes(body, { 'content-type': contentType }))
  return endpoint().introspect(token)
}

describe('INT-1: signed answers (RFC 9701)', () => {
  it('are asked for by their media type, and read', async () => {
    expect(await asked(answerOf())).toEqual({ active: true, members })
    expect(issuer.introspections[0]!.headers.accept).toBe(type)
  })

  const accepted: readonly (readonly [title: string, variation: Variation, contentType?: string])[] = [
    ['for a server among others, by the audience of its tokens', { claims: { aud: ['other', 'https://api.example.com'] } }],
    ['by another key of the issuer', { header: { alg: 'RS256', kid: 'rsa' }, key: rsa.privateKey }],
    ['without a kid', { header: { kid: undefined } }],
    ['of a typ in full, in other letters', { header: { typ: 'Application/Token-Introspection+JWT' } }],
    ['with a parameter behind the media type', {}, `${type}; charset=utf-8`],
    ['of a minute ago', { claims: { iat: startMs / 1_000 - 60 } }],
  ]
  it.each(accepted.map(([title, variation, contentType = type]) => ({ title, variation, contentType })))('are read $title', async ({ variation, contentType }) => {
    expect(await asked(answerOf(variation), contentType)).toEqual({ active: true, members })
  })

  it.each([[{ active: false }], [{}], [{ active: 'true', exp: expSeconds }]])('say that a token is not active: %j', async (said) => {
    expect(await asked(answerOf({ claims: { token_introspection: said } }))).toEqual({ active: false })
  })

  it('may have a member that is null, which is for whoever reads the members', async () => {
    expect(await asked(answerOf({ claims: { token_introspection: { ...members, task_id: null } } }))).toEqual({ active: true, members: { ...members, task_id: null } })
  })

  const refused: readonly (readonly [string, Variation, RegExp])[] = [
    ['by another key', { key: others.privateKey }, /the signature does not verify/],
    ['by a key that the issuer does not have', { header: { kid: 'unknown' } }, /the signature does not verify/],
    ['by a secret', { header: { alg: 'HS256' }, key: new TextEncoder().encode('a secret that both might know, long enough') }, /its alg is not accepted/],
    ['by an algorithm that is not accepted', { header: { alg: 'PS256', kid: 'rsa' }, key: rsa.privateKey }, /its alg is not accepted/],
    ['of the type of an access token', { header: { typ: 'at+jwt' } }, /its typ is not/],
    ['of no type', { header: { typ: undefined } }, /its typ is not/],
    ['of another issuer', { claims: { iss: 'https://other.example.com' } }, /of another issuer/],
    ['of no issuer', { claims: { iss: undefined } }, /of another issuer/],
    ['for another server', { claims: { aud: 'other-api' } }, /for another server/],
    ['for nobody', { claims: { aud: undefined } }, /for another server/],
    ['of more than a minute ago', { claims: { iat: startMs / 1_000 - 61 } }, /not made just now/],
    ['of the future', { claims: { iat: startMs / 1_000 + 61 } }, /not made just now/],
    ['of no time', { claims: { iat: undefined } }, /not made just now/],
    ['of a time in words', { claims: { iat: 'now' } }, /not made just now/],
    ['with the members outside', { claims: { ...members, token_introspection: undefined } }, /no token_introspection/],
    ['with a list for members', { claims: { token_introspection: [members] } }, /no token_introspection/],
    ['with nothing for members', { claims: { token_introspection: null } }, /no token_introspection/],
    ['with a text for members', { claims: { token_introspection: JSON.stringify(members) } }, /no token_introspection/],
  ]
  it.each(refused)('are failures %s', async (_, variation, message) => {
    await expect(asked(answerOf(variation))).rejects.toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringMatching(message) })
  })

  it('are failures with a kid that is no string', async () => {
    const [, payload, signature] = (await answerOf()).split('.')
    const header = base64url.encode(JSON.stringify({ alg: 'ES256', typ: 'token-introspection+jwt', kid: 7 }))
    await expect(asked(`${header}.${payload}.${signature}`)).rejects.toThrow(/its kid is no string/)
  })

  it('are failures with a critical header', async () => {
    const [, payload, signature] = (await answerOf()).split('.')
    const header = base64url.encode(JSON.stringify({ alg: 'ES256', typ: 'token-introspection+jwt', kid: 'k', crit: ['exp'], exp: 1 }))
    await expect(asked(`${header}.${payload}.${signature}`)).rejects.toThrow(/in one way only/)
  })

  it('are failures with one bit changed', async () => {
    const text = await answerOf()
    const at = text.lastIndexOf('.') + 10
    await expect(asked(`${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`)).rejects.toThrow(/the signature does not verify/)
  })

  it('are failures without a signature', async () => {
    const header = base64url.encode(JSON.stringify({ alg: 'none', typ: 'token-introspection+jwt' }))
    const [, payload] = new UnsecuredJWT({ iss: issuer.issuer, aud: 'my-api', iat: startMs / 1_000, token_introspection: members }).encode().split('.')
    await expect(asked(`${header}.${payload}.`)).rejects.toThrow(/its alg is not accepted|in one way only/)
  })

  it.each(['', 'not a JWT', 'a.b', 'a.b.c', 'e30.e30.e30.e30.e30', JSON.stringify(members)])('are failures that are no JWT: %j', async (text) => {
    await expect(asked(text)).rejects.toThrow(/in one way only/)
  })

  it('are not given up for an answer that is not signed', async () => {
    for (const contentType of ['application/json', 'application/jwt', 'text/plain', '']) {
      await expect(asked(JSON.stringify(members), contentType), contentType).rejects.toThrow(/the answer is not signed/)
      await expect(asked(answerOf(), contentType), contentType).rejects.toThrow(/the answer is not signed/)
    }
    issuer.answer(() => json(members))
    await expect(endpoint().introspect(token)).rejects.toThrow(/the answer is not signed/)
  })

  it('are failures where the issuer has no keys', async () => {
    const none: KeySet = { find: () => Promise.reject(new KeysUnavailable(issuer.issuer, 7)), holds: () => false, ready: () => Promise.resolve() }
    const body = await answerOf()
    issuer.answer(() => bytes(body, { 'content-type': type }))
    await expect(endpoint(none).introspect(token)).rejects.toMatchObject({ name: 'IntrospectionUnavailable', message: expect.stringContaining('no usable key set') })
  })

  it('quote nothing of what they say', async () => {
    for (const text of [`${token}.${token}.${token}`, token, await answerOf({ claims: { iss: token } })]) {
      const failure = await asked(text).catch((error: unknown) => error) as Error
      expect(failure.message).toMatch(/the signed answer is refused/)
      expect(failure.message).not.toContain(token)
    }
  })
})

describe('TOK-3: a signed answer is no access token', () => {
  it('by its type', async () => {
    const guard = createGuard({ issuer: { issuer: issuer.issuer, jwks: { keys: [jwk(own.publicKey, 'k')] } }, audience: 'my-api', audit: [], now: () => startMs, dpop: false })
    const text = await answerOf({ claims: { ...members, jti: 'j' } })
    const decision = await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${text}` } }, 'search.web')
    expect(decision).toMatchObject({ status: 401, reason: { rule: 'TOK-3' } })
    await guard.close()
  })

  it('INT-1: the keys of signed answers verify no token where JWTs are refused', async () => {
    const jwks = { keys: [jwk(own.publicKey, 'k')] }
    const claims = { jti: 'j', sub: 's', aud: 'my-api', exp: expSeconds, aap_agent: { id: 'a', type: 't', operator: 'o' }, aap_task: { id: 't', purpose: 'p' }, aap_capabilities: [{ action: 'search.web' }] }
    const text = await answerOf({ header: { typ: 'at+jwt' }, claims: { ...claims, token_introspection: undefined } })
    const statusWith = async (introspection: object): Promise<unknown> => {
      const guard = createGuard({ issuer: { issuer: issuer.issuer, jwks, ...introspection }, audience: 'my-api', audit: [], now: () => startMs, dpop: false })
      const { status } = await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${text}` } }, 'search.web')
      await guard.close()
      return status
    }
    expect(await statusWith({})).toBe(200)
    expect(await statusWith({ introspection: { clientId: 'my-api', clientSecret: 'secret', jwts: 'refuse', signedAnswers: true } })).toBe(401)
  })
})
