import { describe, expect, it } from 'vitest'
import { answerTo, recordOf } from '../guard/policy-answers.js'

const names = ['origin', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']
const chainOf = (depth: number) => ({ depth, max_depth: 10, chain: names.slice(0, depth + 1) })
const delegated = (depth: number, more: object = {}) => ({ aap_delegation: { ...chainOf(depth), ...more } })

const excessive = 'aap_excessive_delegation DEL-1'

describe('DEL-1: a maximum by local policy', () => {
  it('for every depth and every limit, beside the token\'s own', async () => {
    for (const maxDepth of [0, 1, 5, 10]) {
      for (const depth of [0, 1, 2, 5, 6, 10]) {
        for (const max_depth of [depth, 10]) {
          expect([maxDepth, depth, await answerTo({ delegation: { maxDepth } }, delegated(depth, { max_depth }))]).toEqual([maxDepth, depth, depth <= maxDepth ? 'allow' : excessive])
        }
      }
    }
  })

  it('the token\'s own maximum holds as well, whatever local policy allows', async () => {
    expect(await answerTo({ delegation: { maxDepth: 10 } }, delegated(2, { max_depth: 1 }))).toBe(excessive)
  })

  it('without a delegation claim the depth is 0', async () => {
    expect(await answerTo({ delegation: { maxDepth: 0 } })).toBe('allow')
  })

  it('no limit means the token\'s alone', async () => {
    expect(await answerTo({ delegation: {} }, delegated(10))).toBe('allow')
  })

  it('is answered before the length of the chain, and after a claim that is malformed', async () => {
    expect(await answerTo({ delegation: { maxDepth: 1 } }, delegated(2, { chain: ['origin'] }))).toBe(excessive)
    expect(await answerTo({ delegation: { maxDepth: 2 } }, delegated(2, { chain: ['origin'] }))).toBe('aap_invalid_delegation_chain DEL-2')
    expect(await answerTo({ delegation: { maxDepth: 0 } }, delegated(11))).toBe('aap_invalid_delegation_chain DEL-1')
    expect(await answerTo({ delegation: { maxDepth: 0 } }, delegated(1, { chain: [1, 2] }))).toBe('aap_invalid_delegation_chain DEL-2')
    expect(await answerTo({ delegation: { maxDepth: 0 } }, { act: { sub: 'x' } })).toBe('aap_invalid_delegation_chain DEL-3')
  })

  it('the record says whose limit it was, and who was in the chain', async () => {
    expect(await recordOf({ delegation: { maxDepth: 1 } }, delegated(2))).toMatchObject({ detail: 'delegation depth 2 is above 1, which local policy allows', delegation_depth: 2, delegation_chain: ['origin', 'b', 'c'] })
    expect((await recordOf({ delegation: { maxDepth: 1 } }, delegated(2, { max_depth: 1 }))).detail).toBe('delegation depth 2 is above max_depth 1')
  })
})

describe('DEL-2: parent_jti, where local policy demands it', () => {
  const policy = { delegation: { parentJti: 'required' } } as const
  const missing = 'aap_invalid_delegation_chain DEL-2'

  it.each<[string, object, string]>([
    ['a token that was never delegated has no parent', {}, 'allow'],
    ['nor has one that says so', delegated(0), 'allow'],
    ['a delegated one names it', delegated(1, { parent_jti: 'parent-1' }), 'allow'],
    ['one that names it at depth 0 is none the worse', delegated(0, { parent_jti: 'parent-1' }), 'allow'],
    ['a delegated one that does not', delegated(1), missing],
    ['however deep', delegated(5), missing],
    ['a chain of hops', delegated(1, { chain: [{ sub: 'b' }] }), missing],
    ['an empty one is malformed', delegated(1, { parent_jti: '' }), 'aap_invalid_delegation_chain DEL-2'],
    ['a number is malformed', delegated(1, { parent_jti: 5 }), 'aap_invalid_delegation_chain DEL-2'],
    ['under the name of draft-01 only', delegated(1, { parentJti: 'parent-1' }), missing],
    ['in the payload instead of the claim', { ...delegated(1), parent_jti: 'parent-1' }, missing],
  ])('%s', async (_, claims, expected) => {
    expect(await answerTo(policy, claims)).toBe(expected)
  })

  it('without the demand it may be absent', async () => {
    expect(await answerTo({ delegation: {} }, delegated(3))).toBe('allow')
  })

  it('is answered after depth and chain, and before act (ORD-1)', async () => {
    const strict = { delegation: { ...policy.delegation, maxDepth: 1 } }
    expect(await answerTo(strict, delegated(2))).toBe(excessive)
    expect(await answerTo(policy, delegated(1, { chain: ['origin'] }))).toBe('aap_invalid_delegation_chain DEL-2')
    expect((await recordOf(policy, delegated(1, { chain: ['origin'] }))).detail).toBe('a chain of 1 at depth 1')
    expect((await recordOf(policy, { ...delegated(1), act: { sub: 'stranger' } })).detail).toBe('local policy demands parent_jti')
  })
})
