import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { parseSpiffeId } from '../../src/matching/spiffe-id.js'

describe('AGT-2: against the words of the standard', () => {
  const lower = 'abcdefghijklmnopqrstuvwxyz'
  const digits = '0123456789'

  /** Section 2 of the SPIFFE ID standard, letter by letter: no regular expression, nothing shared with what is tested. */
  function expected(text: string): { trustDomain: string; path: string } | undefined {
    const scheme = 'spiffe://'
    for (let i = 0; i < scheme.length; i++) if (text[i] !== scheme[i]) return undefined
    if (Buffer.byteLength(text) > 2_048) return undefined
    const slash = text.indexOf('/', scheme.length)
    if (slash < 0) return undefined
    const trustDomain = text.slice(scheme.length, slash)
    if (trustDomain === '' || trustDomain.length > 255 || Array.from(trustDomain).some((letter) => !`${lower}${digits}.-_`.includes(letter))) return undefined
    const path = text.slice(slash)
    let name = ''
    for (const letter of `${path.slice(1)}/`) {
      if (letter !== '/') name += letter
      else if (name === '' || name === '.' || name === '..') return undefined
      else name = ''
      if (letter !== '/' && !`${lower}${lower.toUpperCase()}${digits}.-_`.includes(letter)) return undefined
    }
    return { trustDomain, path }
  }

  const letter = fc.constantFrom('a', 'z', 'A', '0', '9', '.', '.', '-', '_', '/', '/', '%', '@', ':', '?', '#', '\\', ' ', '\n', '*', 'é', 'ſ', '\u0000', '😀')
  const good = fc.constantFrom('a', 'b.c', 'x-1', 'A_9', '...', '.a')
  const text = fc.oneof(
    fc.array(letter, { maxLength: 12 }).map((letters) => `spiffe://${letters.join('')}`),
    fc.array(letter, { maxLength: 12 }).map((letters) => `spiffe://a.b/${letters.join('')}`),
    fc.tuple(fc.constantFrom('a', 'b.c', 'x-1'), fc.array(good, { maxLength: 4 })).map(([domain, path]) => `spiffe://${[domain, ...path].join('/')}`),
    fc.tuple(fc.nat(260), fc.nat(2_060)).map(([domain, path]) => `spiffe://${'a'.repeat(domain)}/${'b'.repeat(path)}`),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )

  it('for every text', () => {
    let parsed = 0
    checkProperty(
      fc.property(text, (candidate) => {
        const id = parseSpiffeId(candidate)
        if (id !== undefined) parsed++
        expect(id).toEqual(expected(candidate))
      }),
      { runs: 5_000 },
    )
    expect(parsed).toBeGreaterThan(200)
  })
})
