import { allowed, denied } from '../case.mjs'

const approvalRequired = [403, 'aap_approval_required', 'OVS-1']
const publish = { capabilities: [{ action: 'cms.draft' }, { action: 'cms.publish' }], request: { method: 'POST', url: '/posts/1/publish', action: 'cms.publish' } }
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
    ],
  },
}
