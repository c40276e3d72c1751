import { describe, expect, it } from 'vitest'
import { parseTarget } from '../../src/matching/target.js'

describe('CON-2: what a target becomes', () => {
  it.each([
    // text, canonical URL, host
    ['https://example.org', 'https://example.org/', 'example.org'],
    ['HTTPS://Example.ORG/Path?Q=1#f', 'https://example.org/Path?Q=1#f', 'example.org'],
    ['hTTp://example.org:8080/', 'http://example.org:8080/', 'example.org'],
    ['https://example.org:443/', 'https://example.org/', 'example.org'],
    ['https://example.org:', 'https://example.org/', 'example.org'],
    ['https://example.org?q', 'https://example.org/?q', 'example.org'],
    ['https://example.org#f', 'https://example.org/#f', 'example.org'],
    ['https://example.org/a/../b', 'https://example.org/b', 'example.org'],
    ['https://example.org/@user', 'https://example.org/@user', 'example.org'],
    ['https://example.org?to=a@b', 'https://example.org/?to=a@b', 'example.org'],
    ['https://example.org/?u=https://evil.example', 'https://example.org/?u=https://evil.example', 'example.org'],
    ['https://example.org/?u=%5C%09', 'https://example.org/?u=%5C%09', 'example.org'],
    ['http://localhost', 'http://localhost/', 'localhost'],
    ['http://_srv.example.org', 'http://_srv.example.org/', '_srv.example.org'],
  ])('%s', (text, url, host) => {
    expect(parseTarget(text)).toEqual({ url, host, addressFamily: 0 })
  })

  it.each([
    ['https://example.org.', 'https://example.org/'],
    ['https://example.org.:8443/x?y#z', 'https://example.org:8443/x?y#z'],
    ['https://EXAMPLE.org%2E/', 'https://example.org/'],
  ])('%s: one trailing dot goes, in the URL that is handed on as well', (text, url) => {
    expect(parseTarget(text)).toEqual({ url, host: 'example.org', addressFamily: 0 })
  })

  it.each([
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['https://BÜCHER.example', 'xn--bcher-kva.example'],
    ['https://XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
    ['https://例え。テスト', 'xn--r8jz45g.xn--zckzah'],
    ['https://example\u3002org', 'example.org'],
    ['https://example\uff0eorg', 'example.org'],
    ['https://example\uff61org', 'example.org'],
    ['https://ｅｘａｍｐｌｅ.org', 'example.org'],
    ['https://ex%61mple%2eorg', 'example.org'],
    ['https://ex\u00adample.org', 'example.org'],
    ['https://ex\u200bample.org', 'example.org'],
    ['https://\u0435xample.org', 'xn--xample-2of.org'],
  ])('%s: a name that is spelled differently is the host that the parser makes of it', (text, host) => {
    expect(parseTarget(text)).toEqual({ url: `https://${host}/`, host, addressFamily: 0 })
  })

  it.each([
    ['http://1.2.3.4', '1.2.3.4', 4],
    ['http://0.0.0.0/', '0.0.0.0', 4],
    ['http://255.255.255.255:8080/', '255.255.255.255', 4],
    ['http://1.2.3.4:80?x', '1.2.3.4', 4],
    ['http://[::1]', '::1', 6],
    ['http://[::1]:8080/', '::1', 6],
    ['http://[0:0:0:0:0:0:0:1]', '::1', 6],
    ['http://[2001:DB8:0:0:1:0:0:1]', '2001:db8::1:0:0:1', 6],
    ['http://[::ffff:1.2.3.4]', '::ffff:102:304', 6],
  ])('%s: an address', (text, host, addressFamily) => {
    expect(parseTarget(text)).toMatchObject({ host, addressFamily })
  })

  it('takes a URL object by its href', () => {
    expect(parseTarget(new URL('https://Example.org./a b'))).toEqual({ url: 'https://example.org/a%20b', host: 'example.org', addressFamily: 0 })
  })
})

describe('CON-2: what is denied', () => {
  it.each([
    '', ' ', 'example.org', '//example.org', '/path', 'http:', 'http:/', 'http://', 'https:///', 'https://?q', 'https://#f', 'https://:443/',
    'http:example.org', 'http:/example.org', 'http:///example.org', 'https:////example.org',
    'ftp://example.org', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/plain,x', 'blob:https://example.org/1', 'ws://example.org',
    'https//example.org', 'xhttps://example.org', 'http+unix://example.org', 'url:https://example.org', '\uff48ttps://example.org', 'http\u017f://example.org',
  ])('%j: not http:// or https:// and a host', (text) => {
    expect(parseTarget(text)).toBeUndefined()
  })

  it.each([
    'https://user@example.org', 'https://user:pass@example.org', 'https://:@example.org', 'https://@example.org', 'https://:pass@example.org',
    'https://example.org@evil.example', 'https://example.org:443@evil.example', 'https://a@b@example.org', 'https://example.org%40evil.example',
    'https://example.org%2f@evil.example', 'https://example.org@',
  ])('%s: credentials', (text) => {
    expect(parseTarget(text)).toBeUndefined()
  })

  it.each([
    'https:\\\\example.org', 'https:/\\example.org', 'https://example.org\\', 'https://evil.example\\.example.org', 'https://evil.example\\@example.org',
    'https://example.org/a\\b', 'https://example.org/?a\\b', 'https://example.org/#\\',
  ])('%s: a backslash anywhere', (text) => {
    expect(parseTarget(text)).toBeUndefined()
  })

  const everyForbiddenCharacter = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
    /[\p{White_Space}\p{Cc}]/u.test(character),
  )

  it.each(['X https://example.org', 'https://exXample.org', 'htXtps://example.org', 'https:X//example.org', 'https://example.org/aXb', 'https://example.org?X', 'https://example.org/#X', 'https://example.orgX', 'Xhttps://example.org'])(
    '%s: white space and control characters (Unicode ones too) anywhere, here for X',
    (pattern) => {
      expect(everyForbiddenCharacter.length).toBeGreaterThanOrEqual(65 + 17)
      for (const character of everyForbiddenCharacter) expect(parseTarget(pattern.replace('X', character))).toBeUndefined()
    },
  )

  it.each([
    'http://01.2.3.4', 'http://1.2.3.04', 'http://0177.0.0.1', 'http://0x7f.0.0.1', 'http://0x7f000001', 'http://2130706433', 'http://017700000001',
    'http://127.1', 'http://127.0.1', 'http://0', 'http://1.2.3.4.', 'http://1.2.3.4..', 'http://1.2.3.4.:80', 'http://1.2.3%2e4', 'http://%31.2.3.4',
    'http://１.2.3.4', 'http://1\u30022\u30023\u30024', 'http://1.2.3.4\u00ad', 'http://①.2.3.4', 'http://1.2.3.256', 'http://1.2.3.4.5', 'http://1.2.3.08',
    'http://example.1', 'http://example.0x1', 'http://1.2.3.4x:80:80',
  ])('%s: IPv4 that is not four plain decimals', (text) => {
    expect(parseTarget(text)).toBeUndefined()
  })

  it.each(['http://::1', 'http://[::1', 'http://[::1].', 'http://[fe80::1%eth0]', 'http://[fe80::1%25eth0]', 'http://[1.2.3.4]', 'http://[v1.x]', 'http://[]', 'http://[::1]x', 'http://[::ffff:01.2.3.4]'])(
    '%s: IPv6 that is none',
    (text) => {
      expect(parseTarget(text)).toBeUndefined()
    },
  )

  it.each(['https://.', 'https://..', 'https://.example.org', 'https://example..org', 'https://example.org..', 'https://%2e', 'https://%2eexample.org', 'https://example\u3002.org', 'https://\u00ad'])(
    '%s: an empty label',
    (text) => {
      expect(parseTarget(text)).toBeUndefined()
    },
  )

  it.each(['https://example.org:99999', 'https://example.org:x', 'https://exa<mple.org', 'https://exa%00mple.org', 'https://exa%2fmple.org', 'https://example.org%', 'https://xn--a', 'https://\ud800.org'])(
    '%j: what the parser refuses',
    (text) => {
      expect(parseTarget(text)).toBeUndefined()
    },
  )

  it('a host over 253 octets, counted in ASCII and without the trailing dot', () => {
    const host = `${'a.'.repeat(120)}example-12345`
    expect(host).toHaveLength(253)
    expect(parseTarget(`https://${host}`)).toMatchObject({ host })
    expect(parseTarget(`https://${host}./`)).toMatchObject({ host, url: `https://${host}/` })
    expect(parseTarget(`https://a${host}`)).toBeUndefined()
    expect(parseTarget(`https://${'ü.'.repeat(100)}example`)).toBeUndefined()
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a repeated parameter', ['https://example.org', 'https://example.org']],
    ['an array of one', ['https://example.org']],
    ['a nested parameter', { url: 'https://example.org' }],
    ['an object with href', { href: 'https://example.org' }],
    ['an object with toString', { toString: () => 'https://example.org' }],
    ['a String object', new String('https://example.org')],
    ['an object that only inherits from URL', Object.create(URL.prototype)],
    ['a proxy of a URL', new Proxy(new URL('https://example.org'), {})],
    ['a URL of another scheme', new URL('file:///etc/passwd')],
    ['a URL with credentials', new URL('https://user@example.org')],
    ['a URL with an empty label', new URL('https://example..org')],
    ['a URL with an href of its own', Object.defineProperty(new URL('https://example.org'), 'href', { value: ['https://example.org'] })],
  ])('%s', (_, value) => {
    expect(parseTarget(value)).toBeUndefined()
  })
})
