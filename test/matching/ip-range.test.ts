import { describe, expect, it } from 'vitest'
import { areRangesWithin, compileRanges, parseAddress } from '../../src/matching/ip-range.js'

const includes = (ranges: readonly string[], address: string) => compileRanges(ranges)!.includes(parseAddress(address)!)

describe('CON-3: an address', () => {
  it.each([
    ['0.0.0.0', 4, [0]],
    ['1.2.3.4', 4, [0x01020304]],
    ['255.255.255.255', 4, [0xffffffff]],
    ['::', 6, [0, 0, 0, 0]],
    ['::1', 6, [0, 0, 0, 1]],
    ['2001:DB8::ff', 6, [0x20010db8, 0, 0, 0xff]],
    ['1:2:3:4:5:6:7:8', 6, [0x10002, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:7::', 6, [0x10002, 0x30004, 0x50006, 0x70000]],
    ['::2:3:4:5:6:7:8', 6, [2, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:1.2.3.4', 6, [0x10002, 0x30004, 0x50006, 0x01020304]],
    ['::1.2.3.4', 6, [0, 0, 0, 0x01020304]],
    ['64:ff9b::1.2.3.4', 6, [0x64ff9b, 0, 0, 0x01020304]],
    ['::fffe:1.2.3.4', 6, [0, 0, 0xfffe, 0x01020304]],
  ])('%s', (text, family, words) => {
    expect(parseAddress(text)).toEqual({ family, words })
  })

  it.each(['::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4', '0000:0000:0000:0000:0000:ffff:0102:0304'])('%s is IPv4: a mapped address', (text) => {
    expect(parseAddress(text)).toEqual(parseAddress('1.2.3.4'))
  })

  it.each([
    '', ' ', '1', '1.2.3', '1.2.3.4.', '1.2.3.4.5', '.1.2.3.4', '1..3.4', '01.2.3.4', '1.2.3.04', '00.0.0.0', '1.2.3.256', '1.2.3.1000', '0x1.2.3.4', '+1.2.3.4',
    '-1.2.3.4', '1e0.2.3.4', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '１.2.3.4', '1.2.3.4:80', '1.2.3.4/32', '2130706433', 'example.org', '*',
    ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', ':1::', '1:', '12345::', 'g::', '::1/128', '[::1]', '::1 ', ' ::1', '::1\n',
    'fe80::1%eth0', 'fe80::1%1', '::1%', '::ffff:1.2.3', '::ffff:01.2.3.4', '::ffff:1.2.3.256', '::1.2.3.4:1', '1.2.3.4::', '::0x1',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})

describe('CON-3: a range', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.168.1.128/25', '192.168.1.128', true],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['128.0.0.0/1', '255.0.0.1', true],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['203.0.113.7/32', '203.0.113.7', true],
    ['203.0.113.7/32', '203.0.113.6', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['2001:db8::/32', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8:0:8000::/49', '2001:db8:0:8000::1', true],
    ['2001:db8:0:8000::/49', '2001:db8:0:7fff::1', false],
    ['::1/128', '::1', true],
    ['::1/128', '::2', false],
    ['::/0', 'ffff::', true],
  ])('%s and %s: %s', (range, address, expected) => {
    expect(includes([range], address)).toBe(expected)
    expect(includes(['198.51.100.0/24', range, 'fd00::/8'], address)).toBe(expected)
  })

  it.each([
    ['10.1.2.3/8', '10.200.0.1', true],
    ['10.1.2.3/8', '11.1.2.3', false],
    ['2001:db8::1/32', '2001:db8:1::', true],
    ['::ffff:10.1.2.3/104', '10.200.0.1', true],
  ])('%s and %s: %s, since bits behind the prefix do not count', (range, address, expected) => {
    expect(includes([range], address)).toBe(expected)
  })

  it.each([
    ['::/0', '1.2.3.4'],
    ['::/0', '::ffff:1.2.3.4'],
    ['::/64', '::ffff:1.2.3.4'],
    ['::fffe:0:0/95', '::ffff:1.2.3.4'],
    ['::1.2.3.4/128', '1.2.3.4'],
    ['0.0.0.0/0', '::1'],
    ['0.0.0.0/0', '::1.2.3.4'],
    ['1.2.3.4/32', '64:ff9b::1.2.3.4'],
    ['1.2.3.4/32', '2002:102:304::'],
  ])('%s does not include %s: families never mix', (range, address) => {
    expect(includes([range], address)).toBe(false)
  })

  it.each([
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.0.0.0', false],
    ['::ffff:a00:0/104', '10.1.2.3', true],
    ['::ffff:0:0/96', '8.8.8.8', true],
    ['::ffff:0:0/96', '::1', false],
    ['::ffff:1.2.3.4/128', '1.2.3.4', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:11.1.2.3', false],
  ])('%s and %s: %s, since mapped means IPv4', (range, address, expected) => {
    expect(includes([range], address)).toBe(expected)
  })

  it('an empty list allows nothing', () => {
    expect(includes([], '1.2.3.4')).toBe(false)
    expect(includes([], '::1')).toBe(false)
  })

  it.each([
    '', '/', '/8', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/+8', '10.0.0.0/08', '10.0.0.0/8.0', '10.0.0.0/8/8', '10.0.0.0/8 ', ' 10.0.0.0/8',
    '10.0.0.0 /8', '10.0.0.0/ 8', '10.0.0.0/8\n', '10.0.0.0/1e1', '10.0.0.0/0x8', '10.0.0.0/255.0.0.0', '10.0.0/8', '10/8', '010.0.0.0/8', '10.0.0.0/８', '10.0.0.0-10.0.0.9',
    '10.0.0.*', '*', 'example.org/8', '::1', '::/129', '::/1000', '[::]/0', 'fe80::%eth0/64', 'fe80::/64%eth0', '::ffff:10.0.0.0/8', '::ffff:10.0.0.0/95', '::ffff:0:0/0', '::ffff:10.0.0.0/129',
  ])('%j is malformed, and one such entry spoils the list', (entry) => {
    expect(compileRanges([entry])).toBeUndefined()
    expect(compileRanges(['0.0.0.0/0', entry, '::/0'])).toBeUndefined()
  })
})

describe('DEL-5: ranges within others', () => {
  const within = (inner: readonly string[], outer: readonly string[]) => areRangesWithin(compileRanges(inner)!, compileRanges(outer)!)

  it.each<[readonly string[], readonly string[], boolean]>([
    [[], [], true],
    [[], ['10.0.0.0/8'], true],
    [['10.0.0.0/8'], [], false],
    [['10.0.0.0/8'], ['10.0.0.0/8'], true],
    [['10.1.2.3/8'], ['10.9.9.9/8'], true],
    [['10.1.0.0/16', '10.2.0.0/16'], ['10.0.0.0/8'], true],
    [['10.0.0.0/8'], ['10.0.0.0/9'], false],
    [['10.0.0.0/8'], ['10.0.0.0/16'], false],
    [['10.0.0.0/8', '11.0.0.0/8'], ['10.0.0.0/8'], false],
    [['10.0.0.0/8'], ['192.0.2.0/24', '0.0.0.0/0'], true],
    [['0.0.0.0/0'], ['10.0.0.0/8'], false],
    [['0.0.0.0/0'], ['::/0'], false],
    [['::/0'], ['0.0.0.0/0'], false],
    [['2001:db8::/64'], ['2001:db8::/32'], true],
    [['2001:db8::/32'], ['2001:db8::/64'], false],
    [['2001:db8:0:8000::/49'], ['2001:db8::/48'], true],
    [['2001:db8:0:8000::/49'], ['2001:db8::/49'], false],
    [['::ffff:10.0.0.0/104'], ['10.0.0.0/8'], true],
    [['10.0.0.0/8'], ['::ffff:0:0/96'], true],
    [['::ffff:10.0.0.0/104'], ['::/0'], false],
    // Together the halves cover it, and that is not looked for.
    [['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.0/9'], false],
  ])('%j within %j: %s', (inner, outer, expected) => {
    expect(within(inner, outer)).toBe(expected)
  })
})
