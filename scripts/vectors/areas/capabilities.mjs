import { allowed, denied, violation } from '../case.mjs'

const noCapability = [403, 'aap_invalid_capability', 'CAP-2']
const domainDenied = [403, 'aap_domain_not_allowed', 'CON-2']
const able = (action, constraints) => (constraints === undefined ? { action } : { action, constraints })
const search = (constraints) => able('search.web', constraints)
const on = (host) => ({ domains_allowed: [host] })
const target = (host) => ({ facts: { target: `https://${host}/` } })

export const files = {
  actions: {
    description: 'Actions are compared exactly, and capabilities are the only source of permission.',
    cases: [
      allowed('cap-2-second', 'The second capability is the one', { verifies: ['CAP-2'], capabilities: [able('cms.draft'), search()], audit: { capability_index: 1 } }),
      denied('cap-2-none', 'No capability for the action', noCapability, { request: { action: 'cms.publish' } }),
      ...[
        ['parent', 'The capability is for the parent of the action', 'search', 'search.web'],
        ['child', 'The capability is for a child of the action', 'search.web', 'search'],
        ['prefix', 'The capability is a prefix of the action', 'search.we', 'search.web'],
        ['case', 'The capability is in another case', 'Search.Web', 'search.web'],
        ['dash', 'A dash is no underscore', 'search-web', 'search_web'],
      ].map(([name, title, capability, action]) => denied(`cap-1-${name}`, title, noCapability, { verifies: ['CAP-1', 'CAP-2'], flags: ['PrefixConfusion'], capabilities: [able(capability)], request: { action } })),
      allowed('cap-1-all-characters', 'Letters, digits, - and _', { verifies: ['CAP-1'], capabilities: [able('Search2-x_y.W')], request: { action: 'Search2-x_y.W' } }),
      ...[['space', 'search web'], ['wildcard', 'search.*'], ['empty-component', 'search..web']].map(([name, action]) => denied(`rte-1-action-${name}`, `The route's action is ${JSON.stringify(action)}`, [403, 'aap_invalid_capability', 'RTE-1'], {
        verifies: ['RTE-1', 'CAP-1'], request: { action },
      })),
      denied('cap-2-prototype', 'The action is a member of Object.prototype', noCapability, { flags: ['PrototypePollution'], request: { action: 'constructor' } }),
      denied('cap-2-agent-type', 'The type of the agent permits nothing', noCapability, { agent: { type: 'admin' }, request: { action: 'admin' } }),
    ],
  },

  alternatives: {
    description: 'Several capabilities for one action: the first whose constraints all hold is used.',
    verifies: ['CAP-3'],
    cases: [
      allowed('cap-3-first', 'Both hold', { flags: ['AlternativeCapability'], capabilities: [search(on('example.org')), search()], ...target('example.org') }),
      allowed('cap-3-second', 'Only the second holds', { flags: ['AlternativeCapability'], capabilities: [search(on('example.org')), search(on('example.net'))], ...target('example.net'), audit: { capability_index: 1 } }),
      allowed('cap-3-third-with-others-between', 'Only the third of the action holds, and another action stands between', {
        flags: ['AlternativeCapability'], capabilities: [search(on('example.org')), able('cms.draft'), search(on('example.com')), search(on('example.net'))], ...target('example.net'), audit: { capability_index: 3 },
      }),
      denied('cap-3-none-first-failure', 'None holds: the failure of the first is the answer', domainDenied, {
        verifies: ['CAP-3', 'CON-2'], flags: ['AlternativeCapability'], capabilities: [search(on('example.org')), search({ allowed_methods: ['POST'] })], ...target('example.net'),
      }),
      denied('cap-3-none-first-failure-reversed', 'None holds, the other way round', violation('CON-5'), {
        verifies: ['CAP-3', 'CON-5'], flags: ['AlternativeCapability'], capabilities: [search({ allowed_methods: ['POST'] }), search(on('example.org'))], ...target('example.net'),
      }),
      denied('cap-3-not-merged', 'Two halves do not make a whole', domainDenied, {
        verifies: ['CAP-3', 'CON-2'], flags: ['AlternativeCapability'],
        capabilities: [search({ ...on('example.org'), allowed_methods: ['GET'] }), search({ ...on('example.net'), allowed_methods: ['POST'] })], ...target('example.net'),
      }),
      denied('cap-3-quota-wins', 'The first fails on a quota, the second on a domain: 429', [429, 'aap_constraint_violation', 'CON-1'], {
        verifies: ['CAP-3', 'CON-1'], flags: ['AlternativeCapability'], capabilities: [search({ max_requests_per_hour: 0 }), search(on('example.org'))], ...target('example.net'),
      }),
      denied('cap-3-quota-wins-second', 'The first fails on a domain, the second on a quota: 429', [429, 'aap_constraint_violation', 'CON-1'], {
        verifies: ['CAP-3', 'CON-1'], flags: ['AlternativeCapability'], capabilities: [search(on('example.org')), search({ max_requests_per_hour: 0 })], ...target('example.net'),
      }),
      allowed('cap-3-malformed-first', 'The first has a malformed constraint, the second holds', { verifies: ['CAP-3', 'TOK-10'], flags: ['AlternativeCapability', 'MalformedConstraint'], capabilities: [search({ max_requests_per_hour: 'many' }), search()], audit: { capability_index: 1 } }),
      allowed('cap-3-malformed-second', 'The first holds, the second has a malformed constraint', { verifies: ['CAP-3', 'TOK-10'], flags: ['AlternativeCapability', 'MalformedConstraint'], capabilities: [search(), search({ max_requests_per_hour: 'many' })] }),
      allowed('tok-10-malformed-elsewhere', 'Another action has a malformed constraint', { verifies: ['TOK-10'], flags: ['MalformedConstraint'], capabilities: [search(), able('cms.draft', { domains_allowed: 7 })] }),
    ],
  },

  constraints: {
    description: 'All constraints of a capability hold, and those that nobody knows do not.',
    cases: [
      allowed('cap-4-empty', 'Empty constraints restrict nothing', { verifies: ['CAP-4'], constraints: {} }),
      denied('cap-4-one-of-two', 'One of two fails', violation('CON-5'), { verifies: ['CAP-4', 'CON-5'], constraints: { ...on('example.org'), allowed_methods: ['POST'] }, ...target('example.org') }),
      allowed('cap-4-all', 'Many constraints, all of them hold', {
        verifies: ['CAP-4'],
        task: { data_sensitivity: 'internal' },
        claims: { aap_delegation: { depth: 1, max_depth: 2, chain: [{ sub: 'agent-b' }] } },
        constraints: {
          domains_allowed: ['example.org'], domains_blocked: ['evil.example.org'], ip_ranges_allowed: ['192.0.2.0/24'], time_window: { start: '2025-01-01T00:00:00Z', end: '2025-01-31T23:59:59Z' },
          allowed_methods: ['GET', 'HEAD'], max_request_size: 10, allowed_regions: ['DE'], data_classification_max: 'internal', max_depth: 1,
          require_approval_threshold: 100, require_encryption: false, max_requests_per_second: 1, max_requests_per_minute: 10, max_requests_per_hour: 50, max_requests_per_day: 100,
        },
        facts: { target: 'https://www.example.org/', addresses: ['192.0.2.7'], region: 'DE', classification: 'internal', amount: 10 },
        audit: { delegation_depth: 1, target_host: 'www.example.org' },
      }),
      ...[
        ['unknown', 'A constraint that nobody knows', 'moon_phase', 'full'],
        ['misspelt', 'A misspelt constraint', 'domain_allowed', ['example.org']],
        ['case', 'A known constraint in another case', 'Domains_Allowed', ['example.org']],
        ['camel-case', 'A known constraint in camel case', 'domainsAllowed', ['example.org']],
        ['week', 'A quota of a window that is not known', 'max_requests_per_week', 10],
        ['window-case', 'A quota whose window is in another case', 'max_requests_per_Hour', 10],
        ['no-thing', 'A quota of nothing', 'max_per_hour', 10],
        ['quota-suffix', 'A quota with something after it', 'max_requests_per_hour_total', 10],
        ['unknown-true', 'An unknown constraint whose value is true', 'allow_everything', true],
        ['unknown-empty', 'An unknown constraint whose value is empty', 'extra', {}],
        ['constructor', 'A member of Object.prototype', 'constructor', {}],
        ['to-string', 'Another member of Object.prototype', 'toString', 1],
        ['has-own-property', 'One more member of Object.prototype', 'hasOwnProperty', false],
      ].map(([name, title, constraint, value]) => denied(`cap-5-${name}`, title, violation('CAP-5'), {
        flags: ['UnknownConstraint', ...(/constructor|to-string|has-own/.test(name) ? ['PrototypePollution'] : [])], constraints: { [constraint]: value }, ...target('example.org'),
      })),
      denied('cap-5-among-known', 'An unknown constraint beside one that holds', violation('CAP-5'), { flags: ['UnknownConstraint'], constraints: { ...on('example.org'), moon_phase: 'full' }, ...target('example.org') }),
      allowed('cap-5-elsewhere', 'An unknown constraint of another action', { verifies: ['CAP-5'], capabilities: [search(), able('cms.draft', { moon_phase: 'full' })] }),
      allowed('cap-5-alternative', 'An unknown constraint of the first of two alternatives', { verifies: ['CAP-5', 'CAP-3'], capabilities: [search({ moon_phase: 'full' }), search()], audit: { capability_index: 1 } }),
      ...[
        ['resources', 'resources', { resources: ['https://api.example.com/posts'] }],
        ['resources-string', 'resources as a string', { resources: '*' }],
        ['conditions', 'conditions', { conditions: { mfa: true } }],
        ['conditions-array', 'conditions as an array', { conditions: ['mfa'] }],
      ].map(([name, title, members]) => denied(`cap-8-${name}`, title, violation('CAP-8'), { flags: ['UnknownConstraint'], capabilities: [{ ...search(), ...members }] })),
      allowed('cap-8-empty', 'Empty resources and conditions', { verifies: ['CAP-8'], capabilities: [{ ...search(), resources: [], conditions: {} }] }),
    ],
  },
}
