import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64Url } from '../../src/token/base64url.js'

describe('TOK-2: strict base64url', () => {
  it.each([
    ['nothing', '', ''],
    ['one octet', 'Zg', 'f'],
    ['two octets', 'Zm8', 'fo'],
    ['three octets', 'Zm9v', 'foo'],
    ['both characters of its own', '-_-_', '\xfb\xff\xbf'],
  ])('%s', (_, text, bytes) => {
    expect(decodeBase64Url(text)?.toString('latin1')).toBe(bytes)
  })

  it.each([
    ['padding', 'Zg=='],
    ['padding of one', 'Zm8='],
    ['padding alone', '='],
    ['padding after a whole group', 'Zm9v===='],
    ['the alphabet of base64: +', '+_-_'],
    ['the alphabet of base64: /', '-/-_'],
    ['white space behind', 'Zm9v '],
    ['white space in front', ' Zm9v'],
    ['a newline inside', 'Zm\n9v'],
    ['a lone character', 'Z'],
    ['a lone character after a group', 'Zm9vZ'],
    ['trailing bits of one octet', 'Zh'],
    ['trailing bits of two octets', 'Zm9'],
    ['a dot', 'Zm.9'],
    ['a NUL', 'Zm9v\0'],
    ['a letter that is not ASCII', 'Zm9\u0475'],
    ['a percent sign', 'Zm%39'],
  ])('refused: %s', (_, text) => {
    expect(decodeBase64Url(text)).toBeUndefined()
  })

  it('every sequence of bytes has exactly one spelling', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeBase64Url(Buffer.from(bytes).toString('base64url'))).toEqual(Buffer.from(bytes))
    }))
    const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    for (let octet = 0; octet < 256; octet++) {
      const spellings = alphabet.map((last) => `${alphabet[octet >> 2]!}${last}`).filter((text) => decodeBase64Url(text)?.[0] === octet)
      expect(spellings).toEqual([Buffer.from([octet]).toString('base64url')])
    }
  })

  it('what is accepted is what comes out again', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '+', '/', '=', ' ', '\n', '.'), maxLength: 8 }), (text) => {
      const bytes = decodeBase64Url(text)
      if (bytes !== undefined) expect(bytes.toString('base64url')).toBe(text)
      else expect(/^[\w-]*$/.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text).toBe(false)
    }))
  })
})
