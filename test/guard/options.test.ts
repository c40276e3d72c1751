import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGuard } from '../../src/guard/create-guard.js'
import { laterOptions, laterRouteOptions, optionNames } from '../../src/guard/guard-options.js'
import { audience, issuer, jwks, now, signToken } from '../token/signed-token.js'
import { ec } from '../token/keys/json-web-keys.js'
import { guarding, requestBy, requestWith } from './guarding.js'

const valid = { issuer: { issuer, jwks }, audience, audit: [], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } }
const make = (options: unknown) => () => createGuard(options as never)

/** A message that names what is wrong, by an error of the right kind. */
function expectRefusal(run: () => unknown, message: RegExp): void {
  let error: unknown
  try {
    run()
  } catch (reason) {
    error = reason
  }
  expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
  expect((error as Error).message).toMatch(message)
}

const nonceSecret = 'a secret of at least 32 characters'

const listUrl = 'https://as.example.com/revoked'

describe('every option is checked when the guard is made', () => {
  it('a guard with the least that there must be', () => {
    expect(make(valid)).not.toThrow()
  })

  const junk = (...allowed: readonly unknown[]) => ([null, 0, 1, -1, NaN, '', 'x', true, false, {}, [], [1], [null], () => undefined] as readonly unknown[]).filter((value) => !allowed.some((one) => one === value || (typeof one === 'function' && typeof value === 'function') || JSON.stringify(one) === JSON.stringify(value)))
  const wrong: Readonly<Record<(typeof optionNames)[number], readonly unknown[]>> = {
    issuer: [null, 0, 1, '', 'x', 'http://as.example.com', 'https://user@as.example.com', 'https://as.example.com?x', 'https://as.example.com#x', true, {}, [], [null], [1], [''], { issuer: '' }, { issuer: 1 }, [issuer, issuer], { issuer, jwks: {} }, { issuer, jwks: { keys: [] } }, { issuer, jwks: 'x' }, { issuer, jwks: null }, { issuer, jwksUri: 'http://as.example.com/jwks' }, { issuer, jwksUri: 1 }, { issuer, jwksUri: 'x' }, { issuer, jwks, jwksUri: 'https://as.example.com/jwks' }, { issuer, jwks, claimPrefix: '' }, { issuer, jwks, claimPrefix: 1 }, { issuer, jwks, audience: '' }, { issuer, jwks, audience: [] }, { issuer, jwks, audience: [1] }, { issuer, jwks, revocation: null }, { issuer, jwks, revocation: true }, { issuer, jwks, revocation: {} }, { issuer, jwks, revocation: { pollSeconds: 1 } }, { issuer, jwks, revocation: { listUrl: 1 } }, { issuer, jwks, revocation: { listUrl: 'http://as.example.com/revoked' } }, { issuer, jwks, revocation: { eventsUrl: 'https://user@as.example.com/revoked' } }, { issuer, jwks, revocation: { eventsUrl: 'https://as.example.com/events', pollSeconds: 10 } }, { issuer, jwks, revocation: { listUrl, pollSeconds: 0 } }, { issuer, jwks, revocation: { listUrl, pollSeconds: 31 } }, { issuer, jwks, revocation: { listUrl, pollSeconds: 1.5 } }, { issuer, jwks, revocation: { listUrl, url: listUrl } }],
    audience: junk('x'),
    algorithms: [...junk(), ['none'], ['HS256'], ['ES256', 'HS256'], ['es256'], 'ES256', ['ES256K']],
    tokenType: [...junk(), 'JWT', 'AT+JWT', 'application/at+jwt', ['any']],
    clockTolerance: [...junk(0, 1), 301, 0.5, '60', Infinity],
    profile: [...junk(), 'Strict', 'bearer'],
    dpop: [...junk(true, false, {}), { algorithms: [] }, { algorithms: ['HS256'] }, { algorithms: 'ES256' }, { nonceSecret: 'x'.repeat(31) }, { nonceSecret: 1 }, { nonceSecret: undefined }, { noncePeriod: 60 }, { nonceSecret, noncePeriod: 9 }, { nonceSecret, noncePeriod: 3_601 }, { nonceSecret, noncePeriod: 60.5 }, { nonce: true }],
    mtls: [...junk(true, false, {}), { header: '' }, { header: 'client-cert' }, { header: 'a b' }, { selfSigned: 1 }, { selfsigned: true }],
    baseUrl: [...junk(), 'http://api.example.com', 'https://user@api.example.com', 'https://api.example.com?x', 'https://api.example.com#x', 'https://api.example.com/a/../b', '//api.example.com'],
    trustedProxies: [...junk([]), ['x'], ['10.0.0.0/33'], ['0.0.0.0/0'], ['proxy.example.com'], ['']],
    legacyScopes: [...junk({}), { 'a b': 'x' }, { a: 'no action' }],
    policy: [...junk({}), { agents: null }, { purposes: 'x' }],
    constraints: [...junk([]), [() => undefined], [{ name: 'x' }], [{ compile: () => undefined }], [{ name: 'max_depth', compile: () => undefined }], [{ name: 'own', compile: () => undefined, isNoLoser: () => true }], [{ name: 'own', compile: () => undefined, rule: 1 }]],
    countedPerRequest: [...junk([]), [''], ['Drafts'], ['a b'], ['a__b'], ['a_'], ['_a'], ['1a'], ['a-b'], ['drafts', 'Emails'], ['__proto__'], ['drafts\n'], ['emails_per_day', ' drafts'], ['.*']],
    facts: junk(() => undefined),
    resolveTargets: junk(() => undefined, true),
    hookTimeoutMs: [...junk(1), 60_001, 0.5, '100', Infinity],
    routes: [...junk({}), { 'GET': 'a' }, { 'GET /': '' }, { 'GET /': 1 }],
    store: [...junk(), { admit: true }, { name: 'x' }],
    storeTimeoutMs: [...junk(1), 60_001, 0.5, '100', Infinity],
    onStoreFailure: [...junk(), 'Deny', 'allow', { local: 4 }, { local: {} }, { local: { processes: 0 } }, { local: { processes: 1.5 } }, { local: { processes: '4' } }, { local: { processes: 4, more: 1 } }, { local: { processes: 4 }, deny: true }],
    maxRevocations: [...junk(1), 10_000_001, 0.5, '100', Infinity],
    audit: [...junk([]), { write: true }, { info: 'x' }, [{ write: () => undefined }, null]],
    logger: [...junk(), { info: () => undefined }, { info: () => undefined, warn: () => undefined, error: true }],
    respond: junk(() => undefined),
    failedValidationsPerMinute: [...junk(1), 0.5, '10', Infinity],
    fetch: junk(() => undefined),
    now: junk(() => undefined),
  }

  it.each(optionNames.flatMap((name) => wrong[name].map((value) => [name, value] as const)))('%s: %j fails at start-up', (name, value) => {
    expectRefusal(make({ ...valid, [name]: value }), name === 'issuer' ? /issuer|jwks|key set|`audience`/ : new RegExp(`\`${name}\``))
  })

  const right: Readonly<Record<(typeof optionNames)[number], readonly unknown[]>> = {
    issuer: [issuer, 'http://127.0.0.1:1234', 'http://localhost/x', [issuer, 'https://other.example'], { issuer, jwksUri: 'https://keys.example/jwks' }, { issuer, jwks, claimPrefix: 'https://x/', audience: ['a', 'b'] }, { issuer, jwks, revocation: { listUrl } }, { issuer, jwks, revocation: { eventsUrl: 'http://127.0.0.1:1/events', listUrl, pollSeconds: 30 } }, () => undefined],
    audience: ['x', ['x', 'y']],
    algorithms: [['ES256'], ['PS512', 'Ed25519']],
    tokenType: ['any', 'at+jwt'],
    clockTolerance: [0, 1, 300],
    profile: ['standard', 'strict'],
    dpop: [true, false, {}, { algorithms: ['ES256'] }, { nonceSecret }, { nonceSecret, noncePeriod: 10 }, { nonceSecret, noncePeriod: 3_600 }],
    mtls: [true, false, {}, { selfSigned: true }],
    baseUrl: ['https://api.example.com', 'https://api.example.com/', 'https://api.example.com:8443/v1', 'http://127.0.0.1:3000', 'http://localhost'],
    trustedProxies: [[], ['10.0.0.7'], ['10.0.0.0/8', '2001:db8::/32', '::1']],
    legacyScopes: [{}, { 'read:x': 'x.read', b: [{ action: 'b', constraints: { max_depth: 1 } }, 'c'] }],
    policy: [{}, { purposes: ['p'] }],
    constraints: [[], [{ name: 'own', compile: () => undefined }]],
    countedPerRequest: [[], ['emails'], ['requests'], ['a_1', 'drafts'], ['a_per_hour']],
    facts: [() => ({})],
    resolveTargets: [true, () => []],
    hookTimeoutMs: [1, 60_000],
    routes: [{}, { 'GET /': 'a' }],
    store: [{ name: 's', admit: () => undefined }],
    storeTimeoutMs: [1, 60_000],
    onStoreFailure: ['deny', 'local', { local: { processes: 1 } }],
    maxRevocations: [1, 1_000_000, 10_000_000],
    audit: [[], { write: () => undefined }, { info: () => undefined }, [{ write: () => undefined }, { info: () => undefined }]],
    logger: [console],
    respond: [() => undefined],
    failedValidationsPerMinute: [1, 1e6],
    fetch: [fetch],
    now: [Date.now],
  }

  it.each(optionNames.flatMap((name) => [...right[name], undefined].map((value) => [name, value] as const)).filter(([name, value]) => value !== undefined || (name !== 'issuer' && name !== 'audience')))('%s: %j is fine', (name, value) => {
    expect(make({ ...valid, [name]: value })).not.toThrow()
  })

  it.each([null, 'x', 1, [], () => undefined])('options that are %j', (options) => {
    expect(make(options)).toThrow(TypeError)
  })

  it('a key set without a key that can be used fails, and says what was expected', () => {
    expect(make({ ...valid, issuer: { issuer, jwks: { keys: [ec({ use: 'enc' }).jwk] } } })).toThrow(/usable key/)
  })
})

describe('unknown names', () => {
  it.each([['isuer', 'issuer'], ['Audience', 'audience'], ['audiences', 'audience'], ['clocktolerance', 'clockTolerance'], ['clockTolerence', 'clockTolerance'], ['algorithm', 'algorithms'], ['stroe', 'store'], ['route', 'routes'], ['loger', 'logger'], ['resolveTarget', 'resolveTargets']])('%s: did you mean %s', (name, meant) => {
    expect(make({ ...valid, [name]: 1 })).toThrow(`unknown option \`${name}\`, did you mean \`${meant}\`?`)
  })

  it.each(['somethingElse', 'x', '', 'constructor', 'toString'])('%j is like none', (name) => {
    expect(make({ ...valid, [name]: 1 })).toThrow(`unknown option \`${name}\``)
    expect(make({ ...valid, [name]: 1 })).not.toThrow(/did you mean/)
  })

  it.each([...laterOptions.keys()])('%s does not exist yet, and says so', (name) => {
    for (const value of [true, undefined, {}]) expect(make({ ...valid, [name]: value })).toThrow(`option \`${name}\` does not exist yet: `)
  })

  it('the same for issuers', () => {
    expect(make({ ...valid, issuer: { issuer, jkws: jwks } })).toThrow('unknown option of an issuer `jkws`, did you mean `jwks`?')
  })

  it('the same for routes', () => {
    expect(make({ ...valid, routes: { 'GET /': { action: 'a', aproval: 'required' } } })).toThrow(/`GET \/`|"GET \/".*`aproval`, did you mean `approval`\?$/)
    for (const name of laterRouteOptions.keys()) expect(make({ ...valid, routes: { 'GET /': { action: 'a', [name]: true } } })).toThrow(/does not exist yet/)
  })

  it('no name is both known and still to come', () => {
    expect(optionNames.filter((name) => laterOptions.has(name))).toEqual([])
  })
})

describe('the environment', () => {
  beforeEach(() => {
    vi.stubEnv('AAP_ISSUER', undefined)
    vi.stubEnv('AAP_AUDIENCE', undefined)
  })
  afterEach(() => { vi.unstubAllEnvs() })

  it('AAP_ISSUER and AAP_AUDIENCE stand in for options that are missing', () => {
    expect(make({ audit: [] })).toThrow(/`issuer`.*AAP_ISSUER/)
    vi.stubEnv('AAP_ISSUER', issuer)
    expect(make({ audit: [] })).toThrow(/`audience`.*AAP_AUDIENCE/)
    vi.stubEnv('AAP_AUDIENCE', audience)
    expect(make({ audit: [] })).not.toThrow()
  })

  it('an option comes before them', async () => {
    vi.stubEnv('AAP_ISSUER', 'https://other.example')
    vi.stubEnv('AAP_AUDIENCE', 'https://other.example')
    expect((await guarding().guard.authorize(requestBy(), 'a')).outcome).toBe('allow')
  })

  it.each(['', 'http://as.example.com', 'x'])('AAP_ISSUER=%j fails at start-up', (value) => {
    vi.stubEnv('AAP_ISSUER', value)
    expect(make({ audience, audit: [] })).toThrow(TypeError)
  })
})

describe('settings are frozen', () => {
  it('what is done to the options later changes nothing', async () => {
    const options: Record<string, any> = { clockTolerance: 0, countedPerRequest: ['emails'], audience: [audience], constraints: [] }
    const { guard } = guarding(options)
    options.audience[0] = 'https://other.example'
    options.clockTolerance = 300
    options.constraints.push({ name: 'own', compile: () => () => undefined })
    expect((await guard.authorize(requestBy(), 'a')).outcome).toBe('allow')
    expect((await guard.authorize(requestBy({ jti: 'other', aap_capabilities: [{ action: 'a', constraints: { own: 1 } }] }), 'a')).reason?.rule).toBe('CAP-5')
    expect(Object.isFrozen(guard)).toBe(true)
  })
})

describe('TOK-3, TOK-6: options that change what a token must be', () => {
  it('tokenType', async () => {
    const plain = requestWith(signToken({ aap_capabilities: [{ action: 'a' }] }, { typ: 'JWT' }))
    expect((await guarding().guard.authorize(plain, 'a')).status).toBe(200)
    expect((await guarding({ tokenType: 'at+jwt' }).guard.authorize(plain, 'a')).reason?.rule).toBe('TOK-3')
  })

  it.each([[0, 1, 200], [0, 0, 401], [60, -60, 200], [60, -61, 401], [300, -300, 200], [300, -301, 401]])('clockTolerance %i, exp %i seconds from now: %i', async (clockTolerance, offset, status) => {
    expect((await guarding({ clockTolerance }).guard.authorize(requestBy({ exp: now + offset, iat: now - 1_000 }), 'a')).status).toBe(status)
  })

  it('TOK-6: the tolerance is 60 seconds by default', async () => {
    expect((await guarding().guard.authorize(requestBy({ exp: now - 60, iat: now - 1_000 }), 'a')).status).toBe(200)
    expect((await guarding().guard.authorize(requestBy({ exp: now - 61, iat: now - 1_000 }), 'a')).status).toBe(401)
  })

  it('claimPrefix (DIA-3)', async () => {
    const prefix = 'https://example.com/'
    const claims = { aap_agent: undefined, aap_task: undefined, aap_capabilities: undefined, [`${prefix}aap_agent`]: { id: 'a', type: 't', operator: 'o' }, [`${prefix}aap_task`]: { id: 't', purpose: 'p' }, [`${prefix}aap_capabilities`]: [{ action: 'a' }] }
    expect((await guarding({ issuer: { issuer, jwks, claimPrefix: prefix } }).guard.authorize(requestBy(claims), 'a')).status).toBe(200)
    expect((await guarding().guard.authorize(requestBy(claims), 'a')).reason?.rule).toBe('DIA-5')
  })
})
