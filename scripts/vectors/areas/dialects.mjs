import { agent, allowed, denied, invalidToken, quotaSpent, task, violation, withoutPrefix } from '../case.mjs'

const prefixed = (prefix) => (payload) => Object.fromEntries(Object.entries(payload).map(([name, value]) => [name.startsWith('aap_') ? prefix + name : name, value]))
const identified = { audit: { agent_id: agent.id, task_id: task.id } }
/** What scopes stand for on a server that moves to AAP. */
const legacyScopes = {
  'web:search': 'search.web',
  'web:search:org': { action: 'search.web', constraints: { domains_allowed: ['example.org'] } },
  'web:search:net': { action: 'search.web', constraints: { domains_allowed: ['example.net'] } },
  'cms:write': { action: 'cms.draft', constraints: { max_drafts_per_hour: 1 } },
  editor: ['cms.edit', { action: 'cms.publish', constraints: { allowed_methods: ['POST'] } }],
}
const moving = (server) => ({ legacyScopes, ...server })
/** A token without any of the seven claims, unless they are given. */
const legacy = (scope, definition, claims) => ({
  ...definition,
  server: moving(definition?.server),
  payload: (standard) => ({ ...standard, aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, client_id: 'client-1', scope, ...claims }),
})
const asked = (action, method = 'GET') => ({ request: { action, method } })
const target = (host) => ({ facts: { target: `https://${host}/` } })
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
      denied('dia-3-mixed', 'The agent in the configured namespace, the rest without it', invalidToken('DIA-2'), {
        verifies: ['DIA-2', 'DIA-3'], server: { claimPrefix: 'https://example.com/' }, payload: ({ aap_agent, ...rest }) => ({ ...rest, 'https://example.com/aap_agent': aap_agent }),
      }),
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
      ...[['number', 'a number', 7], ['array', 'an array', ['cms.publish']], ['object', 'an object', {}]].map(([name, title, scope]) => allowed(`dia-5-scope-${name}`, `The scope of an AAP token is ${title}`, { verifies: ['DIA-5'], flags: ['TypeConfusion'], claims: { scope } })),
      denied('dia-5-scope-ignored', 'The scope of an AAP token permits nothing', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['DIA-5', 'CAP-2'], claims: { scope: 'cms.publish' }, request: { action: 'cms.publish' } }),
    ],
  },

  'legacy-scopes': {
    description: 'During a migration a server maps the scopes of tokens that hold none of the seven claims. A token that holds any of them is never read by its scopes.',
    verifies: ['DIA-5'],
    cases: [
      allowed('dia-5-legacy-mapped', 'A scope that stands for the action', legacy('web:search')),
      allowed('dia-5-legacy-second', 'The second of the token\'s scopes stands for the action', legacy('openid web:search')),
      allowed('dia-5-legacy-constraint-holds', 'A scope that stands for the action with a constraint, which holds', legacy('web:search:org', target('example.org'))),
      allowed('dia-5-legacy-list', 'A scope that stands for several actions', legacy('editor', asked('cms.edit'))),
      allowed('dia-5-legacy-list-constraint', 'A scope that stands for several actions, one with a constraint, which holds', legacy('editor', { ...asked('cms.publish', 'POST'), audit: { capability_index: undefined } })),
      allowed('dia-5-legacy-alternatives', 'Two scopes stand for the action, and the second holds', { verifies: ['DIA-5', 'CAP-3'], flags: ['AlternativeCapability'], ...legacy('web:search:org web:search:net', { ...target('example.net'), audit: { capability_index: undefined } }) }),
      allowed('dia-5-legacy-aap-token', 'A token with all of its claims, on a server that maps scopes', { server: moving() }),
      denied('dia-5-legacy-constraint', 'A scope that stands for the action with a constraint, which does not hold', [403, 'aap_domain_not_allowed', 'CON-2'], { verifies: ['DIA-5', 'CON-2'], ...legacy('web:search:org', target('example.net')) }),
      denied('dia-5-legacy-list-refused', 'A scope that stands for several actions, one with a constraint, which does not hold', violation('CON-5'), { verifies: ['DIA-5', 'CON-5'], ...legacy('editor', asked('cms.publish')) }),
      denied('dia-5-legacy-quota', 'A scope that stands for the action with a quota, which is spent', quotaSpent, {
        verifies: ['DIA-5', 'CON-1'], ...legacy('cms:write', { ...asked('cms.draft', 'POST'), prior: [{ at: '2025-01-01T00:10:00Z' }], retryAfterSeconds: 1800 }),
      }),
      denied('dia-5-legacy-other-action', 'A scope that stands for another action', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['DIA-5', 'CAP-2'], ...legacy('web:search', asked('cms.draft')) }),
      denied('dia-5-legacy-one-unmapped', 'One scope stands for another action, one for nothing', [403, 'aap_invalid_capability', 'CAP-2'], { verifies: ['DIA-5', 'CAP-2'], ...legacy('web:search cms.draft', asked('cms.draft')) }),
      ...[
        ['unmapped', 'A scope that stands for nothing', 'openid', []],
        ['action-as-scope', 'A scope that is the action\'s name', 'search.web', []],
        ['case', 'A scope in another case', 'WEB:Search', []],
        ['longer', 'A mapped scope is a prefix of it', 'web:search:all', ['PrefixConfusion']],
        ['shorter', 'It is a prefix of a mapped scope', 'web', ['PrefixConfusion']],
        ['star', 'A wildcard', '*', []],
        ['prototype', 'A member of Object.prototype', 'constructor', ['PrototypePollution']],
        ['tab', 'Two scopes, parted by a tab', 'openid\tweb:search', []],
        ['array', 'A mapped scope in an array', ['web:search'], ['TypeConfusion']],
        ['empty', 'An empty scope', '', ['EmptyIsNotUnlimited']],
        ['absent', 'No scope', undefined, ['MissingFact']],
      ].map(([name, title, scope, flags]) => denied(`dia-5-legacy-${name}`, title, invalidToken('DIA-5'), { flags, ...legacy(scope) })),
      denied('dia-5-legacy-scp', 'A mapped scope in another claim', invalidToken('DIA-5'), legacy(undefined, {}, { scp: ['web:search'], scopes: 'web:search', permissions: ['web:search'] })),

      denied('dia-5-legacy-scope-ignored', 'The scope of an AAP token permits nothing, although it stands for the action', [403, 'aap_invalid_capability', 'CAP-2'], {
        verifies: ['DIA-5', 'CAP-2'], flags: ['ScopeFallback'], server: moving(), claims: { scope: 'cms:write' }, ...asked('cms.draft', 'POST'),
      }),
      denied('dia-5-legacy-constraints-kept', 'The scope of an AAP token does not stand in for a capability that fails', violation('CON-5'), {
        verifies: ['DIA-5', 'CON-5'], flags: ['ScopeFallback'], server: moving(), claims: { scope: 'web:search' }, constraints: { allowed_methods: ['POST'] },
      }),
      ...[
        ['agent', { aap_agent: agent }], ['task', { aap_task: task }], ['capabilities', { aap_capabilities: [{ action: 'cms.draft' }] }], ['oversight', { aap_oversight: { requires_human_approval_for: ['search.web'] } }],
        ['delegation', { aap_delegation: { depth: 0, max_depth: 0 } }], ['context', { aap_context: { network_zone: 'internal' } }], ['audit', { aap_audit: { trace_id: 't-1' } }],
      ].map(([name, claims]) => denied(`dia-5-legacy-one-claim-${name}`, `A mapped scope, and of the seven claims only aap_${name}`, invalidToken('DIA-5'), { flags: ['ScopeFallback'], ...legacy('web:search', {}, claims) })),
      denied('dia-5-legacy-one-claim-draft-01', 'A mapped scope, and of the seven claims only context, in the spelling of draft-01', invalidToken('DIA-5'), { flags: ['ScopeFallback'], ...legacy('web:search', {}, { context: { network_zone: 'internal' } }) }),
      denied('dia-5-legacy-two-claims', 'A mapped scope, an agent and a task, and no capabilities', invalidToken('DIA-5'), { flags: ['ScopeFallback'], server: moving(), claims: { aap_capabilities: undefined, scope: 'web:search' } }),
      denied('dia-5-legacy-malformed-claim', 'A mapped scope, and capabilities that are malformed', invalidToken('TOK-10'), { verifies: ['DIA-5', 'TOK-10'], flags: ['ScopeFallback'], server: moving(), claims: { aap_capabilities: 'search.web', scope: 'web:search' } }),
      denied('dia-5-legacy-mixed', 'A mapped scope, and claims in two spellings', invalidToken('DIA-2'), { verifies: ['DIA-5', 'DIA-2'], flags: ['ScopeFallback'], server: moving(), claims: { aap_task: undefined, task, scope: 'web:search' } }),
      denied('dia-5-legacy-null-claim', 'A mapped scope, and a claim that is null', invalidToken('TOK-7'), { verifies: ['DIA-5', 'TOK-7'], flags: ['ScopeFallback', 'NullMember'], ...legacy('web:search', {}, { aap_capabilities: null }) }),
      denied('dia-5-legacy-namespaced', 'A mapped scope, and claims in the configured namespace', [403, 'aap_invalid_capability', 'CAP-2'], {
        verifies: ['DIA-5', 'DIA-3', 'CAP-2'], flags: ['ScopeFallback'], server: moving({ claimPrefix: 'https://example.com/' }), claims: { scope: 'cms:write' }, payload: prefixed('https://example.com/'), ...asked('cms.draft', 'POST'),
      }),
      denied('dia-5-legacy-namespaced-one', 'A mapped scope, and one claim in the configured namespace', invalidToken('DIA-5'), {
        verifies: ['DIA-5', 'DIA-3'], flags: ['ScopeFallback'], ...legacy('web:search', { server: { claimPrefix: 'https://example.com/' } }, { 'https://example.com/aap_context': { network_zone: 'internal' } }),
      }),
      denied('dia-5-legacy-namespace-not-configured', 'A mapped scope, and claims in a namespace that nobody configured', invalidToken('DIA-5'), {
        verifies: ['DIA-5', 'DIA-3'], flags: ['ScopeFallback'], server: moving(), claims: { scope: 'web:search' }, constraints: { allowed_methods: ['POST'] }, payload: prefixed('https://example.com/'),
      }),

      denied('dia-5-legacy-route-purposes', 'The route is for certain purposes, and the token has no task', [403, 'aap_task_mismatch', 'TSK-2'], { verifies: ['DIA-5', 'TSK-2'], flags: ['MissingFact'], ...legacy('web:search', { facts: { purposes: [task.purpose] } }) }),
      denied('dia-5-legacy-policy-purposes', 'Local policy is for certain purposes, and the token has no task', [403, 'aap_task_mismatch', 'TSK-2'], { verifies: ['DIA-5', 'TSK-2'], flags: ['MissingFact'], ...legacy('web:search', { server: { policy: { purposes: [task.purpose] } } }) }),
      denied('dia-5-legacy-task-as-claim', 'The route is for certain purposes, and an unknown claim names one', [403, 'aap_task_mismatch', 'TSK-2'], { verifies: ['DIA-5', 'TSK-2'], flags: ['MissingFact'], ...legacy('web:search', { facts: { purposes: [task.purpose] } }, { purpose: task.purpose, task_type: task.purpose, intent_description: task.purpose }) }),
      denied('dia-5-legacy-policy-constraint', 'A constraint of local policy holds for such tokens as well', violation('CON-5'), { verifies: ['DIA-5', 'CAP-7', 'CON-5'], ...legacy('web:search', { server: { policy: { constraints: { allowed_methods: ['POST'] } } } }) }),
      denied('dia-5-legacy-policy-lower', 'Local policy has a lower number than the scope', quotaSpent, { verifies: ['DIA-5', 'CAP-7', 'CON-1'], flags: ['Boundary'], ...legacy('cms:write', { ...asked('cms.draft', 'POST'), server: { policy: { constraints: { max_drafts_per_hour: 0 } } } }) }),
      denied('dia-5-legacy-policy-higher', 'Local policy has a higher number than the scope', quotaSpent, {
        verifies: ['DIA-5', 'CAP-7', 'CON-1'], flags: ['PolicyOnlyNarrows'], ...legacy('cms:write', { ...asked('cms.draft', 'POST'), server: { policy: { constraints: { max_drafts_per_hour: 9 } } }, prior: [{ at: '2025-01-01T00:10:00Z' }], retryAfterSeconds: 1800 }),
      }),
      denied('dia-5-legacy-policy-model', 'Local policy denies models, and the token names none', [403, 'aap_agent_not_recognized', 'AGT-1'], { verifies: ['DIA-5', 'AGT-1'], flags: ['MissingFact'], ...legacy('web:search', { server: { policy: { agents: { deniedModels: ['m-1'] } } } }) }),
      denied('dia-5-legacy-policy-agents', 'Local policy lists agents, and the client is none of them', [403, 'aap_agent_not_recognized', 'AGT-1'], { verifies: ['DIA-5', 'AGT-1'], ...legacy('web:search', { server: { policy: { agents: { allowedIds: [agent.id] } } } }) }),
      denied('dia-5-legacy-policy-trust-domain', 'Local policy lists trust domains, and sub is of none of them', [403, 'aap_agent_not_recognized', 'AGT-2'], { verifies: ['DIA-5', 'AGT-2'], ...legacy('web:search', { server: { policy: { agents: { allowedTrustDomains: ['example.net'] } } } }) }),
      denied('dia-5-legacy-policy-quota', 'A fresh token of the same client does not reset the quota of its agent', quotaSpent, {
        verifies: ['DIA-5', 'QTA-5'], flags: ['QuotaReset'], ...legacy('web:search', { server: { policy: { quotas: { perAgent: { max_requests_per_hour: 1 } } } }, prior: [{ at: '2025-01-01T00:10:00Z', token: { jti: 'another-token' } }], retryAfterSeconds: 1800 }),
      }),
      denied('dia-5-legacy-policy-task-quota', 'A fresh token of the same client does not reset the quota of its task, which it does not name', quotaSpent, {
        verifies: ['DIA-5', 'QTA-5'], flags: ['QuotaReset', 'MissingFact'], ...legacy('web:search', { server: { policy: { quotas: { perTask: { max_requests_per_hour: 1 } } } }, prior: [{ at: '2025-01-01T00:10:00Z', token: { jti: 'another-token' } }], retryAfterSeconds: 1800 }),
      }),
      denied('dia-5-legacy-route-approval', 'The route requires approval', [403, 'aap_approval_required', 'OVS-1'], { verifies: ['DIA-5', 'OVS-1'], ...legacy('web:search', { facts: { approval: 'required' } }) }),

      denied('dia-5-legacy-bound', 'A mapped scope, and the token is bound to a DPoP key', invalidToken('POP-1'), { verifies: ['DIA-5', 'POP-1'], flags: ['ScopeFallback'], ...legacy('web:search', {}, { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }) }),
      denied('dia-5-legacy-bound-to-nothing', 'A mapped scope, and the token is bound to nothing', invalidToken('POP-1'), { verifies: ['DIA-5', 'POP-1'], flags: ['ScopeFallback', 'EmptyIsNotUnlimited'], ...legacy('web:search', {}, { cnf: {} }) }),
      denied('dia-5-legacy-actor', 'An actor without a delegation claim', [403, 'aap_invalid_delegation_chain', 'DEL-3'], { verifies: ['DIA-5', 'DEL-3'], flags: ['ScopeFallback'], ...legacy('web:search', {}, { act: { sub: 'agent-b' } }) }),
      ...[['empty', 'empty', '', ['EmptyIsNotUnlimited']], ['number', 'a number', 7, ['TypeConfusion']], ['array', 'an array', ['client-1'], ['TypeConfusion']]].map(([name, title, client_id, flags]) => denied(`dia-5-legacy-client-${name}`, `A mapped scope, client_id is ${title}, and local policy lists sub`, invalidToken('TOK-10'), {
        verifies: ['DIA-5', 'TOK-10'], flags: ['ScopeFallback', ...flags], ...legacy('web:search', { server: { policy: { agents: { allowedIds: [agent.id] } } } }, { sub: agent.id, client_id }),
      })),
      allowed('dia-5-legacy-client-missing', 'A mapped scope, no client_id, and local policy lists sub', { ...legacy('web:search', { server: { policy: { agents: { allowedIds: [agent.id] } } } }, { sub: agent.id, client_id: undefined }), audit: { agent_id: agent.id } }),
      denied('dia-5-legacy-no-token-id', 'A mapped scope, and no jti', invalidToken('TOK-9'), { verifies: ['DIA-5', 'TOK-9'], ...legacy('web:search', {}, { jti: undefined }) }),
      denied('dia-5-legacy-audience', 'A mapped scope, and another audience', invalidToken('TOK-5'), { verifies: ['DIA-5', 'TOK-5'], flags: ['AudienceConfusion'], ...legacy('web:search', {}, { aud: 'https://other-api.example.com' }) }),
    ],
  },
}
