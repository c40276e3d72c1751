import { readFileSync, readdirSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { isQuotaName } from '../../src/constraints/quota.js'
import { errorCodes } from '../../src/model/error-codes.js'

const folder = new URL('../../schemas/', import.meta.url)
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const compile = (name: string) => new Ajv2020({ strict: true, allErrors: true }).compile(read(`${name}.schema.json`))

/** The seed's example, completed by the members that it leaves out. */
const claims = {
  iss: 'https://as.example.com',
  sub: 'spiffe://example.com/agent/researcher-01',
  aud: ['https://api.example.com'],
  exp: 1735689600,
  iat: 1735686000,
  jti: 'unique-token-id-abc123',
  aap_agent: { id: 'agent-researcher-01', type: 'llm-autonomous', operator: 'org:blogcorp', model: 'gpt-4', runtime_context: { environment: 'production', version: '1.2.0' } },
  aap_task: { id: 'task-123', purpose: 'research_and_draft_article', data_sensitivity: 'public', context: { topic: 'OAuth for AI agents' } },
  aap_capabilities: [
    { action: 'search.web', constraints: { domains_allowed: ['example.org', 'wikipedia.org'], max_requests_per_hour: 50, time_window: { start: '2025-01-01T00:00:00Z', end: '2025-01-31T23:59:59Z' } } },
    { action: 'cms.draft', constraints: { max_drafts_per_day: 10 } },
  ],
  aap_oversight: { requires_human_approval_for: ['cms.publish'], approval_workflow: { type: 'slack_channel', channel_id: 'C1234567890' } },
  aap_delegation: { depth: 0, max_depth: 2 },
}

const withoutPrefix = (value: object) => Object.fromEntries(Object.entries(value).map(([name, member]) => [name.replace(/^aap_/, ''), member]))

describe('every schema', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.schema.json'))

  it.each(names)('%s compiles in strict mode, says what it is and refers to nothing outside', (name) => {
    const schema = read(name)
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema.$id).toBe(`urn:aap-guard:schema:${name.replace('.schema.json', '')}`)
    expect(schema.title).toEqual(expect.any(String))
    expect(() => new Ajv2020({ strict: true }).compile(schema)).not.toThrow()
    for (const [, reference] of JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)) expect(reference).toMatch(/^#\/\$defs\//)
  })
})

describe('CON-1: names of quotas', () => {
  const things = ['a', 'requests', 'a1', 'a_b', 'a_1', 'a_per_hour', 'a__b', 'a_', '_a', '', '1a', 'A', 'a-b', 'a b', 'a\n']

  it('have the form that the code reads, in every schema', () => {
    const patterns = [...Object.keys(read('aap-claims.schema.json').$defs.constraints.patternProperties), ...Object.keys(read('draft-01-claims.schema.json').$defs.constraints.patternProperties), read('policy.schema.json').$defs.limits.propertyNames.pattern]
    expect(patterns).toHaveLength(3)
    expect(new Set(patterns).size).toBe(1)
    for (const name of [...things.map((thing) => `max_${thing}_per_day`), 'max_a_per_week', 'max_a_per_day\n', 'xmax_a_per_day']) expect(new RegExp(patterns[0], 'u').test(name), JSON.stringify(name)).toBe(isQuotaName(name))
  })
})

describe('the schemas of the claims', () => {
  it('want a client_id that is a text and not empty, and ignore any scope (TOK-10, DIA-5)', () => {
    for (const valid of [compile('aap-claims'), (given: object) => compile('draft-01-claims')(withoutPrefix(given))]) {
      for (const client_id of ['', 5, {}, ['c'], false]) expect(valid({ ...claims, client_id }), JSON.stringify(client_id)).toBe(false)
      for (const scope of ['', 5, {}, ['c'], false]) expect(valid({ ...claims, client_id: 'c', scope }), JSON.stringify(scope)).toBe(true)
    }
  })

  it('accept the example in both spellings, each in its own (DIA-2)', () => {
    const [canonical, draft01] = [compile('aap-claims'), compile('draft-01-claims')]
    expect(canonical(claims)).toBe(true)
    expect(draft01(withoutPrefix(claims))).toBe(true)
    expect(canonical(withoutPrefix(claims))).toBe(false)
    expect(draft01(claims)).toBe(false)
  })

  it.each([
    ['domains_allowed', 'example.org'],
    ['domains_blocked', [1]],
    ['ip_ranges_allowed', {}],
    ['time_window', { start: '2025-01-01T00:00:00Z' }],
    ['allowed_methods', 'GET'],
    ['max_request_size', -1],
    ['max_response_size', 1.5],
    ['allowed_regions', ['DEU']],
    ['data_classification_max', 'secret'],
    ['max_depth', 11],
    ['require_approval_threshold', '10'],
    ['require_encryption', 'true'],
    ['max_requests_per_hour', '50'],
    ['max_drafts_per_day', 2 ** 53],
  ])('document the value of %s for issuers', (name, value) => {
    const validate = compile('aap-claims')
    expect(validate({ ...claims, aap_capabilities: [{ action: 'search.web', constraints: { [name]: value } }] })).toBe(false)
    expect(validate({ ...claims, aap_capabilities: [{ action: 'search.web', constraints: { [`${name}_x`]: value } }] })).toBe(true)
  })
})

describe('the schema of local policy', () => {
  const validate = compile('policy')

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['demands of everyone, of an action, and of unknown actors', { purposes: ['p'], actions: { 'cms.publish': { approval: 'required' } }, delegation: { knownActors: ['a'], unknownActors: { quotas: { perTask: { max_drafts_per_day: 1 } } } } }],
    ['agents', { agents: { allowedIds: [], allowedOperators: ['o'], allowedTrustDomains: ['example.com'], deniedModels: ['m', 'p/m'], attestedRuntime: 'required' } }],
    ['constraints of any name: the server knows which there are', { constraints: { own_limit: { any: 'value' } } }],
  ])('accepts %s', (_, policy) => {
    expect(validate(policy)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['an unknown key', { purpose: ['p'] }],
    ['critical actions that are none', { critical: ['cms publish'] }],
    ['demands that are only made of everyone', { actions: { a: { agents: {} } } }],
    ['an empty text', { agents: { allowedIds: [''] } }],
    ['a wildcard for actions', { actions: { 'cms.*': {} } }],
    ['a quota for a week', { quotas: { perAgent: { max_requests_per_week: 1 } } }],
    ['quotas by token, which constraints are for', { quotas: { perToken: { max_requests_per_hour: 1 } } }],
    ['unknown actors where nobody is known', { delegation: { unknownActors: 'refuse' } }],
    ['a switch that is no demand', { approval: true }],
    ['a list', []],
  ])('refuses %s', (_, policy) => {
    expect(validate(policy)).toBe(false)
  })
})

describe('the schema of the audit record (AUD-1)', () => {
  const validate = compile('audit-record')
  const decision = { kind: 'decision', time: '2025-01-01T00:30:00.000Z', outcome: 'allow', correlation_id: 'c-1' }
  const denial = { ...decision, outcome: 'deny', status: 403, error: 'aap_domain_not_allowed', rule: 'CON-2', detail: 'blocked' }
  const result = { kind: 'result', time: '2025-01-01T00:30:01Z', correlation_id: 'c-1', status: 200, bytes: 12, duration_ms: 3.5 }

  it.each([
    ['an allow', decision],
    ['a full allow', { ...decision, status: 200, issuer: 'i', subject: 's', client_id: 'c', token_id: 't', agent_id: 'a', agent_type: 'bot', agent_operator: 'o', task_id: 't', task_purpose: 'p', action: 'search.web', capability_index: 0, method: 'GET', path: '/', target_host: 'example.org', delegation_depth: 1, delegation_chain: ['a', 'b'], approval_id: 'x', trace_id: 't', traceparent: '00-0-0-01' }],
    ['a deny', denial],
    ['a deny without error code', { ...denial, status: 401, error: undefined }],
    ['no decision', { ...decision, outcome: 'undecided' }],
    ['a result', result],
    ['an aborted result', { ...result, aborted: true }],
  ])('accepts %s', (_, record) => {
    expect(validate(JSON.parse(JSON.stringify(record)))).toBe(true)
  })

  it.each([
    ['an unknown member', { ...decision, token: 'x' }],
    ['a nested member', { ...decision, agent: { id: 'a' } }],
    ['a deny without rule', { ...denial, rule: undefined }],
    ['a deny without detail', { ...denial, detail: undefined }],
    ['a deny without status', { ...denial, status: undefined }],
    ['an unknown outcome', { ...decision, outcome: 'maybe' }],
    ['an unknown error', { ...denial, error: 'nope' }],
    ['a time without zone', { ...decision, time: '2025-01-01T00:30:00' }],
    ['a decision with bytes', { ...decision, bytes: 1 }],
    ['a result without bytes', { ...result, bytes: undefined }],
    ['another kind', { ...decision, kind: 'note' }],
  ])('refuses %s', (_, record) => {
    expect(validate(JSON.parse(JSON.stringify(record)))).toBe(false)
  })

  it('knows every error that leaves the library', () => {
    const known: unknown[] = read('audit-record.schema.json').$defs.error_code.enum
    const sent = Object.values(errorCodes).map(({ error }) => error).filter((error) => error !== undefined)
    expect(known).toEqual(expect.arrayContaining(sent))
  })
})
