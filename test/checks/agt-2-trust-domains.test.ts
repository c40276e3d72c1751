import { describe, expect, it } from 'vitest'
import { answerTo } from '../guard/policy-answers.js'

const refused = 'aap_agent_not_recognized AGT-2'
const answer = (allowedTrustDomains: readonly string[], sub: unknown) => answerTo({ agents: { allowedTrustDomains: [...allowedTrustDomains] } }, { sub })

describe('AGT-2: the trust domain of sub', () => {
  it.each<[readonly string[], string, string]>([
    [['example.com'], 'spiffe://example.com/agent/researcher-01', 'allow'],
    [['other.example', 'example.com'], 'spiffe://example.com/x', 'allow'],
    [['td_1.example-2'], 'spiffe://td_1.example-2/A/b.c_d-E', 'allow'],
    [[], 'spiffe://example.com/x', refused],
    [['other.example'], 'spiffe://example.com/x', refused],
    // A trust domain is no DNS suffix.
    [['example.com'], 'spiffe://sub.example.com/x', refused],
    [['com'], 'spiffe://example.com/x', refused],
    [['example.com'], 'spiffe://evil-example.com/x', refused],
    [['example.com'], 'spiffe://example.com.evil.net/x', refused],
    // What a URL parser might take for the same.
    [['example.com'], 'SPIFFE://example.com/x', refused],
    [['example.com'], 'spiffe://EXAMPLE.com/x', refused],
    [['example.com'], 'spiffe://user@example.com/x', refused],
    [['example.com'], 'spiffe://example.com:443/x', refused],
    [['example.com'], 'spiffe://example.com./x', refused],
    [['example.com'], 'spiffe://example.com/x?y', refused],
    [['example.com'], 'spiffe://example.com/x#y', refused],
    [['example.com'], 'spiffe://example.com?/x', refused],
    [['example.com'], 'spiffe://evil.net\\@example.com/x', refused],
    [['example.com'], 'spiffe://evil.net#example.com/x', refused],
    [['example.com'], 'spiffe://example.com/%78', refused],
    [['example.com'], 'spiffe://example%2ecom/x', refused],
    [['example.com'], 'spiffe:///example.com/x', refused],
    [['example.com'], 'spiffe:example.com/x', refused],
    [['example.com'], 'https://example.com/x', refused],
    [['example.com'], 'example.com', refused],
    [['example.com'], ' spiffe://example.com/x', refused],
    [['example.com'], 'spiffe://example.com/x\n', refused],
    [['example.com'], 'spiffe://example.com/x/', refused],
    [['example.com'], 'spiffe://example.com//x', refused],
    [['example.com'], 'spiffe://example.com/./x', refused],
    [['example.com'], 'spiffe://example.com/../x', refused],
    // The trust domain itself is no workload.
    [['example.com'], 'spiffe://example.com', refused],
    [['example.com'], 'spiffe://example.com/', refused],
    [['example.com'], 'user-1', refused],
  ])('allowedTrustDomains %j, %j: %s', async (domains, sub, expected) => {
    expect(await answer(domains, sub)).toBe(expected)
  })

  it.each(['user-1', 'spiffe://EXAMPLE.com/x', 'https://example.com', 'ä'])('without the list a subject may have any form: %j', async (sub) => {
    expect(await answerTo({}, { sub })).toBe('allow')
    expect(await answerTo({ agents: { allowedIds: ['agent-researcher-01'] } }, { sub })).toBe('allow')
  })

  it('TOK-4: no subject is no token, list or not', async () => {
    expect(await answer(['example.com'], undefined)).toBe('invalid_token TOK-4')
  })

  it('it is sub that counts, and not the agent id', async () => {
    const id = 'spiffe://example.com/x'
    expect(await answerTo({ agents: { allowedTrustDomains: ['example.com'] } }, { sub: 'user-1', aap_agent: { id, type: 't', operator: 'o' } })).toBe(refused)
  })
})
