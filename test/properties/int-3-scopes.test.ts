import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actionsOf } from './oracles/scopes.js'
import { answerWith, readAnswer } from '../claims/answers.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { expectCleanPrototypes } from '../support/clean-prototypes.js'
import { mutated, nodeOf, write } from './json-nodes.js'
import { parseStrictJson } from '../../src/token/strict-json.js'
import { readAgentToken } from '../../src/claims/agent-token.js'
import { readIntrospected } from '../../src/token/introspected-token.js'

const scope = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'c', 'a.b', 'search.web', 'A'), weight: 8 },
  fc.constantFrom('read:all', '*', 'a.*', '.a', 'a.', 'a..b', '1a', 'a1-_', '__proto__', 'constructor', 'a\tb', 'a\n', '\u00a0', '\ud800', 'x'.repeat(128), 'x'.repeat(129), 'ａ'),
)
const space = fc.oneof({ arbitrary: fc.constant(' '), weight: 8 }, fc.constantFrom('  ', '   ', '\t', ','))
const text = fc.tuple(fc.array(fc.tuple(scope, space), { minLength: 2, maxLength: 6 }), fc.constantFrom('', '', ' ')).map(([parts, start]) => start + parts.flat().join(''))
const taskScopes = fc.oneof(
  fc.constant(undefined), { arbitrary: text, weight: 2 }, { arbitrary: fc.array(scope, { minLength: 2, maxLength: 6 }), weight: 2 }, fc.constantFrom('', []),
  fc.constantFrom<unknown>(1, true, {}, ['a', 1], [['a']]),
)
const table = fc.oneof(fc.constant(undefined), fc.uniqueArray(fc.tuple(scope, fc.array(fc.constantFrom('x', 'y', 'a', 'search.web'), { maxLength: 3 })), { selector: ([name]) => name, minLength: 2, maxLength: 6 }))

it('INT-3: for every scope, task_scopes and table, the actions are those of the rule\'s words', () => {
  const seen = coverage({ 'by name, all': 0.02, 'by name, some': 0.09, 'by table': 0.06, none: 0.2, malformed: 0.06 })
  checkProperty(fc.property(fc.option(text, { nil: undefined }), taskScopes, table, (granted, needed, entries) => {
    const expected = actionsOf(granted, needed, entries)
    const scopes = entries && new Map(entries.map(([name, list]) => [name, list.map((action) => ({ action, constraints: {} }))]))
    const parsed = readAnswer({ scope: granted, task_scopes: needed }, { scopes })
    const label = expected === undefined ? 'malformed' : expected.length === 0 ? 'none' : entries !== undefined ? 'by table' : `by name, ${needed === undefined ? 'all' : 'some'}`
    seen.note(label)
    expect('code' in parsed ? undefined : parsed.authorization.capabilities.map(({ action }) => action)).toEqual(expected)
  }), { runs: 2_000, coverage: seen })
})

const now = 1_735_689_600
const answers = fc.record({
  agent_type: fc.constantFrom('autonomous', 'supervised', 'ephemeral'),
  scope: text,
  task_scopes: fc.oneof(text, fc.array(scope, { maxLength: 3 })),
  organization_id: fc.constant('org:example'), orchestrator_id: fc.constant('o-1'), environment: fc.constant('production'), task_type: fc.constant('research'),
  max_operations: fc.nat(5), operations_remaining: fc.nat(5), expires_on_completion: fc.boolean(),
  delegation_depth: fc.nat(3), delegation_chain: fc.oneof(fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 }), fc.array(fc.record({ sub: fc.constantFrom('a', 'b'), delegated_at: fc.nat(3) }), { maxLength: 3 })),
  act: fc.constantFrom({ sub: 'a' }, { sub: 'b', act: { sub: 'a' } }),
  aud: fc.constantFrom<unknown>('https://api.example.com', ['https://api.example.com', 'x']), cnf: fc.constant({ jkt: 'A'.repeat(43) }),
}, { requiredKeys: ['agent_type'] }).map(answerWith)

it('INT-2 to INT-6: an answer in which anything is missing, of another type, renamed or nested is read or refused, whole and without a trace', () => {
  const seen = coverage({ read: 0.14, invalid_token: 0.15, 'malformed delegation': 0.04, 'no JSON of ours': 0.1 })
  const rules = { issuer: { issuer: 'https://as.example.com', audience: new Set(['https://api.example.com']) }, tokenDigest: 'd', nowMs: now * 1000, toleranceMs: 60_000 }
  checkProperty(fc.property(mutated(answers.map(nodeOf)), (node) => {
    let answer: unknown
    try { answer = parseStrictJson(Buffer.from(write(node))) } catch { seen.note('no JSON of ours'); return }
    const introspected = readIntrospected(answer, rules)
    const parsed = 'code' in introspected ? introspected : readAgentToken(introspected.claims, { localMaxDepth: 3 })
    expectCleanPrototypes()
    if ('code' in parsed) {
      seen.note('invalid_token')
      expect(['invalid_token', 'token_expired']).toContain(parsed.code)
      expect(parsed.detail).toMatch(/\S/)
      return
    }
    const { authorization, delegationDenial } = parsed
    seen.note(delegationDenial === undefined ? 'read' : 'malformed delegation')
    const { agent, capabilities, delegation, budget } = authorization
    for (const name of [agent.id, agent.type, agent.operator]) expect(name).toMatch(/[^]/)
    for (const { action } of capabilities) expect((answer as { scope?: string }).scope).toContain(action)
    for (const number of [budget?.maxOperations ?? 0, budget?.remaining ?? 0, delegation.depth]) expect(Number.isSafeInteger(number) && number >= 0).toBe(true)
    expect(Object.isFrozen(authorization) && Object.isFrozen(capabilities) && Object.isFrozen(delegation)).toBe(true)
  }), { runs: 1_500, coverage: seen })
})
