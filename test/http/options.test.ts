import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aapGuard, createGuard, defineConstraint, pass, requireCapability, type IssuerOptions, type ResourceRequest } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { collectAudit } from '../support/audit.js'
import { createForger } from '../support/forge.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { operatorMessages } from '../support/operator-messages.js'
import { startApi } from '../support/api.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const request = (token: string): ResourceRequest => ({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })
const make = (options: any) => () => createGuard({ issuer: 'https://as.example.com', audience: 'https://api.example.com', audit: [], ...options })

describe('options fail at start-up', () => {
  it.each([
    ['isuer', 'issuer'], ['audiance', 'audience'], ['algorithm', 'algorithms'], ['clocktolerance', 'clockTolerance'], ['route', 'routes'], ['hookTimeout', 'hookTimeoutMs'], ['resolveTarget', 'resolveTargets'],
    ['Audit', 'audit'], ['failedValidationPerMinute', 'failedValidationsPerMinute'], ['tokentype', 'tokenType'],
  ])('`%s` is unknown, and `%s` was probably meant', (name, meant) => {
    expect(make({ [name]: undefined })).toThrow(TypeError)
    expect(make({ [name]: undefined })).toThrow(`did you mean \`${meant}\``)
    expect(() => aapGuard({ issuer: 'https://as.example.com', audience: 'a', [name]: 1 })).toThrow(`did you mean \`${meant}\``)
  })

  it('a name that is like none is unknown all the same', () => {
    expect(make({ quux: 1 })).toThrow(/unknown option `quux`$/)
  })

  it.each(['onAuditFailure', 'approvals', 'mode'])('`%s` does not exist yet, and says so', (name) => {
    expect(make({ [name]: {} })).toThrow(`\`${name}\` does not exist yet`)
  })

  it.each(['significant'])('the route option `%s` does not exist yet, and says so', (name) => {
    expect(() => requireCapability('a', { [name]: true })).toThrow(`\`${name}\` does not exist yet`)
  })

  it.each<[string, unknown[]]>([
    ['issuer', ['', [], null, 5, {}, { issuer: '' }, { issuer: 5 }, [''], [null], ['https://a.example', 'https://a.example'], 'http://as.example.com', 'not a url', { issuer: 'https://a.example', jwksUrl: 'x' }, { issuer: 'https://a.example', jwks: { keys: [] }, jwksUri: 'https://a.example/jwks' }, { issuer: 'https://a.example', jwksUri: 'http://a.example/jwks' }, { issuer: 'https://a.example', claimPrefix: '' }]],
    ['audience', ['', [], [''], ['a', 5], 5, null, {}]],
    ['algorithms', [[], 'ES256', ['HS256'], ['none'], ['nOnE'], ['es256'], ['ES256', 'HS512'], [undefined], null]],
    ['tokenType', ['JWT', 'AT+JWT', 5]],
    ['clockTolerance', [-1, 301, 1.5, NaN, Infinity, '60']],
    ['hookTimeoutMs', [0, -1, 60_001, 1.5, NaN, '2000']],
    ['storeTimeoutMs', [0, 60_001, NaN, '250']],
    ['failedValidationsPerMinute', [0, -1, 1.5, NaN, '5']],
    ['constraints', [{}, 'x', [{}], [{ name: 'x' }], [{ name: '', compile: () => undefined }], [{ name: 'max_depth', compile: () => undefined }], [{ name: 'max_things_per_day', compile: () => undefined }]]],
    ['countedPerRequest', ['drafts', [5], {}]],
    ['facts', [{}, 'x', null]],
    ['resolveTargets', [false, 'dns', {}]],
    ['routes', [[], 'GET /', null, 5]],
    ['store', [{}, 'memory', () => undefined]],
    ['audit', ['stdout', null, {}, [{}], [null], () => undefined, { write: 'x' }]],
    ['logger', [null, {}, () => undefined, { info: () => undefined }]],
    ['respond', [{}, 'json', null]],
    ['fetch', [{}, 'fetch']],
    ['now', [5, {}, null]],
  ])('`%s` of a wrong type or value is an error that names it', (name, values) => {
    for (const value of values) {
      expect(make({ [name]: value }), JSON.stringify(value)).toThrow(expect.objectContaining({ message: expect.stringContaining(name) }))
    }
  })

  it.each<[string, unknown[]]>([
    ['target', [5, {}]], ['addresses', ['10.0.0.1', [5]]], ['amount', ['5', NaN]], ['quantities', [5, { a: -1 }, { a: 1.5 }, { a: '1' }]], ['classification', ['secret', 5]], ['purposes', ['a', [5]]], ['region', ['de', 'DEU', 5]], ['approval', [true, 'optional', () => 'required']],
    ['tarqet', ['https://a.test']],
  ])('a route\'s `%s` of a wrong type or value is an error', (name, values) => {
    for (const value of values) expect(() => requireCapability('a', { [name]: value }), JSON.stringify(value)).toThrow(TypeError)
  })

  it.each([undefined, null, '', 'a b', 'a.', '.a', 'a..b', '*', 'a.*', '1a', 'ä', 'a'.repeat(129), 5, {}])('requireCapability(%j): CAP-1', (action) => {
    expect(() => requireCapability(action as never)).toThrow(TypeError)
  })

  it('requireCapability.none wants a reason', () => {
    expect(() => requireCapability.none('')).toThrow(TypeError)
    expect(() => requireCapability.none(undefined as never)).toThrow(TypeError)
  })

  it('no object at all', () => {
    for (const options of [null, 5, 'x']) {
      expect(() => createGuard(options as never)).toThrow(TypeError)
      expect(() => aapGuard(options as never)).toThrow(TypeError)
    }
  })

  it('settings are taken at construction: changing the object later moves nothing', async () => {
    const routes: Record<string, any> = { 'GET /a': 'a' }
    const algorithms: any[] = ['ES256']
    const { server } = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, routes, algorithms }, ({ guard, handler }) => ({ use: [guard, handler('any')], routes: [] }))
    const token = await issuer.sign({ aap_capabilities: capabilities('a') })
    routes['GET /b'] = { public: true }
    algorithms.length = 0
    expect((await server.call('/a', { token })).status).toBe(200)
    expect((await server.call('/b', { token })).status).toBe(403)
  })

  it('a registered constraint is enforced as ours are (CAP-5)', async () => {
    const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: [], constraints: [defineConstraint({ name: 'only_on', compile: (day) => ({ today }) => (today === day ? pass : { outcome: 'deny', code: 'aap_constraint_violation', detail: 'another day' }) })] })
    const token = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { only_on: 'monday' } }] })
    expect((await guard.authorize(request(token), 'a', { today: 'monday' })).outcome).toBe('allow')
    expect(await guard.authorize(request(token), 'a', { today: 'sunday' })).toMatchObject({ status: 403, error: 'aap_constraint_violation', reason: { rule: 'CAP-5' } })
    await guard.close()
  })
})

describe('environment defaults', () => {
  beforeEach(() => { vi.stubEnv('AAP_ISSUER', issuer.url); vi.stubEnv('AAP_AUDIENCE', issuer.audience) })
  afterEach(() => { vi.unstubAllEnvs() })

  it('AAP_ISSUER and AAP_AUDIENCE are enough', async () => {
    const guard = createGuard({ audit: [] })
    expect((await guard.authorize(request(await issuer.sign({ aap_capabilities: capabilities('a') })), 'a')).outcome).toBe('allow')
    await guard.close()
    expect(() => aapGuard()).not.toThrow()
  })

  it('options win over the environment', async () => {
    const guard = createGuard({ audit: [], audience: 'https://other.example.com' })
    expect(await guard.authorize(request(await issuer.sign()), 'search.web')).toMatchObject({ status: 401, reason: { rule: 'TOK-5' } })
    await guard.close()
  })

  it.each(['AAP_ISSUER', 'AAP_AUDIENCE'])('without %s the error says to set it', (name) => {
    for (const value of ['', undefined]) {
      vi.stubEnv(name, value)
      expect(() => aapGuard()).toThrow(name)
    }
  })
})

describe('the option issuer', () => {
  const one = createForger('https://one.example.com')
  const two = createForger('https://two.example.com')
  const claims = (iss: string, more: object = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return { ...exampleClaims({ aap_capabilities: capabilities('a') }), iss, aud: 'https://api.example.com', iat: now, exp: now + 60, jti: 'x', ...more }
  }
  const decide = async (given: unknown, token: string) => {
    const audit = collectAudit()
    const guard = createGuard({ issuer: given as never, audience: 'https://api.example.com', audit: audit.sink, logger: operatorMessages() })
    const decision = await guard.authorize(request(token), 'a')
    audit.takeDecision()
    await guard.close()
    return decision
  }

  it('TOK-4: of a list, each issuer\'s own keys and only those', async () => {
    const list = [one.issuer, two.issuer]
    expect((await decide(list, one.token(claims('https://one.example.com')))).outcome).toBe('allow')
    expect((await decide(list, two.token(claims('https://two.example.com')))).outcome).toBe('allow')
    expect(await decide(list, one.token(claims('https://two.example.com')))).toMatchObject({ status: 401, error: 'invalid_token', reason: { rule: 'TOK-1' } })
    for (const iss of ['https://three.example.com', 'https://one.example.com/', 'HTTPS://one.example.com', 'https://one.example.com:443', ' https://one.example.com']) {
      expect(await decide(list, one.token(claims(iss)))).toMatchObject({ status: 401, reason: { rule: 'TOK-4' } })
    }
  })

  it('an issuer\'s own audience and claim prefix hold for it alone (TOK-5, DIA-3)', async () => {
    const own: IssuerOptions = { ...one.issuer, audience: ['urn:own', 'urn:more'], claimPrefix: 'https://one.example.com/' }
    const { aap_agent, aap_task, aap_capabilities, ...rest } = claims('https://one.example.com', { aud: ['x', 'urn:more'] }) as any
    const spaced = { ...rest, 'https://one.example.com/aap_agent': aap_agent, 'https://one.example.com/aap_task': aap_task, 'https://one.example.com/aap_capabilities': aap_capabilities }
    expect((await decide([own, two.issuer], one.token(spaced))).outcome).toBe('allow')
    expect(await decide([own, two.issuer], one.token({ ...spaced, aud: 'https://api.example.com' }))).toMatchObject({ status: 401, reason: { rule: 'TOK-5' } })
    expect(await decide([own, two.issuer], two.token({ ...spaced, iss: 'https://two.example.com', aud: 'https://api.example.com' }))).toMatchObject({ status: 401, reason: { rule: 'DIA-5' } })
  })

  it('a function answers for each tenant, every time, and can drop one', async () => {
    const tenants = new Map<string, IssuerOptions>([['https://one.example.com', one.issuer]])
    const asked: string[] = []
    const guard = createGuard({ issuer: (iss) => { asked.push(iss); return tenants.get(iss) }, audience: 'https://api.example.com', audit: [] })
    const token = one.token(claims('https://one.example.com'))
    expect((await guard.authorize(request(token), 'a')).outcome).toBe('allow')
    expect(await guard.authorize(request(two.token(claims('https://two.example.com'))), 'a')).toMatchObject({ status: 401, reason: { rule: 'TOK-4' } })
    tenants.clear()
    expect(await guard.authorize(request(token), 'a')).toMatchObject({ status: 401, reason: { rule: 'TOK-4' } })
    expect(new Set(asked)).toEqual(new Set(['https://one.example.com', 'https://two.example.com']))
    await guard.close()
  })

  it.each<[string, unknown]>([
    ['throws', () => { throw new Error('tenant') }],
    ['answers with null', () => null],
    ['answers with a string', () => 'https://one.example.com'],
    ['answers with another issuer', () => two.issuer],
    ['answers with an unusable key set', () => ({ issuer: 'https://one.example.com', jwks: {} })],
    ['answers with an unknown member', () => ({ ...one.issuer, jwksUrl: 'x' })],
    ['answers with a promise', async () => one.issuer],
    ['rejects', async () => { throw new Error('tenant') }],
  ])('ERR-2: a function that %s refuses the request with 500', async (_what, given) => {
    expect(await decide(given, one.token(claims('https://one.example.com')))).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2' } })
  })
})
