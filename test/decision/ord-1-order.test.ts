import { expect, it } from 'vitest'
import { deny } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'
import { guarding, requestWith } from '../guard/guarding.js'
import { issuerKey, now, otherKey, payloadOf, signJws } from '../token/signed-token.js'

/** The rule that answers, and what is wrong, in the order of ORD-1. */
const defects = [
  ['400 TRN-1', 'two Authorization headers'],
  ['401 TRN-3', 'a token over 16,384 bytes'],
  ['401 TOK-2', 'crit in the header'],
  ['401 TOK-4', 'an issuer that is not trusted'],
  ['401 TOK-1', 'a signature by another key'],
  ['401 TOK-6', 'times that are past'],
  ['401 TOK-5', 'another audience'],
  ['401 TOK-9', 'no jti'],
  ['401 TOK-8', 'claims that are malformed: an agent without id'],
  ['401 POP-1', 'a binding that nobody shows'],
  ['403 TSK-1', 'a task that expired'],
  ['403 TSK-2', 'another purpose'],
  ['403 TSK-3', 'data above the sensitivity of the task'],
  ['403 CTX-1', 'another network zone'],
  ['403 DEL-2', 'a chain of the wrong length'],
  ['403 CAP-2', 'no capability for the action'],
  ['403 CON-5', 'another method'],
  ['403 CON-12', 'no TLS'],
  ['403 CON-2', 'a blocked domain'],
  ['403 CON-2', 'a domain that is not allowed'],
  ['403 CON-3', 'an address outside'],
  ['403 CON-4', 'another time'],
  ['403 CON-8', 'another region'],
  ['403 CON-9', 'data above the capability\'s class'],
  ['403 CON-10', 'too deep for the capability'],
  ['413 CON-6', 'a body that is too large'],
  ['403 CON-7', 'a response that nobody limits'],
  ['403 OWN-A', 'a registered constraint'],
  ['403 OWN-B', 'a registered constraint with a later name'],
  ['403 OVS-1', 'no approval, which the token wants'],
  ['403 CON-11', 'no approval, which the amount wants'],
  ['429 CON-1', 'a quota that is used up'],
] as const

type Defect = (typeof defects)[number][1]

const registered = (name: string, rule: string) => ({ name, rule, compile: (bad: boolean) => () => (bad ? deny('aap_constraint_violation', name) : pass) })

/** Decides a request that has all defects from a place in the list on, and none of those before. */
async function answerWith(mended: number): Promise<{ answer: string; detail: string | undefined }> {
  const bad = new Set<string>(defects.slice(mended).map(([, what]) => what))
  const has = (defect: Defect) => bad.has(defect)
  const constraints = {
    // Not in the order in which they are checked.
    max_requests_per_hour: has('a quota that is used up') ? 0 : 1,
    require_approval_threshold: has('no approval, which the amount wants') ? 1 : 1_000,
    own_b: has('a registered constraint with a later name'),
    own_a: has('a registered constraint'),
    max_response_size: 100,
    max_request_size: has('a body that is too large') ? 1 : 100,
    max_depth: has('too deep for the capability') ? 0 : 1,
    data_classification_max: has('data above the capability\'s class') ? 'public' : 'internal',
    allowed_regions: has('another region') ? ['US'] : ['DE'],
    time_window: has('another time') ? { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } : { start: '2020-01-01T00:00:00Z', end: '2030-01-01T00:00:00Z' },
    ip_ranges_allowed: has('an address outside') ? ['198.51.100.0/24'] : ['192.0.2.0/24'],
    domains_allowed: has('a domain that is not allowed') ? ['example.com'] : ['example.org'],
    domains_blocked: has('a blocked domain') ? ['example.org'] : ['example.net'],
    require_encryption: true,
    allowed_methods: has('another method') ? ['GET'] : ['POST'],
  }
  const payload = payloadOf({
    ...(has('an issuer that is not trusted') && { iss: 'https://evil.example' }),
    ...(has('times that are past') && { exp: now - 1_000 }),
    ...(has('another audience') && { aud: 'https://other.example' }),
    ...(has('no jti') && { jti: undefined }),
    aap_agent: { id: has('claims that are malformed: an agent without id') ? '' : 'a', type: 't', operator: 'o' },
    ...(has('a binding that nobody shows') && { cnf: { jkt: 'x' } }),
    aap_task: { id: 't', purpose: 'p', data_sensitivity: has('data above the sensitivity of the task') ? 'public' : 'internal', ...(has('a task that expired') && { expires_at: now }) },
    aap_context: { network_zone: has('another network zone') ? 'inner' : 'outer' },
    aap_delegation: { depth: 1, max_depth: 1, chain: has('a chain of the wrong length') ? ['a'] : ['a', 'b'] },
    aap_capabilities: [{ action: has('no capability for the action') ? 'b' : 'a', constraints }],
    ...(has('no approval, which the token wants') && { aap_oversight: { requires_human_approval_for: ['a'] } }),
    ...(has('a token over 16,384 bytes') && { padding: 'x'.repeat(20_000) }),
  })
  const token = signJws(payload, has('crit in the header') ? { crit: ['x'] } : {}, has('a signature by another key') ? otherKey : issuerKey)
  const request = requestWith(token, { method: 'POST', encrypted: !has('no TLS'), limitsResponse: !has('a response that nobody limits'), headers: { authorization: has('two Authorization headers') ? [`Bearer ${token}`, `Bearer ${token}`] : `Bearer ${token}`, 'content-length': '50' } })
  const { guard } = guarding({ constraints: [registered('own_a', 'OWN-A'), registered('own_b', 'OWN-B')] })
  const { status, reason } = await guard.authorize(request, 'a', { purposes: has('another purpose') ? ['q'] : ['p'], classification: 'internal', zone: 'outer', region: 'DE', target: 'https://example.org/', addresses: ['192.0.2.1'], amount: 10 })
  return { answer: reason === undefined ? `${status}` : `${status} ${reason.rule}`, detail: reason?.detail }
}

it.each(defects.map(([expected, what], mended) => [mended, what, expected] as const))('ORD-1: a request with all defects but the first %i is refused for %s: %s', async (mended, _, expected) => {
  expect(await answerWith(mended)).toMatchObject({ answer: expected })
})

it('ORD-1: domains_blocked comes before domains_allowed', async () => {
  const first = defects.findIndex(([, what]) => what === 'a blocked domain')
  expect((await answerWith(first)).detail).toMatch(/^domains_blocked/)
  expect((await answerWith(first + 1)).detail).toMatch(/^domains_allowed/)
})

it('ORD-1: without any defect it is allowed', async () => {
  expect(await answerWith(defects.length)).toEqual({ answer: '200', detail: undefined })
})
