import { describe, expect, it } from 'vitest'
import { DpopNonces } from '../../src/token/dpop-nonces.js'

const secret = 'a secret of at least 32 characters'
const periodMs = 300_000
const start = Math.ceil(Date.UTC(2030, 4, 6, 12) / periodMs) * periodMs

describe('POP-3: nonces that nobody has to remember', () => {
  it('one for each period, the same in every process, of characters that a nonce may have (RFC 9449 section 8.1)', () => {
    const nonces = new DpopNonces(secret, periodMs)
    const current = nonces.current(start)
    expect(current).toMatch(/^[A-Za-z0-9_-]{43}$/)
    for (const at of [start, start + 1, start + 0.5, start + periodMs - 1]) expect(nonces.current(at)).toBe(current)
    expect(nonces.current(start - 1)).not.toBe(current)
    expect(nonces.current(start + periodMs)).not.toBe(current)
    expect(new DpopNonces(secret, periodMs).current(start)).toBe(current)
  })

  it('the current one and the previous one hold, and no other', () => {
    const nonces = new DpopNonces(secret, periodMs)
    const all = [-2, -1, 0, 1, 2].map((periods) => new DpopNonces(secret, periodMs).current(start + periods * periodMs))
    expect(new Set(all).size).toBe(5)
    expect(all.map((nonce) => nonces.judge(nonce, start))).toEqual([undefined, 'previous', 'current', undefined, undefined])
    expect(all.map((nonce) => nonces.judge(nonce, start + periodMs - 1))).toEqual([undefined, 'previous', 'current', undefined, undefined])
    expect(all.map((nonce) => nonces.judge(nonce, start + periodMs))).toEqual([undefined, undefined, 'previous', 'current', undefined])
    // And back again: what it keeps is only ever that of the time it was asked for.
    expect(all.map((nonce) => nonces.judge(nonce, start - 1))).toEqual(['previous', 'current', undefined, undefined, undefined])
  })

  it('another secret or another length of the period makes others', () => {
    const one = new DpopNonces(secret, periodMs)
    for (const other of [new DpopNonces(`${secret}!`, periodMs), new DpopNonces(secret, periodMs + 1_000), new DpopNonces(secret, 2 * periodMs), new DpopNonces(secret, 10_000)]) {
      expect(one.judge(other.current(start), start)).toBeUndefined()
      expect(other.judge(one.current(start), start)).toBeUndefined()
    }
  })

  it.each([undefined, null, 5, true, {}, [], '', 'x', 'A'.repeat(43), '\u00e9'.repeat(21), 'x'.repeat(100_000)])('%j is none', (nonce) => {
    expect(new DpopNonces(secret, periodMs).judge(nonce, start)).toBeUndefined()
  })

  it('nothing that is near one', () => {
    const nonces = new DpopNonces(secret, periodMs)
    const current = nonces.current(start)
    const other = (character: string): string => (character === 'A' ? 'B' : 'A')
    for (const near of [[current], `${current}=`, ` ${current}`, `${current}\0`, current.slice(1), current.slice(0, -1), ...Array.from(current, (character, i) => `${current.slice(0, i)}${other(character)}${current.slice(i + 1)}`)]) expect(nonces.judge(near, start)).toBeUndefined()
  })
})
