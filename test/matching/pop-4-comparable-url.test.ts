import { describe, expect, it } from 'vitest'
import { comparableOrigin, comparablePath, parseComparableUrl } from '../../src/matching/comparable-url.js'

/** As one text, which is how two URLs are compared. */
const comparable = (text: string): string | undefined => {
  const url = parseComparableUrl(text)
  return url === undefined ? undefined : `${url.origin}${url.path}`
}

describe('POP-4: what RFC 3986 and RFC 9110 say is the same', () => {
  it.each([
    // RFC 3986 section 6.2.2 in http, 6.2.2.1, 6.2.2.2, 6.2.3
    ['https://a/b/c/%7Bfoo%7D', 'HTTPS://a/./b/../b/%63/%7bfoo%7d'],
    ['https://a/%3A', 'https://a/%3a'],
    ['http://www.example.com/', 'HTTP://www.EXAMPLE.com/'],
    ['http://example.com/~user', 'http://example.com/%7Euser'],
    ['http://example.com/', 'http://example.com'],
    ['http://example.com/', 'http://example.com:/'],
    ['http://example.com/', 'http://example.com:80/'],
    // RFC 9110 section 4.2.3
    ['http://example.com/~smith/home.html', 'http://example.com:80/~smith/home.html'],
    ['http://example.com/~smith/home.html', 'http://EXAMPLE.com/%7Esmith/home.html'],
    ['http://example.com/~smith/home.html', 'http://EXAMPLE.com:/%7esmith/home.html'],
  ])('%s = %s', (normal, text) => {
    expect(comparable(text)).toBe(normal)
    expect(comparable(normal)).toBe(normal)
  })

  it.each([
    ['https://server.example.com/token', 'https://server.example.com/token'],
    ['https://api.example.com?q', 'https://api.example.com/'],
    ['https://api.example.com#f', 'https://api.example.com/'],
    ['https://api.example.com/a?q=1&r=/../x#f', 'https://api.example.com/a'],
    ['https://api.example.com/a#?', 'https://api.example.com/a'],
    ['https://api.example.com/a?@evil\\ \n\u00e9%', 'https://api.example.com/a'],
    ['https://api.example.com?@evil.example/', 'https://api.example.com/'],
    ['https://api.example.com/@evil.example', 'https://api.example.com/@evil.example'],
    ['https://api.example.com:443/', 'https://api.example.com/'],
    ['https://api.example.com:80/', 'https://api.example.com:80/'],
    ['http://api.example.com:443/', 'http://api.example.com:443/'],
    ['https://api.example.com:8443/', 'https://api.example.com:8443/'],
    ['https://api.example.com:00443/', 'https://api.example.com/'],
    ['https://api.example.com:008443/', 'https://api.example.com:8443/'],
    ['https://api.example.com:65535/', 'https://api.example.com:65535/'],
    ['https://api.example.com:0/', 'https://api.example.com:0/'],
    ['https://127.0.0.1:3000/', 'https://127.0.0.1:3000/'],
    ['https://[2001:DB8::1]:443/', 'https://[2001:db8::1]/'],
    ['https://[::FFFF:10.0.0.1]:8443/', 'https://[::ffff:10.0.0.1]:8443/'],
    ['https://XN--BCHER-KVA.example/', 'https://xn--bcher-kva.example/'],
    ['https://my_host~1.example/', 'https://my_host~1.example/'],
  ])('%s becomes %s', (text, expected) => {
    expect(comparable(text)).toBe(expected)
  })
})

describe('POP-4: what stays different', () => {
  it.each([
    ['another scheme', 'http://a.example/', 'https://a.example/'],
    ['the port of the other scheme', 'http://a.example:443/', 'https://a.example/'],
    ['case of the path', 'https://a.example/a', 'https://a.example/A'],
    ['a slash at the end', 'https://a.example/a', 'https://a.example/a/'],
    ['an empty segment', 'https://a.example/a/b', 'https://a.example/a//b'],
    ['an empty first segment', 'https://a.example/a', 'https://a.example//a'],
    ['an encoded slash', 'https://a.example/a/b', 'https://a.example/a%2Fb'],
    ['an encoded question mark', 'https://a.example/a', 'https://a.example/a%3F'],
    ['an encoded number sign', 'https://a.example/a', 'https://a.example/a%23'],
    ['an encoded reserved character', 'https://a.example/a:b', 'https://a.example/a%3Ab'],
    ['an encoded sub-delimiter', 'https://a.example/a;b', 'https://a.example/a%3Bb'],
    ['what is encoded twice', 'https://a.example/A', 'https://a.example/%2541'],
    ['a dot segment that is encoded twice', 'https://a.example/', 'https://a.example/a/%252e%252e/'],
    ['three dots', 'https://a.example/', 'https://a.example/.../'],
    ['a dot segment with a parameter', 'https://a.example/', 'https://a.example/a/..;/'],
    ['a dot at the end of the host', 'https://a.example/', 'https://a.example./'],
    ['a subdomain', 'https://a.example/', 'https://b.a.example/'],
    ['another spelling of an IPv4 address', 'https://127.0.0.1/', 'https://127.1/'],
    ['another spelling of an IPv6 address', 'https://[::1]/', 'https://[0:0:0:0:0:0:0:1]/'],
    ['a mapped IPv4 address', 'https://10.0.0.1/', 'https://[::ffff:10.0.0.1]/'],
    ['a host that goes on in the path', 'https://a.example/', 'https://a.example.evil/'],
  ])('%s', (_, one, other) => {
    expect(comparable(one)).toBeTypeOf('string')
    expect(comparable(other)).toBeTypeOf('string')
    expect(comparable(one)).not.toBe(comparable(other))
  })
})

describe('POP-4: dot segments go', () => {
  it.each([
    // RFC 3986 section 5.2.4, and the abnormal examples of 5.4.2, as paths
    ['/a/b/c/./../../g', '/a/g'],
    ['/b/c/../../../g', '/g'],
    ['/b/c/../../../../g', '/g'],
    ['/./g', '/g'],
    ['/../g', '/g'],
    ['/b/c/g.', '/b/c/g.'],
    ['/b/c/.g', '/b/c/.g'],
    ['/b/c/g..', '/b/c/g..'],
    ['/b/c/..g', '/b/c/..g'],
    ['/b/c/./../g', '/b/g'],
    ['/b/c/./g/.', '/b/c/g/'],
    ['/b/c/g/./h', '/b/c/g/h'],
    ['/b/c/g/../h', '/b/c/h'],
    ['/b/c/g;x=1/./y', '/b/c/g;x=1/y'],
    ['/b/c/g;x=1/../y', '/b/c/y'],
    ['/.', '/'],
    ['/..', '/'],
    ['/../', '/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/b/../', '/a/'],
    ['/a/b/.', '/a/b/'],
    ['/a//../b', '/a/b'],
    ['/a//', '/a//'],
    ['//', '//'],
    ['//..', '/'],
    ['/..//a', '//a'],
    ['', '/'],
    // encoded: decoded first, then removed
    ['/a/%2e%2e/b', '/b'],
    ['/a/%2E./b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/a/%2e/b', '/a/b'],
    ['/a/%2e%2e%2fb', '/a/..%2Fb'],
  ])('%j becomes %j', (path, expected) => {
    expect(comparablePath(path)).toBe(expected)
    expect(comparablePath(expected)).toBe(expected)
  })
})

it('POP-4: unreserved characters are decoded, all others stay encoded, with hex digits in upper case', () => {
  for (let code = 0; code < 256; code++) {
    const hex = code.toString(16).padStart(2, '0')
    const character = String.fromCharCode(code)
    const expected = /^[A-Za-z0-9._~-]$/.test(character) ? character : `%${hex.toUpperCase()}`
    expect(comparablePath(`/x%${hex}`)).toBe(`/x${expected}`)
    expect(comparablePath(`/x%${hex.toUpperCase()}`)).toBe(`/x${expected}`)
  }
})

it('POP-4: a character that RFC 3986 has in a path stays what it is, every other makes it no path', () => {
  const pathCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/"
  for (let code = 0; code < 0x300; code++) {
    const character = String.fromCharCode(code)
    expect(comparablePath(`/x${character}y`)).toBe(pathCharacters.includes(character) ? `/x${character}y` : undefined)
  }
})

describe('POP-4: what is no http(s) URL is none', () => {
  it.each([
    // user information
    'https://user@a.example/', 'https://user:pass@a.example/', 'https://@a.example/', 'https://:@a.example/', 'https://a.example@evil.example/', 'https://a.example:443@evil.example/',
    // schemes
    '', '/', 'a.example', '//a.example/', 'https:', 'https:/', 'https:/a.example/', 'https:a.example', 'ftp://a.example/', 'ws://a.example/', 'file:///etc/passwd', 'javascript://a.example/', 'httpss://a.example/', 'xhttps://a.example/', 'http\u017f://a.example/', 'https ://a.example/', 'https%3A//a.example/',
    // hosts
    'https://', 'https:///', 'https:///a.example', 'https://:443/', 'https://?q', 'https://#f', 'https://a b/', 'https://a%20b/', 'https://%61.example/', 'https://a.example%2Fevil/', 'https://a,b/', 'https://a;b/', 'https://a*b/', 'https://a!b/', 'https://*/', 'https://a|b/', 'https://a"b/', 'https://<a>/',
    // names have to come as A-labels
    'https://b\u00fccher.example/', 'https://\u212aube.example/', 'https://\u0130.example/', 'https://\uff41.example/', 'https://a\u3002example/', 'https://a\u00ad.example/', 'https://a\u200b.example/', 'https://\ud83d\ude00.example/',
    // IPv6
    'https://::1/', 'https://[]/', 'https://[::1/', 'https://::1]/', 'https://[::1]a/', 'https://a[::1]/', 'https://[[::1]]/', 'https://[:::]/', 'https://[..]/', 'https://[1.2.3.4]/', 'https://[::1.2.3.256]/', 'https://[1:2:3:4:5:6:7:8:9]/', 'https://[fe80::1%25eth0]/', 'https://[fe80::1%eth0]/', 'https://[v1.a]/', 'https://[::g]/',
    // ports
    'https://a.example:65536/', 'https://a.example:99999999999999999999/', 'https://a.example:-1/', 'https://a.example:+443/', 'https://a.example:443a/', 'https://a.example:4 43/', 'https://a.example: 443/', 'https://a.example:0x1bb/', 'https://a.example:1e3/', 'https://a.example:443:443/', 'https://a.example::443/', 'https://a.example:\uff14\uff14\uff13/', 'https://a.example:%34/',
    // backslashes, white space, controls, bad encodings
    'https:\\\\a.example\\', 'https://a.example\\', 'https://a.example\\@evil.example/', 'https://a.example/\\', 'https://a.example/a\\..\\b', ' https://a.example/', 'https://a.example/ ', 'https://a.example/a b', 'https://a.example/\t', 'https://a.example/\n', 'https://a.example\n/', 'https://a.ex\tample/', '\thttps://a.example/', '\ufeffhttps://a.example/', 'https://a.example/\0', 'https://a.example\0/', 'https://a.example/\u007f', 'https://a.example/\r\nHost: evil.example', 'https://a.example/%', 'https://a.example/%4', 'https://a.example/%zz', 'https://a.example/%4g', 'https://a.example/%%34%31', 'https://a.example/%u0041',
    // characters of no URI
    'https://a.example/\u00e9', 'https://a.example/\u2025/', 'https://a.example/\uff0f', 'https://a.example/\u2028', 'https://a.example/\ud800', 'https://a.example/{id}', 'https://a.example/[1]', 'https://a.example/a|b', 'https://a.example/a^b', 'https://a.example/`', 'https://a.example/"', 'https://a.example/<a>',
  ])('%j', (text) => {
    expect(parseComparableUrl(text)).toBeUndefined()
  })
})

describe('POP-4: the origin of a host as forwarded headers have it', () => {
  it.each([
    ['https', 'a.example', 'https://a.example'],
    ['https', 'A.Example:443', 'https://a.example'],
    ['http', 'a.example:80', 'http://a.example'],
    ['http', 'a.example:443', 'http://a.example:443'],
    ['https', 'a.example:', 'https://a.example'],
    ['https', '[::1]:8443', 'https://[::1]:8443'],
    ['https', '10.0.0.1', 'https://10.0.0.1'],
  ])('%s and %s', (scheme, host, origin) => {
    expect(comparableOrigin(scheme, host)).toBe(origin)
  })

  it.each(['a/intended?', 'a/intended', 'a?', 'a#', 'a/', '/a', 'user@a', 'a, b', 'a,b', 'a b', ' a', 'a ', '', ':443', 'https://a', 'a:b', 'a:443/', 'a\\b', 'a%2Fb', 'a\n', 'a\r\nX: b', '::1', '\u212a'])('%j is no host', (host) => {
    expect(comparableOrigin('https', host)).toBeUndefined()
  })

  it.each(['', 'HTTPS', 'ftp', 'https:', 'constructor', '__proto__', 'toString'])('%j is no scheme of ours', (scheme) => {
    expect(comparableOrigin(scheme, 'a.example')).toBeUndefined()
  })
})

describe('POP-4: the path of a request target', () => {
  it.each(['*', 'a.example:443', 'http://a.example/a', 'https://a.example/', 'a', '.', '..', ' /a', '/a b', '/a#b', '/a?b', '\\a', '%2Fa'])('%j has none', (target) => {
    expect(comparablePath(target)).toBeUndefined()
  })
})

describe('POP-4: texts of a million characters', () => {
  const many = (piece: string): string => piece.repeat(Math.ceil(1_000_000 / piece.length))

  it.each<[string, string, number | undefined]>([
    ['plain', many('a'), 1_000_001],
    ['slashes', many('/'), 1_000_001],
    ['dot segments', many('../'), 1],
    ['single dots', many('./'), 1],
    ['up and down', many('a/../'), 1],
    ['encoded letters', many('%61'), 333_335],
    ['encoded dot segments', many('%2e%2E/'), 1],
    ['signs of percent', many('%'), undefined],
    ['a bad end', `${many('a')}%`, undefined],
    ['spaces', many(' '), undefined],
  ])('%s in a path', (_, rest, length) => {
    expect(comparablePath(`/${rest}`)?.length).toBe(length)
    expect(parseComparableUrl(`https://a.example/${rest}`)?.path.length).toBe(length)
  })

  it.each<[string, string, boolean]>([
    ['a long host', many('a'), true],
    ['dots', many('.'), true],
    ['zeros of a port', `a:${many('0')}`, true],
    ['digits of a port', `a:${many('9')}`, false],
    ['colons', many(':'), false],
    ['brackets', many('['), false],
    ['groups', `[${many('1:')}]`, false],
    ['signs of user information', many('@'), false],
  ])('%s', (_, host, isHost) => {
    expect(comparableOrigin('https', host) !== undefined).toBe(isHost)
    expect(parseComparableUrl(`https://${host}/`) !== undefined).toBe(isHost)
  })
})
