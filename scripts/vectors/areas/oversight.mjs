import { allowed, denied, quotaSpent, withoutPrefix } from '../case.mjs'

const approvalRequired = [403, 'aap_approval_required', 'OVS-1']
const publish = { capabilities: [{ action: 'cms.draft' }, { action: 'cms.publish' }], request: { method: 'POST', url: '/posts/1/publish', action: 'cms.publish' } }
const thresholdExceeded = [403, 'aap_approval_required', 'CON-11']
const domainDenied = [403, 'aap_domain_not_allowed', 'CON-2']
const search = (constraints) => ({ action: 'search.web', constraints })
const upTo = (require_approval_threshold, more) => search({ require_approval_threshold, ...more })
const on = (host, more) => search({ domains_allowed: [host], ...more })
const paying = (amount, host) => ({ facts: { amount, ...(host !== undefined && { target: `https://${host}/` }) } })
const once = (time, changes) => ({ at: `2025-01-01T${time}Z`, ...changes })
const listed = (...actions) => ({ claims: { aap_oversight: { requires_human_approval_for: actions } } })

export const files = {
  approval: {
    description: 'An action that is listed for human approval is not performed without it.',
    verifies: ['OVS-1'],
    cases: [
      denied('ovs-1-listed', 'The action is listed', approvalRequired, { ...publish, ...listed('payment.execute', 'cms.publish') }),
      allowed('ovs-1-not-listed', 'Another action is listed', { ...publish, ...listed('payment.execute'), audit: { capability_index: 1 } }),
      allowed('ovs-1-other-action', 'The action of the request is not listed', { ...publish, ...listed('cms.publish'), request: { ...publish.request, action: 'cms.draft' } }),
      allowed('ovs-1-empty', 'An empty list', { ...publish, ...listed(), audit: { capability_index: 1 } }),
      denied('ovs-1-route', 'The route requires approval, the token does not', approvalRequired, { ...publish, facts: { approval: 'required' } }),
      denied('ovs-1-route-and-token', 'The token lists another action, the route requires approval', approvalRequired, { ...publish, ...listed('payment.execute'), facts: { approval: 'required' } }),
      denied('ovs-1-alias', 'The alias of the list', approvalRequired, { verifies: ['OVS-1', 'DIA-4'], flags: ['AliasIgnored'], ...publish, claims: { aap_oversight: { requires_approval_for: ['cms.publish'] } } }),
      denied('ovs-1-reference', 'The token says where to ask for approval', approvalRequired, { ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_reference: 'https://approvals.example.com/policies/7' } } }),
      denied('ovs-1-reference-script', 'The reference is a script, and changes nothing', approvalRequired, { ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_reference: 'javascript:alert(1)' } } }),
      denied('ovs-1-workflow', 'The token names a workflow', approvalRequired, { ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_workflow: { type: 'slack_channel', channel_id: 'C1234567890' } } } }),
      denied('ovs-1-approved-in-claim', 'A claim says that it is approved', approvalRequired, { flags: ['ClientControlledFact'], ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], approved: true, approval_status: 'approved' } } }),
      denied('ovs-1-approved-in-header', 'A header says that it is approved', approvalRequired, {
        flags: ['ClientControlledFact'], ...publish, ...listed('cms.publish'), headers: [['Authorization', 'Bearer {jwt}'], ['X-Approval', 'granted'], ['X-Approval-Id', '00000000-0000-0000-0000-000000000000']],
      }),
      denied('ovs-1-approved-in-query', 'The query says that it is approved', approvalRequired, { flags: ['ClientControlledFact'], ...publish, ...listed('cms.publish'), request: { ...publish.request, url: '/posts/1/publish?approved=true&approval_id=1' } }),
      denied('ovs-1-draft-01', 'In the spelling of draft-01', approvalRequired, {
        verifies: ['OVS-1', 'DIA-1'], ...publish, audit: { agent_id: 'agent-researcher-01' },
        payload: ({ aap_agent, aap_task, aap_capabilities, ...rest }) => ({ ...rest, agent: aap_agent, task: aap_task, capabilities: aap_capabilities, oversight: { level: 'approval', requires_human_approval_for: ['cms.publish'] } }),
      }),
      denied('ovs-1-every-alternative', 'A second capability for the action does not avoid approval', approvalRequired, { flags: ['AlternativeCapability'], ...listed('search.web'), capabilities: [{ action: 'search.web', constraints: { allowed_methods: ['POST'] } }, { action: 'search.web' }] }),
      ...[['parent', 'The parent of the action is listed', 'cms'], ['child', 'A child of the action is listed', 'cms.publish.now'], ['case', 'The action is listed in another case', 'CMS.Publish']].map(([name, title, action]) =>
        allowed(`ovs-1-listed-${name}`, title, { verifies: ['OVS-1', 'CAP-1'], flags: ['PrefixConfusion'], ...publish, ...listed(action), audit: { capability_index: 1 } })),
      denied('ovs-1-listed-prototype', 'The action is a member of Object.prototype, and listed', approvalRequired, { flags: ['PrototypePollution'], capabilities: [{ action: 'constructor' }], request: { action: 'constructor' }, ...listed('constructor') }),
      allowed('ovs-1-not-listed-prototype', 'The action is a member of Object.prototype, and not listed', { flags: ['PrototypePollution'], capabilities: [{ action: 'constructor' }], request: { action: 'constructor' }, ...listed('cms.publish') }),
      denied('ovs-1-both-lists', 'Both lists name the action', approvalRequired, { verifies: ['OVS-1', 'DIA-4'], flags: ['AliasIgnored'], ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], requires_approval_for: ['cms.publish'] } } }),
      denied('ovs-1-draft-01-alias', 'The alias of the list, in the spelling of draft-01', approvalRequired, { verifies: ['OVS-1', 'DIA-1', 'DIA-4'], flags: ['AliasIgnored'], ...publish, claims: { aap_oversight: { requires_approval_for: ['cms.publish'] } }, payload: withoutPrefix }),
      denied('ovs-1-draft-01-union', 'Both lists are united, in the spelling of draft-01', approvalRequired, { verifies: ['OVS-1', 'DIA-1', 'DIA-4'], flags: ['AliasIgnored'], ...publish, claims: { aap_oversight: { requires_human_approval_for: ['payment.execute'], requires_approval_for: ['cms.publish'] } }, payload: withoutPrefix }),
      denied('ovs-1-namespaced', 'In the configured namespace', approvalRequired, {
        verifies: ['OVS-1', 'DIA-3'], ...publish, ...listed('cms.publish'), server: { claimPrefix: 'https://example.com/' },
        payload: (payload) => Object.fromEntries(Object.entries(payload).map(([name, value]) => [name.replace(/^aap_/, 'https://example.com/aap_'), value])),
      }),
      denied('ovs-1-delegated', 'A delegated token lists the action', approvalRequired, { ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'] }, aap_delegation: { depth: 1, max_depth: 1, chain: ['user:ada', 'agent-b'] } } }),
      denied('ovs-1-timeout-zero', 'A time-out of 0 does not waive the approval', approvalRequired, { ...publish, claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_timeout: 0 } } }),
      denied('ovs-1-asked-before', 'Asking again and again is no approval', approvalRequired, { ...publish, ...listed('cms.publish'), prior: [once('00:10:00', { times: 5 })] }),
      denied('ovs-1-before-threshold', 'The action is listed, and the amount is above the threshold', approvalRequired, { verifies: ['OVS-1', 'CON-11', 'ORD-1'], ...listed('search.web'), capabilities: [upTo(100)], ...paying(500) }),
    ],
  },

  supervised: {
    description: 'A supervised agent needs approval for critical actions, and for those alone.',
    verifies: ['OVS-4'],
    cases: [
      allowed('ovs-4-type', 'A supervised agent, and an action that is not critical', { agent: { type: 'supervised' }, audit: { agent_type: 'supervised' } }),
      allowed('ovs-4-level', 'A supervised token, and an action that is not critical', { claims: { aap_oversight: { level: 'supervised' } } }),
      denied('ovs-4-listed', 'A supervised agent, and an action that the token lists for approval', approvalRequired, { verifies: ['OVS-1', 'OVS-4'], agent: { type: 'supervised' }, claims: { aap_oversight: { level: 'supervised', requires_human_approval_for: ['search.web'] } } }),
      denied('ovs-4-autonomous-listed', 'Another level does not waive the approval of an action that the token lists', approvalRequired, { verifies: ['OVS-1', 'OVS-4'], claims: { aap_oversight: { level: 'autonomous', requires_human_approval_for: ['search.web'] } } }),
    ],
  },

  threshold: {
    description: 'require_approval_threshold among alternatives and quotas, and amounts that are none.',
    verifies: ['CON-11'],
    cases: [
      denied('con-11-negative', 'A negative threshold, and nothing to pay', thresholdExceeded, { flags: ['Boundary'], capabilities: [upTo(-1)], ...paying(0) }),
      denied('con-11-null', 'The amount is null', thresholdExceeded, { flags: ['MissingFact', 'TypeConfusion'], capabilities: [upTo(100)], ...paying(null) }),
      denied('con-11-boolean', 'The amount is false', thresholdExceeded, { flags: ['MissingFact', 'TypeConfusion'], capabilities: [upTo(100)], ...paying(false) }),
      denied('con-11-array', 'A repeated parameter gave two amounts', thresholdExceeded, { flags: ['MissingFact', 'TypeConfusion', 'RepeatedParameter'], capabilities: [upTo(100)], ...paying([5, 500]) }),
      denied('con-11-in-query', 'The query and a header name an amount', thresholdExceeded, { flags: ['MissingFact', 'ClientControlledFact'], capabilities: [upTo(100)], request: { url: '/search?amount=5' }, headers: [['Authorization', 'Bearer {jwt}'], ['X-Amount', '5']] }),
      allowed('con-11-alternative-without', 'The first has a threshold, the second has none', { verifies: ['CON-11', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [upTo(100), search({})], ...paying(500), audit: { capability_index: 1 } }),
      allowed('con-11-alternative-higher', 'The second has a higher threshold', { verifies: ['CON-11', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [upTo(100), upTo(500)], ...paying(500), audit: { capability_index: 1 } }),
      denied('con-11-alternatives', 'Both have a threshold below the amount', thresholdExceeded, { verifies: ['CON-11', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [upTo(100), upTo(200)], ...paying(500) }),
      denied('con-11-alternative-refused', 'The first needs approval, the second is for another host: the first failure is the answer', thresholdExceeded, { verifies: ['CON-11', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [upTo(100), on('example.org')], ...paying(500, 'example.net') }),
      denied('con-11-alternative-refused-reversed', 'The first is for another host, the second needs approval: the first failure is the answer', domainDenied, { verifies: ['CON-11', 'CON-2', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [on('example.org'), upTo(100)], ...paying(500, 'example.net') }),
      denied('con-11-alternative-quota', 'The first needs approval, the second has spent its quota: 429', quotaSpent, { verifies: ['CON-11', 'CON-1', 'CAP-3'], flags: ['AlternativeCapability'], capabilities: [upTo(100), search({ max_requests_per_hour: 0 })], ...paying(500) }),
      denied('con-11-alternative-charged', 'Where the first is for another host and the second needs approval, the first is charged', quotaSpent, {
        verifies: ['CON-11', 'QTA-2'], flags: ['AlternativeCapability'], capabilities: [on('example.org', { max_requests_per_hour: 1 }), upTo(100)], ...paying(500, 'example.org'), prior: [once('00:10:00', paying(500, 'example.net'))], retryAfterSeconds: 1800,
      }),
      allowed('con-11-alternative-not-charged', 'Where the first needs approval and the second is for another host, nothing is charged', {
        verifies: ['CON-11', 'QTA-2'], flags: ['AlternativeCapability'], capabilities: [upTo(100, { max_requests_per_hour: 1 }), on('example.org')], ...paying(5, 'example.net'), prior: [once('00:10:00', { times: 3, ...paying(500, 'example.net') })],
      }),
    ],
  },
}
