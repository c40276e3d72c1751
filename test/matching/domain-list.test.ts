import { describe, expect, it } from 'vitest'
import { areDomainsWithin, compileDomainList } from '../../src/matching/domain-list.js'
import { parseTarget } from '../../src/matching/target.js'

const includes = (entries: readonly string[], url: string) => compileDomainList(entries).includes(parseTarget(url)!)

describe('CON-2: a name matches itself and what is below it', () => {
  it.each([
    ['example.org', 'https://example.org/'],
    ['example.org', 'https://www.example.org/'],
    ['example.org', 'https://a.b.c.example.org:8443/x'],
    ['org', 'https://example.org/'],
    ['localhost', 'http://localhost:3000/'],
    ['Example.ORG', 'https://example.org/'],
    ['example.org.', 'https://example.org/'],
    ['example.org', 'https://example.org./'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['xn--bcher-kva.example', 'https://www.BÜCHER.example/'],
    ['example\u3002org', 'https://example.org/'],
    ['example.org', 'https://www\uff0eexample\u3002org/'],
    ['a_b.example', 'https://a_b.example/'],
  ])('%s includes %s', (entry, url) => {
    expect(includes([entry], url)).toBe(true)
    expect(includes(['unrelated.example', entry], url)).toBe(true)
  })

  it.each([
    ['example.org', 'https://evil-example.org/'],
    ['example.org', 'https://evilexample.org/'],
    ['example.org', 'https://example.org.evil.example/'],
    ['example.org', 'https://example.com/'],
    ['example.org', 'https://org/'],
    ['example.org', 'https://evil.example/example.org'],
    ['example.org', 'https://evil.example/?.example.org'],
    ['example.org', 'https://evil.example/#.example.org'],
    ['example.org', 'https://ex-ample.org/'],
    ['example.org', 'https://\u0435xample.org/'],
    ['www.example.org', 'https://example.org/'],
    ['bücher.example', 'https://bucher.example/'],
  ])('%s does not include %s', (entry, url) => {
    expect(includes([entry], url)).toBe(false)
  })

  it('an empty list includes nothing', () => {
    const list = compileDomainList([])
    expect(list.malformed).toEqual([])
    expect(list.includes(parseTarget('https://example.org')!)).toBe(false)
    expect(list.includes(parseTarget('http://1.2.3.4')!)).toBe(false)
  })
})

describe('CON-2: an address matches only itself', () => {
  it.each([
    ['1.2.3.4', 'http://1.2.3.4:8080/', true],
    ['::1', 'http://[::1]/', true],
    ['[::1]', 'http://[0:0:0:0:0:0:0:1]/', true],
    ['2001:DB8:0::1', 'http://[2001:db8::1]/', true],
    ['10.0.0.1', 'http://[::ffff:10.0.0.1]/', true],
    ['::ffff:10.0.0.1', 'http://10.0.0.1/', true],
    ['[::ffff:a00:1]', 'http://[::ffff:10.0.0.1]/', true],
    ['::10.0.0.1', 'http://10.0.0.1/', false],
    ['10.0.0.1', 'http://[64:ff9b::10.0.0.1]/', false],
    ['1.2.3.4', 'http://1.2.3.5/', false],
    ['1.2.3.4', 'http://11.2.3.4/', false],
    ['::1', 'http://[::2]/', false],
    ['1.2.3.4', 'https://1.2.3.4.example.org/', false],
    ['example.org', 'http://1.2.3.4/', false],
    ['1.2.3.4', 'https://example.org/', false],
  ])('%s and %s: %s', (entry, url, expected) => {
    const list = compileDomainList([entry])
    expect(list.malformed).toEqual([])
    expect(list.includes(parseTarget(url)!)).toBe(expected)
  })

  it('has no suffixes: what looks like one is malformed', () => {
    for (const suffix of ['4', '3.4', '2.3.4', '.2.3.4', ':1']) {
      const list = compileDomainList([suffix])
      expect(list.malformed).toEqual([suffix])
      expect(list.includes(parseTarget('http://1.2.3.4')!)).toBe(false)
    }
  })
})

describe('CON-2: an entry that is no host or address', () => {
  it.each([
    '', '.', '..', '*', '*.example.org', 'www.*.org', '.example.org', 'example..org', 'example.org..',
    'https://example.org', '//example.org', 'example.org/', 'example.org/path', 'example.org?q', 'example.org#f', 'example.org:443', 'example.org:', 'http:',
    'user@example.org', '@example.org', 'example.org@evil', ' example.org', 'example.org ', 'exam ple.org', 'example.org\n', 'example.org\t', 'exam\u00a0ple.org',
    '\\example.org', 'example.org\\', 'ex%61mple.org', 'example.org%2e', 'a,b', 'a;b', "a'b", 'a!b', '(a)', '~', '"example.org"', '<a>', 'xn--a', '\ud800',
    '1.2.3.4.', '01.2.3.4', '0x7f.0.0.1', '2130706433', '127.1', '１.2.3.4', '1\u30022\u30023\u30024', '1.2.3.256', '1.2.3.4:80', '1.2.3.4/32', '[1.2.3.4]',
    '::1/128', '[::1', '::1]', '[[::1]]', '[::1]:80', '[]', 'fe80::1%eth0', '[fe80::1%25eth0]', ':::', '1::2::3', 'a'.repeat(254),
  ])('%j is reported and matches nothing, the others still do', (entry) => {
    const list = compileDomainList(['example.com', entry, '5.6.7.8'])
    expect(list.malformed).toEqual([entry])
    expect(list.includes(parseTarget('https://www.example.com')!)).toBe(true)
    expect(list.includes(parseTarget('http://5.6.7.8')!)).toBe(true)
    for (const url of ['https://example.org', 'https://www.example.org', 'http://1.2.3.4', 'http://127.0.0.1', 'http://[::1]', 'https://evil']) {
      expect(list.includes(parseTarget(url)!)).toBe(false)
    }
  })
})

describe('DEL-5: a list within another', () => {
  const within = (inner: readonly string[], outer: readonly string[]) => areDomainsWithin(compileDomainList(inner), compileDomainList(outer))

  it.each<[readonly string[], readonly string[], boolean]>([
    [[], [], true],
    [[], ['example.org'], true],
    [['example.org'], [], false],
    [['example.org'], ['example.org'], true],
    [['EXAMPLE.org.'], ['example.org'], true],
    [['a.example.org', 'b.a.example.org'], ['example.org'], true],
    [['example.org'], ['a.example.org'], false],
    [['badexample.org'], ['example.org'], false],
    [['example.org', 'example.com'], ['example.org'], false],
    [['example.org'], ['org'], true],
    [['bücher.example'], ['xn--bcher-kva.example'], true],
    [['*', '', 'https://evil.example'], [], true],
    [['*'], ['example.org'], true],
    [['example.org'], ['*'], false],
    [['1.2.3.4'], ['1.2.3.4'], true],
    [['::ffff:1.2.3.4'], ['1.2.3.4'], true],
    [['1.2.3.4'], ['1.2.3.5'], false],
    [['1.2.3.4'], ['3.4'], false],
    [['[::1]'], ['0:0::1'], true],
    [['1.2.3.4'], ['example.org'], false],
  ])('%j within %j: %s', (inner, outer, expected) => {
    expect(within(inner, outer)).toBe(expected)
  })
})
