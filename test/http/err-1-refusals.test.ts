import { describe, expect, it } from 'vitest'
import { requireCapability, type GuardOptions, type RouteOptions } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { createForger } from '../support/forge.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { serverKinds } from '../support/servers.js'
import { startApi } from '../support/api.js'
import type { Answer, CallOptions } from '../support/http-client.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Values that stand in claims, limits, hosts and rules, and nowhere else: none of them may ever leave. */
const secrets = {
  sub: 'secret-subject', jti: 'secret-jti', client_id: 'secret-client', scope: 'secret-scope',
  aap_agent: { id: 'secret-agent', type: 'secret-type', operator: 'secret-operator', model: 'secret-model' },
  aap_task: { id: 'secret-task', purpose: 'secret-purpose' },
  aap_audit: { trace_id: 'secret-trace' },
}
const one = (constraints: object, more: object = {}) => ({ aap_capabilities: [{ action: 'act.now', constraints }], ...more })

interface Case {
  readonly title: string
  readonly status: number
  readonly error?: string
  readonly description: string
  readonly claims?: object
  readonly header?: object
  readonly options?: GuardOptions
  readonly route?: RouteOptions<any>
  readonly call?: CallOptions
  /** More than the wanted answer may cost a few calls. */
  readonly before?: number
}

const unusable = { name: 'broken', admit: () => { throw new Error('secret-store') } }

const cases: Case[] = [
  { title: 'TRN-1 malformed credentials', status: 400, error: 'invalid_request', description: 'The request carries malformed or repeated credentials.', call: { headers: { authorization: 'Bearer secret-a secret-b' } } },
  { title: 'TRN-2 no credentials', status: 401, description: 'The request carries no access token.', call: { headers: { authorization: 'Basic c2VjcmV0' } } },
  { title: 'TOK-5 another audience', status: 401, error: 'invalid_token', description: 'The access token is not valid.', claims: { aud: 'https://secret-audience.test' } },
  { title: 'TOK-6 expired', status: 401, error: 'invalid_token', description: 'The access token expired.', claims: { exp: 1_000_000_000 } },
  { title: 'POP-1 bound', status: 401, error: 'invalid_token', description: 'The access token is not valid.', claims: { cnf: { jkt: 'secret-thumbprint' } } },
  { title: 'TSK-1 task expired', status: 403, error: 'aap_task_mismatch', description: 'The action does not match the task of the token.', claims: { aap_task: { ...secrets.aap_task, expires_at: 1 } } },
  { title: 'CTX-1 another zone', status: 403, error: 'aap_invalid_context', description: 'The token may not be used in this context.', claims: { aap_context: { network_zone: 'secret-zone' } } },
  { title: 'DEL-2 chain', status: 403, error: 'aap_invalid_delegation_chain', description: 'The delegation of the token is not valid.', claims: { aap_delegation: { depth: 1, max_depth: 2, chain: ['secret-origin'] } } },
  { title: 'DEL-1 depth', status: 403, error: 'aap_excessive_delegation', description: 'The token was delegated too many times.', claims: { aap_delegation: { depth: 2, max_depth: 1, chain: ['secret-a', 'secret-b', 'secret-c'] } } },
  { title: 'CAP-2 capability', status: 403, error: 'aap_invalid_capability', description: 'The token has no capability for this action.', claims: { aap_capabilities: capabilities('secret.action') } },
  { title: 'CON-2 domain', status: 403, error: 'aap_domain_not_allowed', description: 'The target of the action is not allowed.', claims: one({ domains_allowed: ['secret-host.test'] }), route: { target: 'https://secret-target.test' } },
  { title: 'CON-4 time window', status: 403, error: 'aap_capability_expired', description: 'The capability is not valid at this time.', claims: one({ time_window: { start: '2001-01-01T00:00:00Z', end: '2001-02-03T04:05:06Z' } }) },
  { title: 'CON-8 region', status: 403, error: 'aap_constraint_violation', description: 'A constraint of the capability does not hold.', claims: one({ allowed_regions: ['ZZ'] }), route: { region: 'QQ' } },
  { title: 'CAP-5 unknown constraint', status: 403, error: 'aap_constraint_violation', description: 'A constraint of the capability does not hold.', claims: one({ 'secret-constraint': 'secret-value' }) },
  { title: 'OVS-1 approval', status: 403, error: 'aap_approval_required', description: 'The action needs the approval of a human.', claims: one({}, { aap_oversight: { requires_human_approval_for: ['act.now'], approval_workflow: { type: 'secret-workflow', channel_id: 'secret-channel' } } }) },
  { title: 'CON-6 size', status: 413, error: 'request_too_large', description: 'The request body is larger than the capability allows.', claims: one({ max_request_size: 7654 }), call: { method: 'POST', body: 'x'.repeat(7_655) } },
  { title: 'CON-1 quota', status: 429, error: 'aap_constraint_violation', description: 'A quota of the capability is used up.', claims: one({ max_requests_per_day: 0 }) },
  { title: 'TRN-5 failures', status: 429, description: 'Too many failed requests.', claims: { aud: 'https://secret-audience.test' }, options: { failedValidationsPerMinute: 1 }, before: 1 },
  { title: 'QTA-6 store', status: 503, error: 'temporarily_unavailable', description: 'The request cannot be decided at the moment.', claims: one({ max_requests_per_day: 5 }), options: { store: unusable } },
  { title: 'KEY-4 keys', status: 503, error: 'temporarily_unavailable', description: 'The request cannot be decided at the moment.', options: { fetch: () => Promise.reject(new Error('secret-network')) } },
  { title: 'ERR-2 hook', status: 500, description: '', claims: one({}), route: { amount: () => { throw new Error('secret-hook') } } },
]

describe.each(serverKinds)('ERR-1 on %s', (kind) => {
  it.each(cases)('$title: $status $error', async (row) => {
    const { status, error, description } = row
    const options = { issuer: row.title.startsWith('KEY-4') ? issuer.url : issuer.trusted, audience: issuer.audience, ...row.options }
    const { server, audit, handled } = await startApi(kind, options, ({ guard, handler }) => ({
      use: [guard],
      routes: ['GET', 'POST'].map((method) => ({ method, path: '/secret-path', run: [requireCapability('act.now', row.route), handler('act')] })),
    }))
    const token = await issuer.sign({ ...secrets, ...one({}), ...row.claims })
    const request = { token, ...row.call }
    for (let i = 0; i < (row.before ?? 0); i++) await server.call('/secret-path', request)
    audit.clear()
    const answer = await server.call('/secret-path?url=secret-query', request)

    expect([answer.status, answer.json.error]).toEqual([status, error])
    expect(handled).toEqual([])
    const record = audit.takeDecision()
    expect(record).toMatchObject({ outcome: 'deny', status, ...(error !== undefined && { error }) })
    expectPublicShape(answer, row)
    expect(answer.json.error_correlation_id).toBe(record.correlation_id)
    if (description !== '') expect(answer.json.error_description).toBe(description)
    // The private reason is there, and stays here.
    expect(record.detail).toBeTruthy()
    expectNothingLeaks(answer, token, record.rule!)
  })
})

describe.each(serverKinds)('approval_reference on %s', (kind) => {
  const tooLong = `https://approvals.example.com/${'a'.repeat(2_048)}`
  it.each<[string, string | undefined, boolean]>([
    ['an https URL', 'https://approvals.example.com/r/1?a=b#c', true],
    ['an http URL', 'http://approvals.example.com/r/1', true],
    ['one of 2,048 characters', tooLong.slice(0, 2_048), true],
    ['none', undefined, false],
    ['one of 2,049 characters', tooLong.slice(0, 2_049), false],
    ['a relative one', '/r/1', false], ['another scheme', 'javascript:alert(1)', false], ['ftp', 'ftp://approvals.example.com/', false], ['text', 'ask Ada', false], ['no host', 'https://', false],
    ['one with a line break', 'https://approvals.example.com/\r\nSet-Cookie: a=b', false], ['one with a space', 'https://approvals.example.com/a b', false], ['one beyond ASCII', 'https://approvals.example.com/ä', false],
    ['one with a leading space', ' https://approvals.example.com/', false], ['one with a trailing tab', 'https://approvals.example.com/\t', false], ['one with DEL', 'https://approvals.example.com/\u007f', false],
  ])('ERR-1: the token\'s reference leaves if it is printable and absolute: %s', async (_what, reference, leaves) => {
    const { server, audit } = await startApi(kind, { issuer: issuer.trusted, audience: issuer.audience }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [requireCapability('act.now'), handler('act')] }] }))
    const token = await issuer.sign({ ...one({}), aap_oversight: { requires_human_approval_for: ['act.now'], ...(reference !== undefined && { approval_reference: reference }) } })
    const answer = await server.call('/', { token })
    const { correlation_id } = audit.takeDecision()
    expect([answer.status, answer.json.approval_reference]).toEqual([403, leaves ? reference : `urn:uuid:${correlation_id}`])
    expect(JSON.stringify(answer.headers)).not.toContain('approvals.example.com')
    expect(JSON.stringify(answer.headers)).not.toContain('urn:uuid')
  })
})

describe('Retry-After', () => {
  it.each<[string, object, number]>([
    ['a minute', { max_requests_per_minute: 1 }, 60], ['an hour, aligned', { max_requests_per_hour: 1 }, 2_700], ['a day, aligned', { max_requests_per_day: 1 }, 42_300], ['a second', { max_requests_per_second: 1 }, 1],
    ['the later of two full windows', { max_requests_per_minute: 1, max_requests_per_hour: 1 }, 2_700],
  ])('CON-1: says when %s has room', async (_what, constraints, seconds) => {
    const now = Date.parse('2030-05-06T12:15:00Z')
    const { server } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, now: () => now }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [requireCapability('act.now'), handler('act')] }] }))
    const token = await issuer.sign({ ...one(constraints), iat: now / 1000, exp: now / 1000 + 60 })
    expect((await server.call('/', { token })).status).toBe(200)
    const refused = await server.call('/', { token })
    expect([refused.status, refused.header('retry-after')]).toEqual([429, String(seconds)])
  })
})

describe('TRN-4: challenges', () => {
  it('never breaks out of its quotes, whatever the token holds', async () => {
    const forger = createForger('https://as.example.com/"\\\r\nX: y')
    const { server } = await startApi('node:http', { issuer: forger.issuer, audience: 'a"b' }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [handler('act')] }] }))
    const answer = await server.call('/', { token: forger.token({ iss: forger.issuer.issuer, aud: '"\r\n' }) })
    expect(answer.status).toBe(401)
    expect(answer.header('www-authenticate')).toMatch(/^Bearer( [a-z_]+="[^"\\]*",?)+ DPoP( [a-z_]+="[^"\\]*",?)+$/)
    expect(answer.headers.map(([name]) => name)).not.toContain('x')
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('the scheme %s is compared without case (TRN-1)', async (scheme) => {
    const { server } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [requireCapability.none('t'), handler('act')] }] }))
    expect((await server.sendTarget('/', [`Authorization: ${scheme}   ${await issuer.sign()}`])).status).toBe(200)
  })

  it('POP-1: an unbound token with the scheme DPoP is refused, and the challenge of DPoP carries the error', async () => {
    const { server, audit } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience }, ({ guard, handler }) => ({ use: [guard], routes: [{ path: '/', run: [handler('act')] }] }))
    const answer = await server.sendTarget('/', [`Authorization: DPoP ${await issuer.sign()}`])
    expect(answer.status).toBe(401)
    expect(answer.header('www-authenticate')).toMatch(/^DPoP [^B]*error="invalid_token".*, Bearer realm="api"$/)
    expect(audit.takeDecision().rule).toBe('POP-1')
  })
})

function expectPublicShape(answer: Answer, { status, error, title }: Case): void {
  const { json } = answer
  const known = ['error', 'error_description', 'error_uri', 'error_correlation_id', 'approval_reference']
  expect(known).toEqual(expect.arrayContaining(Object.keys(json)))
  expect(json.error_correlation_id).toMatch(uuid)
  if (status === 500) expect(Object.keys(json)).toEqual(['error_correlation_id'])
  else expect(json.error_description).toEqual(expect.any(String))
  expect('approval_reference' in json).toBe(error === 'aap_approval_required')

  const challenges = answer.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value)
  if ([400, 401, 403].includes(status)) {
    expect(challenges).toHaveLength(1)
    expect(challenges[0]).toMatch(/^Bearer /)
    if (error === undefined) expect(challenges[0]).not.toContain('error')
    else expect(challenges[0]).toContain(`error="${error}"`)
  } else {
    expect(challenges).toEqual([])
  }
  const retryAfter = answer.header('retry-after')
  if (status === 429 || status === 503) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
  else expect(retryAfter).toBeUndefined()
  if (status === 413) expect([title, answer.header('connection')]).toEqual([title, 'close'])
  expect(answer.header('content-type')).toMatch(/^application\/json/)
  expect(answer.header('cache-control')).toBe('no-store')
}

/** No claim value, limit, host, rule id or part of the token, in body or headers. */
function expectNothingLeaks(answer: Answer, token: string, rule: string): void {
  const { error_correlation_id } = answer.json
  const visible = [answer.text, ...answer.headers.flat()].join('\n').replaceAll(error_correlation_id, '').toLowerCase()
  expect(visible).not.toContain('secret')
  expect(visible).not.toContain('7654')
  expect(visible).not.toContain('2001')
  expect(visible).not.toContain('act.now')
  expect(visible).not.toContain(rule.toLowerCase())
  expect(visible).not.toMatch(/\b(?:trn|tok|key|pop|agt|tsk|ctx|cap|con|qta|del|ovs|rte|err|dia)-\d/)
  expect(visible).not.toContain(new URL(issuer.url).host)
  for (const part of token.split('.')) expect(visible).not.toContain(part.slice(0, 12).toLowerCase())
}
