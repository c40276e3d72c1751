import { describe, expect, it } from 'vitest'
import { guarding, requestWith } from '../guard/guarding.js'
import { now, signToken } from '../token/signed-token.js'

type Claims = Readonly<Record<string, unknown>>

const limited = (limit: number): Claims[] => [{ action: 'a', constraints: { max_requests_per_hour: limit } }]
const parentClaims: Claims = { jti: 'parent', aap_capabilities: limited(10), aap_delegation: { depth: 1, max_depth: 3, chain: ['ada', 'agent-1'], parent_jti: 'origin' } }
const childClaims: Claims = { jti: 'child', aap_capabilities: limited(5), aap_delegation: { depth: 2, max_depth: 3, chain: ['ada', 'agent-1', 'agent-2'], parent_jti: 'parent' } }

function deciding() {
  const { guard, records } = guarding()
  const answerTo = async (claims: Claims): Promise<string> => {
    const { status, error, reason } = await guard.authorize(requestWith(signToken(claims)), 'a')
    return status === 200 ? '200' : `${status} ${error} ${reason?.rule}`
  }
  return { answerTo, records }
}

const broader = '403 aap_invalid_delegation_chain DEL-5'

describe('DEL-5: where the parent was verified here, the child is no broader', () => {
  it('a child within its parent is admitted', async () => {
    const { answerTo } = deciding()
    expect([await answerTo(parentClaims), await answerTo(childClaims), await answerTo(childClaims)]).toEqual(['200', '200', '200'])
  })

  it.each<[string, Claims]>([
    ['a higher quota', { aap_capabilities: limited(11) }],
    ['no quota', { aap_capabilities: [{ action: 'a' }] }],
    ['another action as well', { aap_capabilities: [...limited(5), { action: 'b' }] }],
    ['another chain', { aap_delegation: { depth: 2, max_depth: 3, chain: ['eve', 'agent-1', 'agent-2'], parent_jti: 'parent' } }],
    ['a higher max_depth', { aap_delegation: { depth: 2, max_depth: 4, chain: ['ada', 'agent-1', 'agent-2'], parent_jti: 'parent' } }],
    ['a later expiry', { exp: now + 301 }],
    ['another task', { aap_task: { id: 'another', purpose: 'research_and_draft_article' } }],
  ])('%s is refused, at every request', async (_, claims) => {
    const { answerTo, records } = deciding()
    await answerTo(parentClaims)
    expect([await answerTo({ ...childClaims, ...claims }), await answerTo({ ...childClaims, ...claims })]).toEqual([broader, broader])
    expect(records.at(-1)).toMatchObject({ rule: 'DEL-5', detail: expect.stringContaining('"parent"') })
  })

  it('a parent that comes to be known later refuses a child that was admitted before', async () => {
    const { answerTo } = deciding()
    const child = { ...childClaims, aap_capabilities: limited(11) }
    expect([await answerTo(child), await answerTo(parentClaims), await answerTo(child)]).toEqual(['200', '200', broader])
  })

  it('a parent that nobody showed is not known', async () => {
    const { answerTo } = deciding()
    expect(await answerTo({ ...childClaims, aap_capabilities: limited(11) })).toBe('200')
  })

  it('a parent whose verification failed is not known', async () => {
    const { answerTo } = deciding()
    expect(await answerTo({ ...parentClaims, exp: now - 400 })).toMatch(/^401/)
    expect(await answerTo({ ...childClaims, aap_capabilities: limited(11) })).toBe('200')
  })

  it('a token that names itself as its parent is broader than itself: its depth is not one more', async () => {
    const { answerTo } = deciding()
    expect(await answerTo({ ...childClaims, jti: 'parent' })).toBe(broader)
  })
})
