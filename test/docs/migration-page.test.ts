import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { guarding, requestWith } from '../guard/guarding.js'
import { signToken } from '../token/signed-token.js'

const page = readFileSync(new URL('../../docs/migrating-from-scopes.md', import.meta.url), 'utf8')
const [legacyScopes, policy, claims, ...others] = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text]) => JSON.parse(text!) as Record<string, unknown>)

const none = { aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined }
const byScopes = (scope: string, more: object = {}) => requestWith(signToken({ ...none, client_id: 'client-1', scope, ...more }))

describe('docs/migrating-from-scopes.md', () => {
  it('has a table of scopes, a policy and claims', () => {
    expect(others).toEqual([])
    expect(() => guarding({ legacyScopes, policy })).not.toThrow()
  })

  it.each<[string, string, object, number]>([
    ['posts:read', 'posts.read', {}, 200],
    ['posts:read', 'posts.draft', {}, 403],
    ['posts:write', 'posts.read', {}, 200],
    ['posts:write', 'posts.draft', {}, 200],
    ['search', 'search.web', { target: 'https://example.org/' }, 200],
    ['search', 'search.web', { target: 'https://example.com/' }, 403],
    ['admin', 'posts.read', {}, 401],
  ])('DIA-5: the scope %s for %s', async (scope, action, facts, status) => {
    expect((await guarding({ legacyScopes, policy }).guard.authorize(byScopes(scope), action, facts)).status).toBe(status)
  })

  it('QTA-5: the policy holds for legacy clients, and a fresh token does not reset it', async () => {
    const { guard } = guarding({ legacyScopes, policy })
    const tokens = Array.from({ length: 10 }, (_, i) => byScopes('posts:read', { jti: `${i}` }))
    let admitted = 0
    for (let i = 0; i < 520; i++) if ((await guard.authorize(tokens[i % tokens.length]!, 'posts.read')).status === 200) admitted++
    expect((await guard.authorize(byScopes('posts:read', { jti: 'fresh' }), 'posts.read')).status).toBe(429)
    expect(admitted).toBe(500)
  })

  it('a client whose tokens have the claims is held to them', async () => {
    const { guard, records } = guarding({ legacyScopes, policy })
    const moved = requestWith(signToken({ ...claims, client_id: 'client-1', scope: 'posts:read posts:write search' }))
    expect((await guard.authorize(moved, 'posts.read')).status).toBe(200)
    expect((await guard.authorize(moved, 'search.web', { target: 'https://example.org/' })).status).toBe(200)
    expect((await guard.authorize(moved, 'posts.draft')).reason?.rule).toBe('CAP-2')
    await guard.authorize(byScopes('posts:read', { jti: 'other' }), 'posts.read')
    expect(records.map((record) => record.kind === 'decision' && record.agent_type)).toEqual(['llm-autonomous', 'llm-autonomous', 'llm-autonomous', 'oauth-client'])
  })
})
