import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createProofMaker } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { misbehaviours, type Members, type Misbehaviour } from '../support/agent-token-issuer.js'
import { audience, opaqueKinds, startIssuer, startOpaqueApi, testClock } from './opaque-api.js'

expectHealthyProcess()

const random = (): string => `agt_${randomBytes(32).toString('base64url')}`
const searching = exampleClaims({ aap_capabilities: [{ action: 'search.web', constraints: {} }] })

describe.each(opaqueKinds)('INT-1 on %s', (kind) => {
  it('INT-1: a token that the issuer does not know is 401, and one it revoked', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    const refused = await server.call('/search', { token: random() })
    expect([refused.status, refused.json.error, refused.header('www-authenticate')]).toEqual([401, 'invalid_token', expect.stringMatching(/^Bearer .*error="invalid_token"/)])
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', rule: 'INT-1', detail: 'the token is not active' })

    const token = await issuer.issue()
    expect((await server.call('/search', { token })).status).toBe(200)
    await fetch(`${issuer.issuer}/oauth/revoke`, { method: 'POST', headers: { authorization: `Basic ${btoa('the-api:a-secret-of-the-api')}` }, body: new URLSearchParams({ token }) })
    expect(issuer.revoked.has(token)).toBe(true)
    // Cached for 30 s, and not longer.
    clock.pass(29_999)
    expect((await server.call('/search', { token })).status).toBe(200)
    clock.pass(1)
    expect((await server.call('/search', { token })).status).toBe(401)
    expect(handled).toHaveLength(2)
  })

  it.each<[string, Misbehaviour]>([
    ['a 500', misbehaviours.fail], ['HTML', misbehaviours.page], ['100 MB', misbehaviours.flood], ['unsupported_token_type', misbehaviours.unsupported], ['a cut connection', misbehaviours.cut], ['no answer', misbehaviours.hang],
    ['a list', misbehaviours.answer([{ active: true }])], ['active twice', misbehaviours.answer('{"active":false,"active":true}')], ['null', misbehaviours.answer('null')], ['half of an object', misbehaviours.answer('{"active":true')],
  ])('INT-1: %s is 503, and nobody is let in', async (_title, how) => {
    const issuer = await startIssuer()
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted(how === misbehaviours.hang ? { timeoutMs: 500 } : {}) })
    const token = await issuer.issue()
    issuer.misbehave('introspect', how)
    const answer = await server.call('/search', { token })
    expect([answer.status, answer.json.error, Number(answer.header('retry-after'))]).toEqual([503, 'temporarily_unavailable', expect.any(Number)])
    expect(Number(answer.header('retry-after'))).toBeGreaterThan(0)
    expect(answer.header('www-authenticate')).toBeUndefined()
    const record = audit.takeDecision()
    expect(record).toMatchObject({ outcome: 'deny', status: 503, rule: 'INT-1' })
    expect(JSON.stringify(record)).not.toContain(token)
    expect(handled).toEqual([])
    issuer.misbehave('introspect', undefined)
    // Good answers may take longer than 500 ms, too, on a machine that stands still.
    await expect.poll(async () => (await server.call('/search', { token })).status).toBe(200)
    expect(handled).toEqual(['/search'])
  })

  it('INT-1: a redirect is not followed: nobody else is shown the token', async () => {
    const [issuer, other] = [await startIssuer(), await startIssuer()]
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    issuer.misbehave('introspect', misbehaviours.redirectTo(`${other.issuer}/oauth/introspect`))
    expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(503)
    expect([issuer.asked.length, other.asked.length]).toEqual([1, 0])
  })

  it('INT-1: an issuer that is down, and back; what is cached goes on', async () => {
    const issuer = await startIssuer()
    const { server, operator } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const [known, other] = [await issuer.issue(), await issuer.issue()]
    expect((await server.call('/search', { token: known })).status).toBe(200)
    const statuses: number[] = []
    for (let i = 0; i < 8; i++) {
      // It flaps: every other call fails.
      issuer.misbehave('introspect', i % 2 === 0 ? misbehaviours.fail : undefined)
      statuses.push((await server.call('/search', { token: await issuer.issue() })).status)
    }
    expect(statuses).toEqual([503, 200, 503, 200, 503, 200, 503, 200])
    issuer.misbehave('introspect', misbehaviours.cut)
    expect([(await server.call('/search', { token: other })).status, (await server.call('/search', { token: known })).status]).toEqual([503, 200])
    expect(operator.said.some(({ message }) => message.includes('Tokens cannot be introspected'))).toBe(true)
    expect(JSON.stringify(operator.said)).not.toContain('agt_')
    issuer.misbehave('introspect', undefined)
    expect((await server.call('/search', { token: other })).status).toBe(200)
  })

  it('INT-1: an issuer that fails again and again is left alone for a while', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted(), now: clock.now })
    issuer.misbehave('introspect', misbehaviours.fail)
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.issue()))
    for (const token of tokens) expect((await server.call('/search', { token })).status).toBe(503)
    expect(issuer.asked).toHaveLength(5)
    issuer.misbehave('introspect', undefined)
    clock.pass(120_000)
    expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(200)
  })

  it.each<[string, Members, string]>([
    ['active: "true"', { active: 'true' }, 'INT-1'], ['active: 1', { active: 1 }, 'INT-1'], ['no active', { active: undefined }, 'INT-1'],
    ['past exp', { exp: 1_000_000_000 }, 'TOK-6'], ['no exp', { exp: undefined }, 'TOK-6'], ['exp as text', { exp: '9999999999' }, 'TOK-6'], ['nbf to come', { nbf: 9_999_999_999 }, 'TOK-6'],
    ['another audience', { aud: 'https://other.example.com' }, 'TOK-5'], ['an empty audience', { aud: [] }, 'TOK-5'], ['the iss of another', { iss: 'https://as.example.com' }, 'TOK-4'], ['a null iss', { iss: null }, 'TOK-7'],
    ['a confirmation of nothing known', { cnf: { jwk: {} } }, 'POP'], ['no agent_type', { agent_type: undefined }, 'DIA-5'], ['another agent_type', { agent_type: 'robot' }, 'INT-2'],
    ['a null scope', { scope: null }, 'TOK-7'], ['a negative budget', { max_operations: -1 }, 'INT-4'], ['a fraction left', { max_operations: 3, operations_remaining: 1.5 }, 'INT-4'], ['a budget as text', { max_operations: '3' }, 'INT-4'], ['a negative rest', { operations_remaining: -1 }, 'INT-4'], ['a rest of null', { operations_remaining: null }, 'TOK-7'], ['nothing left', { operations_remaining: 0 }, 'INT-4'],
  ])('INT-1: %s is 401', async (_title, members, rule) => {
    const issuer = await startIssuer()
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const token = await issuer.issue()
    issuer.amend(token, members)
    for (let time = 0; time < 2; time++) {
      const answer = await server.call('/search', { token })
      const record = audit.takeDecision()
      expect([answer.status, answer.json.error, record.rule]).toEqual([401, expect.stringMatching(/^(invalid_token|token_expired)$/), expect.stringContaining(rule)])
      expect(JSON.stringify(record)).not.toContain(token)
    }
    expect(handled).toEqual([])
  })

  it('INT-1, POP-1: a bound token needs its proof, over the token as it is', async () => {
    const issuer = await startIssuer()
    const { server, audit, handled } = await startOpaqueApi(kind, { issuer: issuer.trusted(), baseUrl: audience })
    const [holder, thief] = [createProofMaker(), createProofMaker()]
    const token = await issuer.issue({ max_operations: 2 })
    issuer.amend(token, { cnf: holder.confirmation, token_type: 'DPoP' })
    const show = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status } = await server.call('/search', { headers })
      return [status, audit.takeDecision().rule]
    }
    const proof = holder.proof({ token })
    expect(await show({ authorization: `Bearer ${token}` })).toEqual([401, 'POP-1'])
    expect(await show({ authorization: `DPoP ${token}` })).toEqual([401, 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: thief.proof({ token }) })).toEqual([401, 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token: 'another' }) })).toEqual([401, 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof() })).toEqual([401, 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: proof })).toEqual([200, undefined])
    expect(await show({ authorization: `DPoP ${token}`, dpop: proof })).toEqual([401, 'POP-3'])
    // Neither a wrong proof nor a replay took an operation.
    expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token }) })).toEqual([200, undefined])
    expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token }) })).toEqual([401, 'INT-4'])
    expect(handled).toHaveLength(2)
    const bearer = await issuer.issue()
    expect(await show({ authorization: `DPoP ${bearer}`, dpop: holder.proof({ token: bearer }) })).toEqual([401, 'POP-1'])
  })

  it('INT-1: the prefix says whom to ask, and nobody else sees the token', async () => {
    const [one, two] = [await startIssuer({ prefix: 'one_' }), await startIssuer({ prefix: 'two_' })]
    const { server, audit } = await startOpaqueApi(kind, { issuer: [one.trusted({ tokenPrefix: 'one_' }), two.trusted({ tokenPrefix: 'two_' })] })
    const [ofOne, ofTwo] = [await one.issue(), await two.issue()]
    expect((await server.call('/search', { token: ofOne })).json.token.issuer).toBe(one.issuer)
    expect((await server.call('/search', { token: ofTwo })).json.token.issuer).toBe(two.issuer)
    audit.clear()
    for (const token of [`one_${ofTwo.slice(4)}`, `two_${ofOne.slice(4)}`]) expect((await server.call('/search', { token })).status).toBe(401)
    audit.clear()
    for (const token of ['three_a', 'One_a', 'one', 'a.b.c']) {
      expect((await server.call('/search', { token })).status).toBe(401)
      audit.takeDecision()
    }
    expect([one.asked, two.asked]).toEqual([[ofOne, `one_${ofTwo.slice(4)}`], [ofTwo, `two_${ofOne.slice(4)}`]])
  })

  it('INT-1: an issuer without a prefix has the tokens that no other has', async () => {
    const [any, one] = [await startIssuer({ prefix: '' }), await startIssuer({ prefix: 'one_' })]
    const { server } = await startOpaqueApi(kind, { issuer: [any.trusted(), one.trusted({ tokenPrefix: 'one_' })] })
    const [ofAny, ofOne] = [await any.issue(), await one.issue()]
    expect([(await server.call('/search', { token: ofAny })).status, (await server.call('/search', { token: ofOne })).status]).toEqual([200, 200])
    expect([any.asked, one.asked]).toEqual([[ofAny], [ofOne]])
  })
})

describe.each(opaqueKinds)('INT-1: JWTs beside them on %s', (kind) => {
  it('INT-1: JWTs are verified here and shown to nobody, nor what may be one', async () => {
    const issuer = await startIssuer()
    const { server } = await startOpaqueApi(kind, { issuer: issuer.trusted() })
    const jwt = await issuer.sign(searching)
    expect((await server.call('/search', { token: jwt })).json.token.kind).toBe('jwt')
    const [header, payload, signature] = jwt.split('.')
    for (const token of [`${header!}.${payload!}.AAAA`, `${jwt}.`, `${header!}.${payload!}`, `${header!}.`, `${jwt}.${signature!}`, `${jwt}.a.b`, `${header!}.${payload!}.`]) {
      expect((await server.call('/search', { token })).status).toBe(401)
    }
    expect(issuer.asked).toEqual([])
  })

  it('INT-1: with jwts: introspect they are asked about, once they are verified', async () => {
    const clock = testClock()
    const issuer = await startIssuer(clock)
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ jwts: 'introspect' }), now: clock.now })
    const jwt = await issuer.sign(searching)
    const forged = `${jwt.slice(0, -10)}AAAAAAAAAA`
    const other = await issuer.sign({ ...searching, aud: 'https://other.example.com' })
    for (const [token, rule] of [[forged, 'TOK-1'], [other, 'TOK-5'], [await issuer.sign({ ...searching, exp: 1 }), 'TOK-6']] as const) {
      expect((await server.call('/search', { token })).status).toBe(401)
      expect(audit.takeDecision().rule).toBe(rule)
    }
    expect(issuer.asked).toEqual([])

    // The issuer knows of no JWT of its own: all of them are inactive there.
    expect((await server.call('/search', { token: jwt })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('INT-1')
    const says = (members: Members): void => { issuer.misbehave('introspect', misbehaviours.answer({ active: true, exp: Math.floor(clock.now() / 1_000) + 100, ...members })) }
    says({})
    expect((await server.call('/search', { token: jwt })).status).toBe(401)
    clock.pass(5_000)
    audit.clear()
    expect((await server.call('/search', { token: jwt })).json).toMatchObject({ token: { kind: 'jwt' }, agent: { id: 'agent-researcher-01' } })
    expect((await server.call('/search', { token: jwt })).status).toBe(200)
    expect(issuer.asked).toEqual([jwt, jwt])

    issuer.misbehave('introspect', misbehaviours.fail)
    audit.clear()
    expect((await server.call('/search', { token: await issuer.sign(searching) })).status).toBe(503)
    expect(audit.takeDecision().rule).toBe('INT-1')
  })

  it.each<[string, Members, string]>([
    ['active: "true"', { active: 'true' }, 'INT-1'], ['the iss of another', { iss: 'https://as.example.com' }, 'TOK-4'], ['another audience', { aud: 'https://other.example.com' }, 'TOK-5'],
    ['past exp', { exp: 1_000_000_000 }, 'TOK-6'], ['no exp', { exp: undefined }, 'TOK-6'], ['nothing left', { operations_remaining: 0 }, 'INT-4'], ['half an operation', { max_operations: 0.5 }, 'INT-4'],
  ])('INT-1: with jwts: introspect, %s is 401', async (_title, members, rule) => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ jwts: 'introspect' }) })
    issuer.misbehave('introspect', misbehaviours.answer({ active: true, exp: Math.floor(Date.now() / 1_000) + 100, ...members }))
    expect((await server.call('/search', { token: await issuer.sign(searching) })).status).toBe(401)
    expect(audit.takeDecision()).toMatchObject({ rule })
  })

  it('INT-4: with jwts: introspect, the budget of the answer holds', async () => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ jwts: 'introspect' }) })
    issuer.misbehave('introspect', misbehaviours.answer({ active: true, exp: Math.floor(Date.now() / 1_000) + 100, max_operations: 2 }))
    const token = await issuer.sign(searching)
    expect((await server.call('/search', { token })).json).toMatchObject({ budget: { maxOperations: 2 }, token: { kind: 'jwt' } })
    expect((await server.call('/search', { token })).status).toBe(200)
    audit.clear()
    expect((await server.call('/search', { token })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('INT-4')
  })

  it('INT-1: with jwts: refuse there are none, however they are signed', async () => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ jwts: 'refuse' }) })
    expect((await server.call('/search', { token: await issuer.sign(searching) })).status).toBe(401)
    expect(audit.takeDecision().rule).toBe('TOK-1')
    expect(issuer.asked).toEqual([])
    expect((await server.call('/search', { token: await issuer.issue() })).status).toBe(200)
  })
})
