import { describe, expect, it } from 'vitest'
import { answerWith, type Members } from '../claims/answers.js'
import { audience, issuer, now, nowMs } from './signed-token.js'
import { checkTimes } from '../../src/token/standard-claims.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { parseStrictJson } from '../../src/token/strict-json.js'
import { readIntrospected, type IntrospectedToken } from '../../src/token/introspected-token.js'

const rules = { issuer: { issuer, audience: new Set([audience, 'urn:other']) }, tokenDigest: 'digest-of-the-token', nowMs, toleranceMs: 60_000 }
const answer = answerWith({ iat: now - 60, exp: now + 300 })

const read = (members: unknown, more: object = {}) => readIntrospected(members, { ...rules, ...more })
const refusalOf = (members: Members, more: object = {}) => {
  const introspected = read({ ...answer, ...members }, more)
  return 'code' in introspected ? `${introspected.code} ${introspected.rule}` : undefined
}
const factsOf = (members: Members) => (read({ ...answer, ...members }) as IntrospectedToken).facts

describe('INT-1: the standard members of an answer', () => {
  it('all of them', () => {
    const jkt = 'A'.repeat(43)
    expect(read({ ...answer, iss: issuer, aud: [audience, 'x'], nbf: now, cnf: { jkt } })).toEqual({
      claims: { ...answer, iss: issuer, aud: [audience, 'x'], nbf: now, cnf: { jkt } },
      facts: { kind: 'opaque', issuer, id: 'token-1', subject: 'agent-7', clientId: 'client-1', expiresAt: now + 300, scopes: ['search.web'] },
      times: { expiresAt: now + 300, issuedAt: now - 60, notBefore: now },
      confirmation: { keyThumbprint: jkt },
    })
  })

  it('as few as a server of client credentials sends: no sub, no jti, no iss, no aud, no iat', () => {
    expect(read({ active: true, exp: now + 300, client_id: 'client-1' })).toEqual({
      claims: { active: true, exp: now + 300, client_id: 'client-1' },
      facts: { kind: 'opaque', issuer, id: 'digest-of-the-token', clientId: 'client-1', expiresAt: now + 300, scopes: [] },
      times: { expiresAt: now + 300, issuedAt: undefined, notBefore: undefined },
      confirmation: {},
    })
    expect(read({ active: true, exp: now + 300 })).toMatchObject({ facts: { id: 'digest-of-the-token' } })
  })

  it('is a copy: what the answer becomes later changes nothing', () => {
    const mutable = { ...answer, aud: [audience], delegation_chain: ['a'] }
    const introspected = read(mutable) as IntrospectedToken
    mutable.delegation_chain.push('b')
    mutable.aud[0] = 'x'
    expect(introspected.claims).toMatchObject({ aud: [audience], delegation_chain: ['a'] })
  })

  it.each<[string, Members]>([
    ['another issuer', { iss: 'https://other.example' }], ['the issuer with a slash', { iss: `${issuer}/` }], ['an issuer in a list', { iss: [issuer] }], ['an empty issuer', { iss: '' }],
    ['an empty sub', { sub: '' }], ['a sub that is a number', { sub: 7 }], ['a sub in a list', { sub: ['agent-7'] }],
  ])('TOK-4: %s', (_, members) => {
    expect(refusalOf(members)).toBe('invalid_token TOK-4')
  })

  it.each<[string, unknown, string | undefined]>([
    ['this server', audience, undefined], ['its other name', 'urn:other', undefined], ['a list with it', ['x', audience], undefined],
    ['another server', 'https://other.example', 'TOK-5'], ['a list without it', ['x'], 'TOK-5'], ['an empty list', [], 'TOK-5'], ['a number in the list', [audience, 1], 'TOK-5'], ['a list in the list', [[audience]], 'TOK-5'], ['a number', 1, 'TOK-5'], ['an object', { 0: audience, length: 1 }, 'TOK-5'], ['an empty text', '', 'TOK-5'],
  ])('TOK-5: aud is %s', (_, aud, rule) => {
    expect(refusalOf({ aud })).toBe(rule && `invalid_token ${rule}`)
  })

  it.each<[string, Members, string | undefined]>([
    ['no exp', { exp: undefined }, 'invalid_token TOK-6'],
    ['exp as a text', { exp: String(now + 300) }, 'invalid_token TOK-6'],
    ['exp that is true', { exp: true }, 'invalid_token TOK-6'],
    ['iat as a text', { iat: String(now) }, 'invalid_token TOK-6'],
    ['nbf as a text', { nbf: String(now) }, 'invalid_token TOK-6'],
    ['an exp that is past', { exp: now - 61 }, 'token_expired TOK-6'],
    ['an exp that is past within the tolerance', { exp: now - 60 }, undefined],
    ['an nbf in the future', { nbf: now + 61 }, 'invalid_token TOK-6'],
    ['an iat in the future', { iat: now + 61 }, 'invalid_token TOK-6'],
    ['an iat in the future within the tolerance', { iat: now + 60 }, undefined],
    ['no iat', { iat: undefined }, undefined],
  ])('TOK-6: %s', (_, members, expected) => {
    expect(refusalOf(members)).toBe(expected)
  })

  it('TOK-6, TOK-11: its times are compared again like a JWT\'s, with or without iat', () => {
    for (const iat of [now, undefined]) {
      const { times } = read({ ...answer, iat }) as IntrospectedToken
      expect(checkTimes(times, nowMs, 0)).toBeUndefined()
      expect(checkTimes(times, nowMs + 300_000, 0)).toMatchObject({ code: 'token_expired' })
    }
  })

  it('TOK-9: jti, or the digest of the token', () => {
    expect(factsOf({ jti: undefined }).id).toBe('digest-of-the-token')
    expect(factsOf({ jti: '\u{1F916}'.repeat(256) }).id).toHaveLength(512)
    for (const jti of ['', 1, true, ['x'], {}, 'x'.repeat(257)]) expect(refusalOf({ jti })).toBe('invalid_token TOK-9')
  })

  it('INT-2: client_id is a text, or missing', () => {
    expect(factsOf({ client_id: undefined }).clientId).toBeUndefined()
    for (const client_id of ['', 1, false, ['client-1'], {}]) expect(refusalOf({ client_id })).toBe('invalid_token INT-2')
  })

  it.each([[{}], [{ jkt: 1 }], [{ jkt: 'short' }], [{ kid: 'x' }], ['x'], [[]], [true]])('POP-1: %j is no cnf', (cnf) => {
    expect(refusalOf({ cnf })).toBe('invalid_token POP-1')
  })

  it('scopes for display, as a JWT has them', () => {
    expect(['a  b', ' a', 'a\tb', '', ['a'], 1, undefined].map((scope) => factsOf({ scope }).scopes)).toEqual([['a', 'b'], ['a'], ['a\tb'], [], [], [], []])
  })

  it.each([['true'], [1], [false], [{}], [[true]], [undefined]])('active %j is not true', (active) => {
    expect(refusalOf({ active })).toBe('invalid_token INT-1')
  })

  it('an answer may have members of any name', () => {
    expect(refusalOf({ code: 'aap_invalid_capability', rule: 'x', facts: 1, constructor: 2 })).toBeUndefined()
  })
})

describe('TOK-7: what no payload may hold', () => {
  it.each<[string, unknown]>([
    ['a list', [answer]], ['a text', 'active'], ['nothing', undefined], ['null', null], ['a number', 1],
    ['null as a member', { ...answer, task_id: null }],
    ['null deep down', { ...answer, extra: [{ a: null }] }],
    ['infinity', { ...answer, exp: Infinity }],
    ['no number', { ...answer, exp: NaN }],
    ['infinity in a member that nobody reads', { ...answer, extra: [-Infinity] }],
    ['a member named __proto__', JSON.parse('{"active":true,"exp":1735689900,"__proto__":{"sub":"x"}}')],
    ['such a member deep down', { ...answer, extra: JSON.parse('{"__proto__":1}') }],
    ['too many levels', { ...answer, extra: JSON.parse('['.repeat(40) + ']'.repeat(40)) }],
    ['an instance of a class', new Map(Object.entries(answer))],
  ])('%s', (_, value) => {
    expect(read(value)).toMatchObject({ code: 'invalid_token', rule: 'TOK-7' })
    expectCleanPrototypes()
  })

  it.each(['{"exp":1e309}', '{"active":false,"active":true,"exp":1}', '{"exp":1,"__proto__":{}}', '{"sub":null}'])('the strict parser refuses such a text before: %s', (text) => {
    expect(() => parseStrictJson(Buffer.from(text))).toThrow(SyntaxError)
  })
})
