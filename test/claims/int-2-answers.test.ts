import { describe, expect, it } from 'vitest'
import { answerWith, authorizationFrom, readAnswer, refusalOf, type Members } from './answers.js'
import { copyClaims } from '../../src/claims/copy-claims.js'
import { exampleClaims } from '../../src/testing/example-claims.js'
import { isAgentToken, readAgentToken } from '../../src/claims/agent-token.js'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'

const astral = '\u{1F916}'

describe('INT-2: an answer that carries AAP claims is read as that dialect', () => {
  const claims = exampleClaims({ aap_delegation: { depth: 1, max_depth: 2, chain: ['a', 'b'] }, aap_oversight: { level: 'supervised' } })
  const { authorization } = parseAuthorization(copyClaims(claims), undefined) as ParsedAuthorization
  const respelled = (spell: (bare: string) => string) => Object.fromEntries(Object.entries(claims).map(([name, value]) => [name.startsWith('aap_') ? spell(name.slice(4)) : name, value]))

  it.each<[string, Members, string | undefined]>([
    ['draft-00', claims, undefined],
    ['draft-01', respelled((name) => name), undefined],
    ['a namespace', respelled((name) => `https://example.com/aap_${name}`), 'https://example.com/'],
  ])('%s', (_, members, claimPrefix) => {
    for (const flat of [{}, { agent_type: 'ephemeral', scope: 'cms.publish', exp: 9e9, delegation_depth: 4 }]) {
      expect(readAgentToken(copyClaims({ active: true, ...flat, ...members }), { claimPrefix })).toEqual({ authorization, delegationDenial: undefined })
    }
  })

  it('as it is refused there', () => {
    expect(refusalOf({ aap_agent: { id: 'a', type: 't', operator: 'o' } })).toBe('invalid_token DIA-5')
    expect(refusalOf({ ...claims, aap_task: { id: 1, purpose: 'p' } })).toBe('invalid_token TOK-10')
    expect(refusalOf({ ...claims, audit: {} })).toBe('invalid_token DIA-2')
  })

  it('also where the claims stand under a namespace that is not configured: its scopes must not widen it', () => {
    for (const name of ['https://other.example/aap_capabilities', 'capabilities_ref', 'aap_oversight', 'context']) expect(refusalOf({ [name]: {} })).toBe('invalid_token DIA-5')
  })
})

describe('DIA-1, DIA-5: what makes an answer an agent token', () => {
  it('is agent_type, whatever it says', () => {
    expect([answerWith(), { agent_type: 1 }, { agent_type: '' }].map(isAgentToken)).toEqual([true, true, true])
    expect([{}, { active: true, scope: 'a' }, { agent: { type: 'autonomous' } }].map(isAgentToken)).toEqual([false, false, false])
  })

  it('without it and without AAP claims there is no dialect', () => {
    expect(refusalOf({ agent_type: undefined })).toBe('invalid_token DIA-5')
  })
})

describe('INT-2: the members and their types', () => {
  it.each(['autonomous', 'supervised', 'ephemeral'])('agent_type %s', (agent_type) => {
    expect(authorizationFrom({ agent_type }).agent.type).toBe(agent_type)
  })

  it.each<[string, readonly unknown[]]>([
    ['agent_type', ['', 'Autonomous', 'autonomous ', 'llm-autonomous', 'toString', 1, true, ['autonomous'], {}]],
    ['active', ['true', 1, false, {}, undefined]],
    ['exp', ['1735689900', true, {}, [1], undefined]],
    ['iat', ['1735689000', true, {}]],
    ['nbf', ['1', true]],
    ['aud', [1, [], [1], {}, true]],
    ['scope', [['search.web'], 1, true, {}]],
    ['sub', ['', 1, ['agent-7'], {}]],
    ['client_id', ['', 1, ['c'], {}]],
    ['iss', ['', 1, {}]],
    ['cnf', ['x', 1, []]],
    ['organization_id', ['', 1, {}, ['o']]],
    ['orchestrator_id', ['', 1, {}]],
    ['environment', ['', 1, {}]],
    ['delegated_by', ['', 1, { sub: 'user-42' }]],
    ['task_id', ['', 1, {}]],
    ['task_type', ['', 1, {}]],
    ['task_scopes', [1, true, {}, [1], ['a', 2], [['a']]]],
    ['intent_description', ['', 1, ['x']]],
  ])('%s of another type is invalid_token', (name, values) => {
    for (const value of values) expect([value, refusalOf({ [name]: value })]).toEqual([value, expect.stringMatching(/^invalid_token (?:INT-2|TOK-8)$/)])
  })

  it('TOK-8: lengths in code points, at least 1', () => {
    for (const [name, longest] of [['sub', 128], ['task_id', 128], ['orchestrator_id', 128], ['environment', 128], ['intent_description', 256], ['task_type', 256], ['organization_id', 256], ['delegated_by', 256], ['jti', 256]] as const) {
      expect([name, refusalOf({ [name]: astral.repeat(longest) })]).toEqual([name, undefined])
      expect([name, refusalOf({ [name]: 'x'.repeat(longest + 1) })]).toEqual([name, 'invalid_token TOK-8'])
    }
    expect(refusalOf({ sub: undefined, client_id: 'x'.repeat(129) })).toBe('invalid_token TOK-8')
    expect(refusalOf({ delegated_by: undefined, client_id: 'x'.repeat(257) })).toBe('invalid_token TOK-8')
  })

  it('members that are not known are ignored', () => {
    expect(readAnswer({ username: 'u', token_type: 'Bearer', permissions: ['*'], extra: { deep: [1] }, code: 'x', constructor: 1, toString: 'x' })).toEqual(readAnswer())
  })

  it('what looks odd as text is text', () => {
    for (const text of ['__proto__', 'constructor', '\u0000', '\ud800', 'a\nb', '\u202e']) {
      expect(authorizationFrom({ sub: text, task_id: text, intent_description: text, orchestrator_id: text })).toMatchObject({ agent: { id: text, orchestrator: text }, task: { id: text, purpose: text } })
    }
  })

  it('AUD-5: frozen to the leaves', () => {
    const parts = (value: unknown): object[] => (typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : [])
    const all = parts(authorizationFrom({ scope: 'a b', environment: 'production', max_operations: 3, delegation_depth: 1, delegation_chain: ['a', 'b'] }))
    expect(all.length).toBeGreaterThan(12)
    expect(all.filter((part) => !Object.isFrozen(part))).toEqual([])
  })
})
