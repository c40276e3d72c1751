import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { decide, goodHeader, knownRequest, signNodes } from './deciding-request.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { judgeToken } from './oracles/token.js'
import { mutated, nodeOf, write, type Node } from './json-nodes.js'
import { payload } from './claims-texts.js'

/** SPEC section 10: what may be answered to a request that carries one token in the scheme Bearer. */
const answers: Readonly<Record<string, readonly [status: number, error?: string]>> = {
  allow: [200],
  invalid_token: [401, 'invalid_token'],
  aap_invalid_capability: [403, 'aap_invalid_capability'],
  aap_domain_not_allowed: [403, 'aap_domain_not_allowed'],
  aap_capability_expired: [403, 'aap_capability_expired'],
  aap_approval_required: [403, 'aap_approval_required'],
  aap_excessive_delegation: [403, 'aap_excessive_delegation'],
  aap_invalid_delegation_chain: [403, 'aap_invalid_delegation_chain'],
  aap_task_mismatch: [403, 'aap_task_mismatch'],
  aap_invalid_context: [403, 'aap_invalid_context'],
  aap_constraint_violation: [403, 'aap_constraint_violation'],
  request_too_large: [413, 'request_too_large'],
  quota: [429, 'aap_constraint_violation'],
}

async function expectJudgement(header: Node, claims: Node): Promise<string> {
  const expected = judgeToken(header, claims, knownRequest)
  const { status, error, reason } = await decide(signNodes(header, claims))
  expect(expected.map((code) => answers[code]!), `${JSON.stringify(reason)} for ${write(header)}.${write(claims)}`).toContainEqual(error === undefined ? [status] : [status, error])
  expectCleanPrototypes()
  return expected[0]!
}

describe('TOK-1 to TOK-10, DIA-4, sections 5 to 8: every token that its issuer signed, against the rules read from its tree', () => {
  it('claims as issuers write them', () => {
    const seen = coverage({ allow: 0.15, aap_task_mismatch: 0.1, aap_invalid_capability: 0.02, aap_invalid_delegation_chain: 0.005, aap_approval_required: 0.03, aap_constraint_violation: 0.05, aap_domain_not_allowed: 0.01, aap_invalid_context: 0.02, quota: 0.005 })
    return checkProperty(fc.asyncProperty(payload, async (claims) => {
      seen.note(await expectJudgement(goodHeader, nodeOf(claims)))
    }), { runs: 300, coverage: seen })
  })

  it('claims in which members are missing, repeated, null, of other types, renamed, nested or moved', () => {
    const seen = coverage({ allow: 0.05, invalid_token: 0.3, aap_invalid_delegation_chain: 0.01, aap_constraint_violation: 0.02 })
    return checkProperty(fc.asyncProperty(mutated(payload.map(nodeOf)), async (claims) => {
      seen.note(await expectJudgement(goodHeader, claims))
    }), { runs: 600, coverage: seen })
  })

  it('headers of the same kind', () => {
    const seen = coverage({ allow: 0.02, invalid_token: 0.5 })
    return checkProperty(fc.asyncProperty(mutated(fc.constantFrom(...headers)), payload, async (header, claims) => {
      seen.note(await expectJudgement(header, nodeOf(claims)))
    }), { runs: 250, coverage: seen })
  })
})

const entry = (name: string, value: unknown): readonly [string, Node] => [name, nodeOf(value)]
const headers: readonly Node[] = [
  goodHeader, goodHeader,
  { members: [entry('typ', 'JWT'), entry('alg', 'ES256')] },
  { members: [entry('alg', 'ES256'), entry('crit', ['b64']), entry('b64', true)] },
  { members: [entry('alg', 'ES256'), entry('b64', true), entry('jku', 'https://evil.example/jwks'), entry('jwk', { kty: 'EC' }), entry('x5u', 'https://evil.example'), entry('x5c', ['AAAA'])] },
  { members: [entry('alg', 'ES256'), entry('typ', 'application/AT+JWT')] },
]
