import { describe, expect, it } from 'vitest'
import { endless, RevocationList } from '../../src/token/revocation-list.js'
import { parsePrint, revocablePartsOf, revocationPrint, textOfPrint } from '../../src/claims/revocation-prints.js'
import { digestOf } from '../../src/claims/digest.js'

const now = 1_000_000
const printOf = (i: number) => ({ high: Math.imul(i, 0x9e37_79b1) | 0, low: Math.imul(i ^ 0x5bd1_e995, 0xc2b2_ae35) | 0 })

describe('REV-1: the list of revocations', () => {
  it('holds an entry until its end, and not at it', () => {
    const list = new RevocationList(10)
    expect(list.has(printOf(1), now)).toBe(false)
    expect(list.add(printOf(1), now + 10, now)).toBe('new')
    expect([now, now + 9.999, now + 10].map((at) => list.has(printOf(1), at))).toEqual([true, true, false])
    expect(list.has(printOf(2), now)).toBe(false)
  })

  it('of two ends the later one counts', () => {
    const list = new RevocationList(10)
    list.add(printOf(1), now + 10, now)
    expect(list.add(printOf(1), now + 5, now)).toBe('known')
    expect(list.has(printOf(1), now + 9)).toBe(true)
    expect(list.add(printOf(1), now + 20, now)).toBe('known')
    expect(list.has(printOf(1), now + 19)).toBe(true)
    expect(list.add(printOf(1), now + 50, now + 30)).toBe('new')
    expect(list.size).toBe(1)
  })

  it('an endless entry never ends', () => {
    const list = new RevocationList(1)
    list.add(printOf(1), endless, now)
    expect(list.has(printOf(1), 1e12)).toBe(true)
    expect(list.add(printOf(2), endless, 1e12)).toBe('full')
  })

  it('a full list forgets nothing that lives, and makes room of what has ended', () => {
    const list = new RevocationList(100)
    for (let i = 0; i < 100; i++) expect(list.add(printOf(i), now + 1 + i, now)).toBe('new')
    expect(list.add(printOf(100), now + 1_000, now)).toBe('full')
    expect(list.add(printOf(0), now + 500, now)).toBe('known')
    expect(list.has(printOf(100), now)).toBe(false)
    for (let i = 0; i < 100; i++) expect(list.has(printOf(i), now)).toBe(true)
    expect(list.add(printOf(100), now + 1_000, now + 51)).toBe('new')
    expect(list.size).toBe(51)
    expect(list.has(printOf(0), now + 51)).toBe(true)
    expect(list.has(printOf(99), now + 51)).toBe(true)
  })

  it('a million entries take 32 bytes each at most, and all of them are found', () => {
    const list = new RevocationList(1_000_000)
    for (let i = 0; i < 1_000_000; i++) list.add(printOf(i), now + 100, now)
    expect(list.size).toBe(1_000_000)
    expect(list.bytes).toBeLessThanOrEqual(32_000_000)
    let found = 0
    for (let i = 0; i < 1_000_000; i++) if (list.has(printOf(i), now)) found++
    expect(found).toBe(1_000_000)
    let mistaken = 0
    for (let i = 1_000_000; i < 1_100_000; i++) if (list.has(printOf(i), now)) mistaken++
    expect(mistaken).toBe(0)
    expect(list.add(printOf(1_000_000), now + 100, now)).toBe('full')
    expect(list.add(printOf(1_000_000), now + 300, now + 200)).toBe('new')
    expect(list.size).toBe(1)
    expect(list.bytes).toBeLessThan(100_000)
  })

  it('an empty list takes nothing', () => {
    expect(new RevocationList(10_000_000).bytes).toBe(0)
  })
})

describe('REV-1: prints', () => {
  it('of one id, kinds and issuers differ', () => {
    const prints = (['token', 'parent', 'agent', 'task'] as const).flatMap((kind) => ['a', 'b'].flatMap((issuer) => ['x', 'y'].map((id) => textOfPrint(revocationPrint(kind, issuer, id)))))
    expect(new Set(prints).size).toBe(16)
    expect(prints.every((print) => /^[0-9a-f]{16}$/.test(print))).toBe(true)
  })

  it('no boundary between issuer and id can be moved, and lone surrogates are what they are', () => {
    const texts = [['ab', 'c'], ['a', 'bc'], ['a', '\ud800'], ['a', '\udfff'], ['a', '\ufffd'], ['a', '__proto__'], ['a', 'constructor'], ['', 'a'], ['a', '']] as const
    expect(new Set(texts.map(([issuer, id]) => textOfPrint(revocationPrint('token', issuer, id)))).size).toBe(texts.length)
  })

  it('survive being written', () => {
    const print = revocationPrint('agent', 'https://as.example.com', 'agent-1')
    expect(parsePrint(textOfPrint(print))).toEqual(print)
    for (const text of ['', '0', 'x'.repeat(16), 'A'.repeat(16), '0'.repeat(15), '0'.repeat(17)]) expect(parsePrint(text)).toBeUndefined()
  })

  it('of a token are those by which it is revoked', () => {
    const parts = revocablePartsOf({ issuer: 'i', tokenDigest: digestOf('i', 'j'), parentDigest: digestOf('i', 'p'), agentId: 'a', taskId: 't' })
    const written = Object.fromEntries(parts.map((part) => [part.name, textOfPrint(part)]))
    expect(written).toEqual({
      'the token': textOfPrint(revocationPrint('token', 'i', 'j')),
      'its parent token': textOfPrint(revocationPrint('token', 'i', 'p')),
      'what was delegated from its parent token': textOfPrint(revocationPrint('parent', 'i', 'p')),
      'its agent': textOfPrint(revocationPrint('agent', 'i', 'a')),
      'its task': textOfPrint(revocationPrint('task', 'i', 't')),
    })
    expect(revocablePartsOf({ issuer: 'i', tokenDigest: digestOf('i', 'j'), parentDigest: undefined, agentId: 'a', taskId: undefined })).toHaveLength(2)
  })
})
