import { agent, allowed, denied, expiresAt, invalidToken, issuedAt, now, quotaSpent, rfc3339, server, task, violation, withoutPrefix } from '../case.mjs'
import { sha256 } from '../keys.mjs'

const inactive = invalidToken('INT-1')
const unavailable = [503, 'temporarily_unavailable', 'INT-1']
const spent = invalidToken('INT-4')
const noCapability = [403, 'aap_invalid_capability', 'CAP-2']
const invalidChain = (rule) => [403, 'aap_invalid_delegation_chain', rule]
const excessive = [403, 'aap_excessive_delegation', 'DEL-1']
const mismatch = [403, 'aap_task_mismatch', 'TSK-2']

/** An agent token that differs like this from the default one. */
const says = (answer, more = {}) => ({ answer, ...more })
/** The answers of the issuer, in order; `{}` is the default one. */
const answers = (...list) => ({ answers: list })
const whole = (body) => answers({ body })
const text = (value, more = {}) => answers({ text: value, ...more })
const rest = (changes) => (standard) => ({ ...standard, ...changes })
const not = { body: { active: false } }
/** Seconds after the default instant. */
const after = (seconds) => rfc3339(now + seconds)
const from = (seconds, answer) => ({ from: after(seconds), ...answer })
const before = (seconds, more = {}) => ({ at: after(-seconds), ...more })
const at = (seconds, more = {}) => ({ at: rfc3339(seconds), ...more })
const asked = (action, more = {}) => ({ request: { action, ...more } })
const many = (count) => Array.from({ length: count }, (_, index) => `agent-${index}`)
const hops = (...names) => names.map((sub) => ({ sub }))
const nested = (levels) => (levels === 0 ? 1 : { a: nested(levels - 1) })
const exactly = (bytes, value) => {
  const json = JSON.stringify(value)
  return { text: json, padding: bytes - Buffer.byteLength(json) }
}
/** The whole answer as text, for what `JSON.stringify` would not write. */
const plainAnswer = { active: true, scope: 'search.web', client_id: 'client-1', sub: agent.id, exp: expiresAt, iat: issuedAt, agent_type: 'autonomous', organization_id: agent.operator, task_id: task.id }
const withText = (member) => text(`${JSON.stringify(plainAnswer).slice(0, -1)},${member}}`)

const identified = { agent_id: agent.id, agent_operator: agent.operator, task_id: task.id, task_purpose: task.purpose }
/** Denied after it was known who asks. */
const known = (more) => ({ audit: { agent_id: agent.id, task_id: task.id, ...more } })

const scopes = {
  'web:search': 'search.web',
  'web:search:org': { action: 'search.web', constraints: { domains_allowed: ['example.org'] } },
  'web:search:net': { action: 'search.web', constraints: { domains_allowed: ['example.net'] } },
  'web:search:hourly': { action: 'search.web', constraints: { max_requests_per_hour: 1 } },
  'web:search:direct': { action: 'search.web', constraints: { max_depth: 0 } },
  editor: ['cms.edit', { action: 'cms.publish', constraints: { allowed_methods: ['POST'] } }],
}
const mapped = (scope, more = {}, answer = {}) => says({ scope, ...answer }, { introspection: { scopes }, ...more })
const target = (host) => ({ facts: { target: `https://${host}/` } })

const aap = { aap_agent: { id: 'agent-b', type: 'llm-autonomous', operator: 'org:example' }, aap_task: { id: 'task-b', purpose: 'translation' }, aap_capabilities: [{ action: 'search.web' }] }
const inDialect = { agent_id: 'agent-b', agent_type: 'llm-autonomous', agent_operator: 'org:example', task_id: 'task-b', task_purpose: 'translation' }
const flatMembers = { agent_type: undefined, organization_id: undefined, task_id: undefined, intent_description: undefined }

const noProof = { headers: [['Authorization', 'DPoP {jwt}']] }
const bearer = { headers: [['Authorization', 'Bearer {jwt}']] }
const proved = (proof = {}, more = {}) => ({ answer: {}, client: 'es256-1', proofs: [proof], ...more })

/** What makes one step fail, apart from all others. */
const fails = {
  issuer: { iss: 'https://evil.example.com' },
  times: { exp: now - 600 },
  audience: { aud: 'https://other-api.example.com' },
  claims: { agent_type: 'robot' },
  proof: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } },
  delegation: { delegation_depth: 1 },
}
const pair = (first, second, denial, more = {}) => denied(`ord-1-introspected-${first}-before-${second}`, `${first} before ${second}`, denial, { verifies: ['ORD-1', denial[2]], answer: { ...fails[first], ...fails[second] }, ...more })

export const files = {
  active: {
    description: 'What the issuer has to answer for a token to be active, and what says nothing about it.',
    verifies: ['INT-1'],
    cases: [
      allowed('int-1-active', 'Active', { answer: {}, audit: { ...identified, issuer: server.issuer, token_id: 'int-1-active', client_id: 'client-1' } }),
      allowed('int-1-active-alone', 'Active, with as little else as an agent token can have', { ...whole({ active: true, scope: 'search.web', client_id: 'client-1', exp: expiresAt, iat: issuedAt, agent_type: 'autonomous' }), audit: { agent_id: 'client-1', agent_operator: 'client-1', task_id: undefined } }),
      denied('int-1-inactive', 'Not active', inactive, answers(not)),
      denied('int-1-inactive-with-members', 'Not active, and everything else is there', inactive, says({ active: false })),
      denied('int-1-unknown-token', 'A token that the issuer does not know', inactive, { answer: {}, headers: [['Authorization', 'Bearer {jwt}x']] }),
      denied('int-1-other-case', 'The token in another case', inactive, { answer: {}, opaqueText: 'AT_Int-1-Other-Case', headers: [['Authorization', 'Bearer at_int-1-other-case']] }),
      ...[
        ['text', '"true"', 'true', ['TypeConfusion']], ['number', '1', 1, ['TypeConfusion']], ['null', 'null', null, ['NullMember']], ['array', 'an array of true', [true], ['TypeConfusion']], ['object', 'an object', {}, ['TypeConfusion']],
        ['yes', '"yes"', 'yes', ['TypeConfusion']],
      ].map(([name, title, active, flags]) => denied(`int-1-active-${name}`, `active is ${title}`, inactive, { flags, ...says({ active }) })),
      denied('int-1-active-missing', 'active is missing', inactive, { flags: ['TypeConfusion'], ...says({ active: undefined }) }),
      denied('int-1-active-other-spelling', 'Active in another spelling', inactive, { flags: ['LookAlike'], ...says({ active: undefined, Active: true }) }),
      denied('int-1-empty-object', 'An empty object', inactive, whole({})),
      ...[400, 401, 403, 404, 429, 500, 502, 503, 201, 202, 204, 302, 307].map((status) => denied(`int-1-status-${status}`, `Status ${status}, with an active token`, unavailable, { flags: ['FailureTaken'], ...answers({ status, body: rest({}) }) })),
      ...[401, 404, 500].map((status) => denied(`int-1-inactive-status-${status}`, `Status ${status}, with an inactive token`, unavailable, { flags: ['FailureTaken'], ...answers({ status, ...not }) })),
      denied('int-1-unsupported-token-type', 'The issuer does not introspect tokens of this type', unavailable, { flags: ['FailureTaken'], ...answers({ status: 400, body: { error: 'unsupported_token_type' } }) }),
      denied('int-1-error-with-200', 'An error with status 200', inactive, { flags: ['FailureTaken'], ...whole({ error: 'invalid_client' }) }),
      denied('int-1-connection-fails', 'No answer at all', unavailable, { flags: ['FailureTaken'], ...answers({ fails: true }) }),
      ...[
        ['html', 'HTML', '<html><body>active</body></html>'], ['empty', 'Nothing', ''], ['spaces', 'White space', ' \n'], ['cut', 'JSON that was cut off', '{"active":true,"exp":17356932'], ['array', 'An array with the answer', `[${JSON.stringify(plainAnswer)}]`],
        ['true', 'true', 'true'], ['string', 'A string', '"active"'], ['null', 'null', 'null'], ['number', 'A number', '1'], ['two', 'Two answers', `${JSON.stringify(plainAnswer)}{"active":false}`], ['form', 'A form', 'active=true&scope=search.web'],
        ['single-quotes', 'Single quotes', '{\'active\': true}'], ['comment', 'JSON with a comment', `${JSON.stringify(plainAnswer)} // active`], ['nan', 'A number that JSON does not have', '{"active":true,"exp":NaN}'],
      ].map(([name, title, value]) => denied(`int-1-body-${name}`, `${title} with status 200`, unavailable, { flags: ['FailureTaken'], ...text(value) })),
      allowed('int-1-body-64-kb', 'An answer of 65,536 bytes', { flags: ['Boundary'], ...answers(exactly(65_536, plainAnswer)), audit: { task_id: task.id } }),
      denied('int-1-body-over-64-kb', 'An answer of 65,537 bytes', unavailable, { flags: ['Boundary'], ...answers(exactly(65_537, plainAnswer)) }),
      denied('int-1-inactive-over-64-kb', 'An answer of 65,537 bytes about an inactive token', unavailable, { flags: ['Boundary', 'FailureTaken'], ...answers(exactly(65_537, { active: false })) }),
    ],
  },

  json: {
    description: 'An answer that could be read in several ways says nothing about the token; one that can be read is held to the rules of a payload.',
    verifies: ['INT-1', 'TOK-7'],
    cases: [
      denied('int-1-duplicate-active', 'active is there twice, first false and then true', unavailable, { flags: ['DuplicateMember'], ...text(`{"active":false,${JSON.stringify(plainAnswer).slice(1)}`) }),
      denied('int-1-duplicate-scope', 'scope is there twice', unavailable, { flags: ['DuplicateMember'], ...withText('"scope":"cms.publish"') }),
      denied('int-1-duplicate-escaped', 'scope is there twice, once with an escape', unavailable, { flags: ['DuplicateMember'], ...withText('"\\u0073cope":"cms.publish"') }),
      denied('int-1-duplicate-nested', 'A member of a member is there twice', unavailable, { flags: ['DuplicateMember'], ...withText('"cnf":{"jkt":"a","jkt":"b"}') }),
      denied('int-1-proto-member', 'A member is named __proto__', unavailable, { flags: ['PrototypePollution'], ...withText('"__proto__":{"scope":"cms.publish"}') }),
      denied('int-1-number-not-finite', 'A number that is not finite', unavailable, { flags: ['JsonParserDifferential'], ...withText('"max_operations":1e999') }),
      allowed('tok-7-introspected-nesting-32', 'Nested in 32 levels', { verifies: ['TOK-7'], flags: ['Boundary'], ...says({ extra: nested(31) }) }),
      denied('int-1-nesting-33', 'Nested in 33 levels', unavailable, { flags: ['Boundary', 'DeepNesting'], ...says({ extra: nested(32) }) }),
      ...['sub', 'scope', 'aud', 'cnf', 'task_id', 'max_operations', 'delegation_chain', 'unknown_member'].map((name) => denied(`tok-7-introspected-null-${name.replace('_', '-')}`, `${name} is null`, invalidToken('TOK-7'), { verifies: ['TOK-7'], flags: ['NullMember'], ...says({ [name]: null }) })),
      denied('tok-7-introspected-null-nested', 'A member of a member is null', invalidToken('TOK-7'), { verifies: ['TOK-7'], flags: ['NullMember'], ...says({ extra: { member: null } }) }),
      allowed('tok-7-introspected-strings', 'Strings that name or hold what is special elsewhere', { verifies: ['TOK-7'], flags: ['PrototypePollution'], ...says({ extra: '__proto__', other: 'a\u0000b', constructor: 'a', toString: 'b' }) }),
    ],
  },

  lifetime: {
    description: 'How long an answer counts: one about an active token for 30 s and never past exp, one about an inactive token for 5 s, a failure not at all.',
    verifies: ['INT-1'],
    cases: [
      denied('int-1-revoked-after-30-s', 'Active 31 s ago, and not any more', inactive, { flags: ['StaleAnswer'], ...answers({}, from(-30, not)), prior: [before(31)] }),
      denied('int-1-revoked-after-many-requests', 'Active 31 s ago, asked for every few seconds since, and not active any more', inactive, { flags: ['StaleAnswer'], ...answers({}, from(-30, not)), prior: [before(31), before(21), before(11), before(1)] }),
      denied('int-1-down-after-30-s', 'Active 31 s ago, and the issuer does not answer any more', unavailable, { flags: ['StaleAnswer', 'FailureTaken'], ...answers({}, from(-30, { fails: true })), prior: [before(31)] }),
      denied('int-1-html-after-30-s', 'Active 31 s ago, and the issuer answers with HTML now', unavailable, { flags: ['StaleAnswer', 'FailureTaken'], ...answers({}, from(-30, { text: '<html>' })), prior: [before(31)] }),
      denied('int-1-not-past-exp', 'Active 11 s ago until 1 s ago, and not active any more', inactive, { flags: ['StaleAnswer'], ...answers({ body: rest({ exp: now - 1 }) }, from(-5, not)), prior: [before(11)] }),
      allowed('int-1-active-after-5-s', 'Not active 6 s ago, and active now', { flags: ['StaleAnswer'], ...answers(not, from(-5, {})), prior: [before(6)] }),
      allowed('int-1-active-after-a-failure', 'No answer 1 s ago, and active now', { flags: ['FailureTaken'], ...answers({ fails: true }, from(0, {})), prior: [before(1)] }),
      allowed('int-1-active-after-an-error', 'Status 500 1 s ago, and active now', { flags: ['FailureTaken'], ...answers({ status: 500, ...not }, from(0, {})), prior: [before(1)] }),
      denied('int-1-inactive-after-a-failure', 'No answer 1 s ago, and not active now', inactive, { flags: ['FailureTaken'], ...answers({ fails: true }, from(0, not)), prior: [before(1)] }),
      denied('int-1-another-token-known', 'Another token of the same agent was active 1 s ago', inactive, { flags: ['CacheConfusion'], ...answers(not), prior: [before(1, { token: { answers: [{}] } })] }),
      allowed('int-1-another-token-inactive', 'Another token of the same agent was not active 1 s ago', { flags: ['CacheConfusion'], answer: {}, prior: [before(1, { token: { answer: { active: false } } })] }),
      allowed('int-1-scope-renewed', 'The answer has another scope after 31 s', { flags: ['StaleAnswer'], ...answers({ body: rest({ scope: 'cms.draft' }) }, from(-30, {})), prior: [before(31)] }),
      denied('int-1-scope-narrowed', 'The answer has a narrower scope after 31 s', noCapability, { verifies: ['INT-1', 'CAP-2'], flags: ['StaleAnswer'], ...answers({}, from(-30, { body: rest({ scope: 'cms.draft' }) })), prior: [before(31)] }),
      denied('tok-6-introspected-known-expired', 'Active a moment ago, and over its time by more than the tolerance now', [401, 'invalid_token', 'TOK-6'], { verifies: ['INT-1', 'TOK-6', 'TOK-11'], flags: ['StaleAnswer'], ...says({ exp: now - 61 }), prior: [before(2)] }),
    ],
  },

  standard: {
    description: 'The standard members of an answer, where they are there, are those of a JWT; exp has to be there.',
    cases: [
      allowed('tok-4-introspected-iss', 'iss is the issuer that was asked', { verifies: ['INT-1', 'TOK-4'], ...says({ iss: server.issuer }) }),
      allowed('tok-4-introspected-no-iss', 'No iss', { verifies: ['INT-1'], answer: {}, audit: { issuer: server.issuer } }),
      ...[['other', 'another issuer', 'https://evil.example.com', ['PrefixConfusion']], ['slash', 'the issuer with a slash', `${server.issuer}/`, ['PrefixConfusion']], ['array', 'an array with the issuer', [server.issuer], ['TypeConfusion']], ['empty', 'empty', '', []]]
        .map(([name, title, iss, flags]) => denied(`tok-4-introspected-iss-${name}`, `iss is ${title}`, invalidToken('TOK-4'), { verifies: ['INT-1', 'TOK-4'], flags, ...says({ iss }) })),
      denied('tok-4-introspected-trusted-iss', 'iss is another issuer that is trusted', invalidToken('TOK-4'), {
        verifies: ['INT-1', 'TOK-4'], flags: ['CrossIssuerKey'], server: { otherIssuers: [{ issuer: 'https://second.example.com', jwks: 'keys/other-issuer.json' }] }, ...says({ iss: 'https://second.example.com' }),
      }),
      ...[['number', 'a number', 1], ['empty', 'empty', ''], ['array', 'an array', [agent.id]]].map(([name, title, sub]) => denied(`tok-4-introspected-sub-${name}`, `sub is ${title}`, invalidToken('TOK-4'), { flags: ['TypeConfusion'], ...says({ sub }) })),

      allowed('tok-5-introspected-no-aud', 'No aud', { verifies: ['INT-1'], ...says({ aud: undefined }) }),
      allowed('tok-5-introspected-aud-array', 'aud is an array with this server', { verifies: ['INT-1', 'TOK-5'], ...says({ aud: ['https://other-api.example.com', server.audience] }) }),
      ...[
        ['other', 'another server', 'https://other-api.example.com', ['AudienceConfusion']], ['slash', 'this server with a slash', `${server.audience}/`, ['AudienceConfusion', 'PrefixConfusion']], ['empty-array', 'an empty array', [], ['EmptyIsNotUnlimited']],
        ['empty', 'empty', '', ['EmptyIsNotUnlimited']], ['number-beside', 'an array with this server and a number', [server.audience, 1], ['TypeConfusion']], ['object', 'an object', { 0: server.audience }, ['TypeConfusion']],
      ].map(([name, title, aud, flags]) => denied(`tok-5-introspected-aud-${name}`, `aud is ${title}`, invalidToken('TOK-5'), { verifies: ['INT-1', 'TOK-5'], flags, ...says({ aud }) })),

      denied('tok-6-introspected-no-exp', 'No exp', invalidToken('TOK-6'), { verifies: ['INT-1', 'TOK-6'], ...says({ exp: undefined }) }),
      denied('tok-6-introspected-exp-text', 'exp is a text', invalidToken('TOK-6'), { verifies: ['INT-1', 'TOK-6'], flags: ['TypeConfusion'], ...says({ exp: String(expiresAt) }) }),
      denied('tok-6-introspected-exp-past', 'Active, and exp is past', invalidToken('TOK-6'), { verifies: ['INT-1', 'TOK-6'], ...says({ exp: now - 600 }) }),
      allowed('tok-6-introspected-exp-tolerated', 'exp was 60 s ago', { verifies: ['TOK-6'], flags: ['Boundary'], answer: {}, ...at(expiresAt + 60) }),
      denied('tok-6-introspected-exp-over', 'exp was 61 s ago', invalidToken('TOK-6'), { flags: ['Boundary'], answer: {}, ...at(expiresAt + 61) }),
      denied('tok-6-introspected-exp-without-tolerance', 'exp is now, and no tolerance', invalidToken('TOK-6'), { flags: ['Boundary'], answer: {}, ...at(expiresAt), server: { clockTolerance: 0 } }),
      allowed('tok-6-introspected-fraction', 'Times with fractions', { verifies: ['TOK-6'], ...says({ exp: expiresAt - 0.5, iat: issuedAt + 0.25 }) }),
      allowed('tok-6-introspected-nbf-tolerated', 'nbf is in 60 s', { verifies: ['INT-1', 'TOK-6'], flags: ['Boundary'], ...says({ nbf: now + 60 }) }),
      denied('tok-6-introspected-nbf-future', 'nbf is in 61 s', invalidToken('TOK-6'), { verifies: ['INT-1', 'TOK-6'], flags: ['Boundary'], ...says({ nbf: now + 61 }) }),
      denied('tok-6-introspected-nbf-text', 'nbf is a text', invalidToken('TOK-6'), { flags: ['TypeConfusion'], ...says({ nbf: String(issuedAt) }) }),
      denied('tok-6-introspected-iat-future', 'iat is in 61 s', invalidToken('TOK-6'), { flags: ['Boundary'], ...says({ iat: now + 61 }) }),
      denied('tok-6-introspected-iat-text', 'iat is a text', invalidToken('TOK-6'), { flags: ['TypeConfusion'], ...says({ iat: String(issuedAt) }) }),

      ...[
        ['sub', 128, (value) => ({ sub: value }), (value) => ({ agent_id: value })], ['organization', 256, (value) => ({ organization_id: value }), (value) => ({ agent_operator: value })], ['task-id', 128, (value) => ({ task_id: value }), (value) => ({ task_id: value })],
        ['intent', 256, (value) => ({ intent_description: value }), (value) => ({ task_purpose: value })], ['task-type', 256, (value) => ({ intent_description: undefined, task_type: value }), (value) => ({ task_purpose: value })],
        ['client-id', 128, (value) => ({ sub: undefined, client_id: value }), (value) => ({ agent_id: value })],
      ].flatMap(([name, most, claimsOf, auditOf]) => [
        allowed(`tok-8-introspected-${name}-longest`, `${name.replace('-', ' ')} of ${most} code points`, { verifies: ['TOK-8'], flags: ['Boundary'], ...says(claimsOf('\u{1f916}'.repeat(most))), audit: auditOf('\u{1f916}'.repeat(most)) }),
        denied(`tok-8-introspected-${name}-long`, `${name.replace('-', ' ')} of ${most + 1} code points`, invalidToken('TOK-8'), { flags: ['Boundary'], ...says(claimsOf('a'.repeat(most + 1))) }),
      ]),
      ...[['organization', 'organization_id'], ['task-id', 'task_id'], ['intent', 'intent_description'], ['task-type', 'task_type']].map(([name, member]) => denied(`tok-8-introspected-${name}-empty`, `${member} is empty`, invalidToken('TOK-8'), { flags: ['Boundary'], ...says({ [member]: '' }) })),

      allowed('tok-9-introspected-no-jti', 'No jti: the SHA-256 of the token stands in', { verifies: ['TOK-9'], ...says({ jti: undefined }), audit: { token_id: sha256('at_tok-9-introspected-no-jti') } }),
      allowed('tok-9-introspected-jti-longest', 'jti of 256 characters', { verifies: ['TOK-9'], flags: ['Boundary'], jti: 'j'.repeat(256), answer: {}, audit: { token_id: 'j'.repeat(256) } }),
      ...[['long', 'of 257 characters', 'j'.repeat(257), ['Boundary']], ['empty', 'empty', '', ['Boundary']], ['number', 'a number', 7, ['TypeConfusion']]].map(([name, title, jti, flags]) => denied(`tok-9-introspected-jti-${name}`, `jti is ${title}`, invalidToken('TOK-9'), { flags, ...says({ jti }) })),
      denied('tok-9-introspected-quota-by-jti', 'Another token with the same jti spent the quota', quotaSpent, { verifies: ['TOK-9', 'CON-1', 'QTA-1'], flags: ['QuotaReset'], ...mapped('web:search:hourly'), prior: [before(60, { token: {} })], retryAfterSeconds: 1800 }),
      allowed('tok-9-introspected-quota-apart', 'Another token spent its quota, and neither has a jti', { verifies: ['TOK-9', 'QTA-1'], ...mapped('web:search:hourly', {}, { jti: undefined }), prior: [before(60, { token: {} })] }),
      denied('tok-9-introspected-quota-without-jti', 'The token spent its quota, and has no jti', quotaSpent, { verifies: ['TOK-9', 'CON-1', 'QTA-1'], ...mapped('web:search:hourly', {}, { jti: undefined }), prior: [before(60)], retryAfterSeconds: 1800 }),
    ],
  },

  scopes: {
    description: 'Scopes stand for actions: by the table of the server, or where it has none as they are, if they are valid action names.',
    verifies: ['INT-3'],
    cases: [
      allowed('int-3-name', 'A scope that is the action\'s name', { answer: {} }),
      allowed('int-3-second', 'The second scope is the action\'s name', says({ scope: 'openid search.web' }, { audit: { capability_index: undefined } })),
      allowed('int-3-beside-no-name', 'Beside scopes that are no action names', says({ scope: 'web:search https://example.com/scope search.web 1st' }, { audit: { capability_index: undefined } })),
      allowed('int-3-spaces', 'Several spaces between scopes', says({ scope: ' openid  search.web ' }, { audit: { capability_index: undefined } })),
      ...[
        ['other', 'Another scope', 'cms.publish', []], ['case', 'The name in another case', 'Search.Web', ['LookAlike']], ['prefix', 'The beginning of the name', 'search', ['PrefixConfusion']], ['longer', 'A name that begins like it', 'search.web.images', ['PrefixConfusion']],
        ['wildcard', 'A wildcard', 'search.* *', []], ['tab', 'A tab between scopes', 'openid\tsearch.web', []], ['comma', 'A comma between scopes', 'openid,search.web', []], ['empty', 'An empty scope', '', ['EmptyIsNotUnlimited']], ['space', 'A space', ' ', ['EmptyIsNotUnlimited']], ['missing', 'No scope', undefined, ['EmptyIsNotUnlimited']],
        ['prototype', 'A name of Object.prototype', 'constructor', ['PrototypePollution']],
      ].map(([name, title, scope, flags]) => denied(`int-3-${name}`, title, noCapability, { verifies: ['INT-3', 'CAP-2'], flags, ...says({ scope }) })),
      denied('int-3-invalid-action', 'A scope that is no valid action name, and the route asks for it', [403, 'aap_invalid_capability', 'RTE-1'], { verifies: ['INT-3', 'CAP-1', 'RTE-1'], ...says({ scope: 'web:search' }), ...asked('web:search') }),
      ...[['array', ['search.web']], ['number', 1], ['object', { 'search.web': true }], ['boolean', true]].map(([name, scope]) => denied(`int-3-scope-${name}`, `scope is ${JSON.stringify(scope)}`, invalidToken('INT-2'), { verifies: ['INT-2', 'INT-3'], flags: ['TypeConfusion'], ...says({ scope }) })),

      allowed('int-3-table', 'A scope that stands for the action', mapped('web:search')),
      allowed('int-3-table-list', 'A scope that stands for several actions', mapped('editor', asked('cms.edit'))),
      allowed('int-3-table-constraint-holds', 'A scope that stands for the action with a constraint, which holds', mapped('web:search:org', target('example.org'))),
      denied('int-3-table-constraint', 'A scope that stands for the action with a constraint, which does not hold', [403, 'aap_domain_not_allowed', 'CON-2'], mapped('web:search:org', target('example.net'))),
      denied('int-3-table-method', 'A scope that stands for several actions, one with a constraint, which does not hold', violation('CON-5'), mapped('editor', asked('cms.publish'))),
      denied('int-3-table-only', 'A scope that is the action\'s name, and is not in the table', noCapability, { verifies: ['INT-3', 'CAP-2'], ...mapped('search.web') }),
      denied('int-3-table-prototype', 'A scope that is a name of Object.prototype', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['PrototypePollution'], ...mapped('__proto__ constructor') }),
      denied('int-3-table-case', 'A scope of the table in another case', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['LookAlike'], ...mapped('WEB:SEARCH') }),
      allowed('int-3-alternatives', 'Two scopes stand for the action, and the second holds', { verifies: ['INT-3', 'CAP-3'], flags: ['AlternativeCapability'], ...mapped('web:search:org web:search:net', target('example.net')), audit: { capability_index: 1 } }),
      denied('int-3-alternatives-fail', 'Two scopes stand for the action, and neither holds', [403, 'aap_domain_not_allowed', 'CON-2'], { verifies: ['INT-3', 'CAP-3', 'CON-2'], flags: ['AlternativeCapability'], ...mapped('web:search:org web:search:net', target('example.com')) }),
      denied('int-3-alternatives-quota', 'Two scopes stand for the action: one does not hold, the other has spent its quota', quotaSpent, {
        verifies: ['INT-3', 'CAP-3', 'CON-1'], flags: ['AlternativeCapability'], ...mapped('web:search:org web:search:hourly', target('example.net')), prior: [before(60)], retryAfterSeconds: 1800,
      }),
      denied('int-3-scope-twice', 'The same scope twice is one capability, with one quota', quotaSpent, { verifies: ['INT-3', 'CON-1', 'QTA-1'], flags: ['QuotaReset'], ...mapped('web:search:hourly web:search:hourly'), prior: [before(60)], retryAfterSeconds: 1800 }),

      allowed('int-3-task-scopes', 'The task needs the scope', says({ scope: 'search.web cms.publish', task_scopes: ['search.web'] })),
      allowed('int-3-task-scopes-text', 'The task needs the scope, in a text', says({ scope: 'search.web cms.publish', task_scopes: 'openid search.web' })),
      denied('int-3-task-scopes-without', 'The task does not need the scope', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['ScopeFallback'], ...says({ scope: 'search.web cms.publish', task_scopes: ['cms.publish'] }) }),
      denied('int-3-task-scopes-beyond', 'The task needs a scope that was not granted', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['ScopeFallback'], ...says({ scope: 'cms.publish', task_scopes: ['search.web'] }) }),
      denied('int-3-task-scopes-alone', 'The task needs the scope, and there is none', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['ScopeFallback'], ...says({ scope: undefined, task_scopes: ['search.web'] }) }),
      denied('int-3-task-scopes-empty', 'The task needs no scope', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['EmptyIsNotUnlimited'], ...says({ task_scopes: [] }) }),
      denied('int-3-task-scopes-empty-text', 'The task needs no scope, in a text', noCapability, { verifies: ['INT-3', 'CAP-2'], flags: ['EmptyIsNotUnlimited'], ...says({ task_scopes: '' }) }),
      allowed('int-3-task-scopes-table', 'The task needs the scope that stands for the action', mapped('web:search editor', {}, { task_scopes: ['web:search'] })),
      denied('int-3-task-scopes-table-without', 'The task needs the action\'s name, which is no scope of the table', noCapability, { verifies: ['INT-3', 'CAP-2'], ...mapped('web:search', {}, { task_scopes: ['search.web'] }) }),
      ...[['number', 1], ['numbers', [1]], ['object', { 'search.web': true }]].map(([name, task_scopes]) => denied(`int-3-task-scopes-${name}`, `task_scopes is ${JSON.stringify(task_scopes)}`, invalidToken('INT-2'), { verifies: ['INT-2', 'INT-3'], flags: ['TypeConfusion'], ...says({ task_scopes }) })),
    ],
  },

  mapping: {
    description: 'Members of an agent token become agent and task; an answer with AAP claims is read by these.',
    cases: [
      allowed('int-6-everything', 'Every member at once', {
        verifies: ['DIA-1', 'INT-2', 'INT-3', 'INT-6'],
        ...whole({
          active: true, scope: 'search.web cms.draft', client_id: 'client-1', sub: 'spiffe://example.com/agent/researcher-01', exp: expiresAt, iat: issuedAt, jti: 'unique-token-id-abc123', aud: [server.audience], agent_type: 'autonomous',
          delegated_by: 'user:ada', delegation_chain: ['user:ada', 'agent-planner'], delegation_depth: 1, task_id: task.id, task_type: 'research', task_scopes: ['search.web'], max_operations: 1000, operations_remaining: 900,
          expires_on_completion: true, intent_description: task.purpose, orchestrator_id: 'orchestrator-1', environment: 'production', organization_id: 'org:blogcorp',
        }),
        audit: {
          issuer: server.issuer, subject: 'spiffe://example.com/agent/researcher-01', client_id: 'client-1', token_id: 'unique-token-id-abc123', agent_id: 'spiffe://example.com/agent/researcher-01', agent_type: 'autonomous', agent_operator: 'org:blogcorp', agent_organization: 'org:blogcorp',
          agent_orchestrator: 'orchestrator-1', agent_environment: 'production', task_id: task.id, task_purpose: task.purpose, task_type: 'research', delegation_depth: 1, delegation_chain: ['user:ada', 'agent-planner'], delegated_by: 'user:ada',
        },
      }),
      allowed('int-6-agent-sub', 'The agent is sub', { verifies: ['INT-6'], ...says({ sub: 'agent-b' }), audit: { agent_id: 'agent-b', subject: 'agent-b', client_id: 'client-1' } }),
      allowed('int-6-agent-client', 'The agent is client_id, without sub', { verifies: ['INT-6'], ...says({ sub: undefined }), audit: { agent_id: 'client-1' } }),
      denied('int-6-agent-nobody', 'Neither sub nor client_id', invalidToken('INT-6'), says({ sub: undefined, client_id: undefined })),
      allowed('int-6-operator-organization', 'The operator is the organization', { verifies: ['INT-6'], ...says({ delegated_by: 'user:ada' }), audit: { agent_operator: agent.operator, agent_organization: agent.operator, delegated_by: 'user:ada' } }),
      allowed('int-6-operator-delegator', 'The operator is whoever delegated, without an organization', { verifies: ['INT-6'], ...says({ organization_id: undefined, delegated_by: 'user:ada' }), audit: { agent_operator: 'user:ada', delegated_by: 'user:ada' } }),
      allowed('int-6-operator-client', 'The operator is the client, without both', { verifies: ['INT-6'], ...says({ organization_id: undefined }), audit: { agent_operator: 'client-1' } }),
      denied('int-6-operator-nobody', 'None of organization_id, delegated_by and client_id', invalidToken('INT-6'), says({ organization_id: undefined, client_id: undefined })),
      ...['autonomous', 'supervised', 'ephemeral'].map((agent_type) => allowed(`int-2-type-${agent_type}`, `agent_type ${agent_type}`, { verifies: ['INT-2', 'INT-6'], ...says({ agent_type }), audit: { agent_type } })),
      ...[['unknown', 'robot', []], ['case', 'Autonomous', ['LookAlike']], ['empty', '', []], ['aap', 'llm-autonomous', []], ['number', 1, ['TypeConfusion']], ['array', ['autonomous'], ['TypeConfusion']], ['prototype', 'constructor', ['PrototypePollution']]]
        .map(([name, agent_type, flags]) => denied(`int-2-type-${name}`, `agent_type is ${JSON.stringify(agent_type)}`, invalidToken('INT-2'), { flags, ...says({ agent_type }) })),
      allowed('int-6-purpose-intent', 'The purpose is the intent', { verifies: ['INT-6'], ...says({ task_type: 'research' }), facts: { purposes: [task.purpose] }, audit: { task_purpose: task.purpose, task_type: 'research' } }),
      allowed('int-6-purpose-type', 'The purpose is the type of the task, without an intent', { verifies: ['INT-6', 'TSK-2'], ...says({ intent_description: undefined, task_type: 'research' }), facts: { purposes: ['research'] }, audit: { task_purpose: 'research' } }),
      denied('int-6-purpose-type-beside', 'The route is for the type of the task, and there is an intent', mismatch, { verifies: ['INT-6', 'TSK-2'], flags: ['PurposeDrift'], ...says({ task_type: 'research' }), facts: { purposes: ['research'] } }),
      allowed('int-6-no-task', 'Neither task nor purpose', { verifies: ['INT-6'], ...says({ task_id: undefined, intent_description: undefined }), audit: { task_id: undefined } }),
      denied('int-6-no-purpose-route', 'The route is for certain purposes, and the token has none', mismatch, { verifies: ['INT-6', 'TSK-2'], flags: ['MissingFact', 'PurposeDrift'], ...says({ intent_description: undefined }), facts: { purposes: [task.purpose] } }),
      denied('int-6-no-purpose-policy', 'Local policy is for certain purposes, and the token has none', mismatch, { verifies: ['INT-6', 'TSK-2'], flags: ['MissingFact', 'PurposeDrift'], ...says({ intent_description: undefined }), server: { policy: { purposes: [task.purpose] } } }),
      ...[['task-id', 'task_id', 7], ['task-type', 'task_type', ['research']], ['intent', 'intent_description', {}], ['organization', 'organization_id', 7], ['orchestrator', 'orchestrator_id', 7], ['environment', 'environment', true], ['delegated-by', 'delegated_by', ['user:ada']], ['client-id', 'client_id', 7]]
        .map(([name, member, value]) => denied(`int-2-${name}-type`, `${member} is ${JSON.stringify(value)}`, invalidToken('INT-2'), { flags: ['TypeConfusion'], ...says({ [member]: value }) })),
      denied('int-2-client-id-empty', 'client_id is empty', invalidToken('INT-2'), { flags: ['EmptyIsNotUnlimited'], ...says({ client_id: '' }) }),
      denied('int-2-aap-client-id-type', 'An answer with AAP claims, and client_id is 7', invalidToken('INT-2'), { flags: ['TypeConfusion'], ...says({ ...flatMembers, scope: undefined, ...aap, client_id: 7 }) }),
      denied('int-2-legacy-client-id-type', 'A token that is no agent\'s, client_id is 7, and local policy lists sub', invalidToken('INT-2'), {
        verifies: ['INT-2', 'DIA-5'], flags: ['TypeConfusion'], ...says({ ...flatMembers, scope: 'web:search', client_id: 7 }), server: { legacyScopes: { 'web:search': 'search.web' }, policy: { agents: { allowedIds: [agent.id] } } },
      }),
      allowed('int-2-unknown-members', 'Members that are not known', { verifies: ['INT-2', 'DIA-4'], ...says({ token_type: 'Bearer', username: 'ada', department: { id: 7 } }) }),
      denied('agt-1-introspected', 'Local policy lists agents, and this is none of them', [403, 'aap_agent_not_recognized', 'AGT-1'], { verifies: ['INT-6', 'AGT-1'], ...says({ sub: 'agent-b' }), server: { policy: { agents: { allowedIds: [agent.id] } } } }),
      denied('agt-1-introspected-operator', 'Local policy lists operators, and the organization is none of them', [403, 'aap_agent_not_recognized', 'AGT-1'], { verifies: ['INT-6', 'AGT-1'], ...says({ delegated_by: agent.operator, organization_id: 'org:example' }), server: { policy: { agents: { allowedOperators: [agent.operator] } } } }),

      denied('dia-5-introspected-plain', 'An active token that is no agent\'s', invalidToken('DIA-5'), { verifies: ['DIA-1', 'DIA-5'], flags: ['ScopeFallback'], ...says(flatMembers) }),
      denied('dia-5-introspected-no-agent-type', 'Everything of an agent token but agent_type', invalidToken('DIA-5'), { verifies: ['DIA-1', 'DIA-5'], flags: ['ScopeFallback'], ...says({ agent_type: undefined }) }),
      allowed('dia-5-introspected-legacy', 'A token that is no agent\'s, on a server that maps scopes of such', { verifies: ['DIA-5'], ...says({ ...flatMembers, scope: 'web:search' }), server: { legacyScopes: { 'web:search': 'search.web' } }, audit: { agent_id: 'client-1', task_id: undefined } }),
      denied('dia-5-introspected-legacy-unmapped', 'A token that is no agent\'s, with the action\'s name as scope, which is not mapped', invalidToken('DIA-5'), { flags: ['ScopeFallback'], ...says(flatMembers), server: { legacyScopes: { 'web:search': 'search.web' } } }),
      allowed('int-2-aap', 'An answer with AAP claims', { verifies: ['INT-2', 'DIA-1'], ...says({ ...flatMembers, scope: undefined, ...aap }), audit: inDialect }),
      allowed('int-2-draft-01', 'An answer with the claims of draft-01', { verifies: ['INT-2', 'DIA-1'], ...says({ ...flatMembers, scope: undefined, ...withoutPrefix(aap) }), audit: inDialect }),
      allowed('int-2-namespaced', 'An answer with AAP claims in the configured namespace', {
        verifies: ['INT-2', 'DIA-3'], ...says({ ...flatMembers, ...Object.fromEntries(Object.entries(aap).map(([name, value]) => [`https://example.com/${name}`, value])) }), server: { claimPrefix: 'https://example.com/' }, audit: inDialect,
      }),
      allowed('int-2-aap-and-agent-type', 'AAP claims beside the members of an agent token', { verifies: ['INT-2', 'DIA-1'], ...says(aap), audit: inDialect }),
      denied('int-2-aap-scope', 'The scope of an answer with AAP claims permits nothing', noCapability, { verifies: ['INT-2', 'DIA-5', 'CAP-2'], flags: ['ScopeFallback'], ...says({ ...aap, scope: 'cms.publish' }), ...asked('cms.publish'), audit: { agent_id: 'agent-b', task_id: 'task-b' } }),
      denied('int-2-aap-incomplete', 'One of the AAP claims beside a whole agent token', invalidToken('DIA-5'), { verifies: ['INT-2', 'DIA-5'], flags: ['ScopeFallback'], ...says({ aap_agent: aap.aap_agent }) }),
      denied('int-2-aap-mixed', 'AAP claims in two spellings', invalidToken('DIA-2'), { verifies: ['INT-2', 'DIA-2'], flags: ['JsonParserDifferential'], ...says({ ...aap, capabilities: [{ action: 'cms.publish' }] }) }),
      denied('int-2-aap-constraint', 'A constraint in the AAP claims of an answer', [403, 'aap_domain_not_allowed', 'CON-2'], {
        verifies: ['INT-2', 'CON-2'], ...says({ ...aap, aap_capabilities: [{ action: 'search.web', constraints: { domains_allowed: ['example.org'] } }] }), ...target('example.net'), audit: { agent_id: 'agent-b', task_id: 'task-b' },
      }),
      denied('int-2-aap-approval', 'The AAP claims of an answer list the action for approval', [403, 'aap_approval_required', 'OVS-1'], { verifies: ['INT-2', 'OVS-1'], ...says({ ...aap, aap_oversight: { requires_human_approval_for: ['search.web'] } }), audit: { agent_id: 'agent-b', task_id: 'task-b' } }),
      allowed('int-5-aap-longer', 'AAP claims in a token that lives two hours', { verifies: ['INT-2', 'INT-5'], ...says({ ...aap, exp: issuedAt + 7200 }), audit: inDialect }),
    ],
  },

  lifespan: {
    description: 'Agent tokens are short-lived, and an ephemeral one is for one task.',
    verifies: ['INT-5'],
    cases: [
      allowed('int-5-hour', 'A lifetime of 3,600 s', { flags: ['Boundary'], answer: {} }),
      denied('int-5-over-an-hour', 'A lifetime of 3,601 s', invalidToken('INT-5'), { flags: ['Boundary'], ...says({ exp: expiresAt + 1 }) }),
      denied('int-5-fraction-over', 'A lifetime of 3,600.5 s', invalidToken('INT-5'), { flags: ['Boundary'], ...says({ exp: expiresAt + 0.5 }) }),
      denied('int-5-no-iat', 'No iat: the lifetime is not known', invalidToken('INT-5'), says({ iat: undefined })),
      denied('int-5-day', 'A lifetime of a day', invalidToken('INT-5'), says({ exp: issuedAt + 86_400 })),
      allowed('int-5-configured', 'A lifetime of 7,200 s, which is configured', { flags: ['Boundary'], ...says({ exp: issuedAt + 7200 }), introspection: { maxLifetime: 7200 } }),
      denied('int-5-configured-over', 'A lifetime of 7,201 s, where 7,200 s are configured', invalidToken('INT-5'), { flags: ['Boundary'], ...says({ exp: issuedAt + 7201 }), introspection: { maxLifetime: 7200 } }),
      denied('int-5-configured-less', 'A lifetime of an hour, where 900 s are configured', invalidToken('INT-5'), { answer: {}, introspection: { maxLifetime: 900 } }),
      allowed('int-5-ephemeral', 'An ephemeral agent with its task', { ...says({ agent_type: 'ephemeral' }), audit: { agent_type: 'ephemeral' } }),
      denied('int-5-ephemeral-without', 'An ephemeral agent without a task', invalidToken('INT-5'), { flags: ['PurposeDrift'], ...says({ agent_type: 'ephemeral', task_id: undefined }) }),
      allowed('int-5-ephemeral-again', 'An ephemeral agent, seen with its task 31 s ago', { ...says({ agent_type: 'ephemeral' }), prior: [before(31)] }),
      denied('int-5-ephemeral-other', 'An ephemeral agent, seen with another task 31 s ago', invalidToken('INT-5'), { flags: ['PurposeDrift'], ...answers({ body: rest({ agent_type: 'ephemeral', task_id: 'task-b' }) }, from(-30, { body: rest({ agent_type: 'ephemeral' }) })), prior: [before(31)] }),
      denied('int-5-ephemeral-other-denied', 'An ephemeral agent, seen with another task in a request that was refused', invalidToken('INT-5'), {
        flags: ['PurposeDrift'], ...answers({ body: rest({ agent_type: 'ephemeral', task_id: 'task-b' }) }, from(-30, { body: rest({ agent_type: 'ephemeral' }) })), prior: [before(31, asked('cms.publish'))],
      }),
      denied('int-5-ephemeral-back', 'An ephemeral agent that changed its task and changes it back is still bound to the first', invalidToken('INT-5'), {
        flags: ['PurposeDrift'], ...answers({ body: rest({ agent_type: 'ephemeral' }) }, from(-60, { body: rest({ agent_type: 'ephemeral', task_id: 'task-b' }) })), prior: [before(70), before(35)],
      }),
      allowed('int-5-autonomous-other', 'An autonomous agent, seen with another task 31 s ago', { ...answers({ body: rest({ task_id: 'task-b' }) }, from(-30, {})), prior: [before(31)] }),
      allowed('int-5-ephemeral-other-token', 'Another ephemeral token was seen with another task', { ...says({ agent_type: 'ephemeral', jti: undefined }), prior: [before(31, { token: { answer: { agent_type: 'ephemeral', jti: undefined, task_id: 'task-b' } } })] }),
    ],
  },

  delegation: {
    description: 'Depth and chain of an agent token: as many entries as the depth, or one more; the greatest depth is the server\'s.',
    verifies: ['INT-6'],
    cases: [
      allowed('int-6-depth-none', 'No depth', { answer: {}, audit: { delegation_depth: 0 } }),
      allowed('int-6-depth-zero', 'Depth 0', { ...says({ delegation_depth: 0 }), audit: { delegation_depth: 0 } }),
      allowed('int-6-depth-zero-origin', 'Depth 0, and the origin in the chain', { ...says({ delegation_depth: 0, delegation_chain: ['user:ada'] }), audit: { delegation_depth: 0, delegation_chain: ['user:ada'] } }),
      allowed('int-6-depth-zero-empty', 'Depth 0, and an empty chain, which is as long as the depth', { ...says({ delegation_depth: 0, delegation_chain: [] }), audit: { delegation_depth: 0 } }),
      allowed('int-6-origin-without-depth', 'No depth, and the origin in the chain', { ...says({ delegation_chain: ['user:ada'] }), audit: { delegation_depth: 0, delegation_chain: ['user:ada'] } }),
      allowed('int-6-chain-of-depth', 'Depth 2, two entries', { ...says({ delegation_depth: 2, delegation_chain: ['a', 'b'] }), audit: { delegation_depth: 2, delegation_chain: ['a', 'b'] } }),
      allowed('int-6-chain-with-origin', 'Depth 2, three entries', { ...says({ delegation_depth: 2, delegation_chain: ['user:ada', 'a', 'b'] }), audit: { delegation_depth: 2, delegation_chain: ['user:ada', 'a', 'b'] } }),
      allowed('int-6-chain-of-hops', 'Depth 2, two objects', { ...says({ delegation_depth: 2, delegation_chain: hops('a', 'b') }), audit: { delegation_depth: 2, delegation_chain: ['a', 'b'] } }),
      allowed('int-6-chain-of-hops-with-origin', 'Depth 1, two objects', { ...says({ delegation_depth: 1, delegation_chain: hops('user:ada', 'a') }), audit: { delegation_depth: 1, delegation_chain: ['user:ada', 'a'] } }),
      allowed('int-6-depth-ten', 'Depth 10, eleven entries', { flags: ['Boundary'], ...says({ delegation_depth: 10, delegation_chain: many(11) }), audit: { delegation_depth: 10, delegation_chain: many(11) } }),
      ...[
        ['missing', 'Depth 1, no chain', { delegation_depth: 1 }], ['empty', 'Depth 1, an empty chain', { delegation_depth: 1, delegation_chain: [] }], ['short', 'Depth 2, one entry', { delegation_depth: 2, delegation_chain: ['a'] }], ['long', 'Depth 1, three entries', { delegation_depth: 1, delegation_chain: ['user:ada', 'a', 'b'] }],
        ['zero-long', 'Depth 0, two entries', { delegation_depth: 0, delegation_chain: ['user:ada', 'a'] }], ['without-depth', 'No depth, two entries', { delegation_chain: ['user:ada', 'a'] }], ['mixed', 'Strings and objects', { delegation_depth: 1, delegation_chain: ['user:ada', { sub: 'a' }] }],
        ['text', 'A text', { delegation_depth: 1, delegation_chain: 'a' }], ['object', 'An object', { delegation_depth: 1, delegation_chain: { 0: 'a', length: 1 } }], ['numbers', 'Numbers', { delegation_depth: 1, delegation_chain: [1] }], ['without-sub', 'An object without sub', { delegation_depth: 1, delegation_chain: [{}] }],
        ['times', 'Times that decrease', { delegation_depth: 2, delegation_chain: [{ sub: 'a', delegated_at: issuedAt }, { sub: 'b', delegated_at: issuedAt - 1 }] }],
      ].map(([name, title, answer]) => denied(`int-6-chain-${name}`, title, invalidChain('DEL-2'), says(answer))),
      denied('tok-8-introspected-chain-entry', 'An entry of 129 characters', invalidChain('TOK-8'), { flags: ['Boundary'], ...says({ delegation_depth: 1, delegation_chain: ['a'.repeat(129)] }) }),
      ...[['negative', -1, []], ['eleven', 11, ['Boundary']], ['fraction', 1.5, []], ['text', '1', ['TypeConfusion']], ['boolean', true, ['TypeConfusion']], ['array', [1], ['TypeConfusion']]]
        .map(([name, delegation_depth, flags]) => denied(`int-6-depth-${name}`, `The depth is ${JSON.stringify(delegation_depth)}`, invalidChain('DEL-1'), { flags, ...says({ delegation_depth, delegation_chain: name === 'eleven' ? many(11) : ['a'] }) })),
      allowed('del-1-introspected-policy', 'Depth 1, where local policy allows 1', { verifies: ['INT-6', 'DEL-1'], flags: ['Boundary'], ...says({ delegation_depth: 1, delegation_chain: ['a'] }), server: { policy: { delegation: { maxDepth: 1 } } }, audit: { delegation_depth: 1 } }),
      denied('del-1-introspected-policy-over', 'Depth 2, where local policy allows 1', excessive, { verifies: ['INT-6', 'DEL-1'], flags: ['Boundary'], ...says({ delegation_depth: 2, delegation_chain: ['a', 'b'] }), server: { policy: { delegation: { maxDepth: 1 } } }, ...known({ action: 'search.web' }) }),
      denied('del-1-introspected-policy-before-chain', 'Depth 2, where local policy allows 1, and the chain is too short', excessive, { verifies: ['INT-6', 'DEL-1'], ...says({ delegation_depth: 2, delegation_chain: ['a'] }), server: { policy: { delegation: { maxDepth: 1 } } } }),
      denied('del-1-introspected-own-limit', 'max_depth in an answer is nobody\'s limit', excessive, { verifies: ['INT-6', 'DEL-1'], flags: ['PolicyOnlyNarrows'], ...says({ delegation_depth: 2, max_depth: 5, delegation_max_depth: 5, delegation_chain: ['a', 'b'] }), server: { policy: { delegation: { maxDepth: 1 } } } }),
      denied('con-10-introspected', 'A scope for agents that nobody delegated to, at depth 1', [403, 'aap_excessive_delegation', 'CON-10'], { verifies: ['INT-3', 'CON-10'], ...mapped('web:search:direct', {}, { delegation_depth: 1, delegation_chain: ['a'] }) }),
      allowed('del-3-introspected', 'act is the last of the chain', { verifies: ['INT-6', 'DEL-3'], ...says({ delegation_depth: 1, delegation_chain: ['a'], act: { sub: 'a' } }), audit: { delegation_depth: 1 } }),
      denied('del-3-introspected-other', 'act is somebody else', invalidChain('DEL-3'), { ...says({ delegation_depth: 1, delegation_chain: ['a'], act: { sub: 'b' } }) }),
      denied('del-3-introspected-depth-zero', 'act at depth 0', invalidChain('DEL-3'), { ...says({ act: { sub: 'a' } }) }),
      denied('del-4-introspected', 'Somebody unknown in the chain, whom local policy refuses', invalidChain('DEL-4'), { verifies: ['INT-6', 'DEL-4'], ...says({ delegation_depth: 1, delegation_chain: ['mallory'] }), server: { policy: { delegation: { knownActors: ['a'] } } } }),
    ],
  },

  budget: {
    description: 'max_operations is a budget of admitted requests, and operations_remaining says what the issuer thinks is left of it.',
    verifies: ['INT-4'],
    cases: [
      allowed('int-4-first', 'The first of two operations', says({ max_operations: 2 })),
      allowed('int-4-last', 'The second of two operations', { flags: ['Boundary'], ...says({ max_operations: 2 }), prior: [before(60)] }),
      denied('int-4-spent', 'A third of two operations', spent, { flags: ['Boundary'], ...says({ max_operations: 2 }), prior: [before(60), before(30)], ...known() }),
      denied('int-4-zero', 'A budget of no operation', spent, { flags: ['Boundary'], ...says({ max_operations: 0 }) }),
      denied('int-4-none-remaining', 'Nothing remains', spent, { flags: ['Boundary'], ...says({ max_operations: 5, operations_remaining: 0 }) }),
      denied('int-4-none-remaining-alone', 'Nothing remains, of who knows how many', spent, { flags: ['Boundary'], ...says({ operations_remaining: 0 }) }),
      allowed('int-4-one-remaining', 'One remains of five', { flags: ['Boundary'], ...says({ max_operations: 5, operations_remaining: 1 }) }),
      denied('int-4-one-remaining-spent', 'One remained of five, and was taken a second ago', spent, { flags: ['Boundary'], ...says({ max_operations: 5, operations_remaining: 1 }), prior: [before(1)] }),
      denied('int-4-more-remaining-than-all', 'More remain than there ever were', spent, { ...says({ max_operations: 1, operations_remaining: 5 }), prior: [before(1)] }),
      denied('int-4-grows', 'One remained, was taken, and five remain now', spent, { flags: ['QuotaReset'], ...answers({ body: rest({ operations_remaining: 1 }) }, from(-30, { body: rest({ operations_remaining: 5 }) })), prior: [before(31)] }),
      denied('int-4-max-grows', 'A budget of one was spent, and it is of five now', spent, { flags: ['QuotaReset'], ...answers({ body: rest({ max_operations: 1 }) }, from(-30, { body: rest({ max_operations: 5 }) })), prior: [before(31)] }),
      denied('int-4-counted-here', 'The issuer does not count: a budget of one was spent 31 s ago', spent, { flags: ['QuotaReset'], ...says({ max_operations: 1, operations_remaining: 1 }), prior: [before(31)] }),
      denied('int-4-shrinks', 'Five remained 31 s ago, and none now', spent, { flags: ['StaleAnswer'], ...answers({ body: rest({ operations_remaining: 5 }) }, from(-30, { body: rest({ operations_remaining: 0 }) })), prior: [before(31)] }),
      allowed('int-4-refusals-are-free', 'Requests that were refused take nothing', { ...says({ max_operations: 1 }), prior: [before(60, { ...asked('cms.publish'), times: 3 })] }),
      allowed('int-4-constraints-are-free', 'Requests that a constraint refused take nothing', { ...mapped('web:search:org', target('example.org'), { max_operations: 1 }), prior: [before(60, { ...target('example.net'), times: 3 })] }),
      allowed('int-4-approvals-are-free', 'Requests that lacked an approval take nothing', { ...says({ scope: 'search.web cms.publish', max_operations: 1 }), prior: [before(60, { facts: { approval: 'required' }, times: 3 })] }),
      denied('int-4-over-actions', 'One budget for all actions', spent, { ...says({ scope: 'search.web cms.draft', max_operations: 1 }), prior: [before(60, asked('cms.draft'))] }),
      denied('int-4-over-tokens', 'Another token with the same jti spent the budget', spent, { verifies: ['INT-4', 'TOK-9'], flags: ['QuotaReset'], ...says({ max_operations: 1 }), prior: [before(60, { token: {} })] }),
      allowed('int-4-other-token', 'Another token spent its own budget', { verifies: ['INT-4', 'TOK-9'], ...says({ max_operations: 1 }), prior: [before(60, { token: { jti: 'int-4-other-token-before' } })] }),
      allowed('int-4-apart', 'Another token spent its own budget, and neither has a jti', { verifies: ['INT-4', 'TOK-9'], ...says({ max_operations: 1, jti: undefined }), prior: [before(60, { token: {} })] }),
      denied('int-4-without-jti', 'A budget that was spent, of a token without jti', spent, { verifies: ['INT-4', 'TOK-9'], ...says({ max_operations: 1, jti: undefined }), prior: [before(31)] }),
      denied('int-4-completion', 'A token that expires on completion, after its only operation', spent, { ...says({ max_operations: 1, expires_on_completion: true }), prior: [before(1)] }),
      denied('int-4-completion-whatever', 'A token that expires on completion, after its only operation, and the issuer says that five remain', spent, {
        flags: ['QuotaReset'], ...answers({ body: rest({ max_operations: 1, expires_on_completion: true }) }, from(-30, { body: rest({ max_operations: 6, operations_remaining: 5, expires_on_completion: true }) })), prior: [before(31)],
      }),
      allowed('int-4-completion-without-budget', 'A token that expires on completion, and has no budget', says({ expires_on_completion: true })),
      ...[['negative', -1, []], ['fraction', 1.5, []], ['text', '5', ['TypeConfusion']], ['boolean', true, ['TypeConfusion']], ['array', [5], ['TypeConfusion']], ['object', {}, ['TypeConfusion']]].flatMap(([name, value, flags]) => [
        denied(`int-4-max-${name}`, `max_operations is ${JSON.stringify(value)}`, spent, { flags, ...says({ max_operations: value }) }),
        denied(`int-4-remaining-${name}`, `operations_remaining is ${JSON.stringify(value)}`, spent, { flags, ...says({ max_operations: 5, operations_remaining: value }) }),
      ]),
      denied('int-4-completion-text', 'expires_on_completion is a text', spent, { flags: ['TypeConfusion'], ...says({ max_operations: 1, expires_on_completion: 'true' }) }),
      denied('int-4-beside-aap', 'AAP claims, and nothing remains', spent, { verifies: ['INT-2', 'INT-4'], ...says({ ...aap, operations_remaining: 0 }) }),
      denied('int-4-legacy', 'A token that is no agent\'s, whose scopes are mapped, and nothing remains', spent, { verifies: ['INT-4', 'DIA-5'], ...says({ ...flatMembers, scope: 'web:search', operations_remaining: 0 }), server: { legacyScopes: { 'web:search': 'search.web' } } }),

      allowed('int-4-issuer', 'The issuer counts, and says that one remains each time', { ...says({ max_operations: 5, operations_remaining: 1 }), introspection: { count: 'issuer' }, prior: [before(2), before(1)] }),
      denied('int-4-issuer-spent', 'The issuer counts, and a second later nothing remains', spent, { flags: ['StaleAnswer'], ...answers({ body: rest({ operations_remaining: 1 }) }, from(0, { body: rest({ operations_remaining: 0 }) })), introspection: { count: 'issuer' }, prior: [before(1)] }),
      denied('int-4-issuer-inactive', 'The issuer counts, and a second later the token is not active', inactive, { verifies: ['INT-1', 'INT-4'], flags: ['StaleAnswer'], ...answers({ body: rest({ operations_remaining: 1 }) }, from(0, not)), introspection: { count: 'issuer' }, prior: [before(1)] }),
      denied('int-4-issuer-without-budget', 'The issuer counts, the token has no budget, and a second later it is not active', inactive, { verifies: ['INT-1', 'INT-4'], flags: ['StaleAnswer'], ...answers({}, from(0, not)), introspection: { count: 'issuer' }, prior: [before(1)] }),
      denied('int-4-issuer-down', 'The issuer counts, and a second later it does not answer', unavailable, { verifies: ['INT-1', 'INT-4'], flags: ['StaleAnswer', 'FailureTaken'], ...answers({ body: rest({ operations_remaining: 5 }) }, from(0, { fails: true })), introspection: { count: 'issuer' }, prior: [before(1)] }),
      denied('int-4-issuer-malformed', 'The issuer counts, and -1 remain', spent, { ...says({ operations_remaining: -1 }), introspection: { count: 'issuer' } }),
    ],
  },

  possession: {
    description: 'An answer with cnf is of a bound token, which needs its proof like a bound JWT.',
    verifies: ['POP-1'],
    cases: [
      allowed('pop-1-introspected-proved', 'Bound to a key, with its proof', { verifies: ['POP-1', 'POP-3'], ...proved() }),
      denied('pop-1-introspected-bearer', 'Bound to a key, sent as bearer', invalidToken('POP-1'), { flags: ['BindingDowngrade'], ...proved({}, bearer) }),
      denied('pop-1-introspected-bearer-with-proof', 'Bound to a key, sent as bearer with its proof', invalidToken('POP-1'), { flags: ['BindingDowngrade'], ...proved({}, { headers: [...bearer.headers, ['DPoP', '{proof}']] }) }),
      denied('pop-3-introspected-missing', 'Bound to a key, without a proof', [401, 'invalid_dpop_proof', 'POP-3'], { flags: ['BindingDowngrade'], ...proved({}, noProof) }),
      denied('pop-3-introspected-other-key', 'Bound to a key, with the proof of another', invalidToken('POP-3'), proved({ key: 'es256-2' })),
      denied('pop-3-introspected-other-token', 'Bound to a key, with a proof for another token', [401, 'invalid_dpop_proof', 'POP-3'], { flags: ['ProofReuse'], ...proved({ claims: { ath: sha256('at_other') } }) }),
      denied('pop-3-introspected-replayed', 'The same proof a second time', [401, 'invalid_dpop_proof', 'POP-3'], { flags: ['ReplayedProof'], ...proved(), prior: [before(1)] }),
      denied('pop-1-introspected-bound-later', 'Not bound 31 s ago, and bound now', invalidToken('POP-1'), { flags: ['BindingDowngrade', 'StaleAnswer'], ...answers({}, from(-30, { body: rest({ cnf: fails.proof.cnf }) })), prior: [before(31)] }),
      allowed('pop-5-introspected', 'Bound to a certificate, which is shown', { verifies: ['POP-1', 'POP-5'], answer: {}, certificate: 'client-1', shown: 'client-1' }),
      denied('pop-5-introspected-none', 'Bound to a certificate, and none is shown', invalidToken('POP-5'), { flags: ['BindingDowngrade'], answer: {}, certificate: 'client-1' }),
      denied('pop-5-introspected-other', 'Bound to a certificate, and another is shown', invalidToken('POP-5'), { answer: {}, certificate: 'client-1', shown: 'client-2' }),
      denied('pop-1-introspected-dpop-unbound', 'Not bound, with scheme DPoP', invalidToken('POP-1'), { answer: {}, ...noProof }),
      denied('pop-2-introspected-strict', 'Not bound, and the profile is strict', invalidToken('POP-2'), { answer: {}, server: { profile: 'strict' } }),
      denied('pop-2-introspected-route', 'Not bound, and the route needs a bound token', invalidToken('POP-2'), { answer: {}, facts: { proof: 'required' } }),
      ...[['empty', 'empty', {}, ['EmptyIsNotUnlimited', 'BindingDowngrade']], ['unknown', 'of a method that is not checked', { kid: 'client-key-1' }, ['UnknownConstraint', 'BindingDowngrade']], ['text', 'a text', fails.proof.cnf.jkt, ['TypeConfusion']], ['array', 'an array', [fails.proof.cnf], ['TypeConfusion']], ['false', 'false', false, ['TypeConfusion']], ['jkt-number', 'a jkt that is a number', { jkt: 1 }, ['TypeConfusion']]]
        .map(([name, title, cnf, flags]) => denied(`pop-1-introspected-cnf-${name}`, `cnf is ${title}`, invalidToken('POP-1'), { flags, ...says({ cnf }) })),
    ],
  },

  tokens: {
    description: 'JWTs and opaque tokens on one server, and which of them the issuer is asked about.',
    verifies: ['INT-1'],
    cases: [
      allowed('int-1-jwt-beside', 'A JWT, on a server that introspects opaque tokens', { introspection: {} }),
      allowed('int-1-opaque-beside', 'An opaque token, on a server that takes JWTs as well', { answer: {}, prior: [before(1, { token: { opaque: false, answer: undefined, answers: undefined } })] }),
      denied('int-1-jwt-forged', 'A JWT that nobody signed, for which the issuer would vouch', invalidToken('TOK-1'), { verifies: ['INT-1', 'TOK-1'], flags: ['ForgedSignature'], opaque: false, key: ['other-issuer', 'es256-1'], ...answers({}) }),
      denied('int-1-jwt-unsigned', 'A JWT without a signature, for which the issuer would vouch', invalidToken('TOK-1'), { verifies: ['INT-1', 'TOK-1'], flags: ['AlgorithmConfusion', 'NotAJwt'], opaque: false, header: { alg: 'none' }, signingAlgorithm: 'ES256', compact: ({ signingInput }) => `${signingInput}.`, ...answers({}) }),
      denied('int-1-jwt-is-not-asked-about', 'A JWT that has no capability for the action, and an answer that has', noCapability, { verifies: ['INT-1', 'CAP-2'], flags: ['ScopeFallback'], opaque: false, ...answers({ body: rest({ scope: 'cms.publish' }) }), ...asked('cms.publish') }),
      allowed('int-1-jwt-not-asked', 'A JWT where only opaque tokens are introspected, of which the issuer says that it is not active', { opaque: false, ...answers(not) }),
      allowed('int-1-jwt-active', 'A JWT that is introspected as well, and is active', { opaque: false, ...answers({ body: rest({}) }), introspection: { jwts: 'introspect' } }),
      denied('int-1-jwt-inactive', 'A JWT that is introspected as well, and is not active', inactive, { opaque: false, ...answers(not), introspection: { jwts: 'introspect' } }),
      denied('int-1-jwt-unavailable', 'A JWT that is introspected as well, and the issuer does not answer', unavailable, { flags: ['FailureTaken'], opaque: false, ...answers({ fails: true }), introspection: { jwts: 'introspect' } }),
      denied('int-1-jwt-revoked', 'A JWT that is introspected as well, was active 31 s ago and is not any more', inactive, { flags: ['StaleAnswer'], opaque: false, ...answers({ body: rest({}) }, from(-30, not)), introspection: { jwts: 'introspect' }, prior: [before(31)] }),
      denied('int-1-jwt-introspected-forged', 'A JWT that nobody signed, which is introspected as well, and is active', invalidToken('TOK-1'), { verifies: ['INT-1', 'TOK-1'], flags: ['ForgedSignature'], opaque: false, key: ['other-issuer', 'es256-1'], ...answers({}), introspection: { jwts: 'introspect' } }),
      denied('int-1-jwt-introspected-expired', 'A JWT that is over, is introspected as well, and is active', invalidToken('TOK-6'), { verifies: ['INT-1', 'TOK-6'], opaque: false, ...answers({ body: rest({ exp: expiresAt + 7200 }) }), introspection: { jwts: 'introspect' }, ...at(expiresAt + 61) }),
      denied('int-1-jwt-introspected-scope', 'A JWT that is introspected as well is decided by its own claims', noCapability, { verifies: ['INT-1', 'CAP-2'], flags: ['ScopeFallback'], opaque: false, ...answers({ body: rest({ scope: 'cms.publish' }) }), introspection: { jwts: 'introspect' }, ...asked('cms.publish') }),
      allowed('int-1-prefix', 'A token with the prefix of the issuer', { answer: {}, introspection: { tokenPrefix: 'at_' } }),
      denied('int-1-prefix-other', 'A token without the prefix of the issuer, which would vouch for it', inactive, { answer: {}, opaqueText: 'rt_int-1-prefix-other', introspection: { tokenPrefix: 'at_' } }),
      allowed('int-1-token-characters', 'A token of all characters that a token can have', { answer: {}, opaqueText: 'aZ09._~+/-int-1-characters==' }),
      allowed('int-1-token-prototype', 'A token that is a name of Object.prototype', { flags: ['PrototypePollution'], answer: {}, opaqueText: 'constructor' }),
      denied('int-1-token-prototype-unknown', 'A token that is a name of Object.prototype, and that the issuer does not know', inactive, { flags: ['PrototypePollution'], answer: {}, headers: [['Authorization', 'Bearer toString']] }),
      allowed('trn-3-introspected-largest', 'An opaque token of 16,384 bytes', { verifies: ['TRN-3'], flags: ['Boundary'], answer: {}, opaqueText: 'a'.repeat(16_384) }),
      denied('trn-3-introspected-large', 'An opaque token of 16,385 bytes, for which the issuer would vouch', invalidToken('TRN-3'), { flags: ['Boundary'], answer: {}, opaqueText: 'a'.repeat(16_385) }),
    ],
  },

  order: {
    description: 'Two steps fail for an opaque token, and the earlier one is the answer.',
    cases: [
      denied('ord-1-introspected-transport-before-active', 'transport before active', [400, 'invalid_request', 'TRN-1'], { verifies: ['ORD-1', 'TRN-1'], ...answers(not), headers: [['Authorization', 'Bearer {jwt}'], ['Authorization', 'Bearer {jwt}']] }),
      denied('ord-1-introspected-active-before-issuer', 'active before issuer', inactive, { verifies: ['ORD-1', 'INT-1'], ...says({ active: false, ...fails.issuer }) }),
      denied('ord-1-introspected-active-before-scheme', 'active before proof', inactive, { verifies: ['ORD-1', 'INT-1'], ...says({ active: false }), ...noProof }),
      denied('ord-1-introspected-unavailable-before-scheme', 'unavailable before proof', unavailable, { verifies: ['ORD-1', 'INT-1'], ...answers({ fails: true }), ...noProof }),
      pair('issuer', 'times', invalidToken('TOK-4')),
      pair('issuer', 'claims', invalidToken('TOK-4')),
      pair('times', 'audience', invalidToken('TOK-6')),
      pair('audience', 'claims', invalidToken('TOK-5')),
      pair('claims', 'proof', invalidToken('INT-2')),
      pair('proof', 'delegation', invalidToken('POP-1')),
      denied('ord-1-introspected-claims-before-lifetime-and-proof', 'lifetime before proof', invalidToken('INT-5'), { verifies: ['ORD-1', 'INT-5'], ...says({ exp: expiresAt + 1, ...fails.proof }) }),
      denied('ord-1-introspected-agent-before-delegation', 'agent before delegation', [403, 'aap_agent_not_recognized', 'AGT-1'], { verifies: ['ORD-1', 'AGT-1'], ...says(fails.delegation), server: { policy: { agents: { allowedIds: ['agent-a'] } } } }),
      denied('ord-1-introspected-task-before-delegation', 'task before delegation', mismatch, { verifies: ['ORD-1', 'TSK-2'], ...says(fails.delegation), facts: { purposes: ['translation'] } }),
      denied('ord-1-introspected-delegation-before-capability', 'delegation before capability', invalidChain('DEL-2'), { verifies: ['ORD-1', 'DEL-2'], ...says(fails.delegation), ...asked('cms.publish') }),
      denied('ord-1-introspected-capability-before-budget', 'capability before a spent budget', noCapability, { verifies: ['ORD-1', 'CAP-2', 'INT-4'], ...says({ operations_remaining: 0 }), ...asked('cms.publish') }),
      denied('ord-1-introspected-capability-before-issuer-budget', 'capability before a budget that the issuer counts, and that is spent', noCapability, { verifies: ['ORD-1', 'CAP-2', 'INT-4'], ...says({ operations_remaining: 0 }), introspection: { count: 'issuer' }, ...asked('cms.publish') }),
      denied('ord-1-introspected-constraint-before-budget', 'constraint before a spent budget', [403, 'aap_domain_not_allowed', 'CON-2'], { verifies: ['ORD-1', 'CON-2', 'INT-4'], ...mapped('web:search:org', target('example.net'), { operations_remaining: 0 }) }),
      denied('ord-1-introspected-approval-before-budget', 'approval before a spent budget', [403, 'aap_approval_required', 'OVS-1'], { verifies: ['ORD-1', 'OVS-1', 'INT-4'], ...says({ operations_remaining: 0 }), facts: { approval: 'required' } }),
      denied('ord-1-introspected-quota-before-budget', 'quota before a spent budget', quotaSpent, { verifies: ['ORD-1', 'CON-1', 'INT-4'], ...mapped('web:search:hourly', {}, { max_operations: 1 }), prior: [before(60)], retryAfterSeconds: 1800 }),
      denied('ord-1-introspected-malformed-budget-before-capability', 'a malformed budget before capability', spent, { verifies: ['ORD-1', 'INT-4'], ...says({ max_operations: -1 }), ...asked('cms.publish') }),
    ],
  },
}
