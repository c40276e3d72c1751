import { describe, expect, it } from 'vitest'
import {
  validateAgent, validateAudit, validateCapabilitiesShape, validateContext, validateDelegation, validateOversight, validateTask,
} from '../../src/schema/claim-validators.js'
import type { ClaimValidator } from '../../src/schema/claim-validators.js'

type Row = readonly [name: string, value: unknown]

const accepts = (validate: ClaimValidator, rows: readonly Row[]) => {
  it.each(rows)('accepts %s', (_, value) => {
    expect(validate(value)).toBeUndefined()
  })
}
const refuses = (validate: ClaimValidator, rows: readonly Row[]) => {
  it.each(rows)('refuses %s', (_, value) => {
    expect(validate(value)).toEqual(expect.stringMatching(/\S/))
  })
}
const notObjects: Row[] = [['null', null], ['a string', 'x'], ['a number', 1], ['an array', []], ['undefined', undefined], ['true', true]]

/** One character, two UTF-16 units: lengths are code points (TOK-8). */
const astral = '\u{1F916}'

describe('agent (TOK-10, TOK-8, DIA-4)', () => {
  const agent = { id: 'a', type: 'llm-autonomous', operator: 'org:x' }

  accepts(validateAgent, [
    ['the three members', agent],
    ['unknown members', { ...agent, colour: 'red', nested: { any: [1] } }],
    ['a model by name', { ...agent, model: 'gpt-4' }],
    ['a model by identity', { ...agent, model: { provider: 'acme', id: 'm-1', version: '3' } }],
    ['runtime_context', { ...agent, runtime_context: { environment: 'production', version: '1.2.0', region: 'x' } }],
    ['runtime', { ...agent, runtime: { attested: true } }],
    ['the longest members', { id: astral.repeat(128), type: astral.repeat(64), operator: astral.repeat(256) }],
  ])
  refuses(validateAgent, [
    ...notObjects,
    ['no id', { type: 't', operator: 'o' }],
    ['no type', { id: 'a', operator: 'o' }],
    ['no operator', { id: 'a', type: 't' }],
    ['an empty id', { ...agent, id: '' }],
    ['a long id', { ...agent, id: 'a'.repeat(129) }],
    ['a long type', { ...agent, type: 'a'.repeat(65) }],
    ['a long operator', { ...agent, operator: 'a'.repeat(257) }],
    ['an id that is no string', { ...agent, id: 1 }],
    ['a model that is a number', { ...agent, model: 4 }],
    ['a model that is null', { ...agent, model: null }],
    ['a model without id', { ...agent, model: { provider: 'acme' } }],
    ['a runtime that is a string', { ...agent, runtime: 'production' }],
    ['attested as a string', { ...agent, runtime: { attested: 'true' } }],
    ['attested as a string in the other spelling', { ...agent, runtime_context: { attested: 'true' } }],
  ])

  it('says where and what', () => {
    expect(validateAgent({ ...agent, id: '' })).toBe('/id must NOT have fewer than 1 characters')
    expect(validateAgent({ ...agent, id: undefined })).toBe("must have required property 'id'")
    expect(validateAgent({ ...agent, model: 4 })).toBe('/model must be string; /model must be object; /model must match a schema in anyOf')
  })
})

describe('task (TOK-10, TOK-8)', () => {
  const task = { id: 't', purpose: 'research' }

  accepts(validateTask, [
    ['id and purpose', task],
    ['everything', { ...task, data_sensitivity: 'public', created_at: 1735686000, expires_at: '2025-01-01T01:00:00Z', created_by: 'u', context: { topic: 'x' } }],
    ['a data class nobody knows', { ...task, data_sensitivity: 'top-secret' }],
    ['the longest members', { id: astral.repeat(128), purpose: astral.repeat(256) }],
  ])
  refuses(validateTask, [
    ...notObjects,
    ['no id', { purpose: 'p' }],
    ['no purpose', { id: 't' }],
    ['an empty purpose', { ...task, purpose: '' }],
    ['a long id', { ...task, id: 'a'.repeat(129) }],
    ['a long purpose', { ...task, purpose: 'a'.repeat(257) }],
    ['created_at as a boolean', { ...task, created_at: true }],
    ['expires_at as an object', { ...task, expires_at: {} }],
    ['data_sensitivity as a list', { ...task, data_sensitivity: ['public'] }],
    ['context as a string', { ...task, context: 'x' }],
  ])
})

describe('capabilities (TOK-10, TOK-8, CAP-1)', () => {
  const withAction = (action: unknown) => [{ action }]

  accepts(validateCapabilitiesShape, [
    ['an action alone', withAction('search.web')],
    ['one component', withAction('search')],
    ['digits, - and _', withAction('a1-b_c.D2')],
    ['the longest action', withAction('a'.repeat(128))],
    ['empty constraints', [{ action: 'a', constraints: {} }]],
    ['constraint values of any form, which only fail their capability', [{ action: 'a', constraints: { domains_allowed: 7, max_requests_per_hour: null, nonsense: [] } }]],
    ['unknown members', [{ action: 'a', description: 1, resources: ['x'] }]],
  ])
  refuses(validateCapabilitiesShape, [
    ['null', null],
    ['an object', {}],
    ['an empty array', []],
    ['a string in it', ['search.web']],
    ['null in it', [null]],
    ['no action', [{}]],
    ['a bad second one', [{ action: 'a' }, { action: '' }]],
    ['constraints as an array', [{ action: 'a', constraints: [] }]],
    ['constraints null', [{ action: 'a', constraints: null }]],
    ...[1, '', '*', 'a.*', '.a', 'a.', 'a..b', '1a', 'a.1', '-a', 'a b', 'a\n', ' a', 'ä', 'a/b', 'a'.repeat(129)]
      .map((action): Row => [`the action ${JSON.stringify(action)}`, withAction(action)]),
  ])
})

describe('oversight (TOK-10, DIA-4)', () => {
  accepts(validateOversight, [
    ['nothing', {}],
    ['the list', { requires_human_approval_for: ['cms.publish'] }],
    ['its alias', { requires_approval_for: ['cms.publish'] }],
    ['everything', { level: 'supervised', approval_reference: 'https://a.example/1', approval_workflow: { type: 'slack_channel', channel_id: 'C1' }, approval_timeout: 60, notify_on: [] }],
  ])
  refuses(validateOversight, [
    ...notObjects,
    ['a list that is a string', { requires_human_approval_for: 'cms.publish' }],
    ['an alias that is a string', { requires_approval_for: 'cms.publish' }],
    ['a list of numbers', { requires_human_approval_for: [1] }],
    ['a null list', { requires_human_approval_for: null }],
    ['a reference that is an object', { approval_reference: {} }],
    ['a workflow without type', { approval_workflow: {} }],
    ['a workflow that is a string', { approval_workflow: 'slack' }],
    ['a timeout as a string', { approval_timeout: '60' }],
    ['a negative timeout', { approval_timeout: -1 }],
    ['a level that is a number', { level: 1 }],
  ])
})

describe('delegation (TOK-10, TOK-8, DIA-4, DEL-1, DEL-2)', () => {
  const delegation = { depth: 1, max_depth: 2 }

  accepts(validateDelegation, [
    ['no chain', { depth: 0, max_depth: 10 }],
    ['a chain of strings', { ...delegation, chain: ['user', 'agent'] }],
    ['a chain of hops', { ...delegation, chain: [{ sub: 'agent', delegated_at: 1735686000 }] }],
    ['hops without times', { ...delegation, chain: [{ sub: 'agent', via: 'x' }] }],
    ['parent_jti', { ...delegation, parent_jti: 'p-1' }],
    ['the longest entry', { ...delegation, chain: [astral.repeat(128)] }],
    ['depth above max_depth, which is another error', { depth: 3, max_depth: 2 }],
  ])
  refuses(validateDelegation, [
    ...notObjects,
    ['no depth', { max_depth: 2 }],
    ['no max_depth', { depth: 0 }],
    ['a fraction', { ...delegation, depth: 0.5 }],
    ['a negative depth', { ...delegation, depth: -1 }],
    ['a depth above 10', { depth: 11, max_depth: 11 }],
    ['a depth as a string', { ...delegation, depth: '1' }],
    ['an empty chain', { ...delegation, chain: [] }],
    ['a mixed chain', { ...delegation, chain: ['user', { sub: 'agent' }] }],
    ['a mixed chain, the other way round', { ...delegation, chain: [{ sub: 'agent' }, 'user'] }],
    ['an empty entry', { ...delegation, chain: [''] }],
    ['an empty sub', { ...delegation, chain: [{ sub: '' }] }],
    ['a long entry', { ...delegation, chain: ['a'.repeat(129)] }],
    ['a hop without sub', { ...delegation, chain: [{ delegated_at: 1 }] }],
    ['delegated_at as a string', { ...delegation, chain: [{ sub: 'a', delegated_at: '1' }] }],
    ['a chain that is a string', { ...delegation, chain: 'user' }],
    ['a null chain', { ...delegation, chain: null }],
    ['parent_jti as a number', { ...delegation, parent_jti: 1 }],
  ])
})

describe('context (TOK-10)', () => {
  accepts(validateContext, [
    ['nothing', {}],
    ['everything', { time_window: { start: 'a', end: 'b' }, network_zone: 'internal', geo_restriction: ['DE', 'FR'] }],
    ['a restriction as a string', { geo_restriction: 'none' }],
  ])
  refuses(validateContext, [
    ...notObjects,
    ['a window without end', { time_window: { start: 'a' } }],
    ['a window that is a string', { time_window: 'always' }],
    ['a zone that is a list', { network_zone: ['internal'] }],
    ['a restriction that is an object', { geo_restriction: {} }],
    ['a restriction of numbers', { geo_restriction: [49] }],
  ])
})

describe('audit (TOK-10, TOK-8)', () => {
  accepts(validateAudit, [['nothing', {}], ['everything', { trace_id: astral.repeat(256), log_level: 'full', retention: 1 }]])
  refuses(validateAudit, [
    ...notObjects,
    ['an empty trace id', { trace_id: '' }],
    ['a long trace id', { trace_id: 'a'.repeat(257) }],
    ['a trace id that is a number', { trace_id: 1 }],
    ['a log level that is a number', { log_level: 1 }],
  ])
})
