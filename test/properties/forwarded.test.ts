import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { ipv4Text, spelledAddress } from './address-texts.js'
import { editedText } from '../support/edited-text.js'
import { isInRange, readAddress, readRange } from './oracles/address.js'
import { readComparableUrl } from './oracles/comparable-url.js'
import { readForwarded } from '../../src/token/forwarded.js'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'

const peer = fc.oneof(
  { arbitrary: spelledAddress.map(({ text }) => text), weight: 3 },
  { arbitrary: fc.tuple(fc.constantFrom('', '::ffff:'), fc.bigInt({ min: 0n, max: 5n })).map(([mapped, low]) => `${mapped}${ipv4Text(0x0a00_0000n + low)}`), weight: 5 },
  fc.constantFrom(undefined, '', 'localhost', 'fe80::1%eth0', '10.0.0.1%lo', '10.0.0.1:443', '[::1]', '010.0.0.1'),
)
const entry = fc.oneof(
  spelledAddress.map(({ text }) => text),
  fc.tuple(spelledAddress, fc.nat({ max: 130 })).map(([{ text }, prefix]) => `${text}/${prefix}`),
  { weight: 4, arbitrary: fc.constantFrom('10.0.0.0/8', '10.0.0.0/30', '::/1', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.1', '10.0.0.1/32', '::ffff:10.0.0.0/126', '::1') },
)

/** POP-4 in numbers: the range of an entry, or `undefined` for one that names no proxy. */
function rangeOf(text: string): ReturnType<typeof readRange> {
  if (text.includes('/')) {
    const range = readRange(text)
    return range === undefined || range.free === (range.family === 4 ? 32n : 128n) ? undefined : range
  }
  const address = readAddress(text)
  return address && { ...address, free: 0n }
}

describe('POP-4: for every list of proxies', () => {
  it('a peer is one of them exactly if its address is in one of the ranges', () => {
    const seen = coverage({ named: 0.1, other: 0.15, refused: 0.06 })
    checkProperty(fc.property(fc.array(entry, { maxLength: 3 }), peer, (entries, remoteAddress) => {
      const ranges = entries.map(rangeOf)
      if (ranges.includes(undefined)) {
        seen.note('refused')
        expect(() => new TrustedProxies(entries)).toThrow(TypeError)
        return
      }
      const address = remoteAddress === undefined ? undefined : readAddress(remoteAddress)
      const expected = address !== undefined && ranges.some((range) => isInRange(address, range!))
      seen.note(expected ? 'named' : 'other')
      expect(new TrustedProxies(entries).has(remoteAddress)).toBe(expected)
    }), { runs: 2_000, coverage: seen })
  })

  it('what is no address and no range is refused', () => {
    const seen = coverage({ refused: 0.2, accepted: 0.2 })
    checkProperty(fc.property(editedText(entry, ['/', '.', ':', '::', '%eth0', '0', '00', ' ', '*', '-', ',', '[', ']', 'ffff', '/0', '/33', '\n', '\uff11']), (text) => {
      const isRange = rangeOf(text) !== undefined
      seen.note(isRange ? 'accepted' : 'refused')
      const make = () => new TrustedProxies([text])
      if (isRange) expect(make).not.toThrow()
      else expect(make).toThrow(TypeError)
    }), { runs: 1_500, coverage: seen })
  })
})

describe('POP-4, CON-12: for every list of headers', () => {
  const proxies = new TrustedProxies(['10.0.0.0/30'])
  const cased = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase())
  const host = editedText(fc.constantFrom('api.example.com', 'API.example.com:443', 'a:8443', '[::1]:80', '10.0.0.1'), [',', ', ', ':', ':80', '/', '?', '#', '@', '\\', '%61', '[', ' ', '\u212a', '\u00e9'], 1)
  const proto = editedText(fc.constantFrom('http', 'https', 'HTTP', 'hTTpS'), [',', ', ', ' ', 's', 'https', ':', '\u017f'], 1)
  const header = fc.oneof(
    { arbitrary: fc.tuple(cased('X-Forwarded-Host'), host), weight: 3 },
    { arbitrary: fc.tuple(cased('X-Forwarded-Proto'), proto), weight: 3 },
    fc.tuple(cased('Host'), host),
    fc.tuple(fc.constantFrom('Forwarded', 'X-Forwarded-Port', 'X-Forwarded-For', 'X-Host', 'Hosts', ':authority'), host),
  )

  function expected(headers: readonly (readonly [string, string])[], isNamed: boolean): unknown {
    const valuesOf = (name: string): string[] => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
    const [hosts, protos] = [valuesOf('x-forwarded-host'), valuesOf('x-forwarded-proto')]
    if (valuesOf('host').length > 1) return 'refused'
    if (!isNamed) return {}
    if (hosts.length > 1 || protos.length > 1) return 'refused'

    const scheme = protos.map((value) => ['http', 'https'].find((known) => Array.from(known).every((letter, i) => value[i] === letter || value[i] === letter.toUpperCase()) && value.length === known.length))[0]
    const origin = hosts.map((value) => (Array.from('/?#').some((end) => value.includes(end)) ? undefined : readComparableUrl(`${scheme ?? 'http'}://${value}`)?.slice(0, -1)))[0]
    if ((protos.length > 0 && scheme === undefined) || (hosts.length > 0 && origin === undefined)) return 'refused'
    if (scheme === undefined) return {}
    return { encrypted: scheme === 'https', ...(origin !== undefined && { origin }) }
  }

  it('they say what the rule says, by the raw list and by the object alike', () => {
    const seen = coverage({ refused: 0.1, origin: 0.03, encrypted: 0.05, nothing: 0.1 })
    checkProperty(fc.property(fc.array(header, { minLength: 1, maxLength: 3 }), fc.constantFrom(true, true, true, false), (headers, isNamed) => {
      const outcome = expected(headers, isNamed)
      seen.note(outcome === 'refused' ? 'refused' : Object.keys(outcome as object)[1] ?? Object.keys(outcome as object)[0] ?? 'nothing')
      const request = { method: 'GET', url: '/', remoteAddress: isNamed ? '10.0.0.3' : '10.0.0.4' }
      const stated = new Map<string, string[]>()
      for (const [name, value] of headers) stated.set(name, [...(stated.get(name) ?? []), value])
      for (const sent of [{ headers: {}, rawHeaders: headers.flat() }, { headers: Object.fromEntries(stated) }]) {
        const forwarded = readForwarded({ ...request, ...sent }, proxies)
        if (outcome === 'refused') expect(forwarded).toMatchObject({ code: 'invalid_request', rule: 'POP-4' })
        else expect(forwarded).toEqual(outcome)
      }
    }), { runs: 2_000, coverage: seen })
  })
})
