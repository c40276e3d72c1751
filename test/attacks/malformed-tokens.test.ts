import { isUtf8 } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { CompactEncrypt, FlattenedSign, GeneralSign } from 'jose'
import { createGuard } from '../../src/index.js'
import { collectAudit } from '../support/audit.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { forgedKeyId, segment } from '../support/forge.js'
import { useAttackedApi, withMember } from '../support/attacked-api.js'

expectHealthyProcess()
const attacked = useAttackedApi({}, { maxHeaderSize: 65_536 })
const good = { alg: 'ES256', kid: forgedKeyId, typ: 'at+jwt' }
const invalid = (rule: string) => ({ status: 401, error: 'invalid_token', rule })

describe('TOK-2: what is not exactly three segments of strict base64url', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  /** The same bytes by a lenient decoder: one of the bits that no byte needs is set. */
  const withTrailingBit = (text: string): string | undefined => (text.length % 4 === 0 ? undefined : `${text.slice(0, -1)}${alphabet[alphabet.indexOf(text.at(-1)!) | 1]}`)

  it('segments too few, too many, empty', async () => {
    const [header = '', payload = '', tail = ''] = attacked.forger.token(attacked.claims()).split('.')
    for (const [token, rule] of [[header, 'INT-1'], [`${header}.${payload}`, 'TOK-2'], [`${header}.${payload}.${tail}.`, 'TOK-2'], [`.${header}.${payload}.${tail}`, 'TOK-2'], ['...', 'TOK-2'], ['..', 'TOK-7'], [`.${payload}.${tail}`, 'TOK-7'], [`${header}..${tail}`, 'TOK-7'], [`${header}.${payload}.`, 'TOK-1'], [`${header}.${payload}.${tail}.${tail}.${tail}`, 'TOK-2']] as const) {
      await attacked.expectRefused(token, invalid(rule))
    }
  })

  it('non-canonical spellings, each with a signature over exactly that spelling', async () => {
    for (let pad = 0; pad < 3; pad++) {
      const header = segment(`${JSON.stringify(good)}${' '.repeat(pad)}`)
      const payload = segment(`${JSON.stringify(attacked.claims())}${' '.repeat(pad)}`)
      for (const respell of [withTrailingBit, (text: string) => `${text}=`, (text: string) => `${text}==`]) {
        const [h, p] = [respell(header), respell(payload)]
        if (h !== undefined) await attacked.expectRefused(attacked.forger.signSegments(h, payload), h.endsWith('=') ? { status: 400, error: 'invalid_request', rule: 'TRN-1' } : invalid('TOK-2'))
        if (p !== undefined) await attacked.expectRefused(attacked.forger.signSegments(header, p), p.endsWith('=') ? { status: 400, error: 'invalid_request', rule: 'TRN-1' } : invalid('TOK-2'))
      }
    }
  })

  it('a signature whose last bits are not zero, padded, or in the other alphabet', async () => {
    const token = attacked.forger.token(attacked.claims())
    await attacked.expectRefused(`${token.slice(0, -1)}${alphabet[alphabet.indexOf(token.at(-1)!) + 1]}`, invalid('TOK-2'))
    await attacked.expectRefused(`${token}==`, invalid('TOK-2'))
    await attacked.expectRefused(`${token}A`, invalid('TOK-1'))
    await attacked.expectRefused(`${token}AAA`, invalid('TOK-2'))
    // Enough random characters that some have another spelling.
    const other = attacked.forger.token(attacked.claims({ padding: '\u00fb\u00ff\u00fe>?'.repeat(20) }), good)
    expect(other).toMatch(/[-_]/)
    await attacked.expectRefused(other.replaceAll('-', '+').replaceAll('_', '/'), invalid('TOK-2'))
  })

  it('white space, line breaks and other characters in the token are 400 (TRN-1)', async () => {
    const token = attacked.forger.token(attacked.claims())
    for (const between of [' ', '\t', ',', '"', '%', '@', ':', '\xa0', '\xff', ';', '=.']) {
      await attacked.expectRefused(`${token.slice(0, 40)}${between}${token.slice(40)}`, { status: 400, error: 'invalid_request', rule: 'TRN-1' })
    }
    for (const text of ['', '=', '==', '"x"', '{}', 'a b', 'a,b', `"${token}"`, `${token}, Bearer ${token}`]) await attacked.expectRefused(text, { status: 400, error: 'invalid_request', rule: 'TRN-1' })
  })

  it('JSON serializations of a JWS (RFC 7515 section 7.2)', async () => {
    const payload = Buffer.from(JSON.stringify(attacked.claims()))
    const flattened = await new FlattenedSign(payload).setProtectedHeader(good).sign(attacked.forger.privateKey)
    const general = await new GeneralSign(payload).addSignature(attacked.forger.privateKey).setProtectedHeader(good).sign()
    for (const jws of [flattened, general]) {
      await attacked.expectRefused(JSON.stringify(jws), { status: 400, error: 'invalid_request', rule: 'TRN-1' })
      await attacked.expectRefused(segment(jws as never), invalid('INT-1'))
      await attacked.expectRefused(`${segment(jws as never)}..${flattened.signature}`, invalid('TOK-1'))
    }
  })

  it('a JWE (RFC 7516), for a key of ours even', async () => {
    const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(attacked.claims()))).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM' }).encrypt(attacked.forger.publicKey)
    expect(jwe.split('.')).toHaveLength(5)
    await attacked.expectRefused(jwe, invalid('TOK-2'))
  })
})

describe('TOK-7: JSON that two parsers read differently', () => {
  const claims = () => JSON.stringify(attacked.claims()).slice(0, -1)
  const cases: [string, () => string | Buffer][] = [
    ['a repeated member', () => `${claims()},"jti":"k"}`],
    ['a repeated member, spelled with an escape', () => `${claims()},"j\\u0074i":"k"}`],
    ['a repeated member in a capability', () => `${claims()},"x":{"a":[{"b":1,"b":1}]}}`],
    ['a repeated member deep in a claim that is ignored', () => `${claims()},"x":{"y":{"\\u0061":1,"a":2}}}`],
    ['a null member', () => `${claims()},"nbf":null}`],
    ['a null member deep in a claim that is ignored', () => `${claims()},"x":[{"y": null}]}`],
    ['__proto__', () => `${claims()},"__proto__":{"isAdmin":true}}`],
    ['__proto__, escaped', () => `${claims()},"\\u005f_proto__":1}`],
    ['__proto__ in a capability\'s constraints', () => `${claims()},"x":{"constraints":{"__proto__":{}}}}`],
    ['an infinite number', () => `${claims()},"x":1e999}`],
    ['an infinite negative number', () => `${claims()},"x":[-1e400]}`],
    ['nesting of 33', () => `${claims()},"x":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['nesting of 33 objects', () => `${claims()},"x":${'{"x":'.repeat(31)}{}${'}'.repeat(31)},"y":${'{"x":'.repeat(32)}1${'}'.repeat(32)}}`],
    ['nesting of 5,000', () => `${claims()},"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
    ['a list', () => `[${claims()}}]`], ['text', () => '"x"'], ['a number', () => '5'], ['null', () => 'null'], ['nothing', () => ' '],
    ['two objects', () => `${claims()}}{}`], ['a trailing comma', () => `${claims()},}`], ['a comment', () => `${claims()}/**/}`], ['single quotes', () => '{\'iss\':\'x\'}'], ['NaN', () => `${claims()},"x":NaN}`], ['hex', () => `${claims()},"x":0x10}`], ['a leading zero', () => `${claims()},"x":010}`],
    ['a byte order mark', () => `\ufeff${claims()}}`], ['a raw control character', () => `${claims()},"x":"\u0001"}`], ['a raw line break', () => `${claims()},"x":"\n"}`],
    ['bytes that are not UTF-8', () => Buffer.concat([Buffer.from(`${claims()},"x":"`), Buffer.from([0xff]), Buffer.from('"}')])],
    ['an overlong encoding', () => Buffer.concat([Buffer.from(`${claims()},"x":"`), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    ['an encoded surrogate', () => Buffer.concat([Buffer.from(`${claims()},"x":"`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])],
    ['UTF-16', () => Buffer.from(`${claims()}}`, 'utf16le')],
  ]
  it.each(cases)('%s in the payload', async (_what, text) => {
    const bytes = Buffer.from(text() as string)
    await attacked.expectRefused(attacked.forger.signSegments(segment(good), bytes.toString('base64url')), invalid(isUtf8(bytes) ? 'TOK-7' : 'TOK-2'))
    expect(({} as any).isAdmin).toBeUndefined()
  })

  it.each<[string, string]>([
    ['a repeated member', '{"alg":"ES256","alg":"ES256"}'], ['two algorithms', '{"alg":"none","alg":"ES256"}'], ['an escaped repetition', '{"alg":"ES256","\\u0061lg":"none"}'], ['__proto__', '{"alg":"ES256","__proto__":{"alg":"none"}}'], ['null', '{"alg":"ES256","kid":null}'], ['a list', '["ES256"]'], ['nesting', `{"alg":"ES256","x":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['nothing', ''], ['text', '"ES256"'],
  ])('%s in the header', async (_what, text) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims(), text), invalid('TOK-7'))
  })

  it('nesting of 32, "__proto__" and "\\u0000" as values, and names of the prototype are ordinary', async () => {
    await attacked.expectAllowed(attacked.forger.token(`${claims()},"x":${'['.repeat(31)}"__proto__"${']'.repeat(31)},"y":"\\u0000","constructor":{"prototype":{"isAdmin":true}},"toString":"x","hasOwnProperty":1}`))
    expect(({} as any).isAdmin).toBeUndefined()
    await attacked.expectAllowed(attacked.forger.token(attacked.claims({ aap_agent: { id: '__proto__', type: 'constructor', operator: '\u0000' }, jti: '__proto__' })))
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])('CAP-5: a constraint named %s is unknown', async (name) => {
    await attacked.expectRefused(attacked.forger.token(attacked.claims({ aap_capabilities: [{ action: 'search.web', constraints: { [name]: {} } }] })), { status: 403, error: 'aap_constraint_violation', rule: 'CAP-5' })
  })

  it('nesting of 100,000 is refused for its size before anything is decoded, and fits no header anyway', async () => {
    const audit = collectAudit()
    const guard = createGuard({ issuer: attacked.forger.issuer, audience: 'https://api.example.com', audit: audit.sink })
    for (const [open, close] of [['[', ']'], ['{"a":', '}']] as const) {
      const token = attacked.forger.token(`${claims()},"x":${open.repeat(100_000)}1${close.repeat(100_000)}}`)
      expect(await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web')).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'TRN-3' } })
      audit.takeDecision()
    }
    await guard.close()
  })
})

describe('TRN-3: size', () => {
  /** A token of exactly so many bytes: base64url in steps of one or two, so the header gives way too. */
  const tokenOf = (length: number): string => {
    for (let kidPadding = 0; kidPadding < 4; kidPadding++) {
      const header = segment(`${JSON.stringify(good)}${' '.repeat(kidPadding)}`)
      let filler = Math.floor(((length - header.length - 88) * 3) / 4) - JSON.stringify(attacked.claims({ jti: `of-${length}`, filler: '' })).length - 6
      for (; ; filler++) {
        const payload = segment(attacked.claims({ jti: `of-${length}`, filler: 'x'.repeat(filler) }))
        const total = header.length + payload.length + 86 + 2
        if (total === length) return attacked.forger.signSegments(header, payload)
        if (total > length) break
      }
    }
    throw new Error(`no token of ${length} bytes`)
  }

  it('16,384 bytes are accepted, with a warning once a token', async () => {
    const token = tokenOf(16_384)
    expect(token).toHaveLength(16_384)
    attacked.api.operator.said.length = 0
    await attacked.expectAllowed(token)
    await attacked.expectAllowed(token)
    expect(attacked.api.operator.said).toEqual([{ level: 'warn', message: expect.stringContaining('16384') }])
    expect(attacked.api.operator.said[0]!.message).not.toContain(token.slice(0, 50))
  })

  it('16,385 bytes are refused', async () => {
    const token = tokenOf(16_385)
    expect(token).toHaveLength(16_385)
    await attacked.expectRefused(token, invalid('TRN-3'))
    await attacked.expectRefused('a'.repeat(40_000), invalid('TRN-3'))
  })

  it('4,096 bytes give no warning, 4,097 do', async () => {
    for (const [length, warnings] of [[4_096, 0], [4_097, 1]] as const) {
      attacked.api.operator.said.length = 0
      await attacked.expectAllowed(tokenOf(length))
      expect(attacked.api.operator.said).toHaveLength(warnings)
    }
  })
})

describe('TRN-1: credentials', () => {
  const token = () => attacked.forger.token(attacked.claims())
  const target = '/search?url=https://example.org/'
  const ask = async (...lines: string[]) => {
    const answer = await attacked.api.server.sendTarget(target, lines)
    expect(attacked.api.handled.splice(0)).toEqual([])
    return { answer, record: attacked.api.audit.takeDecision() }
  }

  it('two Authorization headers are 400, equal or not, whatever the case of their names', async () => {
    for (const lines of [[`Authorization: Bearer ${token()}`, `Authorization: Bearer ${token()}`], [`Authorization: Bearer ${token()}`, 'Authorization: Basic x'], ['Authorization: Basic x', `authorization: Bearer ${token()}`], ['Authorization: ', `Authorization: Bearer ${token()}`], [`Authorization: Bearer ${token()}`, 'AUTHORIZATION:']]) {
      const { answer, record } = await ask(...lines)
      expect([answer.status, answer.json.error, record.rule]).toEqual([400, 'invalid_request', 'TRN-1'])
      expect(answer.header('www-authenticate')).toContain('error="invalid_request"')
    }
  })

  it.each(['Bearer', 'Bearer ', 'DPoP', 'Bearer\t', 'Bearer=x', 'Bearer\tabc', 'bearer "x"', 'Bearer a b'])('%j is a known scheme without one token: 400', async (value) => {
    const { answer, record } = await ask(`Authorization: ${value}`)
    expect([answer.status, answer.json.error, record.rule]).toEqual([400, 'invalid_request', 'TRN-1'])
  })

  it.each(['Basic x', 'Token x', 'BearerX x', 'Digest a="b"', 'x', ''])('%j counts as no credentials', async (value) => {
    const { answer, record } = await ask(`Authorization: ${value}`)
    expect([answer.status, answer.json.error, record.rule]).toEqual([401, undefined, 'TRN-2'])
  })

  it('never from the query, the body, a cookie or another header', async () => {
    const answer = await attacked.api.server.sendTarget(`${target}&access_token=${token()}`, ['X-Authorization: Bearer x', `Proxy-Authorization: Bearer ${token()}`, `Cookie: access_token=${token()}`, `X-Forwarded-Authorization: Bearer ${token()}`])
    expect(answer.status).toBe(401)
    expect(attacked.api.audit.takeDecision().rule).toBe('TRN-2')
    expect(attacked.api.handled.splice(0)).toEqual([])
  })

  it('a line that is folded does not get through as one token', async () => {
    const whole = token()
    const answer = await attacked.api.server.sendTarget(target, [`Authorization: Bearer ${whole.slice(0, 30)}`, ` ${whole.slice(30)}`])
    expect(answer.status).toBe(400)
    expect(attacked.api.handled.splice(0)).toEqual([])
    attacked.api.audit.clear()
  })

  it('CON-5: a header that overrides the method overrides nothing', async () => {
    const limited = attacked.forger.token(attacked.claims({ aap_capabilities: [{ action: 'search.web', constraints: { allowed_methods: ['POST', 'get'] } }] }))
    const { answer, record } = await ask(`Authorization: Bearer ${limited}`, 'X-HTTP-Method-Override: POST', 'X-Method-Override: POST')
    expect([answer.status, record.rule, record.method]).toEqual([403, 'CON-5', 'GET'])
  })

  it('the claims in a member that is repeated in upper case are not ours', async () => {
    await attacked.expectRefused(attacked.forger.token(withMember(attacked.claims({ iss: undefined }), 'ISS', '"https://as.example.com"')), invalid('TOK-4'))
  })
})
