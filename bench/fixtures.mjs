import { createTestIssuer } from 'aap-guard/testing'

/** A token with everything a busy agent has: 1.5 kB of payload, five constraints and three quotas on the action that is measured. */
export function claims(i) {
  const now = Math.floor(Date.now() / 1000)
  return {
    iat: now,
    exp: now + 86_400,
    jti: `token-${i}`,
    sub: 'spiffe://example.com/agent/researcher-01',
    aap_agent: { id: 'agent-researcher-01', type: 'llm-autonomous', operator: 'org:example', model: 'gpt-4', runtime_context: { environment: 'production', version: '1.2.0' } },
    aap_task: { id: `task-${i}`, purpose: 'research_and_draft_article', data_sensitivity: 'public', context: { topic: 'OAuth for AI agents', notes: 'n'.repeat(320) } },
    aap_capabilities: [
      {
        action: 'search.web',
        constraints: {
          allowed_methods: ['GET'],
          domains_allowed: ['example.org', 'wikipedia.org', 'docs.example.com'],
          domains_blocked: ['internal.example.org'],
          max_requests_per_minute: 1e12,
          max_requests_per_hour: 1e12,
          max_requests_per_day: 1e12,
        },
      },
      { action: 'cms.draft', constraints: { max_drafts_per_day: 10 } },
    ],
    aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_workflow: { type: 'slack_channel', channel_id: 'C1234567890' } },
    aap_delegation: { depth: 1, max_depth: 2, chain: [{ sub: 'spiffe://example.com/agent/main', delegated_at: 1735686000 }] },
    act: { sub: 'spiffe://example.com/agent/main' },
  }
}

export const tokenCount = 10_000
export const target = 'https://en.wikipedia.org/wiki/OAuth?action=raw'

export async function createFixtures() {
  const issuer = await createTestIssuer()
  const tokens = []
  for (let i = 0; i < tokenCount; i++) tokens.push(await issuer.sign(claims(i)))
  return { issuer, tokens, trusted: { issuer: { issuer: issuer.issuer, jwks: issuer.jwks }, audience: issuer.audience } }
}

/** A string nobody has hashed yet, as every request brings one. */
export function fresh(text) {
  return Buffer.from(text, 'latin1').toString('latin1')
}
