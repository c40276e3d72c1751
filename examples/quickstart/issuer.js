import { createTestIssuer } from 'aap-guard/testing'

const audience = 'https://api.example.com'

/** What the agent of this example was given by its operator. */
const claims = {
  sub: 'spiffe://example.com/agent/researcher-01',
  aap_agent: { id: 'agent-researcher-01', type: 'llm-autonomous', operator: 'org:example', model: 'small-model-1' },
  aap_task: { id: 'task-123', purpose: 'research_and_draft_article' },
  aap_capabilities: [
    {
      action: 'search.web',
      constraints: { domains_allowed: ['example.org'], domains_blocked: ['ads.example.org'], max_requests_per_hour: 50 },
    },
    { action: 'cms.draft', constraints: { max_drafts_per_day: 2 } },
    { action: 'cms.publish' },
  ],
  aap_oversight: {
    requires_human_approval_for: ['cms.publish'],
    approval_reference: 'https://approvals.example.com/task-123',
  },
}

/**
 * Stands in for an authorization server: its keys are made now and served over HTTP, and it signs whatever it is asked
 * for. A real one would know its agents.
 */
export async function startIssuer() {
  const { issuer, sign, close } = await createTestIssuer({ audience })
  return {
    issuer,
    audience,
    close,
    /** A token of the agent; `changes` replace whole claims, and one that is `undefined` is left out. */
    issueToken: (changes = {}) => sign({ ...claims, ...changes }),
  }
}

/** The capabilities above but those for one action. */
export function capabilitiesWithout(action) {
  return claims.aap_capabilities.filter((capability) => capability.action !== action)
}

/** A delegation that went on for one hop more than it was allowed to. */
export const delegatedTooDeep = {
  aap_delegation: {
    depth: 3,
    max_depth: 2,
    chain: ['editor', 'researcher', 'crawler'].map((name) => ({ sub: `spiffe://example.com/agent/${name}` })),
  },
}
