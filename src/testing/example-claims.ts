/**
 * Claims of an agent that may search and draft, in the canonical dialect: a start for a token of your own.
 *
 * @param overrides replace whole claims; `undefined` removes one
 */
export function exampleClaims(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return withoutUndefined({
    sub: 'spiffe://example.com/agent/researcher-01',
    aap_agent: { id: 'agent-researcher-01', type: 'llm-autonomous', operator: 'org:example' },
    aap_task: { id: 'task-123', purpose: 'research_and_draft_article' },
    aap_capabilities: [
      { action: 'search.web', constraints: { domains_allowed: ['example.org'], max_requests_per_hour: 50 } },
      { action: 'cms.draft', constraints: { max_drafts_per_day: 10 } },
    ],
    ...overrides,
  })
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
