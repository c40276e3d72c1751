import { describe, it } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { useAttackedApi, withMember, wrongTypes } from '../support/attacked-api.js'

expectHealthyProcess()
const attacked = useAttackedApi()
const invalid = (rule: string) => ({ status: 403, error: 'aap_invalid_delegation_chain', rule })
const excessive = { status: 403, error: 'aap_excessive_delegation', rule: 'DEL-1' }
const token = (delegation: unknown, act?: unknown) => attacked.forger.token(attacked.claims({ ...(delegation !== undefined && { aap_delegation: delegation }), ...(act !== undefined && { act }) }))
const chain = ['origin', 'b', 'c']

describe('DEL-1: depth and max_depth', () => {
  it.each<[string, object]>([
    ['negative', { depth: -1, max_depth: 2 }], ['fractional', { depth: 0.5, max_depth: 2, chain }], ['11', { depth: 11, max_depth: 10 }], ['huge', { depth: 1e300, max_depth: 1e300 }], ['text', { depth: '1', max_depth: 2, chain }], ['missing', { max_depth: 2 }], ['a list', { depth: [1], max_depth: 2 }], ['true', { depth: true, max_depth: 2 }],
    ['max negative', { depth: 0, max_depth: -1 }], ['max fractional', { depth: 0, max_depth: 1.5 }], ['max 11', { depth: 0, max_depth: 11 }], ['max text', { depth: 0, max_depth: '2' }], ['max missing', { depth: 0 }], ['empty', {}],
  ])('%s', async (_what, delegation) => { await attacked.expectRefused(token(delegation), invalid('DEL-1')) })

  it.each(wrongTypes)('the claim is %s', async (what, json) => {
    await attacked.expectRefused(attacked.forger.token(withMember(attacked.claims(), 'aap_delegation', json)), what === 'null' ? { status: 401, error: 'invalid_token', rule: 'TOK-7' } : invalid('DEL-1'))
  })

  it('deeper than max_depth comes before the chain\'s length', async () => {
    await attacked.expectRefused(token({ depth: 1, max_depth: 0, chain: ['a', 'b'] }), excessive)
    await attacked.expectRefused(token({ depth: 3, max_depth: 2 }), excessive)
    await attacked.expectRefused(token({ depth: 10, max_depth: 9, chain: ['a'] }), excessive)
  })

  it('what agrees is accepted', async () => {
    await attacked.expectAllowed(token(undefined))
    await attacked.expectAllowed(token({ depth: 0, max_depth: 0 }))
    await attacked.expectAllowed(token({ depth: 0, max_depth: 10, chain: ['origin'] }))
    await attacked.expectAllowed(token({ depth: 2, max_depth: 2, chain }))
    await attacked.expectAllowed(token({ depth: 2, max_depth: 2, chain: [{ sub: 'b', delegated_at: 5 }, { sub: 'c', delegated_at: 5 }] }))
    await attacked.expectAllowed(token({ depth: 10, max_depth: 10, chain: Array.from({ length: 11 }, (_, i) => `a${i}`) }))
    // JSON has one kind of number: 1.0 is 1.
    await attacked.expectAllowed(attacked.forger.token(withMember(attacked.claims(), 'aap_delegation', '{"depth":1.0,"max_depth":2e0,"chain":["a","b"]}')))
  })
})

describe('DEL-2: the chain', () => {
  it.each<[string, unknown, number]>([
    ['too short', ['origin', 'b'], 2], ['too long', [...chain, 'd'], 2], ['missing', undefined, 1], ['empty', [], 0], ['empty at depth 1', [], 1], ['two at depth 0', ['a', 'b'], 0], ['hops at depth 0', [{ sub: 'a' }], 0], ['hops too many', [{ sub: 'a' }, { sub: 'b' }, { sub: 'c' }], 2], ['hops too few', [{ sub: 'a' }], 2],
    ['mixed', ['a', { sub: 'b' }, 'c'], 2], ['mixed, hops first', [{ sub: 'a' }, 'b'], 2], ['numbers', [1, 2, 3], 2], ['nested', [['a'], ['b'], ['c']], 2], ['text', 'abc', 2], ['an object with a length', { length: 3, 0: 'a', 1: 'b', 2: 'c' }, 2], ['hops without sub', [{ id: 'a' }, { id: 'b' }], 2], ['hops with a wrong sub', [{ sub: 5 }, { sub: 'b' }], 2],
    ['times that decrease', [{ sub: 'a', delegated_at: 6 }, { sub: 'b', delegated_at: 5 }], 2], ['times that decrease around a gap', [{ sub: 'a', delegated_at: 6 }, { sub: 'b' }, { sub: 'c', delegated_at: 5 }], 3], ['times as text', [{ sub: 'a', delegated_at: '5' }, { sub: 'b' }], 2],
  ])('%s', async (_what, value, depth) => { await attacked.expectRefused(token({ depth, max_depth: 10, ...(value !== undefined && { chain: value }) }), invalid('DEL-2')) })
})

describe('TOK-8: the chain\'s entries', () => {
  it('have 1 to 128 code points', async () => {
    for (const entry of ['', 'b'.repeat(129), '\u{1f600}'.repeat(129)]) {
      await attacked.expectRefused(token({ depth: 2, max_depth: 2, chain: ['a', entry, 'c'] }), invalid('TOK-8'))
      await attacked.expectRefused(token({ depth: 2, max_depth: 2, chain: [{ sub: entry }, { sub: 'c' }] }), invalid('TOK-8'))
    }
    await attacked.expectAllowed(token({ depth: 2, max_depth: 2, chain: ['a', '\u{1f600}'.repeat(128), 'c'] }))
  })
})

describe('DEL-3: act', () => {
  const deep = { depth: 2, max_depth: 2, chain }
  it.each<[string, unknown, unknown]>([
    ['that agrees', deep, { sub: 'c' }], ['with the one before', deep, { sub: 'c', act: { sub: 'b' } }], ['that skips one', deep, { sub: 'c', act: { sub: 'origin' } }], ['with hops', { depth: 2, max_depth: 2, chain: [{ sub: 'b' }, { sub: 'c' }] }, { sub: 'c', act: { sub: 'b' } }],
  ])('%s is accepted', async (_what, delegation, act) => { await attacked.expectAllowed(token(delegation, act)) })

  it.each<[string, unknown, unknown]>([
    ['without a delegation claim', undefined, { sub: 'c' }], ['at depth 0', { depth: 0, max_depth: 2 }, { sub: 'origin' }], ['at depth 0 with a chain', { depth: 0, max_depth: 2, chain: ['origin'] }, { sub: 'origin' }],
    ['of another', deep, { sub: 'evil' }], ['of one before', deep, { sub: 'b' }], ['in another case', deep, { sub: 'C' }], ['in the wrong order', deep, { sub: 'b', act: { sub: 'c' } }], ['with a stranger inside', deep, { sub: 'c', act: { sub: 'evil' } }], ['with itself inside', deep, { sub: 'c', act: { sub: 'c' } }], ['nested deeper than the depth', deep, { sub: 'c', act: { sub: 'b', act: { sub: 'origin' } } }],
    ['without sub', deep, {}], ['without sub inside', deep, { sub: 'c', act: {} }], ['with a number as sub', deep, { sub: 5 }], ['with a list as sub', deep, { sub: ['c'] }], ['that is text', deep, 'c'], ['that is a list', deep, [{ sub: 'c' }]], ['that is a number', deep, 0], ['that is false', deep, false], ['that is text inside', deep, { sub: 'c', act: 'b' }], ['that is false without a delegation claim', undefined, false],
    ['with 28 levels', deep, JSON.parse(`${'{"sub":"c","act":'.repeat(28)}{"sub":"c"}${'}'.repeat(28)}`)],
  ])('%s is refused', async (_what, delegation, act) => { await attacked.expectRefused(token(delegation, act), invalid('DEL-3')) })

  it('null is refused by the parser', async () => {
    await attacked.expectRefused(attacked.forger.token(withMember(attacked.claims({ aap_delegation: deep }), 'act', 'null')), { status: 401, error: 'invalid_token', rule: 'TOK-7' })
  })
})
