import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/model/wire-policy.js'
import { answerTo, recordOf } from '../guard/policy-answers.js'

const known = ['origin', 'b', 'c']
const refused = 'aap_invalid_delegation_chain DEL-4'
const chainOf = (...subs: string[]) => ({ aap_delegation: { depth: subs.length - 1, max_depth: 10, chain: subs } })
const hopsOf = (...subs: string[]) => ({ aap_delegation: { depth: subs.length, max_depth: 10, chain: subs.map((sub) => ({ sub })) } })

describe.each<[string, Policy]>([
  ['by default', { delegation: { knownActors: known } }],
  ['where policy says so', { delegation: { knownActors: known, unknownActors: 'refuse' } }],
])('DEL-4: unknown actors are refused %s', (_, policy) => {
  it.each<[string, object, string]>([
    ['nobody delegated', {}, 'allow'],
    ['all are known', chainOf('origin', 'b', 'c'), 'allow'],
    ['in any order, and again', chainOf('c', 'b', 'c', 'origin'), 'allow'],
    ['all hops are known', hopsOf('b', 'c'), 'allow'],
    ['the last is unknown', chainOf('origin', 'b', 'stranger'), refused],
    ['one in between is unknown', chainOf('origin', 'stranger', 'c'), refused],
    ['the origin is unknown', chainOf('stranger', 'b'), refused],
    ['the origin of a token that nobody handed on is unknown', chainOf('stranger'), refused],
    ['the first hop is unknown', hopsOf('stranger', 'c'), refused],
    ['the only hop is unknown', hopsOf('stranger'), refused],
    ['another case', chainOf('origin', 'B'), refused],
    ['white space', chainOf('origin', 'b '), refused],
    ['a name that objects have anyway', chainOf('origin', 'constructor'), refused],
    ['__proto__', chainOf('origin', '__proto__'), refused],
  ])('%s', async (_what, claims, expected) => {
    expect(await answerTo(policy, claims)).toBe(expected)
  })

  it('the record names the first of them, quoted', async () => {
    expect((await recordOf(policy, chainOf('origin', 'x"\n', 'y'))).detail).toBe('"x\\"\\n" in the chain is not in knownActors')
  })

  it('comes after everything else about the delegation (ORD-1)', async () => {
    const strict: Policy = { delegation: { ...policy.delegation, maxDepth: 1, parentJti: 'required' } }
    const chain = ['x', 'y', 'z']
    const claim = { depth: 2, max_depth: 2, chain, parent_jti: 'p' }
    expect(await answerTo(strict, { aap_delegation: claim })).toBe('aap_excessive_delegation DEL-1')
    const deeper: Policy = { delegation: { ...strict.delegation, maxDepth: 2 } }
    expect(await answerTo(deeper, { aap_delegation: { ...claim, chain: ['x'] } })).toBe('aap_invalid_delegation_chain DEL-2')
    expect(await answerTo(deeper, { aap_delegation: { ...claim, parent_jti: undefined } })).toBe('aap_invalid_delegation_chain DEL-2')
    expect(await answerTo(deeper, { aap_delegation: claim, act: { sub: 'w' } })).toBe('aap_invalid_delegation_chain DEL-3')
    expect(await answerTo(deeper, { aap_delegation: claim, act: { sub: 'z' } })).toBe(refused)
  })

  it('and before any capability', async () => {
    expect(await answerTo(policy, chainOf('origin', 'stranger'), {}, 'other')).toBe(refused)
  })
})

describe('DEL-4: with an empty list nobody is known', () => {
  it.each<[string, object, string]>([['not delegated', {}, 'allow'], ['delegated', chainOf('a', 'b'), refused], ['an origin alone', chainOf('a'), refused]])('%s', async (_, claims, expected) => {
    expect(await answerTo({ delegation: { knownActors: [] } }, claims)).toBe(expected)
  })
})

describe('DEL-4: unknown actors are held to stricter demands', () => {
  const stricter = (demands: object): Policy => ({ delegation: { knownActors: known, unknownActors: demands } })
  const stranger = chainOf('origin', 'stranger')

  it.each<[string, Policy, object, object, string]>([
    ['purposes', stricter({ purposes: ['other'] }), stranger, {}, 'aap_task_mismatch TSK-2'],
    ['purposes that hold', stricter({ purposes: ['other', 'research_and_draft_article'] }), stranger, {}, 'allow'],
    ['constraints', stricter({ constraints: { domains_allowed: ['example.org'] } }), stranger, { target: 'https://example.com/' }, 'aap_domain_not_allowed CON-2'],
    ['constraints that hold', stricter({ constraints: { domains_allowed: ['example.org'] } }), stranger, { target: 'https://example.org/' }, 'allow'],
    ['a fact that nobody supplies', stricter({ constraints: { allowed_regions: ['DE'] } }), stranger, {}, 'aap_constraint_violation CON-8'],
    ['max_depth', stricter({ constraints: { max_depth: 0 } }), stranger, {}, 'aap_excessive_delegation CON-10'],
    ['approval', stricter({ approval: 'required' }), stranger, {}, 'aap_approval_required OVS-1'],
    ['a quota', stricter({ quotas: { perAgent: { max_requests_per_hour: 0 } } }), stranger, {}, 'aap_constraint_violation CON-1'],
    ['a quota per token', stricter({ constraints: { max_requests_per_hour: 0 } }), stranger, {}, 'aap_constraint_violation CON-1'],
    ['no demands at all', stricter({}), stranger, {}, 'allow'],
  ])('%s', async (_, policy, claims, facts, expected) => {
    expect(await answerTo(policy, claims, facts)).toBe(expected)
    // Those who are known are held to nothing of it, and nor is a token that was never delegated.
    expect(await answerTo(policy, chainOf('origin', 'b', 'c'), facts)).toBe('allow')
    expect(await answerTo(policy, {}, facts)).toBe('allow')
  })

  it('beside what is demanded of everyone and of the action', async () => {
    const policy: Policy = { constraints: { allowed_methods: ['GET', 'POST'] }, actions: { a: { constraints: { allowed_regions: ['DE', 'FR'] } } }, ...stricter({ constraints: { allowed_regions: ['DE'], data_classification_max: 'public' } }) }
    const facts = { region: 'DE', classification: 'public' }
    expect(await answerTo(policy, stranger, facts)).toBe('allow')
    expect(await answerTo(policy, stranger, { ...facts, region: 'FR' })).toBe('aap_constraint_violation CON-8')
    expect(await answerTo(policy, stranger, { ...facts, classification: 'internal' })).toBe('aap_constraint_violation CON-9')
    expect(await answerTo(policy, chainOf('origin', 'b'), { region: 'FR' })).toBe('allow')
    expect(await answerTo(policy, stranger, { classification: 'public' }, 'b')).toBe('aap_constraint_violation CON-8')
  })

  it('they loosen nothing: the chain itself has to be sound, and not too deep', async () => {
    const policy: Policy = { delegation: { ...stricter({}).delegation, maxDepth: 1, parentJti: 'required' } }
    expect(await answerTo(policy, chainOf('origin', 'x', 'y'))).toBe('aap_excessive_delegation DEL-1')
    expect(await answerTo(policy, stranger)).toBe('aap_invalid_delegation_chain DEL-2')
  })
})
