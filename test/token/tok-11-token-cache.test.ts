import { describe, expect, it } from 'vitest'
import { TokenCache } from '../../src/token/token-cache.js'
import type { VerifiedToken } from '../../src/token/verify-token.js'

const verified = (id: string) => ({ facts: { id }, compiled: { tokenDigest: id } }) as VerifiedToken
/** A string that shares nothing with its like, as those of requests do. */
const fresh = (text: string) => Buffer.from(text).toString()

describe('TOK-11: verified tokens are remembered', () => {
  const tail = 's'.repeat(43)

  it('by their whole text', () => {
    const cache = new TokenCache()
    const one = verified('1')
    cache.set(`header.payload.${tail}`, one)
    expect(cache.get(fresh(`header.payload.${tail}`))).toBe(one)
    expect(cache.get(fresh(`header.payload.${tail}`))).toBe(one)
  })

  it.each([
    ['with the same end', `header.other.${tail}`],
    ['with more in front', `xheader.payload.${tail}`],
    ['that is the end alone', tail],
    ['with another end', `header.payload.${tail}x`],
    ['that is empty', ''],
  ])('never for a text %s', (_, text) => {
    const cache = new TokenCache()
    cache.set(`header.payload.${tail}`, verified('1'))
    expect(cache.get(text)).toBeUndefined()
  })

  it('two with the same end do not take each other\'s place', () => {
    const cache = new TokenCache()
    const [one, two] = [verified('1'), verified('2')]
    cache.set(`a.${tail}`, one)
    cache.set(`b.${tail}`, two)
    for (let round = 0; round < 3; round++) {
      expect(cache.get(fresh(`a.${tail}`))).toBe(one)
      expect(cache.get(fresh(`b.${tail}`))).toBe(two)
    }
  })

  it('what is deleted is gone from both tiers', () => {
    const cache = new TokenCache()
    cache.set(`a.${tail}`, verified('1'))
    cache.get(`a.${tail}`)
    cache.delete(`a.${tail}`)
    expect(cache.get(`a.${tail}`)).toBeUndefined()
  })

  it('many are remembered, not all: the least recently used go first', () => {
    const cache = new TokenCache()
    const text = (i: number) => `token-${i}.${String(i).padStart(43, '0')}`
    for (let i = 0; i <= 20_000; i++) cache.set(text(i), verified(String(i)))
    expect(cache.get(text(0))).toBeUndefined()
    expect(cache.get(text(1))?.facts.id).toBe('1')
    expect(cache.get(text(20_000))?.facts.id).toBe('20000')
  })
})
