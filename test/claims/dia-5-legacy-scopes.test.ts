import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from '../../src/model/wire-audit-record.js'
import { errorCodes } from '../../src/model/error-codes.js'
import { expectValidRecord } from '../support/audit.js'
import { guarding, requestWith, type Guarding } from '../guard/guarding.js'
import { hasAapClaims } from '../../src/claims/dialect.js'
import { issuer, jwks, now, signToken } from '../token/signed-token.js'

/** Tokens that an ordinary OAuth server issues. */
const legacy = (claims: Readonly<Record<string, unknown>> = {}) =>
  requestWith(signToken({ aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, sub: 'user-1', client_id: 'client-1', scope: 'read', ...claims }))

const legacyScopes = {
  read: 'posts.read',
  write: ['posts.write', { action: 'posts.read', constraints: { allowed_methods: ['GET'] } }],
  search: { action: 'search.web', constraints: { domains_allowed: ['example.org'], max_requests_per_hour: 2 } },
  nothing: [],
}

/** `allow` with the position of the capability, or status and rule. */
async function answer({ guard }: Guarding, claims: Readonly<Record<string, unknown>> = {}, action = 'posts.read', facts: object = {}): Promise<string> {
  const { outcome, capability, status, reason } = await guard.authorize(legacy(claims), action, facts)
  return outcome === 'allow' ? `allow ${capability?.index}` : `${status} ${reason?.rule}`
}

const answerOf = (claims?: Readonly<Record<string, unknown>>, action?: string, facts?: object) => answer(guarding({ legacyScopes }), claims, action, facts)

describe('TOK-10: a malformed client_id is not a missing one, for which sub would stand in', () => {
  const policy = { agents: { allowedIds: ['user-1'] } }

  it.each([[''], [5], [{}], [['client-1']], [false]])('%j', async (client_id) => {
    expect(await answer(guarding({ legacyScopes, policy }), { client_id })).toBe('401 TOK-10')
  })

  it('none is missing', async () => {
    expect(await answer(guarding({ legacyScopes, policy }), { client_id: undefined })).toBe('allow 0')
  })
})

describe('DIA-5: a token without AAP claims', () => {
  it('is 401 without the option', async () => {
    const { guard, records } = guarding()
    expect(await guard.authorize(legacy(), 'posts.read')).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'DIA-5', detail: 'the token has no AAP claims' } })
    expect(records).toMatchObject([{ outcome: 'deny', rule: 'DIA-5' }])
  })

  it('is 401 with an empty table', async () => {
    expect(await answer(guarding({ legacyScopes: {} }))).toBe('401 DIA-5')
  })

  it.each<[string, unknown, string, string]>([
    ['one scope', 'read', 'posts.read', 'allow 0'],
    ['one scope, another action', 'read', 'posts.write', '403 CAP-2'],
    ['a scope is no action', 'read', 'read', '403 CAP-2'],
    ['a scope for several actions', 'write', 'posts.write', 'allow 0'],
    ['a scope for several actions, the other', 'write', 'posts.read', 'allow 1'],
    ['several scopes, in the order of the token', 'read write', 'posts.read', 'allow 0'],
    ['several scopes, the other way round', 'write read', 'posts.read', 'allow 1'],
    ['a scope twice counts once', 'read read write', 'posts.write', 'allow 1'],
    ['unknown scopes are nothing', 'admin read openid', 'posts.read', 'allow 0'],
    ['more than one space', '  read   write ', 'posts.write', 'allow 1'],
    ['only unknown scopes', 'admin openid', 'posts.read', '401 DIA-5'],
    ['only a scope that stands for nothing', 'nothing', 'posts.read', '401 DIA-5'],
    ['one that stands for nothing beside another', 'nothing read', 'posts.read', 'allow 0'],
    ['another case', 'READ', 'posts.read', '401 DIA-5'],
    ['a tab is no space', 'read\twrite', 'posts.read', '401 DIA-5'],
    ['a line break is no space', 'read\nwrite', 'posts.read', '401 DIA-5'],
    ['a comma is no space', 'read,write', 'posts.read', '401 DIA-5'],
    ['a part of a scope', 'read:all', 'posts.read', '401 DIA-5'],
    ['a wildcard', '*', 'posts.read', '401 DIA-5'],
    ['no scope', undefined, 'posts.read', '401 DIA-5'],
    ['an empty scope', '', 'posts.read', '401 DIA-5'],
    ['a list', ['read'], 'posts.read', '401 DIA-5'],
    ['an object', { read: true }, 'posts.read', '401 DIA-5'],
    ['a number', 5, 'posts.read', '401 DIA-5'],
    ['true', true, 'posts.read', '401 DIA-5'],
    ['null', null, 'posts.read', '401 TOK-7'],
    ['names that objects have anyway', 'constructor toString __proto__ hasOwnProperty', 'posts.read', '401 DIA-5'],
  ])('%s: %j for %s: %s', async (_, scope, action, expected) => {
    expect(await answerOf({ scope }, action)).toBe(expected)
  })

  it('other claims are not its scopes', async () => {
    for (const claims of [{ scp: 'read' }, { scopes: 'read' }, { permissions: ['read'] }]) expect(await answerOf({ scope: undefined, ...claims })).toBe('401 DIA-5')
  })

  it('names that objects have anyway can be scopes', async () => {
    const table = Object.fromEntries([['__proto__', 'a'], ['constructor', 'constructor'], ['toString', 'b']])
    const server = guarding({ legacyScopes: table })
    expect(await answer(server, { scope: '__proto__' }, 'a')).toBe('allow 0')
    expect(await answer(server, { scope: 'constructor' }, 'constructor')).toBe('allow 0')
    expect(await answer(server, { scope: 'toString constructor' }, 'b')).toBe('allow 0')
    expect(await answer(server, { scope: 'valueOf' }, 'a')).toBe('401 DIA-5')
  })

  it('its other claims are checked as those of any token', async () => {
    expect(await answerOf({ exp: now - 1_000 })).toBe('401 TOK-6')
    expect(await answerOf({ aud: 'https://other.example' })).toBe('401 TOK-5')
    expect(await answerOf({ sub: undefined })).toBe('401 TOK-4')
    expect(await answerOf({ jti: undefined })).toBe('401 TOK-9')
    expect(await answerOf({ iss: 'https://evil.example' })).toBe('401 TOK-4')
  })

  it.each([{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, 'jkt'])('POP-1: bound to a key it is refused: cnf %j', async (cnf) => {
    expect(await answerOf({ cnf })).toBe('401 POP-1')
  })

  it.each<unknown>([{ sub: 'actor' }, { sub: 'actor', act: { sub: 'inner' } }, {}, 'actor'])('DEL-3: act, without a delegation that says who: %j', async (act) => {
    expect(await answerOf({ act })).toBe('403 DEL-3')
  })
})

describe('DIA-5: with any AAP claim, scopes mean nothing', () => {
  const names = ['agent', 'task', 'capabilities', 'oversight', 'delegation', 'context', 'audit']
  const spellings: [string, (name: string) => string][] = [
    ['draft-00', (name) => `aap_${name}`],
    ['draft-01', (name) => name],
    ['a namespace that nobody configured', (name) => `https://tenant.example.com/aap_${name}`],
    ['another such namespace', (name) => `urn:x:aap_${name}`],
    ['no namespace at all', (name) => `x_aap_${name}`],
  ]

  it.each(spellings.flatMap(([what, spell]) => names.map((name) => [spell(name), what] as const)))('%s (%s)', async (name) => {
    for (const value of [{}, [], '', 0, false, 'x', { id: 'a', type: 't', operator: 'o' }]) expect(await answerOf({ [name]: value })).toMatch(/^401 DIA-5$/)
    // TOK-7: a null is malformed before anybody asks what it is called.
    expect(await answerOf({ [name]: null })).toBe('401 TOK-7')
  })

  it('a complete token of AAP is read as one, and its scopes permit nothing', async () => {
    const claims = { aap_agent: { id: 'a', type: 't', operator: 'o' }, aap_task: { id: 't', purpose: 'p' }, aap_capabilities: [{ action: 'posts.delete' }], scope: 'read write' }
    expect(await answerOf(claims, 'posts.delete')).toBe('allow 0')
    expect(await answerOf(claims, 'posts.read')).toBe('403 CAP-2')
    expect(await answerOf({ ...claims, aap_task: undefined })).toBe('401 DIA-5')
  })

  it('one under a namespace that is configured as well', async () => {
    const prefix = 'https://example.com/'
    const server = () => guarding({ legacyScopes, issuer: { issuer, jwks, claimPrefix: prefix } })
    const claims = { [`${prefix}aap_agent`]: { id: 'a', type: 't', operator: 'o' }, [`${prefix}aap_task`]: { id: 't', purpose: 'p' }, [`${prefix}aap_capabilities`]: [{ action: 'posts.delete' }] }
    expect(await answer(server(), claims, 'posts.delete')).toBe('allow 0')
    expect(await answer(server(), claims, 'posts.read')).toBe('403 CAP-2')
    expect(await answer(server(), { [`${prefix}aap_agent`]: {} })).toBe('401 DIA-5')
    expect(await answer(server(), {})).toBe('allow 0')
  })

  it.each(['capabilities_ref', 'aap_capabilities_ref', 'https://example.com/aap_capabilities_ref'])('nor where it only refers to its capabilities: %s', async (name) => {
    expect(await answerOf({ [name]: 'https://as.example.com/capabilities/1' })).toBe('401 DIA-5')
  })

  it.each(['agents', 'Agent', 'aap', 'aap_', 'https://example.com/agent', 'task_id', 'my_context', 'auditor', 'act_agent', 'capabilities_reference'])('%s is none of them', async (name) => {
    expect(hasAapClaims({ [name]: {} })).toBe(false)
    expect(await answerOf({ [name]: {} })).toBe('allow 0')
  })
})

describe('DIA-5: who acts, where scopes say what may be done', () => {
  const agentOf = async (claims: Readonly<Record<string, unknown>>) => {
    const { authorization, status, reason } = await guarding({ legacyScopes }).guard.authorize(legacy(claims), 'posts.read')
    return authorization === undefined ? `${status} ${reason?.rule}` : authorization.agent
  }
  const client = (id: string) => ({ id, type: 'oauth-client', operator: id })

  it.each<[string, object, unknown]>([
    ['its client', { client_id: 'client-1' }, client('client-1')],
    ['where there is none, its subject', { client_id: undefined }, client('user-1')],
    ['an empty one is refused, and its subject does not step in', { client_id: '' }, '401 TOK-10'],
    ['one that is no string neither', { client_id: 5 }, '401 TOK-10'],
    ['one of 128 characters', { client_id: 'c'.repeat(128) }, client('c'.repeat(128))],
    ['128 characters beyond the BMP', { client_id: '😀'.repeat(128) }, client('😀'.repeat(128))],
    ['one of 129 is refused, and its subject does not step in', { client_id: 'c'.repeat(129) }, '401 TOK-8'],
    ['a subject of 129 neither', { client_id: undefined, sub: 's'.repeat(129) }, '401 TOK-8'],
    ['azp is not its client', { client_id: undefined, azp: 'other' }, client('user-1')],
  ])('%s', async (_, claims, expected) => {
    expect(await agentOf(claims as Record<string, unknown>)).toEqual(expected)
  })

  it('what a handler sees: no task, no delegation, the capabilities of its scopes, frozen', async () => {
    const { authorization } = await guarding({ legacyScopes }).guard.authorize(legacy({ scope: 'search read' }), 'posts.read')
    expect(authorization).toEqual({
      agent: client('client-1'),
      task: {},
      capabilities: [{ action: 'search.web', constraints: legacyScopes.search.constraints }, { action: 'posts.read', constraints: {} }],
      delegation: { depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] },
      token: { kind: 'jwt', issuer, id: 'token-1', subject: 'user-1', clientId: 'client-1', expiresAt: now + 300, scopes: ['search', 'read'] },
    })
    const leaves = (value: unknown): unknown[] => (typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(leaves)] : [])
    expect(leaves(authorization).every((part) => Object.isFrozen(part))).toBe(true)
  })

  it('AUD-1: the record has the client and no task, allowed or not', async () => {
    const { guard, records } = guarding({ legacyScopes })
    for (const action of ['posts.read', 'posts.delete']) await guard.authorize(legacy(), action)
    for (const record of records as DecisionRecord[]) {
      expectValidRecord(record)
      expect(record).toMatchObject({ agent_id: 'client-1', agent_type: 'oauth-client', agent_operator: 'client-1', client_id: 'client-1', subject: 'user-1', token_id: 'token-1', delegation_depth: 0 })
      for (const absent of ['task_id', 'task_purpose', 'delegation_chain', 'trace_id']) expect(record).not.toHaveProperty(absent)
    }
    expect(records).toMatchObject([{ outcome: 'allow', capability_index: 0 }, { outcome: 'deny', rule: 'CAP-2' }])
  })
})

describe('DIA-5: constraints of a scope are enforced as a token\'s are', () => {
  it('with their facts and codes', async () => {
    expect(await answerOf({ scope: 'search' }, 'search.web', { target: 'https://docs.example.org/' })).toBe('allow 0')
    expect(await answerOf({ scope: 'search' }, 'search.web', { target: 'https://example.com/' })).toBe('403 CON-2')
    expect(await answerOf({ scope: 'search' }, 'search.web')).toBe('403 CON-2')
  })

  it('CAP-3: of several capabilities for an action the first that holds is used', async () => {
    const table = { old: { action: 'a', constraints: { allowed_methods: ['POST'] } }, new: { action: 'a', constraints: { allowed_methods: ['GET'] } } }
    expect(await answer(guarding({ legacyScopes: table }), { scope: 'old new' }, 'a')).toBe('allow 1')
    expect(await answer(guarding({ legacyScopes: table }), { scope: 'old' }, 'a')).toBe('403 CON-5')
  })

  it('QTA-1: quotas belong to a token, and a scope said twice opens no second one', async () => {
    const server = guarding({ legacyScopes })
    const search = (jti: string, scope = 'search') => answer(server, { jti, scope }, 'search.web', { target: 'https://example.org/' })
    expect([await search('1'), await search('1'), await search('1')]).toEqual(['allow 0', 'allow 0', '429 CON-1'])
    expect(await search('2', 'search search')).toBe('allow 0')
    expect([await search('2', 'search search'), await search('2', 'search search')]).toEqual(['allow 0', '429 CON-1'])
  })

  it('and what one token\'s scopes say is not shared with another\'s', async () => {
    const server = guarding({ legacyScopes })
    expect(await answer(server, { jti: '1', scope: 'write' }, 'posts.write')).toBe('allow 0')
    expect(await answer(server, { jti: '2', scope: 'read' }, 'posts.write')).toBe('403 CAP-2')
    expect(await answer(server, { jti: '1', scope: 'write' }, 'posts.write')).toBe('allow 0')
  })
})

describe('TSK-2: there is no task', () => {
  it.each<[string, object, string]>([
    ['a route without purposes', {}, 'allow 0'],
    ['a route with purposes', { purposes: ['research'] }, '403 TSK-2'],
    ['no purpose is not the purpose "undefined"', { purposes: ['undefined', ''] }, '403 TSK-2'],
    ['a hook that judges yes', { purposes: true }, 'allow 0'],
    ['a hook that judges no', { purposes: false }, '403 TSK-2'],
    ['a declared class: no sensitivity is no ceiling', { classification: 'restricted' }, 'allow 0'],
  ])('%s', async (_, facts, expected) => {
    expect(await answerOf({}, 'posts.read', facts)).toBe(expected)
  })

  it('the record says so', async () => {
    const { reason } = await guarding({ legacyScopes }).guard.authorize(legacy(), 'posts.read', { purposes: ['research'] })
    expect(reason?.detail).toBe('the action is not for the purpose of a token without one')
  })
})

describe('local policy holds for them too', () => {
  const withPolicy = (policy: object) => answer(guarding({ legacyScopes, policy }))

  it.each<[string, object, string]>([
    ['AGT-1: the client is listed', { agents: { allowedIds: ['client-1'], allowedOperators: ['client-1'] } }, 'allow 0'],
    ['AGT-1: the client is not listed', { agents: { allowedIds: ['user-1'] } }, '403 AGT-1'],
    ['AGT-1: nor is it as an operator', { agents: { allowedOperators: ['org:example'] } }, '403 AGT-1'],
    ['AGT-1: it names no model', { agents: { deniedModels: [] } }, '403 AGT-1'],
    ['AGT-1: nobody attested its runtime', { agents: { attestedRuntime: 'required' } }, '403 AGT-1'],
    ['AGT-2: its subject is no SPIFFE ID', { agents: { allowedTrustDomains: ['example.com'] } }, '403 AGT-2'],
    ['TSK-2: it has no purpose', { purposes: ['p'] }, '403 TSK-2'],
    ['DEL-4: nobody delegated it', { delegation: { knownActors: [], maxDepth: 0, parentJti: 'required' } }, 'allow 0'],
    ['CAP-7: a constraint', { constraints: { allowed_methods: ['POST'] } }, '403 CON-5'],
    ['OVS-1: an approval', { actions: { 'posts.read': { approval: 'required' } } }, '403 OVS-1'],
  ])('%s', async (_, policy, expected) => {
    expect(await withPolicy(policy)).toBe(expected)
  })

  it.each(['perAgent', 'perTask', 'perOperator'])('QTA-5: %s: a client is at one task, which a fresh token does not reset', async (per) => {
    const server = guarding({ legacyScopes, policy: { quotas: { [per]: { max_requests_per_hour: 3 } } } })
    const outcomes: string[] = []
    for (const jti of ['1', '1', '2', '3', '4']) outcomes.push(await answer(server, { jti }))
    expect(outcomes).toEqual(['allow 0', 'allow 0', 'allow 0', '429 CON-1', '429 CON-1'])
    // Another client has its own.
    expect(await answer(server, { jti: '5', client_id: 'client-2' })).toBe('allow 0')
  })

  it('QTA-5: an agent with a task of that name is no such client', async () => {
    const { guard } = guarding({ legacyScopes, policy: { quotas: { perTask: { max_requests_per_hour: 1 } } } })
    const agent = (task: string) => requestWith(signToken({ jti: task, aap_agent: { id: 'client-1', type: 'oauth-client', operator: 'client-1' }, aap_task: { id: task, purpose: 'p' }, aap_capabilities: [{ action: 'posts.read' }] }))
    expect((await guard.authorize(legacy(), 'posts.read')).status).toBe(200)
    for (const task of ['client-1', 'agent', 'undefined']) expect((await guard.authorize(agent(task), 'posts.read')).status).toBe(200)
    expect((await guard.authorize(legacy({ jti: 'fresh' }), 'posts.read')).status).toBe(429)
  })
})

describe('the operator hears of it', () => {
  it('once a client, not once a request or a token', async () => {
    const { guard, messages } = guarding({ legacyScopes })
    for (const jti of ['1', '1', '2', '3']) await guard.authorize(legacy({ jti }), 'posts.read')
    expect(messages).toEqual([`warn aap-guard: A token of client-1 from ${issuer} has no AAP claims and was read by its scopes (option legacyScopes)`])
    await guard.authorize(legacy({ jti: '4', client_id: 'client-2' }), 'posts.read')
    expect(messages).toHaveLength(2)
  })

  it('and of clients of the same name at each issuer', async () => {
    const other = 'https://other.example'
    const { guard, messages } = guarding({ legacyScopes, issuer: [{ issuer, jwks }, { issuer: other, jwks }] })
    for (const iss of [issuer, other, issuer]) await guard.authorize(legacy({ iss }), 'posts.read')
    expect(messages.map((message) => message.includes(other))).toEqual([false, true])
  })

  it('not of those that are refused, nor of tokens of AAP', async () => {
    const { guard, messages } = guarding({ legacyScopes })
    await guard.authorize(legacy({ scope: 'admin' }), 'posts.read')
    await guard.authorize(legacy({ cnf: {} }), 'posts.read')
    await guard.authorize(requestWith(signToken({ scope: 'read' })), 'posts.read')
    expect(messages).toEqual([])
  })

  it('AUD-4: a client id cannot break the line', async () => {
    const { guard, messages } = guarding({ legacyScopes })
    await guard.authorize(legacy({ client_id: 'a\nb\u001b[2J' }), 'posts.read')
    expect(messages).toHaveLength(1)
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(messages[0]).not.toMatch(/[\u0000-\u001f]/)
  })
})

it('DIA-5: the code of all these refusals is invalid_token, which says nothing of scopes', () => {
  expect(errorCodes.invalid_token).toMatchObject({ status: 401, error: 'invalid_token' })
  expect(errorCodes.invalid_token.sentence).not.toMatch(/scope|agent/i)
})
