import { agent, allowed, denied, invalidToken, task, withoutPrefix } from '../case.mjs'

const prefixed = (prefix) => (payload) => Object.fromEntries(Object.entries(payload).map(([name, value]) => [name.startsWith('aap_') ? prefix + name : name, value]))
const identified = { audit: { agent_id: agent.id, task_id: task.id } }
const without = (...names) => ({ claims: Object.fromEntries(names.map((name) => [name, undefined])) })

export const files = {
  spellings: {
    description: 'Canonical claims with the prefix aap_, the un-prefixed claims of draft-01, and claims in a namespace of the issuer.',
    cases: [
      allowed('dia-1-canonical', 'Canonical claims', { verifies: ['DIA-1'] }),
      allowed('dia-1-draft-01', 'Claims of draft-01', { verifies: ['DIA-1'], payload: withoutPrefix, ...identified }),
      allowed('dia-1-complete', 'Every claim at once, canonical', {
        verifies: ['DIA-1', 'DIA-4'],
        at: '2024-12-31T23:30:00Z',
        payload: {
          iss: 'https://as.example.com',
          sub: 'spiffe://example.com/agent/researcher-01',
          aud: ['https://api.example.com'],
          exp: 1735689600,
          iat: 1735686000,
          jti: 'unique-token-id-abc123',
          aap_agent: { ...agent, model: 'gpt-4', runtime_context: { environment: 'production', version: '1.2.0' } },
          aap_task: { ...task, data_sensitivity: 'public', context: { topic: 'OAuth for AI agents', target_audience: 'developers' } },
          aap_capabilities: [
            { action: 'search.web', constraints: { domains_allowed: ['example.org', 'wikipedia.org'], max_requests_per_hour: 50 } },
            { action: 'cms.draft', constraints: { max_drafts_per_day: 10 } },
          ],
          aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_workflow: { type: 'slack_channel', channel_id: 'C1234567890' } },
          aap_delegation: { depth: 0, max_depth: 2 },
          aap_context: { network_zone: 'internal' },
          aap_audit: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', log_level: 'full' },
        },
        facts: { target: 'https://en.wikipedia.org/wiki/OAuth', zone: 'internal' },
        audit: { ...identified.audit, agent_type: agent.type, agent_operator: agent.operator, task_purpose: task.purpose, delegation_depth: 0, target_host: 'en.wikipedia.org', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' },
      }),
      denied('dia-2-one-foreign-claim', 'Canonical claims and an un-prefixed delegation', invalidToken('DIA-2'), { flags: ['JsonParserDifferential'], claims: { delegation: { depth: 0, max_depth: 0 } } }),
      denied('dia-2-both-spellings', 'Both spellings of one claim', invalidToken('DIA-2'), { flags: ['JsonParserDifferential'], claims: { capabilities: [{ action: 'cms.publish' }] } }),
      denied('dia-2-halves', 'The agent in one spelling, the task in the other', invalidToken('DIA-2'), { claims: { aap_task: undefined, task } }),
      denied('dia-2-foreign-claim-in-draft-01', 'Claims of draft-01 and a canonical oversight', invalidToken('DIA-2'), {
        flags: ['AliasIgnored'], payload: (payload) => ({ ...withoutPrefix(payload), aap_oversight: { requires_human_approval_for: ['search.web'] } }),
      }),
      allowed('dia-2-common-claims', 'act and scope belong to both spellings', {
        verifies: ['DIA-2', 'DIA-5'],
        payload: (payload) => ({ ...withoutPrefix(payload), scope: 'read:web', client_id: 'client-1', delegation: { depth: 1, max_depth: 2, chain: ['user:ada', 'agent-b'] }, act: { sub: 'agent-b' } }),
        audit: { ...identified.audit, delegation_depth: 1 },
      }),
      allowed('dia-3-configured-prefix', 'Claims in the configured namespace', { verifies: ['DIA-3'], server: { claimPrefix: 'https://example.com/' }, payload: prefixed('https://example.com/'), ...identified }),
      denied('dia-3-prefix-not-configured', 'Claims in a namespace that nobody configured', invalidToken('DIA-5'), { verifies: ['DIA-3', 'DIA-5'], payload: prefixed('https://example.com/') }),
      denied('dia-3-other-prefix', 'Claims in another namespace than the configured one', invalidToken('DIA-5'), {
        verifies: ['DIA-3', 'DIA-5'], flags: ['PrefixConfusion'], server: { claimPrefix: 'https://example.com/' }, payload: prefixed('https://example.com/v2/'),
      }),
    ],
  },

  shapes: {
    description: 'Shapes that differ between the sources are all accepted, and members that are not known are ignored.',
    verifies: ['DIA-4'],
    cases: [
      allowed('dia-4-model-name', 'The model as a name', { agent: { model: 'gpt-4' } }),
      allowed('dia-4-model-identity', 'The model as an identity', { agent: { model: { provider: 'acme', id: 'm-1', version: '2025-01' } } }),
      allowed('dia-4-runtime-context', 'runtime_context', { agent: { runtime_context: { environment: 'production', version: '1.2.0' } } }),
      allowed('dia-4-runtime', 'runtime', { agent: { runtime: { environment: 'production', attested: true } } }),
      allowed('dia-4-audience-string', 'aud as a string', { claims: { aud: 'https://api.example.com' } }),
      allowed('dia-4-chain-of-strings', 'A chain of strings', { claims: { aap_delegation: { depth: 1, max_depth: 1, chain: ['user:ada', 'agent-b'] } }, audit: { delegation_depth: 1 } }),
      allowed('dia-4-chain-of-hops', 'A chain of hops', { claims: { aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: 'agent-b' }] } }, audit: { delegation_depth: 1 } }),
      denied('dia-4-approval-alias', 'requires_approval_for is the same list', [403, 'aap_approval_required', 'OVS-1'], {
        verifies: ['DIA-4', 'OVS-1'], flags: ['AliasIgnored'], claims: { aap_oversight: { requires_approval_for: ['search.web'] } },
      }),
      denied('dia-4-approval-union', 'Both lists are united', [403, 'aap_approval_required', 'OVS-1'], {
        verifies: ['DIA-4', 'OVS-1'], flags: ['AliasIgnored'], claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], requires_approval_for: ['search.web'] } },
      }),
      denied('dia-4-approval-union-reversed', 'Both lists are united, whichever names the action', [403, 'aap_approval_required', 'OVS-1'], {
        verifies: ['DIA-4', 'OVS-1'], flags: ['AliasIgnored'], claims: { aap_oversight: { requires_human_approval_for: ['search.web'], requires_approval_for: [] } },
      }),
      allowed('dia-4-unknown-members', 'Members that are not known, at every level', {
        agent: { colour: 'red', runtime: { gpu: true } },
        task: { priority: 3 },
        capabilities: [{ action: 'search.web', description: 'searches', priority: 1 }],
        claims: {
          department: { id: 7 },
          aap_oversight: { reviewers: ['ada'] },
          aap_delegation: { depth: 1, max_depth: 1, reason: 'x', chain: [{ sub: 'agent-b', via: 'x' }] },
          aap_context: { weather: 'rain' },
          aap_audit: { retention_days: 30 },
        },
      }),
    ],
  },

  mandatory: {
    description: 'A token with any of the seven claims needs agent, task and capabilities; a token with none is refused.',
    cases: [
      denied('dia-5-plain-jwt', 'A valid JWT without any of the claims', invalidToken('DIA-5'), without('aap_agent', 'aap_task', 'aap_capabilities')),
      denied('dia-5-scope-only', 'A scope does not stand in for the claims', invalidToken('DIA-5'), { claims: { aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, scope: 'search.web' } }),
      denied('dia-5-no-agent', 'No agent', invalidToken('DIA-5'), without('aap_agent')),
      denied('dia-5-no-task', 'No task', invalidToken('DIA-5'), without('aap_task')),
      denied('dia-5-no-capabilities', 'No capabilities', invalidToken('DIA-5'), without('aap_capabilities')),
      denied('dia-5-audit-only', 'One optional claim makes it an AAP token', invalidToken('DIA-5'), { claims: { aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, aap_audit: { trace_id: 't-1' } } }),
      denied('dia-5-capabilities-ref', 'A reference does not stand in for capabilities', invalidToken('DIA-5'), {
        payload: (payload) => ({ ...withoutPrefix(payload), capabilities: undefined, capabilities_ref: 'https://as.example.com/capabilities/1' }),
      }),
      denied('dia-5-scope-ignored', 'The scope of an AAP token permits nothing', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['DIA-5', 'CAP-2'], claims: { scope: 'cms.publish' }, request: { action: 'cms.publish' } }),
    ],
  },
}
