import { describe, expect, it } from 'vitest'
import { compileMtls } from '../../src/guard/compile-mtls.js'

/** The message of the error that start-up ends with; `undefined` where there is none. */
function refusalOf(option: unknown, hasProxies = true): string | undefined {
  try {
    compileMtls(option, hasProxies)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
}

const header = (name: unknown) => refusalOf({ header: name })

describe('POP-5: what mtls can say', () => {
  it.each<[string, unknown, unknown]>([
    ['absent, sockets count', undefined, { header: undefined, allowsSelfSigned: false }],
    ['true, as by default', true, { header: undefined, allowsSelfSigned: false }],
    ['false, no certificate counts', false, undefined],
    ['an object that says nothing', {}, { header: undefined, allowsSelfSigned: false }],
    ['members that are undefined', { header: undefined, selfSigned: undefined }, { header: undefined, allowsSelfSigned: false }],
    ['self-signed certificates', { selfSigned: true }, { header: undefined, allowsSelfSigned: true }],
    ['no self-signed certificates', { selfSigned: false }, { header: undefined, allowsSelfSigned: false }],
    ['the header of RFC 9440', { header: 'Client-Cert' }, { header: 'client-cert', allowsSelfSigned: false }],
    ['both', { header: 'client-cert', selfSigned: true }, { header: 'client-cert', allowsSelfSigned: true }],
  ])('%s', (_, option, expected) => {
    expect(compileMtls(option, true)).toEqual(expected)
  })

  it.each(['X-SSL-Client-Cert', 'x-amzn-mtls-clientcert', 'X-Amzn-Mtls-Clientcert-Leaf', 'X-Forwarded-Tls-Client-Cert', 'X-ARR-ClientCert', 'ssl_client_cert', 'a', '!#$%&\'*+.^_`|~09'])('the header %s', (name) => {
    expect(compileMtls({ header: name }, true)).toEqual({ header: name.toLowerCase(), allowsSelfSigned: false })
  })

  it('is settled at start-up', () => {
    const option = { header: 'client-cert', selfSigned: false }
    const settings = compileMtls(option, true)
    option.header = 'x-other'
    option.selfSigned = true
    expect(settings).toEqual({ header: 'client-cert', allowsSelfSigned: false })
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(compileMtls(true, true))).toBe(true)
  })

  it('without proxies there are sockets', () => {
    for (const option of [undefined, true, {}, { selfSigned: true }, { header: undefined }]) expect(refusalOf(option, false)).toBeUndefined()
  })
})

describe('and what it cannot', () => {
  it.each<[string, unknown]>([['null', null], ['text', 'client-cert'], ['a number', 1], ['zero', 0], ['a list', []], ['a list of a header', ['client-cert']]])('%s', (_, option) => {
    expect(refusalOf(option)).toBe('option `mtls` must be true, false, or an object { header, selfSigned }')
  })

  it.each<[string, unknown]>([['a function', () => true], ['a Map', new Map([['header', 'client-cert']])], ['what inherits', Object.create({ selfSigned: true })], ['a Boolean object', Object(false)], ['a list that contains itself', { header: new Set() }]])('%s is no plain data', (_, option) => {
    expect(refusalOf(option)).toContain('option `mtls` must be plain data')
  })

  it.each([['Header', 'header'], ['heder', 'header'], ['selfsigned', 'selfSigned'], ['selfSigend', 'selfSigned'], ['self_signed', 'selfSigned']])('%s, did you mean %s?', (name, meant) => {
    expect(refusalOf({ [name]: true })).toBe(`unknown option \`mtls\`: key \`${name}\`, did you mean \`${meant}\`?`)
  })

  it.each(['ca', 'trustedProxies', 'required', 'constructor', ''])('%j, which nobody reads', (name) => {
    expect(refusalOf({ [name]: true })).toContain(`\`${name}\``)
  })

  it('an own __proto__', () => {
    expect(refusalOf(JSON.parse('{"__proto__": {"selfSigned": true}}'))).toContain('`__proto__`')
  })

  it.each([0, 1, 'true', 'false', null, [], {}, 'yes'])('selfSigned: %j', (value) => {
    expect(refusalOf({ selfSigned: value })).toBe('option `mtls`: `selfSigned` must be true or false')
  })

  it.each([null, true, 5, [], ['client-cert'], {}, '', ' ', 'client cert', 'client-cert ', ' client-cert', 'client-cert:', 'client-cert\n', 'client-cert\r\nX: a', 'a,b', 'a;b', 'a/b', '"a"', '(a)', ':path', 'clïent-cert', 'a\u0000'])('header: %j is no name', (value) => {
    expect(header(value)).toBe('option `mtls`: `header` must be the name of a header (RFC 9110 section 5.1)')
  })

  it.each([
    'Authorization', 'authorization', 'AUTHORIZATION', 'DPoP', 'Host', 'Cookie', 'Content-Type', 'Content-Length', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto',
    'Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'Proxy-Authorization', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade',
  ])('header: %s is for something else', (name) => {
    expect(header(name)).toBe(`option \`mtls\`: \`header\` cannot be "${name.toLowerCase()}", which is for something else`)
  })

  it('headers that hold lists say what to use instead', () => {
    expect(header('X-Forwarded-Client-Cert')).toContain('%DOWNSTREAM_PEER_CERT%')
    expect(header('Client-Cert-Chain')).toContain('`client-cert` (RFC 9440)')
  })

  it('a header that nobody is trusted to send', () => {
    expect(refusalOf({ header: 'client-cert' }, false)).toBe('option `mtls`: a `header` counts from trusted proxies only, and `trustedProxies` names none')
  })
})
