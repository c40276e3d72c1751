import { agent, allowed, denied, invalidToken, issuedAt, now, quotaSpent, task, violation, withoutPrefix } from '../case.mjs'

/** A server with this local policy. */
const under = (policy, definition) => ({ ...definition, server: { policy, ...definition?.server } })
const forAgents = (agents, definition) => under({ agents }, definition)
const otherIssuer = { otherIssuers: [{ issuer: 'https://other.example.com', jwks: 'keys/other-issuer.json' }] }

const notRecognized = (rule) => [403, 'aap_agent_not_recognized', rule]
const mismatch = [403, 'aap_task_mismatch', 'TSK-2']
const invalidChain = (rule) => [403, 'aap_invalid_delegation_chain', rule]
const excessive = (rule) => [403, 'aap_excessive_delegation', rule]
const domainDenied = [403, 'aap_domain_not_allowed', 'CON-2']
const windowOver = [403, 'aap_capability_expired', 'CON-4']
const tooLarge = [413, 'request_too_large', 'CON-6']
const approvalRequired = (rule) => [403, 'aap_approval_required', rule]
const noCapability = [403, 'aap_invalid_capability', 'CAP-2']

/** Rows of name, title, definition and flags, all with one outcome. */
const admits = (prefix, rows) => rows.map(([name, title, definition, flags = []]) => allowed(`${prefix}-${name}`, title, { flags, ...definition }))
const refuses = (prefix, denial, rows) => rows.map(([name, title, definition, flags = []]) => denied(`${prefix}-${name}`, title, denial, { flags, ...definition }))

const byId = (id, ...allowedIds) => forAgents({ allowedIds }, { agent: { id }, audit: { agent_id: id } })
const byOperator = (operator, ...allowedOperators) => forAgents({ allowedOperators }, { agent: { operator }, audit: { agent_operator: operator } })
const byModel = (model, ...deniedModels) => forAgents({ deniedModels }, { agent: { model } })
const attested = (members) => forAgents({ attestedRuntime: 'required' }, { agent: members })
const bySubject = (sub, ...allowedTrustDomains) => forAgents({ allowedTrustDomains: allowedTrustDomains.length === 0 ? ['example.com'] : allowedTrustDomains }, { claims: { sub } })

/** 255 characters, as long as the name of a trust domain may be. */
const longestTrustDomain = `${'a'.repeat(50)}.`.repeat(4) + 'b'.repeat(51)

const delegated = (aap_delegation, act) => ({ claims: { aap_delegation, ...(act !== undefined && { act }) } })
const hops = (...names) => names.map((sub) => ({ sub }))
const throughHops = (...names) => delegated({ depth: names.length, max_depth: 10, chain: hops(...names) })
const throughStrings = (...names) => delegated({ depth: names.length - 1, max_depth: 10, chain: names })
const atMost = (maxDepth, definition) => under({ delegation: { maxDepth } }, definition)
const parentDemanded = (definition) => under({ delegation: { parentJti: 'required' } }, definition)
const knowing = (knownActors, definition, unknownActors) => under({ delegation: { knownActors, ...(unknownActors !== undefined && { unknownActors }) } }, definition)

/** Constraints of the token's only capability, and those that local policy has for everyone. */
const merged = (constraints, local, definition) => under({ constraints: local }, { ...definition, ...(constraints !== undefined && { constraints }) })
const target = (host) => ({ facts: { target: `https://${host}/` } })
const addressed = (...addresses) => ({ facts: { target: 'https://example.org/', addresses } })
const window = (start, end) => ({ time_window: { start: `2025-01-01T${start}Z`, end: `2025-01-01T${end}Z` } })
const body = (contentLength) => ({ request: { method: 'POST', contentLength } })
const classified = (classification) => ({ task: { data_sensitivity: classification }, facts: { classification } })
const search = (constraints) => ({ action: 'search.web', ...(constraints !== undefined && { constraints }) })

/** Valid for two days, so that only the quotas depend on the time. */
const twoDays = { exp: issuedAt + 2 * 86400 }
const today = (time) => `2025-01-01T${time}Z`
const once = (time, changes) => ({ at: today(time), ...changes })
const perHour = (limit) => ({ max_requests_per_hour: limit })
const perMinute = (limit) => ({ max_requests_per_minute: limit })
const counting = (quotas, definition) => under({ quotas }, { claims: twoDays, ...definition })
/** An earlier request with a token of another id, which differs in nothing else unless stated. */
const fresh = (time, changes, more) => once(time, { token: { jti: 'another-token', ...changes }, ...more })
const drafting = { method: 'POST', url: '/drafts', action: 'cms.draft' }
const searchAndDraft = [{ action: 'search.web' }, { action: 'cms.draft' }]

/** What makes one step fail, apart from all others: the answer, the definition, the policy. */
const fails = {
  signature: [invalidToken('TOK-1'), { key: ['other-issuer', 'es256-1'] }],
  claims: [invalidToken('DIA-5'), { claims: { aap_task: undefined } }],
  proof: [invalidToken('POP-1'), { claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } } }],
  agent: [notRecognized('AGT-1'), {}, { agents: { allowedIds: ['agent-a'] } }],
  'trust-domain': [notRecognized('AGT-2'), {}, { agents: { allowedTrustDomains: ['example.net'] } }],
  'task-times': [[403, 'aap_task_mismatch', 'TSK-1'], { task: { expires_at: now - 600 } }],
  purposes: [mismatch, {}, { purposes: ['translation'] }],
  context: [[403, 'aap_invalid_context', 'CTX-1'], { claims: { aap_context: { network_zone: 'internal' } } }],
  depth: [excessive('DEL-1'), throughHops('a', 'b'), { delegation: { maxDepth: 1 } }],
  'known-actors': [invalidChain('DEL-4'), throughHops('a', 'b'), { delegation: { knownActors: ['a'] } }],
  capability: [noCapability, { request: { action: 'cms.publish' } }],
  constraint: [violation('CON-5'), {}, { constraints: { allowed_methods: ['POST'] } }],
  approval: [approvalRequired('OVS-1'), {}, { approval: 'required' }],
  quota: [undefined, {}, { quotas: { perAgent: perHour(0) } }],
}

const pairs = [
  ['signature', 'agent', ['ForgedSignature']], ['claims', 'agent'], ['proof', 'agent'], ['agent', 'task-times'], ['agent', 'purposes'], ['agent', 'depth'], ['agent', 'capability'],
  ['trust-domain', 'known-actors'], ['purposes', 'context'], ['purposes', 'depth'], ['context', 'depth'],
  ['depth', 'capability'], ['known-actors', 'capability'], ['capability', 'quota'], ['constraint', 'approval'], ['constraint', 'quota'], ['approval', 'quota'],
]

export const files = {
  agents: {
    description: 'Local policy lists the agents and operators that may act, the models that may not, and may demand an attested runtime.',
    verifies: ['AGT-1'],
    cases: [
      ...admits('agt-1-id', [
        ['listed-second', 'The second id of the list', byId('agent-b', 'agent-a', 'agent-b')],
        ['listed-unicode', 'An id beyond ASCII, in the same code points', byId('agent-\u00e9', 'agent-\u00e9')],
        ['listed-prototype', 'An id that is a member of Object.prototype, and listed', byId('constructor', 'constructor'), ['PrototypePollution']],
      ]),
      ...refuses('agt-1-id', notRecognized('AGT-1'), [
        ['other', 'The id is not listed', byId('agent-b', 'agent-a')],
        ['other-draft-01', 'The id is not listed, in the spelling of draft-01', { ...forAgents({ allowedIds: ['agent-a'] }), payload: withoutPrefix }],
        ['empty-list', 'An empty list allows nobody', forAgents({ allowedIds: [] }, { audit: { agent_id: agent.id } }), ['EmptyIsNotUnlimited']],
        ['case', 'The id in another case', byId('Agent-A', 'agent-a')],
        ['longer', 'A listed id is a prefix of it', byId('agent-a-2', 'agent-a'), ['PrefixConfusion']],
        ['suffix', 'A listed id is a suffix of it', byId('evil-agent-a', 'agent-a'), ['PrefixConfusion']],
        ['joined', 'Two listed ids in one', byId('agent-a,agent-b', 'agent-a', 'agent-b'), ['PrefixConfusion']],
        ['pattern', 'An entry is no pattern', byId('agent-a', 'agent-.', 'agent-*', '^agent-a$')],
        ['cyrillic', 'A Cyrillic letter that looks like the listed one', byId('\u0430gent-a', 'agent-a'), ['LookAlike']],
        ['decomposed', 'The same letter, decomposed', byId('agent-e\u0301', 'agent-\u00e9'), ['LookAlike']],
        ['full-width', 'Full-width letters', byId('\uff41gent-a', 'agent-a'), ['LookAlike']],
        ['zero-width', 'A zero-width space inside', byId('agent\u200b-a', 'agent-a'), ['LookAlike']],
        ['newline', 'A listed id after a line break', byId('evil\nagent-a', 'agent-a'), ['LookAlike']],
        ['prototype', 'A member of Object.prototype', byId('constructor', 'agent-a'), ['PrototypePollution']],
        ['array-index', 'An index into the list', byId('0', 'agent-a'), ['PrototypePollution']],
        ['subject-listed', 'The subject and the client are listed, the agent is not', forAgents({ allowedIds: ['agent-a'] }, { agent: { id: 'agent-b' }, claims: { sub: 'agent-a', client_id: 'agent-a' } })],
        ['header', 'A header names a listed agent', forAgents({ allowedIds: ['agent-a'] }, { headers: [['Authorization', 'Bearer {jwt}'], ['X-Agent-Id', 'agent-a'], ['From', 'agent-a']] }), ['ClientControlledFact']],
      ]),
      ...admits('agt-1-operator', [
        ['listed', 'The operator is listed', byOperator('org:a', 'org:b', 'org:a')],
        ['with-id', 'Agent and operator are listed', forAgents({ allowedIds: [agent.id], allowedOperators: [agent.operator] })],
      ]),
      ...refuses('agt-1-operator', notRecognized('AGT-1'), [
        ['other', 'The operator is not listed', byOperator('org:b', 'org:a')],
        ['empty-list', 'An empty list of operators allows nobody', forAgents({ allowedOperators: [] }), ['EmptyIsNotUnlimited']],
        ['case', 'The operator in another case', byOperator('ORG:A', 'org:a')],
        ['longer', 'A listed operator is a prefix of it', byOperator('org:a.evil', 'org:a'), ['PrefixConfusion']],
        ['id-only', 'The agent is listed, its operator is not', forAgents({ allowedIds: [agent.id], allowedOperators: ['org:a'] })],
        ['not-id', 'The operator is listed, the agent is not', forAgents({ allowedIds: ['agent-a'], allowedOperators: [agent.operator] })],
        ['swapped', 'The operator is listed as an agent, and the agent as an operator', forAgents({ allowedIds: [agent.operator], allowedOperators: [agent.id] })],
      ]),
      ...admits('agt-1-model', [
        ['other-name', 'Another model', byModel('m-2', 'm-1')],
        ['substring', 'A denied model is a substring of its name', byModel('m-10', 'm-1'), ['PrefixConfusion']],
        ['substring-identity', 'A denied model is a substring of its id', byModel({ provider: 'acme', id: 'm-10' }, 'm-1', 'acme/m-1'), ['PrefixConfusion']],
        ['provider-alone', 'A provider is no model', byModel({ provider: 'acme', id: 'm-1' }, 'acme', 'acme/')],
        ['other-provider', 'The model of that name of another provider', byModel({ provider: 'zenith', id: 'm-1' }, 'acme/m-1')],
        ['version-alone', 'A version is no model', byModel({ provider: 'acme', id: 'm-1', version: '2025-01' }, '2025-01', 'm-1/2025-01', 'acme/m-1/2025-01')],
        ['prototype', 'A model that is a member of Object.prototype', byModel('constructor', 'm-1'), ['PrototypePollution']],
      ]),
      ...refuses('agt-1-model', notRecognized('AGT-1'), [
        ['name', 'The name is denied', byModel('m-1', 'm-0', 'm-1')],
        ['name-with-provider', 'The name holds provider and id, and is denied', byModel('acme/m-1', 'acme/m-1')],
        ['id', 'The id is denied', byModel({ id: 'm-1' }, 'm-1')],
        ['id-of-any-provider', 'The id is denied, whoever provides it', byModel({ provider: 'acme', id: 'm-1' }, 'm-1')],
        ['id-of-any-version', 'The id is denied, whatever its version', byModel({ provider: 'acme', id: 'm-1', version: '2025-02' }, 'm-1')],
        ['provider-and-id', 'Provider and id are denied together', byModel({ provider: 'acme', id: 'm-1' }, 'acme/m-1')],
        ['slash-in-id', 'The id holds a slash', byModel({ provider: 'acme', id: 'family/m-1' }, 'acme/family/m-1')],
        ['id-with-provider', 'The id holds provider and id, and no provider is named', byModel({ id: 'acme/m-1' }, 'acme/m-1')],
        ['absent', 'No model where models are denied', forAgents({ deniedModels: ['m-1'] }), ['MissingFact']],
      ]),
      denied('agt-1-model-without-id', 'An identity without id', invalidToken('TOK-10'), { verifies: ['AGT-1', 'TOK-10'], ...byModel({ provider: 'acme' }, 'm-1') }),
      ...admits('agt-1-attested', [
        ['runtime', 'The runtime is attested', attested({ runtime: { attested: true } })],
        ['runtime-context', 'The runtime is attested in runtime_context', attested({ runtime_context: { environment: 'production', attested: true } }), ['AliasIgnored']],
        ['not-demanded', 'The runtime is not attested, and nobody demands it', { agent: { runtime: { attested: false } } }],
      ]),
      ...refuses('agt-1-attested', notRecognized('AGT-1'), [
        ['false', 'The runtime is not attested', attested({ runtime: { attested: false } })],
        ['false-in-context', 'The runtime is not attested, in runtime_context', attested({ runtime_context: { attested: false } })],
        ['absent', 'The runtime does not say', attested({ runtime: { environment: 'production' } }), ['MissingFact']],
        ['no-runtime', 'There is no runtime', attested({}), ['MissingFact']],
        ['elsewhere', 'attested stands beside the runtime', attested({ attested: true, runtime: {} }), ['MissingFact']],
        ['contradicted', 'runtime says true, runtime_context says false', attested({ runtime: { attested: true }, runtime_context: { attested: false } }), ['AliasIgnored']],
        ['contradicted-silent', 'runtime says true, runtime_context does not say', attested({ runtime: { attested: true }, runtime_context: {} }), ['AliasIgnored']],
        ['contradicted-reversed', 'runtime says false, runtime_context says true', attested({ runtime: { attested: false }, runtime_context: { attested: true } }), ['AliasIgnored']],
      ]),
      ...refuses('agt-1-attested', invalidToken('TOK-10'), [
        ['string', 'attested is the string true', { verifies: ['AGT-1', 'TOK-10'], ...attested({ runtime: { attested: 'true' } }) }, ['TypeConfusion']],
        ['number', 'attested is 1', { verifies: ['AGT-1', 'TOK-10'], ...attested({ runtime: { attested: 1 } }) }, ['TypeConfusion']],
      ]),
    ],
  },

  subjects: {
    description: 'sub is a SPIFFE ID of a listed trust domain. Unless a case says otherwise, example.com is listed.',
    verifies: ['AGT-2'],
    cases: [
      ...admits('agt-2', [
        ['listed', 'A SPIFFE ID of the trust domain', bySubject('spiffe://example.com/agent/researcher-01')],
        ['second', 'The second trust domain of the list', bySubject('spiffe://example.org/a', 'example.com', 'example.org')],
        ['all-characters', 'All characters that a path may have', bySubject('spiffe://example.com/Az09/-_./.../..a/a..')],
        ['trust-domain-characters', 'All characters that a trust domain may have', bySubject('spiffe://a-1_b.example/x', 'a-1_b.example')],
        ['longest-trust-domain', 'A trust domain of 255 characters', bySubject(`spiffe://${longestTrustDomain}/x`, longestTrustDomain), ['Boundary']],
        ['longest', 'A SPIFFE ID of 2,048 characters', bySubject(`spiffe://example.com/${'a'.repeat(2048 - 21)}`), ['Boundary']],
        ['not-demanded', 'No SPIFFE ID, and no trust domain is demanded', forAgents({ allowedIds: [agent.id] }, { claims: { sub: 'agent-7' } })],
      ]),
      ...refuses('agt-2', notRecognized('AGT-2'), [
        ['other', 'Another trust domain', bySubject('spiffe://example.net/agent/researcher-01')],
        ['empty-list', 'An empty list of trust domains allows nobody', forAgents({ allowedTrustDomains: [] }), ['EmptyIsNotUnlimited']],
        ['no-spiffe-id', 'No SPIFFE ID', bySubject('agent-researcher-01')],
        ['trust-domain-as-subject', 'The name of the trust domain', bySubject('example.com')],
        ['https', 'A URL of the trust domain', bySubject('https://example.com/agent/researcher-01')],
        ['subdomain', 'A subdomain is another trust domain', bySubject('spiffe://sub.example.com/a'), ['SuffixConfusion']],
        ['suffix', 'A trust domain that ends alike', bySubject('spiffe://evilexample.com/a'), ['SuffixConfusion']],
        ['longer', 'The trust domain in front of another', bySubject('spiffe://example.com.evil.com/a'), ['PrefixConfusion']],
        ['parent', 'The parent of the listed trust domain', bySubject('spiffe://com/a')],
        ['trailing-dot', 'A dot after the trust domain', bySubject('spiffe://example.com./a'), ['IdentifierParsing']],
        ['upper-case-domain', 'The trust domain in upper case', bySubject('spiffe://EXAMPLE.com/a'), ['IdentifierParsing']],
        ['upper-case-scheme', 'The scheme in upper case', bySubject('SPIFFE://example.com/a'), ['IdentifierParsing']],
        ['port', 'A port', bySubject('spiffe://example.com:443/a'), ['IdentifierParsing']],
        ['user', 'A user before the trust domain', bySubject('spiffe://user@example.com/a'), ['IdentifierParsing']],
        ['trust-domain-as-user', 'The trust domain as a user of another', bySubject('spiffe://example.com@evil.com/a'), ['IdentifierParsing']],
        ['query', 'A query', bySubject('spiffe://example.com/a?b=c'), ['IdentifierParsing']],
        ['fragment', 'A fragment', bySubject('spiffe://example.com/a#b'), ['IdentifierParsing']],
        ['fragment-no-path', 'The trust domain in the fragment of another', bySubject('spiffe://evil.com#@example.com/a'), ['IdentifierParsing']],
        ['no-trust-domain', 'No trust domain', bySubject('spiffe:///a'), ['IdentifierParsing']],
        ['trust-domain-alone', 'The ID of the trust domain itself, which is that of no workload', bySubject('spiffe://example.com'), ['IdentifierParsing', 'Boundary']],
        ['one-slash', 'One slash after the scheme', bySubject('spiffe:/example.com/a'), ['IdentifierParsing']],
        ['backslash', 'A backslash after the trust domain', bySubject('spiffe://example.com\\@evil.com/a'), ['IdentifierParsing']],
        ['root', 'A path that is only a slash', bySubject('spiffe://example.com/'), ['IdentifierParsing', 'Boundary']],
        ['trailing-slash', 'A slash at the end', bySubject('spiffe://example.com/a/'), ['IdentifierParsing']],
        ['empty-segment', 'An empty segment', bySubject('spiffe://example.com/a//b'), ['IdentifierParsing']],
        ['dot-segment', 'A dot segment', bySubject('spiffe://example.com/./a'), ['IdentifierParsing']],
        ['dot-dot-segment', 'A double dot segment', bySubject('spiffe://example.com/a/../b'), ['IdentifierParsing']],
        ['dot-dot-out', 'A path that leaves the trust domain', bySubject('spiffe://evil.com/../example.com/a'), ['IdentifierParsing']],
        ['percent-path', 'A percent-encoded letter in the path', bySubject('spiffe://example.com/%61'), ['IdentifierParsing']],
        ['percent-domain', 'A percent-encoded dot in the trust domain', bySubject('spiffe://example%2ecom/a'), ['IdentifierParsing']],
        ['unicode-domain', 'A Cyrillic letter in the trust domain', bySubject('spiffe://ex\u0430mple.com/a'), ['IdentifierParsing', 'LookAlike']],
        ['leading-space', 'A space in front', bySubject(' spiffe://example.com/a'), ['IdentifierParsing']],
        ['trailing-newline', 'A line break at the end', bySubject('spiffe://example.com/a\n'), ['IdentifierParsing']],
        ['second-line', 'The ID on a second line', bySubject('evil\nspiffe://example.com/a'), ['IdentifierParsing']],
        ['tab-in-domain', 'A tab in the trust domain, which parsers of URLs remove', bySubject('spiffe://exam\tple.com/a'), ['IdentifierParsing']],
        ['trust-domain-in-path', 'The trust domain in the path of another', bySubject('spiffe://evil.com/example.com'), ['IdentifierParsing']],
        ['agent-id', 'agent.id is a SPIFFE ID of the trust domain, sub is not', forAgents({ allowedTrustDomains: ['example.com'] }, { agent: { id: 'spiffe://example.com/a' }, claims: { sub: 'agent-7', client_id: 'spiffe://example.com/a' } })],
      ]),
      denied('agt-2-beside-agents', 'The agent is listed, the trust domain is not', notRecognized('AGT-2'), forAgents({ allowedIds: [agent.id], allowedTrustDomains: ['example.net'] })),
      denied('agt-2-agents-beside', 'The trust domain is listed, the agent is not', notRecognized('AGT-1'), forAgents({ allowedIds: ['agent-a'], allowedTrustDomains: ['example.com'] })),
    ],
  },

  purposes: {
    description: 'Local policy says what tasks are for, everywhere or for an action; a route may say so as well.',
    verifies: ['TSK-2'],
    cases: [
      ...admits('tsk-2-policy', [
        ['match', 'The purpose is among those for everyone', under({ purposes: ['translation', task.purpose] })],
        ['action-match', 'The purpose is among those of the action', under({ actions: { 'search.web': { purposes: [task.purpose] } } })],
        ['action-other', 'Another action is for other purposes', under({ actions: { 'cms.publish': { purposes: ['publication'] } } })],
        ['both-match', 'Everywhere, for the action and on the route', under({ purposes: [task.purpose, 'a'], actions: { 'search.web': { purposes: ['b', task.purpose] } } }, { facts: { purposes: [task.purpose, 'c'] } })],
      ]),
      ...refuses('tsk-2-policy', mismatch, [
        ['other', 'The purpose is not among those for everyone', under({ purposes: ['translation'] }, { audit: { task_purpose: task.purpose } }), ['PurposeDrift']],
        ['empty-list', 'No purpose at all', under({ purposes: [] }), ['PurposeDrift', 'EmptyIsNotUnlimited']],
        ['action-mismatch', 'The purpose is not among those of the action', under({ actions: { 'search.web': { purposes: ['translation'] } } }), ['PurposeDrift']],
        ['action-empty-list', 'The action is for no purpose at all', under({ actions: { 'search.web': { purposes: [] } } }), ['PurposeDrift', 'EmptyIsNotUnlimited']],
        ['everyone-only', 'Right everywhere, wrong for the action', under({ purposes: [task.purpose], actions: { 'search.web': { purposes: ['translation'] } } }), ['PurposeDrift', 'PolicyOnlyNarrows']],
        ['action-only', 'Right for the action, wrong everywhere', under({ purposes: ['translation'], actions: { 'search.web': { purposes: [task.purpose] } } }), ['PurposeDrift', 'PolicyOnlyNarrows']],
        ['route-only', 'Right on the route, wrong everywhere', under({ purposes: ['translation'] }, { facts: { purposes: [task.purpose] } }), ['PurposeDrift', 'PolicyOnlyNarrows']],
        ['not-route', 'Right everywhere, wrong on the route', under({ purposes: [task.purpose] }, { facts: { purposes: ['translation'] } }), ['PurposeDrift', 'PolicyOnlyNarrows']],
        ['case', 'The purpose in another case', under({ purposes: [task.purpose] }, { task: { purpose: 'Research_And_Draft_Article' } }), ['PurposeDrift']],
        ['prefix', 'The purpose is only a prefix of a listed one', under({ purposes: [task.purpose] }, { task: { purpose: 'research' } }), ['PurposeDrift', 'PrefixConfusion']],
        ['longer', 'A listed purpose is a prefix of it', under({ purposes: ['research'] }), ['PurposeDrift', 'PrefixConfusion']],
        ['star', 'An entry * is no wildcard', under({ purposes: ['*'] }), ['PurposeDrift']],
        ['header', 'A header claims a listed purpose', under({ purposes: ['translation'] }, { headers: [['Authorization', 'Bearer {jwt}'], ['X-Task-Purpose', 'translation']] }), ['PurposeDrift', 'ClientControlledFact']],
      ]),
    ],
  },

  delegation: {
    description: 'Local policy about delegated tokens: how deep, with a named parent, and through whom.',
    cases: [
      ...admits('del-1-policy', [
        ['equal', 'Depth 1, locally at most 1', atMost(1, { verifies: ['DEL-1'], ...throughHops('a'), audit: { delegation_depth: 1 } }), ['Boundary']],
        ['token-may-more', 'The token could be delegated further than local policy admits, and was not', atMost(0, { verifies: ['DEL-1'], ...delegated({ depth: 0, max_depth: 10 }) }), ['Boundary']],
        ['zero-no-claim', 'No delegation claim, locally at most 0', atMost(0, { verifies: ['DEL-1'] }), ['Boundary']],
      ]),
      ...refuses('del-1-policy', excessive('DEL-1'), [
        ['above', 'Depth 2, locally at most 1', atMost(1, throughHops('a', 'b')), ['Boundary']],
        ['above-strings', 'Depth 2 by a chain of strings, locally at most 1', atMost(1, throughStrings('user:ada', 'a', 'b')), ['Boundary']],
        ['zero', 'Depth 1, locally at most 0', atMost(0, throughHops('a')), ['Boundary']],
        ['before-length', 'Locally too deep, and the chain is too short', atMost(1, delegated({ depth: 2, max_depth: 5, chain: hops('a') }))],
        ['token-lower', 'Local policy admits more than the token', atMost(10, delegated({ depth: 2, max_depth: 1, chain: hops('a', 'b') })), ['PolicyOnlyNarrows']],
      ]),
      denied('del-1-policy-eleven', 'A depth that no policy can admit', invalidChain('DEL-1'), { flags: ['PolicyOnlyNarrows'], ...atMost(10, delegated({ depth: 11, max_depth: 11, chain: hops('a') })) }),
      denied('del-1-policy-length', 'Locally not too deep, but the chain is too long', invalidChain('DEL-2'), { verifies: ['DEL-1', 'DEL-2'], flags: ['PolicyOnlyNarrows'], ...atMost(1, delegated({ depth: 1, max_depth: 5, chain: hops('a', 'b') })) }),

      ...admits('del-2-policy', [
        ['parent', 'A delegated token names its parent', parentDemanded({ verifies: ['DEL-2'], ...delegated({ depth: 1, max_depth: 2, chain: hops('a'), parent_jti: 'parent-1' }) })],
        ['parent-not-delegated', 'A token of depth 0 has no parent', parentDemanded({ verifies: ['DEL-2'], ...delegated({ depth: 0, max_depth: 2 }) }), ['Boundary']],
        ['parent-no-claim', 'A token without delegation claim has no parent', parentDemanded({ verifies: ['DEL-2'] })],
        ['parent-not-demanded', 'A delegated token names no parent, and nobody demands it', atMost(5, { verifies: ['DEL-2'], ...throughHops('a') })],
      ]),
      ...refuses('del-2-policy', invalidChain('DEL-2'), [
        ['parent-missing', 'A delegated token names no parent', parentDemanded(throughHops('a')), ['MissingFact']],
        ['parent-missing-strings', 'A token delegated by a chain of strings names no parent', parentDemanded(throughStrings('user:ada', 'a')), ['MissingFact']],
        ['parent-empty', 'parent_jti is an empty string', parentDemanded(delegated({ depth: 1, max_depth: 2, chain: hops('a'), parent_jti: '' })), ['MissingFact']],
        ['parent-number', 'parent_jti is a number', parentDemanded(delegated({ depth: 1, max_depth: 2, chain: hops('a'), parent_jti: 1 })), ['TypeConfusion']],
        ['parent-elsewhere', 'The parent stands beside the delegation claim', parentDemanded({ claims: { parent_jti: 'parent-1', aap_delegation: { depth: 1, max_depth: 2, chain: [{ sub: 'a', parent_jti: 'parent-1' }] } } }), ['MissingFact']],
      ]),

      ...admits('del-4', [
        ['known-hops', 'All hops are known', knowing(['a', 'b'], { verifies: ['DEL-4'], ...throughHops('a', 'b') })],
        ['known-strings', 'Everyone from the origin on is known', knowing(['user:ada', 'a', 'b'], { verifies: ['DEL-4'], ...throughStrings('user:ada', 'a', 'b') })],
        ['nobody', 'Nobody is known, and nobody is in a chain', knowing([], { verifies: ['DEL-4'] }), ['Boundary']],
        ['depth-zero', 'Depth 0 without a chain', knowing(['a'], { verifies: ['DEL-4'], ...delegated({ depth: 0, max_depth: 2 }) }), ['Boundary']],
        ['known-actor', 'The known last hop acts', knowing(['a'], { verifies: ['DEL-4', 'DEL-3'], ...delegated({ depth: 1, max_depth: 2, chain: hops('a') }, { sub: 'a' }) })],
      ]),
      ...refuses('del-4', invalidChain('DEL-4'), [
        ['unknown-last', 'The last hop is not known', knowing(['a'], throughHops('a', 'mallory'))],
        ['unknown-first', 'The first hop is not known', knowing(['b'], throughHops('mallory', 'b'))],
        ['unknown-middle', 'A hop in between is not known', knowing(['user:ada', 'a', 'b'], throughStrings('user:ada', 'a', 'mallory', 'b'))],
        ['unknown-origin', 'The origin of a chain of strings is not known', knowing(['a'], throughStrings('user:mallory', 'a'))],
        ['unknown-origin-alone', 'Depth 0, and the origin is not known', knowing(['a'], throughStrings('user:mallory')), ['Boundary']],
        ['unknown-refused-by-name', 'Refusal is asked for by name', knowing(['a'], throughHops('mallory'), 'refuse')],
        ['empty-list', 'Nobody is known', knowing([], throughHops('a')), ['EmptyIsNotUnlimited']],
        ['case', 'A known actor in another case', knowing(['agent-a'], throughHops('Agent-A'))],
        ['longer', 'A known actor is a prefix of the hop', knowing(['agent-a'], throughHops('agent-a-2')), ['PrefixConfusion']],
        ['shorter', 'The hop is a prefix of a known actor', knowing(['agent-a'], throughHops('agent')), ['PrefixConfusion']],
        ['look-alike', 'A look-alike of a known actor', knowing(['agent-a'], throughHops('\u0430gent-a')), ['LookAlike']],
        ['agent-known', 'The agent is known, the hop is not', knowing([agent.id, 'spiffe://example.com/agent/researcher-01'], throughHops('mallory'))],
      ]),
      denied('del-4-chain-first', 'The chain is too short, and its hop is not known', invalidChain('DEL-2'), { verifies: ['DEL-4', 'DEL-2'], ...knowing(['a'], delegated({ depth: 2, max_depth: 2, chain: hops('mallory') })) }),
      denied('del-4-depth-first', 'Too deep, and a hop is not known', excessive('DEL-1'), { verifies: ['DEL-4', 'DEL-1'], ...knowing(['a'], delegated({ depth: 2, max_depth: 1, chain: hops('a', 'mallory') })) }),
      denied('del-4-malformed-not-held-to-demands', 'A broken chain is refused, whatever unknown actors are held to', invalidChain('DEL-2'), { verifies: ['DEL-4', 'DEL-2'], ...knowing(['a'], delegated({ depth: 1, max_depth: 2, chain: ['mallory'] }), {}) }),

      ...admits('del-4-demands', [
        ['known', 'A chain of known actors is not held to the demands', knowing(['a'], { verifies: ['DEL-4'], ...throughHops('a') }, { approval: 'required', purposes: [], constraints: { allowed_methods: [] }, quotas: { perAgent: perHour(0) } })],
        ['not-delegated', 'A token that was not delegated is not held to the demands', knowing(['a'], { verifies: ['DEL-4'] }, { approval: 'required', purposes: [] })],
        ['met', 'An unknown actor meets the demands', knowing(['a'], { verifies: ['DEL-4'], ...throughHops('mallory') }, { purposes: [task.purpose], constraints: { allowed_methods: ['GET'] }, quotas: { perAgent: perHour(1) } })],
        ['none', 'Unknown actors are held to nothing', knowing(['a'], { verifies: ['DEL-4'], ...throughHops('mallory') }, {})],
      ]),
      denied('del-4-demands-purpose', 'An unknown actor, and the purpose is not among those demanded', mismatch, { verifies: ['DEL-4', 'TSK-2'], flags: ['PurposeDrift'], ...knowing(['a'], throughHops('mallory'), { purposes: ['translation'] }) }),
      denied('del-4-demands-method', 'An unknown actor, and the method is not among those demanded', violation('CON-5'), { verifies: ['DEL-4', 'CON-5'], ...knowing(['a'], throughHops('mallory'), { constraints: { allowed_methods: ['POST'] } }) }),
      denied('del-4-demands-approval', 'An unknown actor needs approval', approvalRequired('OVS-1'), { verifies: ['DEL-4', 'OVS-1'], ...knowing(['a'], throughHops('mallory'), { approval: 'required' }) }),
      denied('del-4-demands-approval-origin', 'An unknown origin needs approval', approvalRequired('OVS-1'), { verifies: ['DEL-4', 'OVS-1'], ...knowing(['a'], throughStrings('user:mallory', 'a'), { approval: 'required' }) }),
      denied('del-4-demands-constraint-merged', 'An unknown actor: the lowest number of token, policy and demands', tooLarge, {
        verifies: ['DEL-4', 'CAP-7', 'CON-6'], flags: ['Boundary'], constraints: { max_request_size: 100 }, ...throughHops('mallory'), ...body(11),
        server: { policy: { constraints: { max_request_size: 50 }, delegation: { knownActors: ['a'], unknownActors: { constraints: { max_request_size: 10 } } } } },
      }),
      denied('del-4-demands-do-not-loosen', 'An unknown actor: the demands admit more than the token', tooLarge, {
        verifies: ['DEL-4', 'CAP-7', 'CON-6'], flags: ['PolicyOnlyNarrows'], constraints: { max_request_size: 10 }, ...knowing(['a'], throughHops('mallory'), { constraints: { max_request_size: 100 } }), ...body(11),
      }),
      denied('del-4-demands-quota', 'An unknown actor: the quota of the agent is spent, by another token', quotaSpent, {
        verifies: ['DEL-4', 'QTA-5'], flags: ['QuotaReset'], ...knowing(['a'], throughHops('mallory'), { quotas: { perAgent: perHour(1) } }), prior: [fresh('00:10:00')], retryAfterSeconds: 1800,
      }),
    ],
  },

  constraints: {
    description: 'Constraints of local policy hold together with those of the token: of numbers the lower, of allow-lists both, of block-lists either, of windows both. No policy loosens what the token demands.',
    verifies: ['CAP-7'],
    cases: [
      allowed('cap-7-empty', 'Policy without constraints restricts nothing', merged({ allowed_methods: ['GET'] }, {})),

      ...admits('cap-7-methods', [['both', 'A method of both lists', merged({ allowed_methods: ['GET', 'POST'] }, { allowed_methods: ['HEAD', 'GET'] })]]),
      ...refuses('cap-7-methods', violation('CON-5'), [
        ['alone', 'A method that policy alone forbids', merged(undefined, { allowed_methods: ['POST'] })],
        ['token-only', 'A method of the token\'s list only', merged({ allowed_methods: ['GET', 'POST'] }, { allowed_methods: ['HEAD', 'POST'] })],
        ['policy-only', 'A method of policy\'s list only', merged({ allowed_methods: ['POST'] }, { allowed_methods: ['GET', 'POST'] }), ['PolicyOnlyNarrows']],
        ['policy-empty', 'An empty list of policy', merged({ allowed_methods: ['GET'] }, { allowed_methods: [] }), ['EmptyIsNotUnlimited']],
      ]),

      ...admits('cap-7-domains', [
        ['narrower-policy', 'Policy lists a subdomain, and it is the target', merged({ domains_allowed: ['example.org'] }, { domains_allowed: ['www.example.org'] }, target('www.example.org'))],
        ['narrower-token', 'The token lists a subdomain, and it is the target', merged({ domains_allowed: ['www.example.org'] }, { domains_allowed: ['example.org'] }, target('www.example.org'))],
        ['not-blocked', 'A host that neither blocks', merged({ domains_blocked: ['evil.test'] }, { domains_blocked: ['bad.test'] }, target('example.org'))],
      ]),
      ...refuses('cap-7-domains', domainDenied, [
        ['alone', 'A host that policy alone does not allow', merged(undefined, { domains_allowed: ['example.org'] }, target('example.net'))],
        ['outside-narrower-policy', 'Policy lists a subdomain, the target is its parent', merged({ domains_allowed: ['example.org'] }, { domains_allowed: ['www.example.org'] }, target('example.org'))],
        ['outside-narrower-token', 'The token lists a subdomain, the target is its sibling', merged({ domains_allowed: ['www.example.org'] }, { domains_allowed: ['example.org'] }, target('mail.example.org')), ['PolicyOnlyNarrows']],
        ['token-only', 'A host of the token\'s list only', merged({ domains_allowed: ['example.org', 'example.net'] }, { domains_allowed: ['example.net'] }, target('example.org'))],
        ['policy-only', 'A host of policy\'s list only', merged({ domains_allowed: ['example.org'] }, { domains_allowed: ['example.org', 'example.net'] }, target('example.net')), ['PolicyOnlyNarrows']],
        ['policy-empty', 'Policy allows no host', merged({ domains_allowed: ['example.org'] }, { domains_allowed: [] }, target('example.org')), ['EmptyIsNotUnlimited']],
        ['no-target', 'Policy alone lists hosts, and the route names no target', merged(undefined, { domains_allowed: ['example.org'] }), ['MissingFact']],
        ['blocked-alone', 'A host that policy alone blocks', merged(undefined, { domains_blocked: ['evil.test'] }, target('www.evil.test'))],
        ['blocked-by-policy', 'Both block, policy blocks this one', merged({ domains_blocked: ['evil.test'] }, { domains_blocked: ['bad.test'] }, target('bad.test'))],
        ['blocked-by-token', 'Both block, the token blocks this one', merged({ domains_blocked: ['evil.test'] }, { domains_blocked: ['bad.test'] }, target('evil.test')), ['PolicyOnlyNarrows']],
        ['allowed-and-blocked', 'The token allows it, policy blocks it', merged({ domains_allowed: ['example.org'] }, { domains_blocked: ['www.example.org'] }, target('www.example.org'))],
        ['blocked-and-allowed', 'Policy allows it, the token blocks it', merged({ domains_blocked: ['example.org'] }, { domains_allowed: ['example.org'] }, target('example.org')), ['PolicyOnlyNarrows']],
        ['malformed-block-list', 'A malformed entry of the token\'s block-list denies beside a good block-list of policy', merged({ domains_blocked: ['*.evil.test'] }, { domains_blocked: ['bad.test'] }, target('example.org')), ['MalformedConstraint']],
      ]),

      ...admits('cap-7-ranges', [['both', 'Addresses in ranges of both', merged({ ip_ranges_allowed: ['10.0.0.0/8', '192.0.2.0/24'] }, { ip_ranges_allowed: ['192.0.0.0/16'] }, addressed('192.0.2.1', '192.0.2.254'))]]),
      ...refuses('cap-7-ranges', violation('CON-3'), [
        ['alone', 'An address that policy alone does not allow', merged(undefined, { ip_ranges_allowed: ['192.0.2.0/24'] }, addressed('127.0.0.1'))],
        ['token-only', 'An address in the token\'s ranges only', merged({ ip_ranges_allowed: ['10.0.0.0/8', '192.0.2.0/24'] }, { ip_ranges_allowed: ['192.0.2.0/24'] }, addressed('10.0.0.1'))],
        ['policy-only', 'An address in policy\'s ranges only', merged({ ip_ranges_allowed: ['192.0.2.0/24'] }, { ip_ranges_allowed: ['0.0.0.0/0'] }, addressed('10.0.0.1')), ['PolicyOnlyNarrows']],
        ['one-each', 'Two addresses, each in the ranges of one', merged({ ip_ranges_allowed: ['192.0.2.0/24'] }, { ip_ranges_allowed: ['198.51.100.0/24'] }, addressed('192.0.2.1', '198.51.100.1'))],
        ['narrower-policy', 'An address outside of policy\'s half of the range', merged({ ip_ranges_allowed: ['192.0.2.0/24'] }, { ip_ranges_allowed: ['192.0.2.0/25'] }, addressed('192.0.2.128')), ['Boundary']],
        ['families', 'All of IPv4 and all of IPv6 have nothing in common', merged({ ip_ranges_allowed: ['0.0.0.0/0'] }, { ip_ranges_allowed: ['::/0'] }, addressed('192.0.2.1'))],
        ['no-addresses', 'Policy alone lists ranges, and the name is not resolved', merged(undefined, { ip_ranges_allowed: ['0.0.0.0/0'] }, target('example.org')), ['MissingFact']],
      ]),

      ...admits('cap-7-window', [
        ['both', 'Inside both windows', merged(window('00:00:00', '00:45:00'), window('00:15:00', '01:00:00'))],
      ]),
      ...refuses('cap-7-window', windowOver, [
        ['alone', 'Outside of policy\'s window, and the token has none', merged(undefined, window('00:31:00', '01:00:00'))],
        ['before-policy', 'A second before policy\'s window', merged(window('00:00:00', '01:00:00'), window('00:30:01', '01:00:00')), ['Boundary', 'TolerancePlaced']],
        ['policy-ends', 'Policy\'s window ends now', merged(window('00:00:00', '01:00:00'), window('00:00:00', '00:30:00')), ['Boundary', 'TolerancePlaced']],
        ['token-ends', 'The token\'s window ends now, policy\'s goes on', merged(window('00:00:00', '00:30:00'), window('00:00:00', '01:00:00')), ['Boundary', 'PolicyOnlyNarrows']],
        ['disjoint', 'Windows that do not meet; this is the token\'s', merged(window('00:20:00', '00:40:00'), window('00:40:00', '00:50:00')), ['EmptyIsNotUnlimited']],
        ['offset', 'Policy\'s window is over, by its offset', merged(window('00:00:00', '01:00:00'), { time_window: { start: '2025-01-01T00:00:00+02:00', end: '2025-01-01T02:00:00+02:00' } })],
      ]),

      ...admits('cap-7-size', [
        ['policy-lower', 'Exactly policy\'s size, which is the lower', merged({ max_request_size: 100 }, { max_request_size: 50 }, body(50)), ['Boundary']],
        ['token-lower', 'Exactly the token\'s size, which is the lower', merged({ max_request_size: 50 }, { max_request_size: 100 }, body(50)), ['Boundary']],
      ]),
      ...refuses('cap-7-size', tooLarge, [
        ['alone', 'One byte more than policy alone admits', merged(undefined, { max_request_size: 50 }, body(51)), ['Boundary']],
        ['above-policy', 'One byte more than policy\'s size, the lower', merged({ max_request_size: 100 }, { max_request_size: 50 }, body(51)), ['Boundary']],
        ['above-token', 'One byte more than the token\'s size, the lower', merged({ max_request_size: 50 }, { max_request_size: 100 }, body(51)), ['Boundary', 'PolicyOnlyNarrows']],
      ]),

      ...admits('cap-7-regions', [['both', 'A region of both lists', merged({ allowed_regions: ['DE', 'FR'] }, { allowed_regions: ['FR', 'US'] }, { facts: { region: 'FR' } })]]),
      ...refuses('cap-7-regions', violation('CON-8'), [
        ['token-only', 'A region of the token\'s list only', merged({ allowed_regions: ['DE', 'FR'] }, { allowed_regions: ['FR', 'US'] }, { facts: { region: 'DE' } })],
        ['policy-only', 'A region of policy\'s list only', merged({ allowed_regions: ['DE', 'FR'] }, { allowed_regions: ['FR', 'US'] }, { facts: { region: 'US' } }), ['PolicyOnlyNarrows']],
        ['missing', 'Policy alone lists regions, and the route names none', merged(undefined, { allowed_regions: ['DE'] }), ['MissingFact']],
      ]),

      ...admits('cap-7-class', [
        ['both', 'A class that both admit', merged({ data_classification_max: 'restricted' }, { data_classification_max: 'internal' }, classified('internal')), ['Boundary']],
        ['below-unordered', 'restricted and personal have everything below in common', merged({ data_classification_max: 'restricted' }, { data_classification_max: 'personal' }, classified('confidential')), ['Boundary']],
      ]),
      ...refuses('cap-7-class', violation('CON-9'), [
        ['above-policy', 'A class above policy\'s, the lower', merged({ data_classification_max: 'restricted' }, { data_classification_max: 'internal' }, classified('confidential')), ['Boundary']],
        ['above-token', 'A class above the token\'s, the lower', merged({ data_classification_max: 'internal' }, { data_classification_max: 'restricted' }, classified('confidential')), ['Boundary', 'PolicyOnlyNarrows']],
        ['unordered-restricted', 'restricted data, where the token admits it and policy admits personal', merged({ data_classification_max: 'restricted' }, { data_classification_max: 'personal' }, classified('restricted'))],
        ['unordered-personal', 'personal data, where policy admits it and the token admits restricted', merged({ data_classification_max: 'restricted' }, { data_classification_max: 'personal' }, classified('personal')), ['PolicyOnlyNarrows']],
        ['missing', 'Policy alone has a highest class, and the route declares none', merged(undefined, { data_classification_max: 'personal' }), ['MissingFact']],
      ]),

      ...admits('cap-7-depth', [['both', 'Exactly policy\'s depth, the lower', merged({ max_depth: 2 }, { max_depth: 1 }, throughHops('a')), ['Boundary']]]),
      ...refuses('cap-7-depth', excessive('CON-10'), [
        ['above-policy', 'Deeper than policy\'s depth, the lower', merged({ max_depth: 2 }, { max_depth: 1 }, throughHops('a', 'b')), ['Boundary']],
        ['above-token', 'Deeper than the token\'s depth, the lower', merged({ max_depth: 1 }, { max_depth: 2 }, throughHops('a', 'b')), ['Boundary', 'PolicyOnlyNarrows']],
      ]),

      ...admits('cap-7-threshold', [['both', 'Exactly policy\'s threshold, the lower', merged({ require_approval_threshold: 100 }, { require_approval_threshold: 50 }, { facts: { amount: 50 } }), ['Boundary']]]),
      ...refuses('cap-7-threshold', approvalRequired('CON-11'), [
        ['above-policy', 'Above policy\'s threshold, the lower', merged({ require_approval_threshold: 100 }, { require_approval_threshold: 50 }, { facts: { amount: 50.01 } }), ['Boundary']],
        ['above-token', 'Above the token\'s threshold, the lower', merged({ require_approval_threshold: 50 }, { require_approval_threshold: 100 }, { facts: { amount: 50.01 } }), ['Boundary', 'PolicyOnlyNarrows']],
        ['alone', 'Above policy\'s threshold, and the token has none', merged(undefined, { require_approval_threshold: 50 }, { facts: { amount: 51 } })],
        ['missing', 'Policy alone has a threshold, and the route names no amount', merged(undefined, { require_approval_threshold: 50 }), ['MissingFact']],
      ]),

      ...admits('cap-7-encryption', [
        ['policy', 'Policy demands TLS, the token does not', merged({ require_encryption: false }, { require_encryption: true }, { request: { encrypted: true } })],
      ]),
      ...refuses('cap-7-encryption', violation('CON-12'), [
        ['by-policy', 'Policy demands TLS, the token does not, and there is none', merged({ require_encryption: false }, { require_encryption: true }, { request: { encrypted: false } })],
        ['by-token', 'The token demands TLS, policy does not, and there is none', merged({ require_encryption: true }, { require_encryption: false }, { request: { encrypted: false } }), ['PolicyOnlyNarrows']],
        ['alone', 'Policy alone demands TLS', merged(undefined, { require_encryption: true })],
      ]),

      ...admits('cap-7-quota', [
        ['policy-lower', 'The last one of policy\'s number, the lower', merged(perHour(50), perHour(2), { claims: twoDays, prior: [once('00:10:00')] }), ['Boundary']],
        ['fresh-token', 'A constraint of policy is counted by token, as the token\'s own', merged(undefined, perHour(1), { claims: twoDays, prior: [fresh('00:10:00')] })],
        ['per-capability', 'A constraint of policy is counted by capability, as the token\'s own', merged(undefined, perHour(1), { claims: twoDays, capabilities: [search(), search()], prior: [once('00:10:00')], audit: { capability_index: 1 } }), ['AlternativeCapability']],
      ]),
      ...refuses('cap-7-quota', quotaSpent, [
        ['policy-lower-spent', 'One more than policy\'s number, the lower', merged(perHour(50), perHour(2), { claims: twoDays, prior: [once('00:10:00', { times: 2 })], retryAfterSeconds: 1800 }), ['Boundary']],
        ['token-lower-spent', 'One more than the token\'s number, the lower', merged(perHour(2), perHour(50), { claims: twoDays, prior: [once('00:10:00', { times: 2 })], retryAfterSeconds: 1800 }), ['Boundary', 'PolicyOnlyNarrows']],
        ['equal-spent', 'The same number twice is no more than once', merged(perHour(2), perHour(2), { claims: twoDays, prior: [once('00:10:00', { times: 2 })], retryAfterSeconds: 1800 }), ['Boundary']],
        ['alone-spent', 'Policy alone has a number', merged(undefined, perHour(1), { claims: twoDays, prior: [once('00:10:00')], retryAfterSeconds: 1800 })],
        ['zero', 'Policy admits nothing', merged(perHour(50), perHour(0)), ['Boundary']],
        ['other-window', 'The token counts by the hour, policy by the minute: wait for the later one', merged(perHour(1), perMinute(1), { claims: twoDays, prior: [once('00:29:50')], retryAfterSeconds: 1800 })],
        ['other-window-policy', 'The token counts by the hour, policy by the minute, which alone is full', merged(perHour(9), perMinute(1), { claims: twoDays, prior: [once('00:29:50')], retryAfterSeconds: 50 })],
      ]),

      ...refuses('cap-7-malformed', violation('CON-1'), [['quota', 'The token\'s number is malformed, policy\'s is not', merged(perHour('50'), perHour(50)), ['MalformedConstraint']]]),
      ...[
        ['methods', 'allowed_methods', 'GET', ['GET'], 'CON-5', {}],
        ['encryption', 'require_encryption', 'false', true, 'CON-12', { request: { encrypted: true } }],
        ['domains', 'domains_allowed', 'example.org', ['example.org'], 'CON-2', target('example.org')],
        ['ranges', 'ip_ranges_allowed', ['0.0.0.0/0', '192.0.2.1'], ['0.0.0.0/0'], 'CON-3', addressed('192.0.2.1')],
        ['window', 'time_window', { start: '2025-01-01T00:00:00Z' }, { start: '2025-01-01T00:00:00Z', end: '2025-01-01T01:00:00Z' }, 'CON-4', {}],
        ['size', 'max_request_size', -1, 100, 'CON-6', {}],
        ['regions', 'allowed_regions', 'DE', ['DE'], 'CON-8', { facts: { region: 'DE' } }],
        ['class', 'data_classification_max', 'secret', 'public', 'CON-9', classified('public')],
        ['depth', 'max_depth', '2', 2, 'CON-10', {}],
        ['threshold', 'require_approval_threshold', '100', 100, 'CON-11', { facts: { amount: 1 } }],
      ].map(([name, constraint, value, local, rule, definition]) => denied(`cap-7-malformed-${name}`, `The token's ${constraint} is malformed, policy's is not`, violation(rule), {
        verifies: ['CAP-7', rule, 'TOK-10'], flags: ['MalformedConstraint'], ...merged({ [constraint]: value }, { [constraint]: local }, definition),
      })),
      denied('cap-7-unknown', 'A constraint of the token that nobody knows, beside one of policy that holds', violation('CAP-5'), { flags: ['UnknownConstraint'], ...merged({ moon_phase: 'full' }, { allowed_methods: ['GET'] }) }),

      allowed('cap-7-alternative-second', 'Policy leaves only the second of two alternatives', {
        flags: ['AlternativeCapability'], verifies: ['CAP-7', 'CAP-3'],
        ...merged(undefined, { domains_allowed: ['example.net'] }, { capabilities: [search({ domains_allowed: ['example.org'] }), search({ domains_allowed: ['example.net', 'example.org'] })], ...target('example.net') }), audit: { capability_index: 1 },
      }),
      denied('cap-7-alternative-every', 'Policy holds for every alternative', violation('CON-5'), {
        verifies: ['CAP-7', 'CAP-3', 'CON-5'], flags: ['AlternativeCapability'], ...merged(undefined, { allowed_methods: ['POST'] }, { capabilities: [search({ allowed_methods: ['GET'] }), search()] }),
      }),
      denied('cap-7-alternative-none-left', 'Each alternative would do for the token, none does for policy', domainDenied, {
        verifies: ['CAP-7', 'CAP-3', 'CON-2'], flags: ['AlternativeCapability'],
        ...merged(undefined, { domains_blocked: ['example.org'] }, { capabilities: [search({ domains_allowed: ['example.org'] }), search({ domains_allowed: ['www.example.org'] })], ...target('www.example.org') }),
      }),
      denied('cap-7-no-permission', 'Policy about an action is no capability for it', noCapability, { verifies: ['CAP-7', 'CAP-2'], flags: ['PolicyOnlyNarrows'], ...under({ actions: { 'cms.publish': { constraints: {} } } }, { request: { action: 'cms.publish' } }) }),

      allowed('cap-7-action-other', 'Policy is about another action', under({ actions: { 'cms.draft': { constraints: { allowed_methods: [] } } } })),
      ...[['parent', 'search'], ['child', 'search.web.images'], ['case', 'Search.Web']].map(([name, action]) =>
        allowed(`cap-7-action-${name}`, `Policy is about ${action}`, { verifies: ['CAP-7', 'CAP-1'], flags: ['PrefixConfusion'], ...under({ actions: { [action]: { constraints: { allowed_methods: [] } } } }) })),
      allowed('cap-7-action-prototype', 'An action that is a member of Object.prototype, which policy does not name', {
        flags: ['PrototypePollution'], ...under({ actions: { 'cms.draft': { constraints: { allowed_methods: [] } } } }, { capabilities: [{ action: 'constructor' }], request: { action: 'constructor' } }),
      }),
      denied('cap-7-action-prototype-named', 'An action that is a member of Object.prototype, which policy names', violation('CON-5'), {
        verifies: ['CAP-7', 'CON-5'], flags: ['PrototypePollution'], ...under({ actions: { constructor: { constraints: { allowed_methods: [] } } } }, { capabilities: [{ action: 'constructor' }], request: { action: 'constructor' } }),
      }),
      denied('cap-7-action', 'Policy about this action', violation('CON-5'), under({ actions: { 'search.web': { constraints: { allowed_methods: ['POST'] } } } })),
      denied('cap-7-action-and-everyone', 'Policy for everyone holds beside that of the action', violation('CON-5'), { flags: ['PolicyOnlyNarrows'], ...under({ constraints: { allowed_methods: ['POST'] }, actions: { 'search.web': { constraints: { allowed_methods: ['GET'] } } } }) }),
      denied('cap-7-action-lowest', 'Of three numbers that of the action is the lowest', tooLarge, { flags: ['Boundary'], constraints: { max_request_size: 30 }, ...under({ constraints: { max_request_size: 20 }, actions: { 'search.web': { constraints: { max_request_size: 10 } } } }), ...body(11) }),
      denied('cap-7-everyone-lowest', 'Of three numbers that for everyone is the lowest', tooLarge, { flags: ['Boundary', 'PolicyOnlyNarrows'], constraints: { max_request_size: 30 }, ...under({ constraints: { max_request_size: 10 }, actions: { 'search.web': { constraints: { max_request_size: 20 } } } }), ...body(11) }),
      denied('cap-7-token-lowest', 'Of three numbers that of the token is the lowest', tooLarge, { flags: ['Boundary', 'PolicyOnlyNarrows'], constraints: { max_request_size: 10 }, ...under({ constraints: { max_request_size: 20 }, actions: { 'search.web': { constraints: { max_request_size: 30 } } } }), ...body(11) }),
      denied('cap-7-draft-01', 'A token in the spelling of draft-01', violation('CON-5'), { ...merged({ allowed_methods: ['GET', 'POST'] }, { allowed_methods: ['POST'] }), payload: withoutPrefix }),
      denied('cap-7-route', 'The action is resolved by a route', violation('CON-5'), {
        ...under({ actions: { 'search.web': { constraints: { allowed_methods: ['POST'] } } } }, { server: { routes: { 'GET /search': 'search.web' } }, request: { action: undefined } }), audit: { action: 'search.web' },
      }),
    ],
  },

  quotas: {
    description: 'Quotas of local policy are counted over all tokens of an agent, a task or an operator, so that a fresh token does not reset them. It is 2025-01-01T00:30:00Z unless a case says otherwise.',
    verifies: ['QTA-5'],
    cases: [
      ...admits('qta-5', [
        ['first', 'The first request', counting({ perAgent: perHour(1), perTask: perHour(1), perOperator: perHour(1) }), ['Boundary']],
        ['last', 'The last one that fits, over two tokens', counting({ perAgent: perHour(3) }, { prior: [fresh('00:10:00', {}, { times: 2 })] }), ['Boundary']],
        ['agent-other', 'Another agent of the same operator and task spent its own', counting({ perAgent: perHour(1) }, { prior: [fresh('00:10:00', { agent: { id: 'agent-b' } })] })],
        ['task-other', 'The same agent spent the quota of another task', counting({ perTask: perHour(1) }, { prior: [fresh('00:10:00', { task: { id: 'task-b' } })] })],
        ['operator-other', 'Another operator spent its own', counting({ perOperator: perHour(1) }, { prior: [fresh('00:10:00', { agent: { operator: 'org:b' } })] })],
        ['scopes-apart', 'An agent, a task and an operator of one name are counted apart', counting({ perAgent: perHour(1), perTask: perHour(1), perOperator: perHour(1) }, {
          agent: { id: 'x', operator: 'z' }, task: { id: 'y' }, prior: [fresh('00:10:00', { agent: { id: 'y', operator: 'x' }, task: { id: 'z' } })], audit: { agent_id: 'x', task_id: 'y' },
        })],
        ['next-hour', 'The next hour', counting({ perAgent: perHour(1) }, { prior: [fresh('00:59:59.999')], at: today('01:00:00') }), ['Boundary', 'WindowKind']],
        ['minute-gone', 'Exactly a minute later', counting({ perAgent: perMinute(1) }, { prior: [fresh('00:29:00')] }), ['Boundary', 'WindowKind']],
        ['agent-other-issuer', 'An agent of the same id of another issuer', counting({ perAgent: perHour(1) }, { server: otherIssuer, prior: [fresh('00:10:00', { key: ['other-issuer', 'es256-1'], claims: { ...twoDays, iss: 'https://other.example.com' } })] })],
        ['operator-other-issuer', 'The operator of that name, by another issuer', counting({ perOperator: perHour(1) }, { server: otherIssuer, prior: [fresh('00:10:00', { key: ['other-issuer', 'es256-1'], claims: { ...twoDays, iss: 'https://other.example.com' } })] })],
        ['task-other-issuer', 'A task of the same id of another issuer', counting({ perTask: perHour(1) }, { server: otherIssuer, prior: [fresh('00:10:00', { key: ['other-issuer', 'es256-1'], claims: { ...twoDays, iss: 'https://other.example.com' } })] })],
      ]),
      ...refuses('qta-5', quotaSpent, [
        ['agent-fresh-token', 'Another token of the agent spent its quota', counting({ perAgent: perHour(1) }, { prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }), ['QuotaReset', 'Boundary']],
        ['agent-same-token', 'The same token spent the quota of its agent', counting({ perAgent: perHour(1) }, { prior: [once('00:10:00')], retryAfterSeconds: 1800 })],
        ['agent-other-task', 'A token of the agent for another task', counting({ perAgent: perHour(1) }, { prior: [fresh('00:10:00', { task: { id: 'task-b', purpose: 'translation' } })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['agent-other-subject', 'A token of the agent with another sub', counting({ perAgent: perHour(1) }, { prior: [fresh('00:10:00', { claims: { ...twoDays, sub: 'someone-else', client_id: 'client-2' } })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['agent-other-dialect', 'A token of the agent in the spelling of draft-01', counting({ perAgent: perHour(1) }, { prior: [fresh('00:10:00', { payload: withoutPrefix })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['task-fresh-token', 'Another token of the task spent its quota', counting({ perTask: perHour(1) }, { prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['task-other-agent', 'Another agent with the same task', counting({ perTask: perHour(1) }, { prior: [fresh('00:10:00', { agent: { id: 'agent-b' } })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['operator-fresh-token', 'Another token of the operator spent its quota', counting({ perOperator: perHour(1) }, { prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['operator-other-agent', 'Another agent and task of the same operator', counting({ perOperator: perHour(1) }, { prior: [fresh('00:10:00', { agent: { id: 'agent-b' }, task: { id: 'task-b' } })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['zero', 'A quota of 0 admits nothing', counting({ perOperator: perHour(0) }), ['Boundary']],
        ['minute-slides', 'A minute slides over the tokens of the agent', counting({ perAgent: perMinute(2) }, { prior: [fresh('00:29:10', { jti: 'token-1' }), fresh('00:29:40', { jti: 'token-2' })], retryAfterSeconds: 10 }), ['WindowKind', 'QuotaReset']],
        ['later-of-two', 'The quotas of agent and operator are full: wait for the later one', counting({ perAgent: perMinute(1), perOperator: perHour(1) }, { prior: [fresh('00:29:50')], retryAfterSeconds: 1800 })],
        ['full-of-two', 'The quota of the agent is full, that of the operator is not', counting({ perAgent: perMinute(1), perOperator: perHour(5) }, { prior: [fresh('00:29:50')], retryAfterSeconds: 50 })],
        ['over-actions', 'Another action of the agent counts as well', counting({ perAgent: perHour(1) }, { capabilities: searchAndDraft, prior: [fresh('00:10:00', {}, { request: drafting })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['over-alternatives', 'A second capability for the action does not have the quota once more', counting({ perAgent: perHour(1) }, { capabilities: [search({ domains_allowed: ['example.org'] }), search({ domains_allowed: ['example.net'] })], prior: [once('00:10:00', target('example.org'))], ...target('example.net'), retryAfterSeconds: 1800 }), ['QuotaReset', 'AlternativeCapability']],
        ['over-token-limits', 'Tokens with limits of their own', counting({ perAgent: perHour(2) }, { constraints: perHour(100), prior: [fresh('00:10:00', {}, { times: 2 })], retryAfterSeconds: 1800 }), ['QuotaReset', 'PolicyOnlyNarrows']],
        ['drafts', 'Drafts of all tokens of the agent', counting({ perAgent: { max_drafts_per_day: 2 } }, { prior: [fresh('00:10:00', {}, { times: 2 })], retryAfterSeconds: 84600 }), ['QuotaReset']],
        ['quantity', 'Three e-mails by one token, three by another, of five', counting({ perAgent: { max_emails_per_hour: 5 } }, { prior: [fresh('00:10:00')], facts: { quantities: { emails: 3 } }, retryAfterSeconds: 1800 }), ['QuotaReset']],
      ]),
      denied('qta-5-quantity-missing', 'Policy counts e-mails, and the route does not say how many', violation('CON-1'), { verifies: ['QTA-5', 'CAP-6'], flags: ['MissingFact'], ...counting({ perAgent: { max_emails_per_hour: 5 } }) }),
      denied('qta-5-token-quota-beside', 'The quota of the token is spent, that of its agent is not', quotaSpent, { verifies: ['QTA-5', 'CON-1'], flags: ['PolicyOnlyNarrows'], ...counting({ perAgent: perHour(100) }, { constraints: perHour(1), prior: [once('00:10:00')], retryAfterSeconds: 1800 }) }),

      ...admits('qta-5-action', [
        ['other', 'Another action does not count', under({ actions: { 'search.web': { quotas: { perAgent: perHour(1) } } } }, { claims: twoDays, capabilities: searchAndDraft, prior: [fresh('00:10:00', {}, { request: drafting, times: 5 })] })],
        ['apart', 'Two actions have quotas of their own', under({ actions: { 'search.web': { quotas: { perAgent: perHour(1) } }, 'cms.draft': { quotas: { perAgent: perHour(1) } } } }, { claims: twoDays, capabilities: searchAndDraft, prior: [fresh('00:10:00', {}, { request: drafting })] })],
        ['apart-from-all', 'The quota of an action is counted apart from that of all actions', under({ quotas: { perAgent: perHour(3) }, actions: { 'search.web': { quotas: { perAgent: perHour(1) } } } }, { claims: twoDays, capabilities: searchAndDraft, prior: [fresh('00:10:00', {}, { request: drafting, times: 2 })] }), ['Boundary']],
      ]),
      ...refuses('qta-5-action', quotaSpent, [
        ['spent', 'Another token of the agent spent the quota of the action', under({ actions: { 'search.web': { quotas: { perAgent: perHour(1) } } } }, { claims: twoDays, prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['all-spent', 'The action has room, all actions together have none', under({ quotas: { perAgent: perHour(2) }, actions: { 'search.web': { quotas: { perAgent: perHour(2) } } } }, { claims: twoDays, capabilities: searchAndDraft, prior: [fresh('00:10:00', {}, { request: drafting, times: 2 })], retryAfterSeconds: 1800 }), ['QuotaReset']],
        ['spent-with-room', 'The action has no room, all actions together have', under({ quotas: { perAgent: perHour(9) }, actions: { 'search.web': { quotas: { perAgent: perHour(1) } } } }, { claims: twoDays, prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }), ['QuotaReset']],
      ]),

      ...admits('qta-5-counts', [
        ['not-approval', 'A refusal for a missing approval does not count', counting({ perAgent: perHour(1) }, { verifies: ['QTA-5', 'QTA-2'], prior: [fresh('00:10:00', {}, { times: 3, facts: { approval: 'required' } })] })],
        ['not-threshold', 'A refusal above the threshold does not count', counting({ perAgent: perHour(1) }, { verifies: ['QTA-5', 'QTA-2', 'CON-11'], constraints: { require_approval_threshold: 100 }, prior: [fresh('00:10:00', {}, { times: 3, facts: { amount: 500 } })], facts: { amount: 5 } })],
        ['not-capability', 'An action without capability does not count', counting({ perAgent: perHour(1) }, { verifies: ['QTA-5', 'QTA-2'], prior: [fresh('00:10:00', {}, { times: 3, request: { action: 'cms.publish' } })] })],
        ['not-delegation', 'A refusal by the delegation does not count', counting({ perAgent: perHour(1) }, { verifies: ['QTA-5', 'QTA-2'], prior: [fresh('00:10:00', { claims: { ...twoDays, aap_delegation: { depth: 1, max_depth: 0, chain: hops('a') } } }, { times: 3 })] })],
        ['not-agent', 'A refusal of another agent of the operator does not count', under({ agents: { allowedIds: [agent.id] }, quotas: { perOperator: perHour(1) } }, { verifies: ['QTA-5', 'QTA-2', 'AGT-1'], claims: twoDays, prior: [fresh('00:10:00', { agent: { id: 'agent-b' } }, { times: 3 })] })],
        ['not-forged', 'A forged token of the agent does not count', counting({ perAgent: perHour(1) }, { verifies: ['QTA-5', 'QTA-2'], server: otherIssuer, prior: [fresh('00:10:00', { key: ['other-issuer', 'es256-1'] }, { times: 3 })] }), ['CrossIssuerKey']],
        ['not-token-full', 'An attempt that found the token\'s window full does not count for the agent', counting({ perAgent: perHour(2) }, { verifies: ['QTA-5', 'QTA-2'], constraints: perHour(1), prior: [fresh('00:10:00', {}, { times: 5 })] }), ['Boundary']],
        ['not-agent-full', 'An attempt that found the agent\'s window full does not count for the token', counting({ perAgent: perMinute(1) }, { verifies: ['QTA-5', 'QTA-2'], constraints: perHour(1), prior: [fresh('00:29:00'), once('00:29:30', { times: 5 })] }), ['Boundary']],
        ['not-refused-full', 'A refusal by a constraint does not count for the hour where the minute is full', counting({ perAgent: { ...perMinute(1), ...perHour(2) } }, {
          verifies: ['QTA-5', 'QTA-2'], constraints: { domains_allowed: ['example.org'] }, ...target('example.org'), prior: [fresh('00:29:00'), fresh('00:29:30', {}, { times: 5, ...target('example.net') })],
        }), ['Boundary']],
        ['quantity-too-large', 'A quantity that did not fit was not counted', counting({ perAgent: { max_emails_per_hour: 5 } }, { verifies: ['QTA-5', 'QTA-2'], prior: [fresh('00:10:00', {}, { facts: { quantities: { emails: 6 } } })], facts: { quantities: { emails: 5 } } }), ['Boundary']],
      ]),
      denied('qta-5-counts-refused', 'An attempt that a constraint refused counts for the agent', quotaSpent, {
        verifies: ['QTA-5', 'QTA-2'], flags: ['QuotaReset'], ...counting({ perAgent: perHour(1) }, { constraints: { domains_allowed: ['example.org'] }, prior: [fresh('00:10:00', {}, target('example.net'))], ...target('example.org'), retryAfterSeconds: 1800 }),
      }),
      denied('qta-5-counts-refused-by-policy', 'An attempt that a constraint of policy refused counts for the agent', quotaSpent, {
        verifies: ['QTA-5', 'QTA-2', 'CAP-7'], flags: ['QuotaReset'], ...under({ constraints: { domains_allowed: ['example.org'] }, quotas: { perAgent: perHour(1) } }, { claims: twoDays, prior: [fresh('00:10:00', {}, target('example.net'))], ...target('example.org'), retryAfterSeconds: 1800 }),
      }),
      denied('qta-5-counts-once', 'An attempt counts once, over two alternatives that fail', quotaSpent, {
        verifies: ['QTA-5', 'QTA-2'], flags: ['AlternativeCapability', 'Boundary'], ...counting({ perAgent: perHour(2) }, { capabilities: [search({ domains_allowed: ['example.org'] }), search({ domains_allowed: ['example.net'] })], prior: [fresh('00:10:00', {}, target('example.com')), fresh('00:11:00', {}, target('example.com'))], ...target('example.org'), retryAfterSeconds: 1800 }),
      }),
      allowed('qta-5-counts-once-only', 'An attempt that two alternatives refuse counts no more than once', {
        verifies: ['QTA-5', 'QTA-2'], flags: ['AlternativeCapability', 'Boundary'], ...counting({ perAgent: perHour(2) }, { capabilities: [search({ domains_allowed: ['example.org'] }), search({ domains_allowed: ['example.net'] })], prior: [fresh('00:10:00', {}, target('example.com'))], ...target('example.org') }),
      }),
      denied('qta-5-refusal-keeps-its-code', 'A refusal by a constraint keeps its code when the quota of the agent is spent', domainDenied, {
        verifies: ['QTA-5', 'QTA-2', 'CON-2'], ...counting({ perAgent: perHour(1) }, { constraints: { domains_allowed: ['example.org'] }, prior: [fresh('00:10:00', {}, target('example.org'))], ...target('example.net') }),
      }),
      denied('qta-5-alternatives', 'No alternative escapes the quota of the agent', quotaSpent, {
        verifies: ['QTA-5', 'CAP-3'], flags: ['AlternativeCapability'], ...counting({ perAgent: perHour(1) }, { capabilities: [search(perHour(50)), search()], prior: [fresh('00:10:00')], retryAfterSeconds: 1800 }),
      }),
    ],
  },

  approval: {
    description: 'Local policy demands the approval of a human, for everything or for an action.',
    verifies: ['OVS-1'],
    cases: [
      ...admits('ovs-1-policy', [
        ['other-action', 'Policy demands approval of another action', under({ actions: { 'cms.publish': { approval: 'required' } } })],
        ['other-spelling', 'Policy demands approval of an action in another case', under({ actions: { 'Search.Web': { approval: 'required' }, search: { approval: 'required' } } }), ['PrefixConfusion']],
      ]),
      ...refuses('ovs-1-policy', approvalRequired('OVS-1'), [
        ['everyone', 'Policy demands approval of everything', under({ approval: 'required' })],
        ['action', 'Policy demands approval of the action', under({ actions: { 'search.web': { approval: 'required' } } })],
        ['token-lists-none', 'The token lists nothing for approval, policy everything', under({ approval: 'required' }, { claims: { aap_oversight: { level: 'autonomous', requires_human_approval_for: [], requires_approval_for: [] } } }), ['EmptyIsNotUnlimited']],
        ['token-lists-other', 'The token lists another action, policy this one', under({ actions: { 'search.web': { approval: 'required' } } }, { claims: { aap_oversight: { requires_human_approval_for: ['cms.publish'] } } })],
        ['policy-lists-other', 'Policy lists another action, the token this one', under({ actions: { 'cms.publish': { approval: 'required' } } }, { claims: { aap_oversight: { requires_human_approval_for: ['search.web'] } } }), ['PolicyOnlyNarrows']],
        ['below-threshold', 'The amount is below the threshold, and policy demands approval', under({ approval: 'required' }, { constraints: { require_approval_threshold: 100 }, facts: { amount: 1 } })],
        ['before-threshold', 'Policy demands approval, and the amount is above the threshold', under({ approval: 'required' }, { constraints: { require_approval_threshold: 100 }, facts: { amount: 500 } })],
        ['alternatives', 'No alternative avoids the approval that policy demands', under({ approval: 'required' }, { capabilities: [search({ allowed_methods: ['POST'] }), search()] }), ['AlternativeCapability']],
        ['claimed-in-token', 'A claim says that it is approved', under({ approval: 'required' }, { claims: { aap_oversight: { approved: true, approval_reference: 'https://approvals.example.com/1' } } }), ['ClientControlledFact']],
        ['claimed-in-header', 'Headers say that it is approved', under({ approval: 'required' }, { headers: [['Authorization', 'Bearer {jwt}'], ['X-Approval', 'granted'], ['X-Approval-Id', '00000000-0000-0000-0000-000000000000']] }), ['ClientControlledFact']],
        ['draft-01', 'A token in the spelling of draft-01', { ...under({ approval: 'required' }), payload: withoutPrefix }],
      ]),
      denied('ovs-1-policy-capability-first', 'Policy demands approval of an action for which there is no capability', noCapability, { verifies: ['OVS-1', 'CAP-2', 'ORD-1'], ...under({ actions: { 'cms.publish': { approval: 'required' } } }, { request: { action: 'cms.publish' } }) }),
      denied('ovs-1-policy-constraint-first', 'A constraint fails before the approval that policy demands', violation('CON-5'), { verifies: ['OVS-1', 'CON-5', 'ORD-1'], ...under({ approval: 'required' }, { constraints: { allowed_methods: ['POST'] } }) }),
      denied('ovs-1-policy-quota-after', 'The approval that policy demands comes before its quota', approvalRequired('OVS-1'), { verifies: ['OVS-1', 'QTA-5', 'ORD-1'], ...under({ approval: 'required', quotas: { perAgent: perHour(0) } }) }),
      allowed('ovs-1-policy-not-counted', 'Refusals for the approval of one action do not spend the quota of all', {
        verifies: ['OVS-1', 'QTA-2', 'QTA-5'], ...under({ actions: { 'cms.draft': { approval: 'required' } }, quotas: { perAgent: perHour(1) } }, { capabilities: searchAndDraft, prior: [once('00:10:00', { times: 3, request: drafting })] }),
      }),
    ],
  },

  order: {
    description: 'Where what local policy demands stands in the order of checks. Two steps fail, and the earlier one is the answer.',
    verifies: ['ORD-1'],
    cases: pairs.map(([first, second, flags = []]) => {
      const [[denial, one, policy], [, other, otherPolicy]] = [fails[first], fails[second]]
      const claims = { ...one.claims, ...other.claims }
      return denied(`ord-1-policy-${first}-before-${second}`, `${first.replace('-', ' ')} before ${second.replace('-', ' ')}`, denial, { flags, ...one, ...other, ...(Object.keys(claims).length > 0 && { claims }), server: { policy: { ...policy, ...otherPolicy } } })
    }),
  },
}
