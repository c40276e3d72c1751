import { describe, expect, it } from 'vitest'
import { guarding, requestBy } from './guarding.js'

const target = 'https://example.org/'

describe('CAP-6: a missing fact denies with the constraint\'s own code, and the operator\'s log says what is missing where', () => {
  it.each<[fact: string, status: number, error: string, constraints: object, facts: object]>([
    ['target', 403, 'aap_domain_not_allowed', { domains_allowed: ['example.org'] }, {}],
    ['target', 403, 'aap_domain_not_allowed', { domains_blocked: ['example.net'] }, {}],
    ['target', 403, 'aap_constraint_violation', { ip_ranges_allowed: ['192.0.2.0/24'] }, {}],
    ['addresses', 403, 'aap_constraint_violation', { ip_ranges_allowed: ['192.0.2.0/24'] }, { target }],
    ['region', 403, 'aap_constraint_violation', { allowed_regions: ['DE'] }, {}],
    ['classification', 403, 'aap_constraint_violation', { data_classification_max: 'public' }, {}],
    ['quantities', 403, 'aap_constraint_violation', { max_emails_per_day: 5 }, {}],
    ['amount', 403, 'aap_approval_required', { require_approval_threshold: 5 }, {}],
  ])('%s: %i %s', async (fact, status, error, constraints, facts) => {
    const { guard, messages } = guarding()
    const request = requestBy({ aap_capabilities: [{ action: 'a', constraints }] }, { url: '/posts/7?q=secret' })
    expect(await guard.authorize(request, 'a', facts)).toMatchObject({ status, error })
    expect(messages).toEqual([expect.stringMatching(new RegExp(`^(?=.*\\b${fact}\\b)(?=.*(?:GET /posts/7|\\ba\\b))`))])
    expect(messages[0]).not.toContain('secret')
    // Once a cause: what is missing at every request must not fill the disk.
    await guard.authorize(request, 'a', facts)
    expect(messages).toHaveLength(1)
  })

  it.each<[string, object]>([['zone', { network_zone: 'z' }], ['country', { geo_restriction: ['DE'] }]])('CTX-1: %s', async (fact, context) => {
    const { guard, messages } = guarding()
    expect(await guard.authorize(requestBy({ aap_context: context }), 'a')).toMatchObject({ status: 403, error: 'aap_invalid_context' })
    expect(messages).toEqual([expect.stringContaining(fact)])
  })

  it('a fact that is there and does not fit is the caller\'s affair', async () => {
    const { guard, messages } = guarding()
    const request = requestBy({ aap_capabilities: [{ action: 'a', constraints: { domains_allowed: ['example.org'] } }] })
    for (const given of ['https://example.com/', 'no url', 'https://user@example.org/']) expect((await guard.authorize(request, 'a', { target: given })).status).toBe(403)
    expect(messages).toEqual([])
  })
})
