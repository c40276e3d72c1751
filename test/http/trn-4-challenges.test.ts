import { describe, expect, it } from 'vitest'
import { createGuard, requireCapability, type GuardOptions, type RouteOptions } from '../../src/index.js'
import { attackedAudience } from '../support/attacked-api.js'
import { createForger } from '../support/forge.js'
import { createProofMaker } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { startApi } from '../support/api.js'
import type { Answer } from '../support/http-client.js'

expectHealthyProcess()

const nowMs = Date.UTC(2030, 4, 6, 12)
const forger = createForger()
const client = createProofMaker('ES256', () => nowMs)
const url = `${attackedAudience}/act`
const trusting: GuardOptions = { issuer: forger.issuer, audience: attackedAudience, now: () => nowMs }

/** Values that stand in tokens, proofs, options and rules, and in no answer. */
const secret = 'hidden'

function token(overrides: object = {}, isBound = true): string {
  return forger.token(exampleClaims({
    iss: forger.issuer.issuer, aud: attackedAudience, iat: nowMs / 1000, exp: nowMs / 1000 + 300, jti: `jti-${secret}`, ...(isBound && { cnf: client.confirmation }), sub: `sub-${secret}`,
    aap_agent: { id: `agent-${secret}`, type: 'x', operator: `operator-${secret}` }, aap_task: { id: `task-${secret}`, purpose: `purpose-${secret}` }, aap_capabilities: [{ action: 'act.now', constraints: {} }], ...overrides,
  }))
}

const bound = token()
const bearer = token({}, false)
const expired = { aap_task: { id: `task-${secret}`, purpose: `purpose-${secret}`, expires_at: nowMs / 1000 - 1 } }
const incapable = { aap_capabilities: [{ action: `other.${secret}`, constraints: {} }] }
const good = (shown = bound): string => client.proof({ token: shown, url })
const dpop = (shown: string, ...proofs: readonly string[]): string[] => [`Authorization: DPoP ${shown}`, ...proofs.map((proof) => `DPoP: ${proof}`)]

const sentences = {
  invalid_request: 'The request carries malformed or repeated credentials.',
  invalid_token: 'The access token is not valid.',
  expired: 'The access token expired.',
  invalid_dpop_proof: 'The DPoP proof is not valid.',
  use_dpop_nonce: 'The DPoP proof needs the nonce of this server.',
  aap_task_mismatch: 'The action does not match the task of the token.',
  aap_invalid_capability: 'The token has no capability for this action.',
  aap_constraint_violation: 'A constraint of the capability does not hold.',
} as const

type Fault = keyof typeof sentences

/** One challenge, written out by hand. */
function challenge(scheme: 'Bearer' | 'DPoP', { fault, algs = 'ES256 EdDSA RS256', metadata }: { fault?: Fault | undefined; algs?: string | undefined; metadata?: string | undefined } = {}): string {
  const error = fault === undefined ? '' : `, error="${fault === 'expired' ? 'invalid_token' : fault}", error_description="${sentences[fault]}"`
  return `${scheme} realm="api"${error}${scheme === 'DPoP' ? `, algs="${algs}"` : ''}${metadata === undefined ? '' : `, resource_metadata="${metadata}"`}`
}

const bearerFirst = (fault?: Fault, more: { metadata?: string; algs?: string } = {}): string => `${challenge('Bearer', { fault, ...more })}, ${challenge('DPoP', more)}`
const dpopFirst = (fault?: Fault, more: { metadata?: string; algs?: string } = {}): string => `${challenge('DPoP', { fault, ...more })}, ${challenge('Bearer', more)}`
const challengeDpop = (fault: Fault): string => challenge('DPoP', { fault })

interface Case {
  readonly what: string
  readonly lines: () => readonly string[]
  readonly status: number
  readonly error?: string
  readonly expected: string
  readonly options?: GuardOptions
  readonly route?: RouteOptions<any>
  /** Where the guard alone refuses, it knows no route. */
  readonly expectedOfGuard?: string
}

const baseUrl = 'https://api.example.com'
const metadata = 'https://api.example.com/.well-known/oauth-protected-resource'
const strict: GuardOptions = { profile: 'strict' }
const demanding: RouteOptions<any> = { proof: 'required' }
const demandingAll: GuardOptions = { facts: () => ({ proof: 'required' }) }

const cases: Case[] = [
  { what: 'no credentials: Bearer, then DPoP, and no error', lines: () => [], status: 401, expected: bearerFirst() },
  { what: 'credentials of another scheme', lines: () => ['Authorization: Basic x'], status: 401, expected: bearerFirst() },
  { what: 'a proof without credentials', lines: () => [`DPoP: ${good()}`], status: 401, expected: bearerFirst() },
  { what: 'a bad token by Bearer', lines: () => ['Authorization: Bearer rubbish'], status: 401, error: 'invalid_token', expected: bearerFirst('invalid_token') },
  { what: 'an expired token by Bearer', lines: () => [`Authorization: Bearer ${token({ exp: 1, iat: 0 }, false)}`], status: 401, error: 'invalid_token', expected: bearerFirst('expired') },
  { what: 'a bad token by DPoP', lines: () => dpop('rubbish', good()), status: 401, error: 'invalid_token', expected: dpopFirst('invalid_token') },
  { what: 'an expired token by DPoP', lines: () => dpop(token({ exp: 1, iat: 0 }), good()), status: 401, error: 'invalid_token', expected: dpopFirst('expired') },
  { what: 'a bound token by Bearer', lines: () => [`Authorization: Bearer ${bound}`], status: 401, error: 'invalid_token', expected: bearerFirst('invalid_token') },
  { what: 'a token that is not bound, by DPoP', lines: () => dpop(bearer, good(bearer)), status: 401, error: 'invalid_token', expected: dpopFirst('invalid_token') },
  { what: 'no proof', lines: () => dpop(bound), status: 401, error: 'invalid_dpop_proof', expected: dpopFirst('invalid_dpop_proof') },
  { what: 'two proofs', lines: () => dpop(bound, good(), good()), status: 401, error: 'invalid_dpop_proof', expected: dpopFirst('invalid_dpop_proof') },
  { what: 'a bad proof', lines: () => dpop(bound, client.proof({ token: bound, url, method: 'POST', claims: { nonce: secret } })), status: 401, error: 'invalid_dpop_proof', expected: dpopFirst('invalid_dpop_proof') },
  { what: 'a proof by another key', lines: () => dpop(bound, createProofMaker('ES256', () => nowMs).proof({ token: bound, url })), status: 401, error: 'invalid_token', expected: dpopFirst('invalid_token') },
  { what: 'two Authorization headers', lines: () => ['Authorization: Bearer a', 'Authorization: DPoP b'], status: 400, error: 'invalid_request', expected: bearerFirst('invalid_request') },
  { what: 'malformed credentials by Bearer', lines: () => ['Authorization: Bearer a b'], status: 400, error: 'invalid_request', expected: bearerFirst('invalid_request') },
  { what: 'malformed credentials by DPoP', lines: () => ['Authorization: DPoP a b'], status: 400, error: 'invalid_request', expected: dpopFirst('invalid_request') },
  { what: 'a scheme alone, DPoP', lines: () => ['Authorization: DPoP'], status: 400, error: 'invalid_request', expected: dpopFirst('invalid_request') },
  { what: 'two Host headers', lines: () => ['Host: other.example', ...dpop(bound, good())], status: 400, error: 'invalid_request', expected: bearerFirst('invalid_request') },
  { what: 'no capability, by Bearer', lines: () => [`Authorization: Bearer ${token(incapable, false)}`], status: 403, error: 'aap_invalid_capability', expected: bearerFirst('aap_invalid_capability') },
  { what: 'no capability, by DPoP', lines: () => { const shown = token(incapable); return dpop(shown, good(shown)) }, status: 403, error: 'aap_invalid_capability', expected: dpopFirst('aap_invalid_capability') },

  { what: 'strict, no credentials', lines: () => [], status: 401, expected: challenge('DPoP'), options: strict },
  { what: 'strict, a bad token by Bearer', lines: () => ['Authorization: Bearer rubbish'], status: 401, error: 'invalid_token', expected: challenge('DPoP', { fault: 'invalid_token' }), options: strict },
  { what: 'strict, a good token that is not bound', lines: () => [`Authorization: Bearer ${bearer}`], status: 401, error: 'invalid_token', expected: challenge('DPoP', { fault: 'invalid_token' }), options: strict },
  { what: 'strict, no proof', lines: () => dpop(bound), status: 401, error: 'invalid_dpop_proof', expected: challenge('DPoP', { fault: 'invalid_dpop_proof' }), options: strict },
  { what: 'strict, malformed credentials', lines: () => ['Authorization: Bearer a b'], status: 400, error: 'invalid_request', expected: challenge('DPoP', { fault: 'invalid_request' }), options: strict },
  { what: 'strict, no capability', lines: () => { const shown = token(incapable); return dpop(shown, good(shown)) }, status: 403, error: 'aap_invalid_capability', expected: challenge('DPoP', { fault: 'aap_invalid_capability' }), options: strict },
  { what: 'strict with mutual TLS only: a bound token is sent as a bearer token', lines: () => [`Authorization: Bearer ${bearer}`], status: 401, error: 'invalid_token', expected: challenge('Bearer', { fault: 'invalid_token' }), options: { profile: 'strict', dpop: false, mtls: true } },

  { what: 'proof: required, a token that is not bound', lines: () => [`Authorization: Bearer ${bearer}`], status: 401, error: 'invalid_token', expected: challenge('DPoP', { fault: 'invalid_token' }), route: demanding, expectedOfGuard: challenge('DPoP', { fault: 'invalid_token' }) },
  { what: 'proof: required, no credentials', lines: () => [], status: 401, expected: challenge('DPoP'), route: demanding, expectedOfGuard: bearerFirst() },
  { what: 'proof: required, a bad token', lines: () => ['Authorization: Bearer rubbish'], status: 401, error: 'invalid_token', expected: challenge('DPoP', { fault: 'invalid_token' }), route: demanding, expectedOfGuard: bearerFirst('invalid_token') },
  { what: 'proof: required, no capability', lines: () => { const shown = token(incapable); return dpop(shown, good(shown)) }, status: 403, error: 'aap_invalid_capability', expected: challenge('DPoP', { fault: 'aap_invalid_capability' }), route: demanding, expectedOfGuard: challenge('DPoP', { fault: 'aap_invalid_capability' }) },

  { what: 'proof: required of every route, a token that is not bound', lines: () => [`Authorization: Bearer ${bearer}`], status: 401, error: 'invalid_token', expected: challenge('DPoP', { fault: 'invalid_token' }), options: demandingAll },
  { what: 'proof: required of every route, no capability', lines: () => { const shown = token(incapable); return dpop(shown, good(shown)) }, status: 403, error: 'aap_invalid_capability', expected: challenge('DPoP', { fault: 'aap_invalid_capability' }), options: demandingAll },
  { what: 'proof: required of every route, a task that is over', lines: () => { const shown = token(expired); return dpop(shown, good(shown)) }, status: 403, error: 'aap_task_mismatch', expected: challenge('DPoP', { fault: 'aap_task_mismatch' }), options: demandingAll },
  { what: 'proof: required of every route and with DPoP off, a token that is not bound', lines: () => [`Authorization: Bearer ${bearer}`], status: 401, error: 'invalid_token', expected: challenge('Bearer', { fault: 'invalid_token' }), options: { ...demandingAll, dpop: false, mtls: true } },
  // `facts` is asked about requests whose token holds, so that for others nobody knows what it would demand.
  { what: 'proof: required of every route, no credentials', lines: () => [], status: 401, expected: bearerFirst(), options: demandingAll },
  { what: 'proof: required of every route, a bad token', lines: () => ['Authorization: Bearer rubbish'], status: 401, error: 'invalid_token', expected: bearerFirst('invalid_token'), options: demandingAll },

  { what: 'DPoP off, no credentials', lines: () => [], status: 401, expected: challenge('Bearer'), options: { dpop: false } },
  { what: 'DPoP off, the scheme DPoP', lines: () => dpop(bound, good()), status: 401, error: 'invalid_token', expected: challenge('Bearer', { fault: 'invalid_token' }), options: { dpop: false } },
  { what: 'DPoP off, a bound token by Bearer', lines: () => [`Authorization: Bearer ${bound}`], status: 401, error: 'invalid_token', expected: challenge('Bearer', { fault: 'invalid_token' }), options: { dpop: false } },
  { what: 'DPoP off, malformed credentials of the scheme DPoP', lines: () => ['Authorization: DPoP a b'], status: 400, error: 'invalid_request', expected: challenge('Bearer', { fault: 'invalid_request' }), options: { dpop: false } },
  { what: 'algs are those of the option, in its order', lines: () => [], status: 401, expected: bearerFirst(undefined, { algs: 'PS256 ES256' }), options: { dpop: { algorithms: ['PS256', 'ES256'] } } },

  { what: 'resource_metadata in each challenge, no credentials', lines: () => [], status: 401, expected: bearerFirst(undefined, { metadata }), options: { baseUrl } },
  { what: 'resource_metadata in each challenge, no proof', lines: () => dpop(bound), status: 401, error: 'invalid_dpop_proof', expected: dpopFirst('invalid_dpop_proof', { metadata }), options: { baseUrl } },
  { what: 'resource_metadata of a base path, strict', lines: () => [], status: 401, expected: challenge('DPoP', { metadata: `${metadata}/v1/x` }), options: { baseUrl: `${baseUrl}/v1/x`, ...strict } },
  { what: 'resource_metadata with 403', lines: () => [`Authorization: Bearer ${token(incapable, false)}`], status: 403, error: 'aap_invalid_capability', expected: bearerFirst('aap_invalid_capability', { metadata }), options: { baseUrl } },
  { what: 'resource_metadata with 400', lines: () => ['Authorization: Bearer a b'], status: 400, error: 'invalid_request', expected: bearerFirst('invalid_request', { metadata }), options: { baseUrl } },
]

function startStyle(style: 'routes' | 'requireCapability', { options, route = {} }: Pick<Case, 'options' | 'route'>, handle?: (req: any, res: any) => void) {
  return startApi('node:http', { ...trusting, ...options, ...(style === 'routes' && { routes: { 'GET /act': { action: 'act.now', ...route } } }) }, ({ guard, handler }) => ({
    use: [guard],
    routes: [{ path: '/act', run: [...(style === 'routes' ? [] : [requireCapability('act.now', route)]), handler('act', handle)] }],
  }))
}

function expectNothingLeaks({ headers, text }: Answer, rule: string | undefined): void {
  const all = JSON.stringify(headers) + text
  for (const hidden of [secret, rule ?? secret, client.thumbprint, 'htu', 'htm', 'jwk', 'ath', 'as.example.com']) expect(all).not.toContain(hidden)
}

describe.each(['routes', 'requireCapability'] as const)('TRN-4: WWW-Authenticate, with %s', (style) => {
  it.each(cases)('$what: $status', async (row) => {
    const { server, audit, handled } = await startStyle(style, row)
    const answer = await server.sendTarget('/act', row.lines())
    const { rule } = audit.takeDecision()
    expect([answer.status, answer.json.error]).toEqual([row.status, row.error])
    expect(answer.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value)).toEqual([style === 'routes' ? row.expected : (row.expectedOfGuard ?? row.expected)])
    expect(answer.header('dpop-nonce')).toBeUndefined()
    expect(handled).toEqual([])
    expectNothingLeaks(answer, rule)
  })
})

describe('TRN-4, CON-7: a refusal of what a handler answers offers what the route takes', () => {
  it.each(['routes', 'requireCapability'] as const)('with %s', async (style) => {
    const shown = token({ aap_capabilities: [{ action: 'act.now', constraints: { max_response_size: 1 } }] })
    for (const [options, route, expected] of [[{}, {}, dpopFirst], [{}, demanding, challengeDpop], [demandingAll, {}, challengeDpop], [strict, {}, challengeDpop]] as const) {
      const { server, handled } = await startStyle(style, { options, route }, (_, res) => { res.end('too long') })
      const answer = await server.sendTarget('/act', dpop(shown, good(shown)))
      expect([answer.status, answer.header('www-authenticate'), handled]).toEqual([403, expected('aap_constraint_violation'), ['act']])
    }
  })
})

it('TRN-4: where no route matches, the demands of every route are told all the same', async () => {
  const { server } = await startStyle('routes', { options: demandingAll })
  const answer = await server.sendTarget('/other', [`Authorization: Bearer ${bearer}`])
  expect([answer.status, answer.header('www-authenticate')]).toEqual([403, challenge('DPoP', { fault: 'aap_invalid_capability' })])
})

describe('TRN-4: the headers of guard.authorize', () => {
  it.each(cases)('$what: $status', async ({ options, route, lines, status, error, expected }) => {
    const guard = createGuard({ ...trusting, audit: [], ...options })
    const rawHeaders = ['Host', 'api.example.com', ...lines().flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])]
    const decision = await guard.authorize({ method: 'GET', url: '/act', headers: {}, rawHeaders }, 'act.now', route as object)
    expect([decision.status, decision.outcome === 'deny' ? decision.error : 'allowed']).toEqual([status, error])
    expect(decision.headers).toEqual({ 'www-authenticate': expected })
    expect(Object.isFrozen(decision.headers)).toBe(true)
    await guard.close()
  })

  it('none where all is in order, and only Retry-After where a quota is full', async () => {
    const guard = createGuard({ ...trusting, audit: [] })
    expect(await guard.authorize({ method: 'GET', url: '/act', headers: { authorization: `DPoP ${bound}`, dpop: good() } }, 'act.now')).not.toHaveProperty('headers')
    const counted = token({ aap_capabilities: [{ action: 'act.now', constraints: { max_requests_per_minute: 0 } }] })
    expect((await guard.authorize({ method: 'GET', url: '/act', headers: { authorization: `DPoP ${counted}`, dpop: good(counted) } }, 'act.now')).headers).toEqual({ 'retry-after': '60' })
    await guard.close()
  })
})

describe('POP-2: `proof: required` and `strict` take what is bound and nothing else', () => {
  it.each(['routes', 'requireCapability'] as const)('with %s', async (style) => {
    for (const [options, route] of [[strict, {}], [{}, demanding]] as const) {
      const { server, handled } = await startStyle(style, { options, route })
      expect((await server.sendTarget('/act', dpop(bound, good()))).status).toBe(200)
      expect((await server.sendTarget('/act', [`Authorization: Bearer ${bearer}`])).status).toBe(401)
      expect((await server.sendTarget('/act', [`Authorization: Bearer ${bearer}`, `DPoP: ${good(bearer)}`])).status).toBe(401)
      expect(handled).toEqual(['act'])
    }
  })
})
