import { describe, expect, it } from 'vitest'
import { createGuard, defineConstraint, pass, type GuardOptions, type ResourceRequest } from '../../src/index.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'
import { collectAudit } from '../support/audit.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { operatorMessages } from '../support/operator-messages.js'
import { stoppedClock } from '../support/stopped-clock.js'

const issuer = useTestIssuer()
expectHealthyProcess()

const request = (token: string, more: Partial<ResourceRequest> = {}): ResourceRequest => ({ method: 'GET', url: '/things?secret=1', headers: { authorization: `Bearer ${token}` }, ...more })

function guardWith(options: GuardOptions = {}) {
  const audit = collectAudit()
  const operator = operatorMessages()
  const guard = createGuard({ issuer: issuer.trusted, audience: issuer.audience, audit: audit.sink, logger: operator, ...options })
  return { guard, audit, operator }
}

describe('guard.authorize: the decision', () => {
  it('of an allow', async () => {
    const { guard, audit } = guardWith()
    const decision = await guard.authorize(request(await issuer.sign({ jti: 'j' })), 'search.web', { target: 'HTTPS://Docs.Example.org./a' })
    const record = audit.takeDecision()
    expect(decision).toEqual({
      outcome: 'allow', status: 200, correlationId: record.correlation_id, authorization: expect.objectContaining({ agent: expect.objectContaining({ id: 'agent-researcher-01' }), token: expect.objectContaining({ id: 'j', kind: 'jwt' }) }),
      capability: { action: 'search.web', index: 0 }, target: 'https://docs.example.org/a',
    })
    expect(Object.isFrozen(decision)).toBe(true)
    expect(record).toMatchObject({ outcome: 'allow', path: '/things', target_host: 'docs.example.org' })
    expect(audit.results()).toEqual([])
  })

  it('of a denial with a verified token, without one, with a wait, and for an approval', async () => {
    const { guard, audit } = guardWith()
    expect(await guard.authorize(request(await issuer.sign()), 'cms.publish')).toEqual({
      outcome: 'deny', status: 403, error: 'aap_invalid_capability', correlationId: audit.takeDecision().correlation_id, authorization: expect.any(Object), headers: { 'www-authenticate': expect.stringMatching(/^Bearer .*error="aap_invalid_capability".*, DPoP /) }, reason: { rule: 'CAP-2', detail: expect.any(String) },
    })
    expect(await guard.authorize(request('rubbish'), 'cms.publish')).toEqual({ outcome: 'deny', status: 401, error: 'invalid_token', correlationId: audit.takeDecision().correlation_id, headers: { 'www-authenticate': expect.stringMatching(/^Bearer .*error="invalid_token".*, DPoP /) }, reason: { rule: 'INT-1', detail: expect.any(String) } })
    expect(await guard.authorize({ method: 'GET', url: '/', headers: {} }, 'a')).not.toHaveProperty('error')
    audit.takeDecision()
    const none = await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_minute: 0 } }] })
    expect(await guard.authorize(request(none), 'a')).toMatchObject({ status: 429, error: 'aap_constraint_violation', retryAfterSeconds: 60 })
    audit.takeDecision()
    const supervised = await issuer.sign({ aap_capabilities: capabilities('a'), aap_oversight: { requires_approval_for: ['a'] } })
    expect(await guard.authorize(request(supervised), 'a')).toMatchObject({ status: 403, error: 'aap_approval_required', approvalReference: `urn:uuid:${audit.takeDecision().correlation_id}` })
  })

  it('OVS-1: approval: \'required\' among the facts is a demand', async () => {
    const { guard, audit } = guardWith()
    const token = await issuer.sign({ aap_capabilities: capabilities('a') })
    expect((await guard.authorize(request(token), 'a')).outcome).toBe('allow')
    audit.clear()
    expect(await guard.authorize(request(token), 'a', { approval: 'required' })).toMatchObject({ status: 403, error: 'aap_approval_required' })
    audit.takeDecision()
    expect((await guard.authorize(request(token), 'a', { approval: undefined })).outcome).toBe('allow')
  })

  it('each call decides and counts anew', async () => {
    const { guard, audit } = guardWith(stoppedClock())
    const same = request(await issuer.sign({ aap_capabilities: [{ action: 'a', constraints: { max_requests_per_day: 2 } }] }))
    for (const status of [200, 200, 429]) {
      expect((await guard.authorize(same, 'a')).status).toBe(status)
      audit.takeDecision()
    }
  })

  it('TRN-1: header names without case, values as a list, and rawHeaders where it is there', async () => {
    const { guard } = guardWith()
    const token = await issuer.sign({ aap_capabilities: capabilities('a') })
    const cases: [Partial<ResourceRequest>, number][] = [
      [{ headers: { AUTHORIZATION: `Bearer ${token}` } }, 200],
      [{ headers: { authorization: [`Bearer ${token}`] } }, 200],
      [{ headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }, 400],
      [{ headers: { authorization: `Bearer ${token}`, Authorization: `Bearer ${token}` } }, 400],
      [{ headers: { authorization: [] } }, 401],
      [{ headers: { authorization: undefined } }, 401],
      [{ headers: { authorization: `Bearer ${token}` }, rawHeaders: ['Authorization', `Bearer ${token}`] }, 200],
      [{ headers: { authorization: `Bearer ${token}` }, rawHeaders: ['Authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}`] }, 400],
      [{ headers: { authorization: `Bearer ${token}` }, rawHeaders: [] }, 401],
      [{ headers: {}, url: `/?access_token=${token}` }, 401],
    ]
    for (const [more, status] of cases) expect([more, (await guard.authorize(request(token, more), 'a')).status]).toEqual([more, status])
  })
})

describe('ERR-2: guard.authorize never rejects', () => {
  const throwing = () => { throw new Error('getter') }
  const withGetter = (name: string) => Object.defineProperty({ method: 'GET', url: '/', headers: {} }, name, { enumerable: true, get: throwing })

  it.each<[string, unknown]>([
    ['null', null], ['undefined', undefined], ['a string', 'GET /'], ['a number', 5], ['a symbol', Symbol('x')], ['a function', () => undefined], ['a list', []], ['an empty object', {}], ['no prototype', Object.create(null)],
    ['no headers', { method: 'GET', url: '/' }], ['null headers', { method: 'GET', url: '/', headers: null }], ['headers that are text', { method: 'GET', url: '/', headers: 'authorization: x' }], ['a header that is a number', { method: 'GET', url: '/', headers: { authorization: 5 } }], ['a header that is a list of numbers', { method: 'GET', url: '/', headers: { authorization: [5] } }],
    ['rawHeaders of odd length', { method: 'GET', url: '/', headers: {}, rawHeaders: ['authorization'] }], ['rawHeaders of numbers', { method: 'GET', url: '/', headers: {}, rawHeaders: [5, 5] }], ['rawHeaders that are null', { method: 'GET', url: '/', headers: {}, rawHeaders: null }],
    ['a method that is a number', { method: 5, url: '/', headers: {} }], ['no url', { method: 'GET', headers: {} }], ['a url that is an object', { method: 'GET', url: new URL('https://a.test/'), headers: {} }], ['a trace that is a number', { method: 'GET', url: '/', headers: { traceparent: 5 } }],
    ['headers that throw', withGetter('headers')], ['a method that throws', withGetter('method')], ['a url that throws', withGetter('url')], ['rawHeaders that throw', withGetter('rawHeaders')], ['a peer that throws', withGetter('remoteAddress')],
    ['a proxy that throws', new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing })],
  ])('a request that is %s is refused, and recorded once (AUD-1)', async (_what, garbage) => {
    const { guard, audit } = guardWith({ failedValidationsPerMinute: 100 })
    const decision = await guard.authorize(garbage as never, 'a')
    expect(decision.outcome).toBe('deny')
    expect([400, 401, 500]).toContain(decision.status)
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', correlation_id: decision.correlationId })
  })

  it.each<[string, unknown, number]>([
    ['undefined', undefined, 500], ['null', null, 500], ['a number', 5, 500], ['a symbol', Symbol('x'), 500], ['an object', {}, 500], ['no action name', 'not a name', 403], ['empty', '', 403], ['a wildcard', '*', 403], ['a prototype\'s name', 'constructor', 403], ['__proto__', '__proto__', 403], ['too long', 'a'.repeat(129), 403],
  ])('an action that is %s is refused, and recorded once', async (_what, action, status) => {
    const { guard, audit } = guardWith()
    const decision = await guard.authorize(request(await issuer.sign({ aap_capabilities: capabilities('a') })), action as never)
    expect([decision.outcome, [403, status].includes(decision.status)]).toEqual(['deny', true])
    audit.takeDecision()
  })

  it.each<[string, unknown]>([
    ['null', null], ['a string', 'x'], ['a number', 5], ['a list', ['x']], ['a getter that throws', { get target() { return throwing() } }], ['a proxy that throws', new Proxy({}, { get: throwing, ownKeys: throwing })], ['a proxy that answers nonsense', new Proxy({ target: 'x' }, { get: throwing })],
  ])('facts that are %s are refused, and recorded once', async (_what, facts) => {
    const { guard, audit } = guardWith()
    const token = await issuer.sign({ aap_capabilities: capabilities('a') })
    const decision = await guard.authorize(request(token), 'a', facts as never)
    expect(decision).toMatchObject({ outcome: 'deny', status: 500 })
    expect(audit.takeDecision()).toMatchObject({ outcome: 'deny', status: 500, rule: 'ERR-2' })
  })

  it.each([['tarqet', 'target'], ['aproval', 'approval'], ['clasification', 'classification'], ['zoen', 'zone']])('a fact named `%s` is refused with 500 and `%s` in the private reason', async (name, meant) => {
    for (const constraints of [[], [defineConstraint({ name: 'own', compile: () => () => pass })]]) {
      const { guard, audit } = guardWith({ constraints })
      const decision = await guard.authorize(request(await issuer.sign({ aap_capabilities: capabilities('a') })), 'a', { [name]: 'required' })
      expect(decision).toMatchObject({ outcome: 'deny', status: 500, reason: { rule: 'ERR-2', detail: expect.stringContaining(meant) } })
      audit.takeDecision()
    }
  })

  it('a name that is like none is refused, unless there are registered constraints that may want it', async () => {
    const token = await issuer.sign({ aap_capabilities: capabilities('a') })
    expect((await guardWith().guard.authorize(request(token), 'a', { quux: 1 })).status).toBe(500)
    expect((await guardWith({ constraints: [defineConstraint({ name: 'own', compile: () => () => pass })] }).guard.authorize(request(token), 'a', { quux: 1 })).status).toBe(200)
  })

  it('the answer for a bad caller does not depend on the facts: authentication comes first (ORD-1)', async () => {
    const { guard } = guardWith()
    expect((await guard.authorize({ method: 'GET', url: '/', headers: {} }, 'a', { tarqet: 1 })).status).toBe(401)
  })
})

describe('ERR-2: constants that a route gives wrongly', () => {
  it.each<[string, object, object, number, string]>([
    ['a target that is no URL', { domains_allowed: ['example.org'] }, { target: 'example.org' }, 403, 'aap_domain_not_allowed'],
    ['a target that is a list', { domains_allowed: ['example.org'] }, { target: ['https://example.org/'] }, 403, 'aap_domain_not_allowed'],
    ['addresses that are none', { ip_ranges_allowed: ['10.0.0.0/8'] }, { target: 'https://example.org/', addresses: [] }, 403, 'aap_constraint_violation'],
    ['an address outside', { ip_ranges_allowed: ['10.0.0.0/8'] }, { target: 'https://example.org/', addresses: ['10.0.0.1', '11.0.0.1'] }, 403, 'aap_constraint_violation'],
    ['a negative quantity', { max_emails_per_day: 5 }, { quantities: { emails: -5 } }, 403, 'aap_constraint_violation'],
    ['a fractional quantity', { max_emails_per_day: 5 }, { quantities: { emails: 0.5 } }, 403, 'aap_constraint_violation'],
    ['a quantity as text', { max_emails_per_day: 5 }, { quantities: { emails: '1' } }, 403, 'aap_constraint_violation'],
    ['an inherited quantity', { max_emails_per_day: 5 }, { quantities: Object.create({ emails: 1 }) }, 403, 'aap_constraint_violation'],
    ['an amount as text', { require_approval_threshold: 5 }, { amount: '1' }, 403, 'aap_approval_required'],
    ['an amount that is NaN', { require_approval_threshold: 5 }, { amount: NaN }, 403, 'aap_approval_required'],
    ['a region in lower case', { allowed_regions: ['de', 'DE'] }, { region: 'de' }, 403, 'aap_constraint_violation'],
    ['a class that is none', { data_classification_max: 'restricted' }, { classification: 'secret' }, 403, 'aap_constraint_violation'],
  ])('CAP-6: %s', async (_what, constraints, facts, status, error) => {
    const { guard, audit } = guardWith()
    expect(await guard.authorize(request(await issuer.sign({ aap_capabilities: [{ action: 'a', constraints }] })), 'a', facts)).toMatchObject({ outcome: 'deny', status, error })
    audit.takeDecision()
  })
})
