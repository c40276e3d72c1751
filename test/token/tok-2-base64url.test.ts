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

  it('every octet has exactly one spelling', () => {
    const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    for (let octet = 0; octet < 256; octet++) {
      const spellings = alphabet.map((last) => `${alphabet[octet >> 2]!}${last}`).filter((text) => decodeBase64Url(text)?.[0] === octet)
      expect(spellings).toEqual([Buffer.from([octet]).toString('base64url')])
    }
  })
})
