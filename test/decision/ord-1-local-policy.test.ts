import { expect, it } from 'vitest'
import type { Policy } from '../../src/model/wire-policy.js'
import { deny } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'
import { guarding, requestWith } from '../guard/guarding.js'
import { now, signToken } from '../token/signed-token.js'

/** The rule that answers, and what is wrong, in the order of ORD-1: what local policy refuses stands with what the token does. */
const defects = [
  ['401 TOK-6', 'times that are past'],
  ['403 AGT-1', 'an agent that policy does not know'],
  ['403 AGT-1', 'an operator that policy does not know'],
  ['403 AGT-1', 'a model that policy denies'],
  ['403 AGT-1', 'a runtime that nobody attested'],
  ['403 AGT-2', 'another trust domain'],
  ['403 TSK-1', 'a task that expired'],
  ['403 TSK-2', 'another purpose than the route\'s'],
  ['403 TSK-2', 'another purpose than the policy\'s'],
  ['403 TSK-3', 'data above the sensitivity of the task'],
  ['403 CTX-1', 'another network zone'],
  ['403 DEL-1', 'deeper than the token allows'],
  ['403 DEL-1', 'deeper than policy allows'],
  ['403 DEL-2', 'a chain of the wrong length'],
  ['403 DEL-2', 'no parent'],
  ['403 DEL-3', 'another actor'],
  ['403 DEL-4', 'an unknown actor'],
  ['403 CAP-2', 'no capability for the action'],
  ['403 CON-5', 'another method than the token\'s'],
  ['403 CON-5', 'another method than the policy\'s'],
  ['403 CON-12', 'no TLS'],
  ['403 CON-2', 'a domain that policy blocks'],
  ['403 CON-2', 'a domain that the token does not allow'],
  ['403 CON-3', 'an address outside of the policy\'s ranges'],
  ['403 CON-4', 'another time than the policy\'s'],
  ['403 CON-8', 'another region than the token\'s'],
  ['403 CON-9', 'data above the policy\'s class'],
  ['403 CON-10', 'too deep for the policy\'s constraint'],
  ['413 CON-6', 'a body that is too large for policy'],
  ['403 OWN-A', 'a registered constraint of policy'],
  ['403 OWN-B', 'a registered constraint of the token, with a later name'],
  ['403 OVS-1', 'no approval, which policy wants'],
  ['403 CON-11', 'no approval, which the amount wants by policy'],
  ['429 CON-1', 'a quota of the agent that is used up'],
] as const

type Defect = (typeof defects)[number][1]

const registered = (name: string, rule: string) => ({ name, rule, compile: (bad: boolean) => () => (bad ? deny('aap_constraint_violation', name) : pass) })
const always = { start: '2020-01-01T00:00:00Z', end: '2030-01-01T00:00:00Z' }
const never = { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' }

/** Decides a request that has all defects from a place in the list on, and none of those before. */
async function answerWith(mended: number): Promise<string> {
  const bad = new Set<string>(defects.slice(mended).map(([, what]) => what))
  const has = (defect: Defect) => bad.has(defect)
  const policy: Policy = {
    purposes: has('another purpose than the policy\'s') ? ['q'] : ['p'],
    constraints: {
      // Not in the order in which they are checked.
      require_approval_threshold: has('no approval, which the amount wants by policy') ? 1 : 1_000,
      own_a: has('a registered constraint of policy'),
      max_request_size: has('a body that is too large for policy') ? 1 : 100,
      max_depth: has('too deep for the policy\'s constraint') ? 0 : 2,
      time_window: has('another time than the policy\'s') ? never : always,
      ip_ranges_allowed: has('an address outside of the policy\'s ranges') ? ['198.51.100.0/24'] : ['192.0.2.0/24'],
      allowed_methods: has('another method than the policy\'s') ? ['GET'] : ['POST'],
    },
    quotas: { perAgent: { max_requests_per_hour: has('a quota of the agent that is used up') ? 0 : 1 } },
    actions: {
      a: {
        constraints: {
          require_encryption: true,
          domains_blocked: has('a domain that policy blocks') ? ['example.org'] : ['example.net'],
          data_classification_max: has('data above the policy\'s class') ? 'public' : 'internal',
        },
        ...(has('no approval, which policy wants') && { approval: 'required' }),
      },
    },
    agents: {
      allowedIds: has('an agent that policy does not know') ? [] : ['agent-1'],
      allowedOperators: has('an operator that policy does not know') ? [] : ['o'],
      deniedModels: has('a model that policy denies') ? ['m'] : ['n'],
      allowedTrustDomains: has('another trust domain') ? [] : ['example.com'],
      attestedRuntime: 'required',
    },
    delegation: {
      maxDepth: has('deeper than policy allows') ? 0 : 2,
      parentJti: 'required',
      knownActors: has('an unknown actor') ? ['x'] : ['x', 'y', 'z'],
    },
  }
  const token = signToken({
    ...(has('times that are past') && { exp: now - 1_000 }),
    aap_agent: { id: 'agent-1', type: 't', operator: 'o', model: 'm', runtime: { attested: !has('a runtime that nobody attested') } },
    aap_task: { id: 't', purpose: 'p', data_sensitivity: has('data above the sensitivity of the task') ? 'public' : 'internal', ...(has('a task that expired') && { expires_at: now }) },
    aap_context: { network_zone: has('another network zone') ? 'inner' : 'outer' },
    aap_delegation: { depth: 2, max_depth: has('deeper than the token allows') ? 1 : 2, chain: has('a chain of the wrong length') ? ['x', 'y'] : ['x', 'y', 'z'], ...(!has('no parent') && { parent_jti: 'parent' }) },
    act: { sub: has('another actor') ? 'w' : 'z' },
    aap_capabilities: [{
      action: has('no capability for the action') ? 'b' : 'a',
      constraints: {
        own_b: has('a registered constraint of the token, with a later name'),
        allowed_regions: has('another region than the token\'s') ? ['US'] : ['DE'],
        domains_allowed: has('a domain that the token does not allow') ? ['example.com'] : ['example.org'],
        allowed_methods: has('another method than the token\'s') ? ['GET'] : ['POST'],
      },
    }],
  })
  const { guard } = guarding({ policy, constraints: [registered('own_b', 'OWN-B'), registered('own_a', 'OWN-A')] })
  const request = requestWith(token, { method: 'POST', encrypted: !has('no TLS'), headers: { authorization: `Bearer ${token}`, 'content-length': '50' } })
  const { status, reason } = await guard.authorize(request, 'a', { purposes: has('another purpose than the route\'s') ? ['q'] : ['p'], classification: 'internal', zone: 'outer', region: 'DE', target: 'https://example.org/', addresses: ['192.0.2.1'], amount: 10 })
  return reason === undefined ? `${status}` : `${status} ${reason.rule}`
}

it.each(defects.map(([expected, what], mended) => [mended, what, expected] as const))('ORD-1: a request with all defects but the first %i is refused for %s: %s', async (mended, _, expected) => {
  expect(await answerWith(mended)).toBe(expected)
})

it('ORD-1: without any defect it is allowed', async () => {
  expect(await answerWith(defects.length)).toBe('200')
})
