import { describe, expect, it } from 'vitest'
import { compileRoute, type RouteOptions } from '../../src/decision/route.js'
import { deciding, outcomeOf, type Setting } from './decisions.js'

const byType = { aap_agent: { id: 'a', type: 'supervised', operator: 'o' } }
const byLevel = { aap_oversight: { level: 'supervised' } }
const withRoute = (setting: Setting, options: RouteOptions<unknown>, action = 'a') => deciding(setting).decideRoute(compileRoute(action, options))

describe('OVS-4: a supervised agent needs approval for what is critical', () => {
  describe.each([['by its type', byType], ['by the level of oversight', byLevel]])('supervised %s', (_, claims) => {
    it.each<[string, RouteOptions<unknown>, string]>([
      ['critical', { critical: true }, 'aap_approval_required OVS-4'],
      ['critical, as a function finds', { critical: () => true }, 'aap_approval_required OVS-4'],
      ['perhaps critical: a function that cannot tell', { critical: () => undefined }, 'aap_approval_required OVS-4'],
      ['perhaps critical: a function that gives no boolean', { critical: (() => 0) as never }, 'aap_approval_required OVS-4'],
      ['not critical', { critical: false }, 'allow 0'],
      ['not critical, as a function finds', { critical: () => false }, 'allow 0'],
      ['not said to be critical', {}, 'allow 0'],
    ])('where the route is %s', async (__, options, outcome) => {
      expect(outcomeOf(await withRoute({ claims }, options))).toBe(outcome)
    })

    it('where local policy lists the action, whatever the route says', async () => {
      for (const options of [{}, { critical: false }]) expect(outcomeOf(await withRoute({ claims, policy: { critical: ['a'] } }, options))).toBe('aap_approval_required OVS-4')
      expect(outcomeOf(await withRoute({ claims, policy: { critical: ['b', 'a.b'] } }, {}))).toBe('allow 0')
    })

    it('ORD-1: after constraints, and without taking from quotas', async () => {
      const constraints = { allowed_methods: ['POST'], max_requests_per_hour: 1 }
      expect(outcomeOf(await withRoute({ claims, capabilities: [{ action: 'a', constraints }] }, { critical: true }))).toBe('aap_constraint_violation CON-5')
      const quota = deciding({ claims, capabilities: [{ action: 'a', constraints: { max_requests_per_hour: 1 } }] })
      for (let i = 0; i < 3; i++) expect(outcomeOf(await quota.decideRoute(compileRoute('a', { critical: true })))).toBe('aap_approval_required OVS-4')
      expect(outcomeOf(await quota.decideRoute(compileRoute('a', {})))).toBe('allow 0')
    })

    it('CAP-3: a lacking approval is the answer where any capability\u2019s constraints hold', async () => {
      const capabilities = [{ action: 'a', constraints: { allowed_methods: ['POST'] } }, { action: 'a' }]
      expect(outcomeOf(await withRoute({ claims, capabilities }, { critical: true }))).toBe('aap_approval_required OVS-4')
    })

    it('OVS-1 is the answer where both want it', async () => {
      expect(outcomeOf(await withRoute({ claims }, { critical: true, approval: 'required' }))).toBe('aap_approval_required OVS-1')
    })

    it('where a caller states it as a fact', async () => {
      const { decide } = deciding({ claims })
      expect(outcomeOf(await decide('a', { critical: true }))).toBe('aap_approval_required OVS-4')
      expect(outcomeOf(await decide('a', { critical: undefined }))).toBe('aap_approval_required OVS-4')
      expect(outcomeOf(await decide('a', { critical: false }))).toBe('allow 0')
    })
  })

  it.each([['of another type', { aap_agent: { id: 'a', type: 'Supervised', operator: 'o' } }], ['of another level', { aap_oversight: { level: 'autonomous' } }], ['without either', {}]])('an agent %s does not', async (_, claims) => {
    expect(outcomeOf(await withRoute({ claims, policy: { critical: ['a'] } }, { critical: true }))).toBe('allow 0')
  })
})
