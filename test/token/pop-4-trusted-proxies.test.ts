import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'

describe('POP-4: a proxy is named by its address, or by a range', () => {
  it.each<[string, string, boolean]>([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.1', '110.0.0.1', false],
    ['10.0.0.1/32', '10.0.0.1', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.9.9.9/8', '10.0.0.1', true],
    ['0.0.0.0/1', '127.255.255.255', true],
    ['0.0.0.0/1', '128.0.0.0', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::1', '::2', false],
    ['2001:DB8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/1', '7fff::1', true],
    ['fe80::/10', 'fe80::1', true],
    // sockets for both families
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['10.0.0.1', '::FFFF:a00:1', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:11.1.2.3', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:10.0.0.1', '10.0.0.2', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    // other forms that embed an IPv4 address
    ['10.0.0.1', '::10.0.0.1', false],
    ['10.0.0.1', '64:ff9b::10.0.0.1', false],
    ['10.0.0.1', '2002:a00:1::', false],
    // the families do not mix
    ['::/1', '10.0.0.1', false],
    ['0.0.0.0/1', '::1', false],
    ['0.0.0.0/1', '::', false],
  ])('%s, peer %s: %s', (entry, peer, expected) => {
    expect(new TrustedProxies([entry]).has(peer)).toBe(expected)
  })

  it('any of the entries', () => {
    const proxies = new TrustedProxies(['10.0.0.1', 'fd00::/8', '192.168.0.0/16'])
    expect(['10.0.0.1', 'fd12::1', '192.168.3.4', '10.0.0.2', 'fe00::1', '192.169.0.0'].map((peer) => proxies.has(peer))).toEqual([true, true, true, false, false, false])
    expect(proxies.isEmpty).toBe(false)
  })

  it('nobody is one where none is named', () => {
    const proxies = new TrustedProxies([])
    expect(proxies.isEmpty).toBe(true)
    expect(['127.0.0.1', '::1', '10.0.0.1', '', undefined].map((peer) => proxies.has(peer))).toEqual([false, false, false, false, false])
  })
})

describe('POP-4: a peer whose address is none is nobody', () => {
  const proxies = new TrustedProxies(['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1', 'fe80::1'])

  it.each([undefined, '', ' ', 'unknown', 'localhost', '/run/proxy.sock', '10.0.0.1:443', '[::1]', '010.0.0.1', '10.0.0.01', '10.0.0', '10.0.0.1.', ' 10.0.0.1', '10.0.0.1 ', '10.0.0.1\n', '10.0.0.1, 10.0.0.2', '0x0a000001', '167772161', '10.0.0.256', '1::2::3', '::ffff:010.0.0.1', '\uff11.0.0.1'])('%j', (peer) => {
    expect(proxies.has(peer)).toBe(false)
  })

  it.each(['fe80::1%eth0', 'fe80::1%1', 'fe80::1%', '::ffff:10.0.0.1%eth0', '::1%lo'])('%j: a zone id', (peer) => {
    expect(proxies.has(peer)).toBe(false)
  })
})

it('POP-4: what only turns into an address is none', () => {
  const proxies = new TrustedProxies(['10.0.0.1'])
  for (const peer of [{ toString: () => '10.0.0.1' }, ['10.0.0.1'], new String('10.0.0.1'), 167772161, null]) expect(proxies.has(peer as never)).toBe(false)
})

describe('POP-4: what names no proxy is refused when the list is read', () => {
  it.each<[unknown]>([
    [''], [' '], ['10.0.0.1 '], [' 10.0.0.1'], ['10.0.0.1,10.0.0.2'], ['10.0.0'], ['10.0.0.256'], ['010.0.0.1'], ['10.0.0.1:443'], ['10.0.0.*'], ['*'], ['0x0a000001'],
    ['10.0.0.0/33'], ['10.0.0.0/'], ['10.0.0.0/08'], ['10.0.0.0/-1'], ['10.0.0.0/8/8'], ['10.0.0.0/255.0.0.0'], ['/8'], ['10.0.0.0-10.0.0.9'],
    ['::/129'], ['2001:db8::/'], ['[::1]'], ['::1::'], ['::ffff:10.0.0.0/95'], ['::ffff:10.0.0.0/8'], ['fe80::1%eth0'], ['fe80::%eth0/64'], ['::1%lo'],
    ['loopback'], ['localhost'], ['proxy.example'], ['uniquelocal'], ['https://10.0.0.1'], ['true'],
    [1], [true], [null], [undefined], [{}], [['10.0.0.1']],
  ])('%j', (entry) => {
    expect(() => new TrustedProxies(['10.0.0.1', entry as string])).toThrow(TypeError)
    expect(() => new TrustedProxies([entry as string])).toThrow(/is neither an IP address nor a range/)
  })

  it.each(['0.0.0.0/0', '10.0.0.1/0', '::/0', '::1/0', '::ffff:0:0/96', '::ffff:10.0.0.1/96'])('%s, which is everyone', (entry) => {
    expect(() => new TrustedProxies([entry])).toThrow(new TypeError(`"${entry}" is everyone: name the addresses that only proxies have`))
  })

  it('the message names the entry, so that it can stand behind an option', () => {
    expect(() => new TrustedProxies(['10.0.0.1', '10.0.0.0/33'])).toThrow(new TypeError('"10.0.0.0/33" is neither an IP address nor a range such as 10.0.0.0/8'))
  })

  it('what is later done to the list changes nothing', () => {
    const entries = ['10.0.0.1']
    const proxies = new TrustedProxies(entries)
    entries[0] = '10.0.0.2'
    entries.push('10.0.0.3')
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((peer) => proxies.has(peer))).toEqual([true, false, false])
  })
})
