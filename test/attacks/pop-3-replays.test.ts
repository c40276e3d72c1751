import { Agent, request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { attackedAudience } from '../support/attacked-api.js'
import { createForger } from '../support/forge.js'
import { createProofMaker } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { guardStyles, refusedProof, usePopApi, type PopApi, type Refusal, type Showing } from '../support/pop-api.js'
import { startApi } from '../support/api.js'

expectHealthyProcess()

const shownBefore = expect.stringContaining('shown before') as unknown

async function expectReplay(pop: PopApi, showing: Showing): Promise<void> {
  expect((await pop.expectRefused(showing, refusedProof)).detail).toEqual(shownBefore)
}

/** A showing that can be sent again as it is. */
function fixed(pop: PopApi, { token = pop.token(), ...others }: Showing = {}): Showing {
  const { method = 'GET', target = '/search', parts } = others
  return { ...others, token, proofs: [pop.client.proof({ method, url: `https://api.example.com${target}`, token, ...parts })] }
}

describe.each(guardStyles)('POP-3: a proof is accepted once, with %s', (style) => {
  const pop = usePopApi(style)
  const { client } = pop

  it('on one connection after another, whatever else is in the request', async () => {
    const showing = fixed(pop)
    await pop.expectAllowed(showing)
    await expectReplay(pop, showing)
    await expectReplay(pop, { ...showing, target: '/search?other', lines: ['X-Other: 1'], scheme: 'dpop', hosts: ['other'] })
  })

  it('by its key and its jti: neither a new signature nor other claims make it new', async () => {
    const parts = { claims: { jti: 'the same one' } }
    await pop.expectAllowed({ parts })
    await expectReplay(pop, { parts })
    await expectReplay(pop, { parts: { claims: { jti: 'the same one', iat: pop.nowMs / 1000 - 5, more: 1 } } })
    await expectReplay(pop, { parts: parts, method: 'POST', target: '/any/x' })
    // Nor another token of the same key.
    await expectReplay(pop, { token: pop.token({ jti: 'another token' }), parts })
    await pop.expectAllowed({ parts: { claims: { jti: 'the same one ' } } })
    await pop.expectAllowed({ parts: { claims: { jti: 'The same one' } } })
  })

  it('the same jti by another client is another proof', async () => {
    const other = createProofMaker('EdDSA', () => pop.nowMs)
    const token = pop.token({ cnf: other.confirmation })
    const claims = { jti: 'of two clients' }
    await pop.expectAllowed({ parts: { claims } })
    await pop.expectAllowed({ token, proofs: [other.proof({ token, claims })] })
    await expectReplay(pop, { parts: { claims } })
    await expectReplay(pop, { token, proofs: [other.proof({ token, claims })] })
  })

  it('no jti can be made to meet another: long ones, line breaks, lone surrogates, colons, normal forms', async () => {
    const ids = ['a', 'a ', ' a', 'A', 'a:b', '1:a', 'a\n', 'a\u0000', '\u0000', '__proto__', 'constructor', '\u00e9', 'e\u0301', '\ud800', '\udfff', '\ufffd', 'x'.repeat(2_000), 'x'.repeat(2_001), '%61', '*', '?', '{a}', `${client.thumbprint}:a`]
    for (const jti of ids) await pop.expectAllowed({ parts: { claims: { jti } } })
    for (const jti of ids) await expectReplay(pop, { parts: { claims: { jti } } })
  })

  it('for as long as it is fresh: from 10 s ahead to 60 s old, and after that it is too old', async () => {
    const showing = fixed(pop, { parts: { claims: { iat: pop.nowMs / 1000 + 10 } } })
    await pop.expectAllowed(showing)
    for (let seconds = 0; seconds < 70; seconds += 5) {
      pop.nowMs += 5_000
      await expectReplay(pop, showing)
    }
    pop.nowMs += 1
    expect((await pop.expectRefused(showing, refusedProof)).detail).toContain('too old')
  })

  it.each([1, 10, 30, 3_600])('also where the clock goes back %i s', async (seconds) => {
    const showing = fixed(pop, { token: pop.token({ iat: pop.nowMs / 1000 - 7_200 }) })
    await pop.expectAllowed(showing)
    pop.nowMs -= seconds * 1_000
    if (seconds <= 10) await expectReplay(pop, showing)
    else expect((await pop.expectRefused(showing, refusedProof)).detail).toContain('in the future')
    pop.nowMs += seconds * 1_000
    await expectReplay(pop, showing)
  })

  it('where the clock goes forward for a while and back', async () => {
    const showing = fixed(pop)
    await pop.expectAllowed(showing)
    pop.nowMs += 30_000
    await pop.expectAllowed()
    pop.nowMs += 50_000
    await pop.expectAllowed()
    pop.nowMs -= 80_000
    await expectReplay(pop, showing)
    pop.nowMs += 80_000
  })
})

describe('POP-3: the same proof 50 times at once', () => {
  const forger = createForger()
  const client = createProofMaker()
  const iat = Math.floor(Date.now() / 1000)
  const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat, exp: iat + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
  const url = `${attackedAudience}/search`
  /** Later or sooner, so that decisions overtake each other. */
  let turn = 0
  const slowly = async (): Promise<object> => {
    for (let turns = turn++ % 7; turns > 0; turns--) await Promise.resolve()
    return {}
  }
  const options: GuardOptions = { issuer: forger.issuer, audience: attackedAudience, audit: [], facts: slowly }

  it('200 rounds through guard.authorize: exactly one is accepted in each', async () => {
    const guard = createGuard(options)
    const wins: number[] = []
    for (let round = 0; round < 200; round++) {
      const headers = { authorization: `DPoP ${token}`, dpop: client.proof({ token, url }) }
      const decisions = await Promise.all(Array.from({ length: 50 }, () => guard.authorize({ method: 'GET', url: '/search', headers }, 'search.web')))
      wins.push(decisions.filter(({ outcome }) => outcome === 'allow').length)
      expect(decisions.filter(({ status, error }) => status === 401 && error === 'invalid_dpop_proof')).toHaveLength(49)
    }
    expect(wins).toEqual(Array(200).fill(1))
    await guard.close()
  })

  it.each([
    ['routes', 25], ['requireCapability', 10],
  ] as const)('over HTTP with %s, %i rounds: one 200, one handler', async (style, rounds) => {
    const { server, handled } = await startApi('Express 5', { ...options, ...(style === 'routes' && { routes: { 'GET /search': 'search.web' } }) }, ({ guard, handler }) => ({
      use: [guard],
      routes: [{ path: '/search', run: [...(style === 'routes' ? [] : [requireCapability('search.web')]), handler('search')] }],
    }))
    const agent = new Agent({ keepAlive: true, maxSockets: 50 })
    const send = (proof: string): Promise<number> => new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port: server.port, path: '/search', agent, headers: { authorization: `DPoP ${token}`, dpop: proof } }, (response) => {
        response.resume()
        response.on('end', () => { resolve(response.statusCode!) })
      }).on('error', reject).end()
    })
    for (let round = 0; round < rounds; round++) {
      const proof = client.proof({ token, url })
      const statuses = await Promise.all(Array.from({ length: 50 }, () => send(proof)))
      expect(statuses.filter((status) => status === 200)).toHaveLength(1)
      expect(statuses.filter((status) => status === 401)).toHaveLength(49)
      expect(handled.splice(0)).toEqual(['search'])
    }
    agent.destroy()
  })
})

describe.each(guardStyles)('POP-3: a proof is recorded whatever is decided afterwards, with %s', (style) => {
  const hanging = (): Promise<never> => new Promise(() => undefined)
  const fails = (): never => { throw new Error('down') }
  const hasHooks = style !== 'guard.authorize'
  const pop = usePopApi(style, () => ({
    hookTimeoutMs: 50,
  }), {
    '/unknown': undefined,
    ...(hasHooks && {
      '/throws': { action: 'a.throws', options: { amount: fails } },
      '/rejects': { action: 'a.rejects', options: { amount: () => Promise.reject(new Error('down')) } },
      '/hangs': { action: 'a.hangs', options: { amount: hanging } },
      '/task': { action: 'a.task', options: { purposes: fails } },
    }),
  })
  const capability = (constraints: object, action = 'search.web') => ({ aap_capabilities: [{ action, constraints }] })
  const past = () => pop.nowMs / 1000 - 3_600

  it.each<[string, () => Showing, Refusal]>([
    ['its capabilities', () => ({ token: pop.token(capability({}, 'another.action')) }), { status: 403, error: 'aap_invalid_capability', rule: 'CAP-2' }],
    ['a constraint', () => ({ token: pop.token(capability({ allowed_methods: ['DELETE'] })) }), { status: 403, error: 'aap_constraint_violation', rule: 'CON-5' }],
    ['a constraint, with a quota beside it', () => ({ token: pop.token(capability({ allowed_methods: ['DELETE'], max_requests_per_day: 5 })) }), { status: 403, error: 'aap_constraint_violation', rule: 'CON-5' }],
    ['a domain', () => ({ token: pop.token(capability({ domains_allowed: ['example.org'] })) }), { status: 403, error: 'aap_domain_not_allowed', rule: 'CON-2' }],
    ['a quota of 0', () => ({ token: pop.token(capability({ max_requests_per_day: 0 })) }), { status: 429, error: 'aap_constraint_violation', rule: 'CON-1' }],
    ['a time window', () => ({ token: pop.token(capability({ time_window: { start: '2001-01-01T00:00:00Z', end: '2001-02-01T00:00:00Z' } })) }), { status: 403, error: 'aap_capability_expired', rule: 'CON-4' }],
    ['a missing approval', () => ({ token: pop.token({ aap_oversight: { requires_human_approval_for: ['search.web'] } }) }), { status: 403, error: 'aap_approval_required', rule: 'OVS-1' }],
    ['its task', () => ({ token: pop.token({ aap_task: { id: 't', purpose: 'p', expires_at: past() } }) }), { status: 403, error: 'aap_task_mismatch', rule: 'TSK-1' }],
    ['its context', () => ({ token: pop.token({ aap_context: { network_zone: 'inside' } }) }), { status: 403, error: 'aap_invalid_context', rule: 'CTX-1' }],
    ['its delegation', () => ({ token: pop.token({ aap_delegation: { depth: 2, max_depth: 1, chain: ['a', 'b', 'agent-researcher-01'] } }) }), { status: 403, error: 'aap_excessive_delegation', rule: 'DEL-1' }],
    ['a route that nobody knows', () => ({ target: '/unknown' }), { status: 403, error: 'aap_invalid_capability', rule: 'RTE-1' }],
    ...(hasHooks
      ? ([['a hook that throws', '/throws'], ['a hook that rejects', '/rejects'], ['a hook that hangs', '/hangs'], ['a hook about the task that throws', '/task']] as const).map(([what, target]): [string, () => Showing, Refusal] => [what, () => ({ target }), { status: 500, rule: 'ERR-2' }])
      : []),
  ])('refused by %s: shown again it is a replay', async (_what, showing, refusal) => {
    const again = fixed(pop, showing())
    await pop.expectRefused(again, refusal)
    await expectReplay(pop, again)
    await expectReplay(pop, again)
  })

  it('a quota that was used up: the replay takes nothing, and a new proof is 429 still', async () => {
    const token = pop.token({ jti: 'used up', ...capability({ max_requests_per_day: 2 }) })
    const shown = fixed(pop, { token })
    await pop.expectAllowed(shown)
    for (let i = 0; i < 5; i++) await expectReplay(pop, shown)
    await pop.expectAllowed({ token })
    const late = fixed(pop, { token })
    await pop.expectRefused(late, { status: 429, error: 'aap_constraint_violation', rule: 'CON-1' })
    await expectReplay(pop, late)
  })
})

describe.each(guardStyles)('POP-3: a proof is recorded though the option facts fails, with %s', (style) => {
  const failures: Readonly<Record<string, () => unknown>> = {
    throws: () => { throw new Error('down') },
    rejects: () => Promise.reject(new Error('down')),
    hangs: () => new Promise(() => undefined),
    rubbish: () => 'no object',
  }
  const pop = usePopApi(style, () => ({ hookTimeoutMs: 50, facts: (req: { headers: Record<string, string> }) => failures[req.headers['x-fail'] ?? '']?.() as object }))

  it.each(Object.keys(failures))('it %s', async (how) => {
    const showing = fixed(pop, { lines: [`X-Fail: ${how}`] })
    await pop.expectRefused(showing, { status: 500, rule: 'ERR-2' })
    await expectReplay(pop, { ...showing, lines: [] })
  })
})

describe.each(guardStyles)('POP-3: a replay is refused as one whatever else fails, with %s', (style) => {
  let fails = false
  const pop = usePopApi(style, () => ({ facts: () => { if (fails) throw new Error('down'); return {} } }), { '/unknown': undefined })

  it('a hook that fails the second time, a route that nobody knows', async () => {
    const showing = fixed(pop)
    await pop.expectAllowed(showing)
    fails = true
    await expectReplay(pop, showing)
    fails = false
    const unknown = fixed(pop, { target: '/unknown', parts: { claims: { jti: 'for both' } } })
    await pop.expectAllowed({ parts: { claims: { jti: 'for both' } } })
    await expectReplay(pop, unknown)
  })
})

describe.each(['routes', 'requireCapability'] as const)('POP-3: a proof is recorded though the body is too large, with %s', (style) => {
  const pop = usePopApi(style)
  const token = (constraints: object): string => pop.token({ aap_capabilities: [{ action: 'search.web', constraints }] })

  it.each([['announced', ['Content-Length: 5'], 'xxxxx'], ['in chunks', ['Transfer-Encoding: chunked'], '5\r\nxxxxx\r\n0\r\n\r\n']] as const)('%s (CON-6)', async (_what, lines, body) => {
    const showing = fixed(pop, { method: 'POST', token: token({ max_request_size: 1 }), lines })
    const first = await pop.api.server.send(`${pop.bytes(showing)}${body}`)
    expect([first.status, first.json.error]).toEqual([413, 'request_too_large'])
    expect(pop.api.audit.takeDecision().rule).toBe('CON-6')
    // The handler may have begun before the body was known to be too large.
    pop.api.handled.length = 0
    const again = await pop.api.server.send(`${pop.bytes(showing)}${body}`)
    expect([again.status, again.json.error]).toEqual([401, 'invalid_dpop_proof'])
    expect(pop.api.audit.takeDecision().detail).toEqual(shownBefore)
    expect(pop.api.handled).toEqual([])
  })
})
