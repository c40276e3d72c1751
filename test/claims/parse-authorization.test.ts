import { describe, expect, it } from 'vitest'
import { parseAuthorization, type ParsedAuthorization } from '../../src/claims/parse-authorization.js'
import type { AgentAuthorization } from '../../src/model/agent-authorization.js'
import { exampleClaims } from '../../src/testing/example-claims.js'

const agent = { id: 'a', type: 't', operator: 'o' }
const task = { id: 't', purpose: 'p' }
const capabilities = [{ action: 'search.web' }]
const required = { aap_agent: agent, aap_task: task, aap_capabilities: capabilities }

function parse(claims: Record<string, unknown>): AgentAuthorization {
  const parsed = parseAuthorization({ ...required, ...claims }, undefined)
  expect(parsed).not.toHaveProperty('code')
  return (parsed as ParsedAuthorization).authorization
}

const refusal = (claims: Record<string, unknown>) => parseAuthorization(claims, undefined)

describe('DIA-1: every dialect becomes the same model', () => {
  const claims = exampleClaims({
    aap_oversight: { level: 'supervised', requires_human_approval_for: ['cms.publish'] },
    aap_delegation: { depth: 1, max_depth: 2, chain: ['a', 'b'] },
    aap_context: { network_zone: 'public' },
    aap_audit: { trace_id: 't', log_level: 'full' },
  })
  const respelled = (spell: (bare: string) => string) => Object.fromEntries(Object.entries(claims).map(([name, value]) => [name.startsWith('aap_') ? spell(name.slice(4)) : name, value]))

  it.each([
    ['draft-01', (name: string) => name, undefined],
    ['a namespace', (name: string) => `https://example.com/aap_${name}`, 'https://example.com/'],
  ])('%s', (_, spell, claimPrefix) => {
    expect(parseAuthorization(respelled(spell), claimPrefix)).toEqual(parseAuthorization(claims, undefined))
  })

  it('in camelCase, with times in milliseconds', () => {
    expect(
      parse({
        aap_agent: { ...agent, model: 'gpt', runtime_context: { environment: 'production', version: '1', attested: true } },
        aap_task: { ...task, data_sensitivity: 'public', created_at: 1_735_689_600, expires_at: '2025-01-01T01:00:00+01:00', created_by: 'u', context: { topic: { deep: 1 } } },
        aap_capabilities: [{ action: 'a.b', constraints: { max_drafts_per_day: 1 }, description: 'd', resources: [], conditions: { x: 1 } }],
        aap_oversight: { level: 'l', requires_human_approval_for: ['x'], approval_reference: 'https://x', approval_workflow: { type: 'webhook', url: 'u' }, approval_timeout: 60, notify_on: ['y'] },
        aap_delegation: { depth: 1, max_depth: 2, chain: [{ sub: 'b', delegated_at: 5 }], parent_jti: 'j' },
        aap_context: { time_window: { start: '2025-01-01T00:00:00Z', end: '2025-01-01T00:00:01Z' }, network_zone: 'z', geo_restriction: ['DE'] },
        aap_audit: { trace_id: 't', log_level: 'l' },
      }),
    ).toEqual({
      agent: { ...agent, model: 'gpt', runtime: { environment: 'production', version: '1', attested: true } },
      task: { ...task, dataSensitivity: 'public', createdAt: 1_735_689_600_000, expiresAt: 1_735_689_600_000, createdBy: 'u', context: { topic: { deep: 1 } } },
      capabilities: [{ action: 'a.b', constraints: { max_drafts_per_day: 1 }, description: 'd', resources: [], conditions: { x: 1 } }],
      oversight: { level: 'l', requiresHumanApprovalFor: ['x'], approvalReference: 'https://x', approvalWorkflow: { type: 'webhook', url: 'u' }, approvalTimeoutSeconds: 60, notifyOn: ['y'] },
      delegation: { depth: 1, maxDepth: 2, chain: [{ sub: 'b', delegatedAt: 5 }], chainIncludesOrigin: false, parentJti: 'j', actors: [] },
      context: { timeWindow: { startMs: 1_735_689_600_000, endMs: 1_735_689_601_000 }, networkZone: 'z', geoRestriction: ['DE'] },
      audit: { traceId: 't', logLevel: 'l' },
    })
  })

  it('with nothing that the token does not say', () => {
    expect(parse({})).toEqual({
      agent,
      task,
      capabilities: [{ action: 'search.web', constraints: {} }],
      delegation: { depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] },
    })
  })

  it('AUD-5: frozen to the leaves, and the token\'s own objects with it', () => {
    const parts = (value: unknown): object[] => (typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(parts)] : [])
    const all = parts(parse({
      aap_capabilities: [{ action: 'a', constraints: { own: { deep: [[{}]] } } }],
      aap_oversight: { approval_workflow: { type: 'x', more: [{}] }, notify_on: ['a'] },
      aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'b'] },
    }))
    expect(all.length).toBeGreaterThan(15)
    expect(all.filter((part) => !Object.isFrozen(part))).toEqual([])
  })
})

describe('DIA-4: shapes that differ between the sources', () => {
  it.each([
    ['a model by name', { model: 'gpt-4' }, { model: 'gpt-4' }],
    ['a model by identity', { model: { provider: 'p', id: 'i', version: 'v' } }, { model: { provider: 'p', id: 'i', version: 'v' } }],
    ['a model with less', { model: { id: 'i' } }, { model: { id: 'i' } }],
    ['a model with more', { model: { id: 'i', temperature: 1 } }, { model: { id: 'i' } }],
    ['runtime_context', { runtime_context: { environment: 'e', attested: false } }, { runtime: { environment: 'e', attested: false } }],
    ['runtime', { runtime: { environment: 'e', attested: true } }, { runtime: { environment: 'e', attested: true } }],
    ['unknown members', { colour: 'red', runtime: { cpu: 'x' } }, { runtime: {} }],
  ])('agent: %s', (_, wire, expected) => {
    expect(parse({ aap_agent: { ...agent, ...wire } }).agent).toEqual({ ...agent, ...expected })
  })

  it.each([
    ['the name', { requires_human_approval_for: ['a', 'b'] }, ['a', 'b']],
    ['its alias', { requires_approval_for: ['a', 'b'] }, ['a', 'b']],
    ['the union of both', { requires_human_approval_for: ['a', 'b'], requires_approval_for: ['b', 'c'] }, ['a', 'b', 'c']],
    ['an empty list does not hide its alias', { requires_human_approval_for: [], requires_approval_for: ['a'] }, ['a']],
    ['nor the other way round', { requires_human_approval_for: ['a'], requires_approval_for: [] }, ['a']],
    ['neither', {}, []],
  ])('approval lists: %s', (_, oversight, expected) => {
    expect(parse({ aap_oversight: oversight }).oversight?.requiresHumanApprovalFor).toEqual(expected)
  })

  it.each([
    ['the name', { requires_human_approval_for: 'a', requires_approval_for: ['b'] }],
    ['its alias', { requires_human_approval_for: ['a'], requires_approval_for: 'b' }],
    ['an item', { requires_approval_for: [1] }],
    ['an object', { requires_approval_for: { a: true } }],
  ])('an alias never fails open: malformed is %s', (_, oversight) => {
    expect(refusal({ ...required, aap_oversight: oversight })).toMatchObject({ code: 'invalid_token', rule: 'TOK-10' })
  })

  it.each([
    ['a reference', { approval_reference: 'https://x' }, { approvalReference: 'https://x' }],
    ['a workflow', { approval_workflow: { type: 'slack_channel', channel_id: 'C1' } }, { approvalWorkflow: { type: 'slack_channel', channel_id: 'C1' } }],
  ])('approval by %s', (_, wire, expected) => {
    expect(parse({ aap_oversight: wire }).oversight).toEqual({ requiresHumanApprovalFor: [], notifyOn: [], ...expected })
  })

  it('a chain of strings, and one of hops', () => {
    expect(parse({ aap_delegation: { depth: 1, max_depth: 1, chain: ['a', 'b'] } }).delegation).toMatchObject({ chain: [{ sub: 'a' }, { sub: 'b' }], chainIncludesOrigin: true })
    expect(parse({ aap_delegation: { depth: 1, max_depth: 1, chain: [{ sub: 'b', note: 'x' }] } }).delegation).toMatchObject({ chain: [{ sub: 'b' }], chainIncludesOrigin: false })
  })

  it('unknown members are ignored at every level', () => {
    const extra = { 'x-unknown': { deep: 1 } }
    const claims = {
      aap_agent: { ...agent, ...extra }, aap_task: { ...task, ...extra }, aap_capabilities: [{ action: 'search.web', ...extra }],
      aap_oversight: { ...extra }, aap_delegation: { depth: 0, max_depth: 0, ...extra }, aap_context: { time_window: { start: '2025-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z', ...extra }, ...extra }, aap_audit: { ...extra },
    }
    expect(JSON.stringify(parse(claims))).not.toContain('x-unknown')
  })

  it('except inside constraints, where every name is kept for the registry (CAP-5)', () => {
    expect(parse({ aap_capabilities: [{ action: 'a', constraints: { 'x-unknown': 1 } }] }).capabilities[0]?.constraints).toEqual({ 'x-unknown': 1 })
  })

  it.each([['none', undefined], ['DE', ['DE']], [['DE', 'FR'], ['DE', 'FR']], [[], []]])('CTX-1: geo_restriction %j', (wire, expected) => {
    expect(parse({ aap_context: { geo_restriction: wire } }).context).toEqual(expected === undefined ? {} : { geoRestriction: expected })
  })
})

describe('DIA-5: agent, task and capabilities are mandatory', () => {
  it.each(['aap_agent', 'aap_task', 'aap_capabilities'])('without %s', (name) => {
    expect(refusal({ ...required, [name]: undefined, scope: 'search.web' })).toMatchObject({ code: 'invalid_token', rule: 'DIA-5' })
  })

  it('without any of them', () => {
    expect(refusal({ aap_audit: {} })).toMatchObject({ code: 'invalid_token', rule: 'DIA-5' })
    expect(refusal({ scope: 'search.web' })).toMatchObject({ code: 'invalid_token', rule: 'DIA-5' })
    expect(refusal({ aap_agent: agent, aap_task: task, capabilities_ref: 'https://as.example.com/c' })).toMatchObject({ code: 'invalid_token', rule: 'DIA-5' })
  })
})

describe('TOK-10: malformed claims are invalid_token', () => {
  it.each<[string, Record<string, unknown>]>([
    ['agent: a string', { aap_agent: 'a' }],
    ['agent: a list', { aap_agent: [agent] }],
    ['agent: no operator', { aap_agent: { id: 'a', type: 't' } }],
    ['agent: a model that is a number', { aap_agent: { ...agent, model: 4 } }],
    ['task: no purpose', { aap_task: { id: 't' } }],
    ['task: a sensitivity that is no string', { aap_task: { ...task, data_sensitivity: 3 } }],
    ['task: a time without zone', { aap_task: { ...task, created_at: '2025-01-01T00:00:00' } }],
    ['task: a time that does not exist', { aap_task: { ...task, expires_at: '2025-02-30T00:00:00Z' } }],
    ['task: a time that is no time', { aap_task: { ...task, expires_at: 'tomorrow' } }],
    ['task: a time that is a list', { aap_task: { ...task, expires_at: [1] } }],
    ['capabilities: none', { aap_capabilities: [] }],
    ['capabilities: an object', { aap_capabilities: { action: 'a' } }],
    ['capabilities: strings', { aap_capabilities: ['search.web'] }],
    ['capabilities: one without action', { aap_capabilities: [{ action: 'a' }, {}] }],
    ['capabilities: a wildcard', { aap_capabilities: [{ action: 'search.*' }] }],
    ['capabilities: an empty component', { aap_capabilities: [{ action: 'search..web' }] }],
    ['capabilities: a digit in front', { aap_capabilities: [{ action: 'search.2web' }] }],
    ['capabilities: a newline behind', { aap_capabilities: [{ action: 'search.web\n' }] }],
    ['capabilities: constraints as a list', { aap_capabilities: [{ action: 'a', constraints: [] }] }],
    ['capabilities: constraints as a string', { aap_capabilities: [{ action: 'a', constraints: 'none' }] }],
    ['oversight: a list', { aap_oversight: ['cms.publish'] }],
    ['oversight: a level that is no string', { aap_oversight: { level: 1 } }],
    ['oversight: a workflow without type', { aap_oversight: { approval_workflow: {} } }],
    ['oversight: a time-out that is a string', { aap_oversight: { approval_timeout: '60' } }],
    ['oversight: a negative time-out', { aap_oversight: { approval_timeout: -1 } }],
    ['context: a string', { aap_context: 'public' }],
    ['context: a zone that is no string', { aap_context: { network_zone: 1 } }],
    ['context: a window without end', { aap_context: { time_window: { start: '2025-01-01T00:00:00Z' } } }],
    ['context: a window that is empty', { aap_context: { time_window: { start: '2025-01-01T00:00:00Z', end: '2025-01-01T00:00:00Z' } } }],
    ['context: a window without zone', { aap_context: { time_window: { start: '2025-01-01T00:00:00', end: '2025-01-02T00:00:00' } } }],
    ['context: a country that is a number', { aap_context: { geo_restriction: [49] } }],
    ['audit: a list', { aap_audit: [] }],
    ['audit: a trace that is a number', { aap_audit: { trace_id: 1 } }],
  ])('%s', (_, claims) => {
    expect(refusal({ ...required, ...claims })).toMatchObject({ code: 'invalid_token', rule: 'TOK-10' })
  })

  it.each<[string, Record<string, unknown>]>([
    ['a depth that is a string', { aap_delegation: { depth: '1', max_depth: 1 } }],
    ['a list', { aap_delegation: [] }],
    ['act without sub', { act: {} }],
  ])('but the delegation is answered later, with 403: %s', (_, claims) => {
    const parsed = parseAuthorization({ ...required, ...claims }, undefined) as ParsedAuthorization
    expect(parsed.delegationDenial?.code).toBe('aap_invalid_delegation_chain')
    expect(parsed.authorization.delegation).toEqual({ depth: 0, maxDepth: 0, chain: [], chainIncludesOrigin: false, actors: [] })
  })

  it('and so is the value of a constraint', () => {
    expect(parse({ aap_capabilities: [{ action: 'a', constraints: { max_drafts_per_day: 'many' } }] }).capabilities).toHaveLength(1)
  })
})

describe('TOK-8: lengths in code points, at least 1', () => {
  const robot = '\u{1F916}'
  const claimOf: Record<string, (text: string) => Record<string, unknown>> = {
    'agent.id 128': (id) => ({ aap_agent: { ...agent, id } }),
    'agent.type 64': (type) => ({ aap_agent: { ...agent, type } }),
    'agent.operator 256': (operator) => ({ aap_agent: { ...agent, operator } }),
    'task.id 128': (id) => ({ aap_task: { ...task, id } }),
    'task.purpose 256': (purpose) => ({ aap_task: { ...task, purpose } }),
    'trace_id 256': (trace_id) => ({ aap_audit: { trace_id } }),
  }
  it.each(Object.entries(claimOf))('%s', (name, claim) => {
    const limit = Number(name.split(' ')[1])
    for (const text of ['x', 'x'.repeat(limit), robot.repeat(limit)]) parse(claim(text))
    for (const text of ['', 'x'.repeat(limit + 1), robot.repeat(limit + 1)]) expect(refusal({ ...required, ...claim(text) })).toMatchObject({ code: 'invalid_token', rule: 'TOK-8' })
  })

  it('action 128', () => {
    parse({ aap_capabilities: [{ action: 'a'.repeat(128) }] })
    expect(refusal({ ...required, aap_capabilities: [{ action: 'a'.repeat(129) }] })).toMatchObject({ code: 'invalid_token', rule: 'TOK-8' })
  })

  it('chain entry 128, answered with 403', () => {
    for (const [text, code] of [['x', undefined], [robot.repeat(128), undefined], ['', 'aap_invalid_delegation_chain'], ['x'.repeat(129), 'aap_invalid_delegation_chain']] as const) {
      for (const chain of [[text, 'b'], [{ sub: text }]]) {
        const parsed = parseAuthorization({ ...required, aap_delegation: { depth: 1, max_depth: 1, chain } }, undefined) as ParsedAuthorization
        expect(parsed.delegationDenial?.code).toBe(code)
      }
    }
  })
})
