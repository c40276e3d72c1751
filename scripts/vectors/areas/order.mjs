import { denied, expiresAt, invalidToken, now, rfc3339, violation } from '../case.mjs'
import { base64url } from '../sign.mjs'

/** What makes one step fail, apart from all others. */
const fails = {
  transport: { headers: [['Authorization', 'Bearer {jwt}'], ['Authorization', 'Bearer {jwt}']] },
  header: { header: { crit: ['x'] } },
  issuer: { claims: { iss: 'https://evil.example.com' } },
  signature: { key: ['other-issuer', 'es256-1'] },
  times: { at: rfc3339(expiresAt + 3600) },
  audience: { claims: { aud: 'https://other-api.example.com' } },
  claims: { claims: { aap_agent: undefined } },
  proof: { claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } } },
  task: { task: { expires_at: now - 600 } },
  context: { claims: { aap_context: { network_zone: 'internal' } } },
  delegation: { claims: { aap_delegation: { depth: 1, max_depth: 0, chain: [{ sub: 'a' }] } } },
  capability: { request: { action: 'cms.publish' } },
}
const both = (...steps) => steps.map((step) => fails[step]).reduce((one, other) => ({ ...one, ...other, ...(one.claims && other.claims && { claims: { ...one.claims, ...other.claims } }) }))
const pair = (first, second, denial, more = {}) => denied(`ord-1-${first}-before-${second}`, `${first} before ${second}`, denial, { verifies: ['ORD-1', denial[2]], ...both(first, second), ...more })

/** Constraints in the order in which they are checked, each failing under the facts below. */
const inOrder = [
  ['allowed_methods', ['POST'], violation('CON-5')],
  ['require_encryption', true, violation('CON-12')],
  ['domains_blocked', ['example.net'], [403, 'aap_domain_not_allowed', 'CON-2']],
  ['ip_ranges_allowed', ['10.0.0.0/8'], violation('CON-3')],
  ['time_window', { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' }, [403, 'aap_capability_expired', 'CON-4']],
  ['allowed_regions', ['DE'], violation('CON-8')],
  ['data_classification_max', 'public', violation('CON-9')],
  ['max_depth', 0, [403, 'aap_excessive_delegation', 'CON-10']],
  ['max_request_size', 10, [413, 'request_too_large', 'CON-6']],
]
const everythingFails = {
  task: { data_sensitivity: 'internal' },
  claims: { aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: 'a' }] } },
  facts: { target: 'https://example.net/', addresses: ['192.0.2.1'], region: 'US', classification: 'internal', amount: 5 },
  request: { contentLength: 11 },
}
const approvalByToken = { aap_oversight: { requires_human_approval_for: ['search.web'] } }

export const files = {
  steps: {
    description: 'Two steps fail, and the earlier one is the answer.',
    cases: [
      pair('transport', 'times', [400, 'invalid_request', 'TRN-1']),
      pair('transport', 'capability', [400, 'invalid_request', 'TRN-1']),
      denied('ord-1-size-before-header', 'size before header', invalidToken('TRN-3'), { verifies: ['ORD-1', 'TRN-3'], flags: ['NotAJwt'], compact: () => `${'a'.repeat(16383)}.a` }),
      pair('header', 'issuer', invalidToken('TOK-2')),
      pair('header', 'signature', invalidToken('TOK-2'), { flags: ['ForgedSignature'] }),
      denied('ord-1-encoding-before-signature', 'encoding before signature', invalidToken('TOK-2'), {
        verifies: ['ORD-1', 'TOK-2'], flags: ['LenientBase64', 'ForgedSignature'], key: ['issuer', 'ed25519-1'],
        // The last character of 64 bytes has four unused bits; B sets one of them.
        compact: ({ signingInput, signature }) => `${signingInput}.${base64url(signature()).replace(/^./, (first) => (first === 'A' ? 'Q' : 'A')).slice(0, -1)}B`,
      }),
      pair('issuer', 'signature', invalidToken('TOK-4'), { flags: ['ForgedSignature'] }),
      pair('signature', 'times', invalidToken('TOK-1'), { flags: ['ForgedSignature'] }),
      pair('signature', 'claims', invalidToken('TOK-1'), { flags: ['ForgedSignature'] }),
      pair('times', 'audience', invalidToken('TOK-6')),
      pair('audience', 'claims', invalidToken('TOK-5')),
      pair('claims', 'proof', invalidToken('DIA-5')),
      pair('proof', 'task', invalidToken('POP-1')),
      pair('proof', 'capability', invalidToken('POP-1')),
      pair('times', 'task', invalidToken('TOK-6')),
      pair('task', 'context', [403, 'aap_task_mismatch', 'TSK-1']),
      pair('task', 'capability', [403, 'aap_task_mismatch', 'TSK-1']),
      pair('context', 'delegation', [403, 'aap_invalid_context', 'CTX-1']),
      pair('context', 'capability', [403, 'aap_invalid_context', 'CTX-1']),
      pair('delegation', 'capability', [403, 'aap_excessive_delegation', 'DEL-1']),
      denied('ord-1-capability-before-approval', 'capability before approval', [403, 'aap_invalid_capability', 'CAP-2'], {
        verifies: ['ORD-1', 'CAP-2'], claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'] } }, request: { action: 'cms.publish' },
      }),
      denied('ord-1-constraint-before-approval', 'constraint before approval', violation('CON-5'), { verifies: ['ORD-1', 'CON-5'], claims: approvalByToken, constraints: { allowed_methods: ['POST'] } }),
      denied('ord-1-constraint-before-threshold', 'constraint before the threshold for approval', [413, 'request_too_large', 'CON-6'], { verifies: ['ORD-1', 'CON-6'], constraints: { require_approval_threshold: 0, max_request_size: 10 }, facts: { amount: 5 }, request: { contentLength: 11 } }),
      denied('ord-1-approval-before-quota', 'approval before quota', [403, 'aap_approval_required', 'OVS-1'], { verifies: ['ORD-1', 'OVS-1'], claims: approvalByToken, constraints: { max_requests_per_hour: 0 } }),
      denied('ord-1-threshold-before-quota', 'the threshold for approval before quota', [403, 'aap_approval_required', 'CON-11'], { verifies: ['ORD-1', 'CON-11'], constraints: { max_requests_per_hour: 0, require_approval_threshold: 0 }, facts: { amount: 5 } }),
    ],
  },

  constraints: {
    description: 'Constraints are checked in one order, whatever their order in the token. Each case fails from one constraint on to the last.',
    cases: inOrder.flatMap(([name, , denial], index) => {
      const remaining = inOrder.slice(index).map(([constraint, value]) => [constraint, value])
      const definition = { verifies: ['ORD-1', denial[2]], ...everythingFails }
      return [
        denied(`ord-1-from-${name.replaceAll('_', '-')}`, `${name} and everything after it, in order`, denial, { ...definition, constraints: Object.fromEntries(remaining) }),
        denied(`ord-1-from-${name.replaceAll('_', '-')}-reversed`, `${name} and everything after it, in reverse order`, denial, { ...definition, constraints: Object.fromEntries(remaining.toReversed()) }),
      ]
    }),
  },
}
