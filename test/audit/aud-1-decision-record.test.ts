import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, describe, expect, it } from 'vitest'
import type { ResourceRequest } from '../../src/model/resource-request.js'
import { guarding, requestBy, requestWith, type Guarding } from '../guard/guarding.js'
import { issuer, now, otherKey, payloadOf, signJws, signToken } from '../token/signed-token.js'

const schema = JSON.parse(readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'))
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema)

const all: unknown[] = []
afterEach(() => {
  // Whatever a test had decided: every record is one that the schema describes, and JSON gives back as it was.
  for (const record of all.splice(0)) {
    validate(record)
    expect(validate.errors).toBeNull()
    expect(JSON.parse(JSON.stringify(record))).toEqual(record)
  }
})

/** The one record of one decision. */
async function recordOf({ guard, records }: Guarding, request: ResourceRequest, action = 'a', facts: object = {}): Promise<Record<string, unknown>> {
  const before = records.length
  await guard.authorize(request, action, facts)
  expect(records.length - before).toBe(1)
  all.push(records.at(-1))
  return records.at(-1) as unknown as Record<string, unknown>
}

const who = { issuer, subject: 'spiffe://example.com/agent/researcher-01', token_id: 'token-1', agent_id: 'agent-researcher-01', agent_type: 'llm-autonomous', agent_operator: 'org:example', task_id: 'task-123', task_purpose: 'research_and_draft_article', delegation_depth: 0 }

describe('AUD-1: exactly one decision record a request', () => {
  it('an allow, with everything that is known', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const claims = { client_id: 'client-1', aap_delegation: { depth: 1, max_depth: 2, chain: ['origin', 'agent'] }, aap_audit: { trace_id: 'trace-1' }, aap_capabilities: [{ action: 'b' }, { action: 'a', constraints: { domains_allowed: ['example.org'] } }] }
    const request = requestWith(signToken(claims), { method: 'POST', headers: { authorization: `Bearer ${signToken(claims)}`, traceparent } })
    const record = await recordOf(guarding(), request, 'a', { target: 'https://WWW.example.org:8443/path?token=secret' })
    expect(record).toEqual({
      kind: 'decision', time: '2025-01-01T00:00:00.000Z', outcome: 'allow', correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...who, client_id: 'client-1', delegation_depth: 1, delegation_chain: ['origin', 'agent'], action: 'a', capability_index: 1,
      method: 'POST', path: '/search', target_host: 'www.example.org', trace_id: 'trace-1', traceparent,
    })
  })

  it('a refusal, with the private reason', async () => {
    const record = await recordOf(guarding(), requestBy({ aap_capabilities: [{ action: 'a', constraints: { allowed_methods: ['POST'] } }] }))
    expect(record).toMatchObject({ ...who, outcome: 'deny', status: 403, error: 'aap_constraint_violation', rule: 'CON-5', detail: expect.stringContaining('GET'), action: 'a' })
    expect(record).not.toHaveProperty('capability_index')
  })

  it('shares its correlation id with the decision', async () => {
    const { guard, records } = guarding()
    const { correlationId } = await guard.authorize(requestBy(), 'a')
    expect(records).toMatchObject([{ correlation_id: correlationId }])
  })

  it.each<[string, () => ResourceRequest, object]>([
    ['no credentials', () => ({ method: 'GET', url: '/x', headers: {} }), { status: 401, rule: 'TRN-2' }],
    ['two headers', () => requestWith('x', { headers: { authorization: ['Bearer a', 'Bearer b'] } }), { status: 400, error: 'invalid_request', rule: 'TRN-1' }],
    ['no token at all', () => requestWith('abc'), { status: 401, error: 'invalid_token', rule: 'INT-1' }],
    ['an issuer that is not trusted', () => requestBy({ iss: 'https://evil.example' }), { status: 401, error: 'invalid_token', rule: 'TOK-4' }],
    ['a signature that does not verify', () => requestWith(signJws(payloadOf(), {}, otherKey)), { status: 401, error: 'invalid_token', rule: 'TOK-1' }],
  ])('before the signature is verified nothing that a token claims is recorded: %s', async (_, request, expected) => {
    const record = await recordOf(guarding(), request())
    expect(record).toMatchObject({ outcome: 'deny', action: 'a', detail: expect.any(String), ...expected })
    for (const name of Object.keys(who)) expect(record).not.toHaveProperty(name)
  })

  it.each<[string, Record<string, unknown>, object]>([
    ['an expired token', { exp: now - 1_000 }, { rule: 'TOK-6', token_id: 'token-1' }],
    ['another audience', { aud: 'x' }, { rule: 'TOK-5', token_id: 'token-1' }],
    ['no jti', { jti: undefined }, { rule: 'TOK-9' }],
    ['malformed claims', { aap_agent: {} }, { rule: 'TOK-10', token_id: 'token-1' }],
  ])('after that, who issued which token: %s', async (_, claims, expected) => {
    const record = await recordOf(guarding(), requestBy(claims))
    expect(record).toMatchObject({ status: 401, error: 'invalid_token', issuer, ...expected })
    expect(record).not.toHaveProperty('agent_id')
  })

  it('a token that expires while it is remembered still says who came', async () => {
    const guarded = guarding()
    const request = requestBy()
    await recordOf(guarded, request)
    guarded.pass(1e9)
    expect(await recordOf(guarded, request)).toMatchObject({ ...who, rule: 'TOK-6', time: '2025-01-12T13:46:40.000Z' })
  })

  it('a delegation that is malformed is nobody\'s statement', async () => {
    const record = await recordOf(guarding(), requestBy({ aap_delegation: { depth: 'deep' } }))
    expect(record).toMatchObject({ error: 'aap_invalid_delegation_chain', agent_id: who.agent_id })
    expect(record).not.toHaveProperty('delegation_depth')
  })

  it.each<[string, Record<string, unknown>]>([
    ['a chain that is no list', { aap_delegation: { depth: 1, max_depth: 2, chain: 'a' } }],
    ['act without the claim', { act: { sub: 'a' } }],
    ['act that is no object', { aap_delegation: { depth: 1, max_depth: 2, chain: ['a', 'b'] }, act: 'b' }],
  ])('nor is what could not be read: %s', async (_, claims) => {
    const record = await recordOf(guarding(), requestBy(claims))
    expect(record).toMatchObject({ error: 'aap_invalid_delegation_chain', agent_id: who.agent_id })
    expect(record).not.toHaveProperty('delegation_depth')
    expect(record).not.toHaveProperty('delegation_chain')
  })

  it.each<[string, object, Record<string, unknown>, string]>([
    ['somebody in it is not known', { delegation: { knownActors: ['a'] } }, {}, 'DEL-4'],
    ['local policy demands a parent', { delegation: { parentJti: 'required' } }, {}, 'DEL-2'],
    ['local policy has a lower limit', { delegation: { maxDepth: 1 } }, {}, 'DEL-1'],
    ['its length is not the depth', {}, { depth: 3 }, 'DEL-2'],
    ['its times decrease', {}, { depth: 3, chain: [{ sub: 'a', delegated_at: 3 }, { sub: 'b', delegated_at: 2 }, { sub: 'c' }] }, 'DEL-2'],
    ['act is somebody else', {}, { act: { sub: 'z' } }, 'DEL-3'],
  ])('a delegation that is refused for what it says is on record: %s', async (_, policy, { act, ...claim }, rule) => {
    const record = await recordOf(guarding({ policy }), requestBy({ aap_delegation: { depth: 2, max_depth: 3, chain: ['a', 'b', 'c'], ...claim }, act }))
    expect(record).toMatchObject({ outcome: 'deny', rule, delegation_depth: claim.depth ?? 2, delegation_chain: ['a', 'b', 'c'] })
  })

  it.each<[string, Record<string, unknown>, object, number]>([
    ['a quota', { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 0 } }] }, {}, 429],
    ['an approval', {}, { approval: 'required' }, 403],
    ['a body', { aap_capabilities: [{ action: 'a', constraints: { max_request_size: 0 } }] }, {}, 413],
    ['a misspelled fact', {}, { aproval: 'required' }, 500],
    ['a domain', { aap_capabilities: [{ action: 'a', constraints: { domains_allowed: [] } }] }, { target: 'https://example.org/' }, 403],
    ['a delegation', { aap_delegation: { depth: 2, max_depth: 1, chain: ['a', 'b', 'c'] } }, {}, 403],
    ['a context', { aap_context: { network_zone: 'z' } }, {}, 403],
  ])('each kind of refusal makes a record of the schema: %s', async (_, claims, facts, status) => {
    const headers = { authorization: `Bearer ${signToken({ aap_capabilities: [{ action: 'a' }], ...claims })}`, 'content-length': '5' }
    expect(await recordOf(guarding(), { method: 'GET', url: '/', headers }, 'a', facts)).toMatchObject({ outcome: 'deny', status })
  })

  it('a store that is down, and a guard that is closed', async () => {
    const quota = { aap_capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 5 } }] }
    expect(await recordOf(guarding({ store: { name: 's', admit: () => undefined } }), requestBy(quota))).toMatchObject({ status: 503, error: 'temporarily_unavailable', rule: 'QTA-6' })
    const closed = guarding()
    await closed.guard.close()
    expect(await recordOf(closed, requestBy())).toMatchObject({ status: 503, error: 'temporarily_unavailable' })
  })

  it.each<[string, string, string]>([
    ['a query', '/a/b?token=secret', '/a/b'], ['a fragment', '/a#secret', '/a'], ['both', '/a?b#c', '/a'], ['neither', '/a/', '/a/'], ['a query alone', '/?secret', '/'], ['nothing', '', ''],
    ['the absolute form', 'http://user:pw@api.example.com/x?y=1', '/x'], ['an authority without a scheme', '//user:pw@host/x', '//host/x'], ['an authority alone', 'user:pw@host:443', ''], ['no path at all', '*', '*'],
  ])('the path has no query: %s', async (_, url, path) => {
    expect((await recordOf(guarding(), requestBy({}, { url }))).path).toBe(path)
  })

  it('never holds the token, the query or the URL of the target', async () => {
    const guarded = guarding()
    const good = requestBy({ aap_capabilities: [{ action: 'a', constraints: { domains_blocked: ['evil.example'] } }] }, { url: '/a?api_key=secret-1' })
    const bad = requestWith(signJws(payloadOf(), {}, otherKey), { url: '/a?api_key=secret-1' })
    for (const [request, target] of [[good, 'https://example.org/secret-2?secret-3'], [good, 'https://evil.example/secret-2?secret-3'], [good, 'no url secret-2'], [bad, 'https://example.org/secret-2']] as const) {
      const text = JSON.stringify(await recordOf(guarded, request, 'a', { target }))
      for (const part of (request.headers.authorization as string).slice('Bearer '.length).split('.')) expect(text).not.toContain(part)
      expect(text).not.toContain('secret-')
    }
  })

  it('every sink gets the same record; without any, none is made', async () => {
    const heard: unknown[][] = [[], []]
    const { guard } = guarding({ audit: [{ write: (record: unknown) => { heard[0]?.push(record) } }, { info: (record: unknown, message: string) => { heard[1]?.push(record, message) } }] })
    await guard.authorize(requestBy(), 'a')
    expect(heard).toEqual([[expect.objectContaining({ outcome: 'allow' })], [heard[0]?.[0], 'aap decision']])
    expect((await guarding({ audit: [] }).guard.authorize(requestBy(), 'a')).outcome).toBe('allow')
  })

  it('log_level never suppresses a decision', async () => {
    for (const log_level of ['none', 'off', 'silent', '']) expect(await recordOf(guarding(), requestBy({ aap_audit: { log_level } }))).toMatchObject({ outcome: 'allow' })
  })
})

describe('AUD-2: W3C traceparent', () => {
  it('is recorded where it is one', async () => {
    const authorization = requestBy().headers.authorization as string
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await recordOf(guarding(), requestBy({}, { headers: { authorization, traceparent } }))).toMatchObject({ traceparent })
    expect(await recordOf(guarding(), requestBy({}, { headers: { authorization, traceparent: [traceparent, traceparent] } }))).not.toHaveProperty('traceparent')
    expect(await recordOf(guarding(), requestBy({}, { headers: { authorization, traceparent: 'x\ny' } }))).not.toHaveProperty('traceparent')
  })
})
