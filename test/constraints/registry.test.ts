import { describe, expect, it } from 'vitest'
import { defineConstraint, deny, isVerdict } from '../../src/constraints/constraint-definition.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { pass } from '../../src/model/verdict.js'
import { unhandledRejectionsOf } from '../decision/unhandled-rejections.js'
import { compileAll, factsOf } from './compiled.js'

const violation = 'aap_constraint_violation'
const passing = (name: string) => defineConstraint({ name, compile: () => () => pass })

describe('ORD-1: constraints in the order CON-5, 12, 2, 3, 4, 8, 9, 10, 6, 7 behind 6, registered ones by name', () => {
  it('the order in which they were registered does not matter', () => {
    expect(compileAll({ b: 1, a: 1, c: 1 }, ['c', 'a', 'b'].map(passing)).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('what is unknown stands among the registered ones', () => {
    expect(compileAll({ zz: 1, m: 1, max_depth: 1 }, [passing('m')]).map(({ name }) => name)).toEqual(['max_depth', 'm', 'zz'])
  })
})

describe('CAP-5: an unknown constraint denies', () => {
  it.each(['max_drafts', 'domain_allowed', 'Domains_allowed', 'domains_allowed ', '', 'toString', 'constructor', 'hasOwnProperty', '\0'])('%j', (name) => {
    const [constraint] = compileAll({ [name]: true })
    expect(constraint).toMatchObject({ name, rule: 'CAP-5' })
    expect((constraint?.compiled as () => unknown)()).toMatchObject({ outcome: 'deny', code: violation })
  })

  it('unless a handler is registered for it', () => {
    const [constraint] = compileAll({ max_drafts: 3 }, [defineConstraint<number>({ name: 'max_drafts', rule: 'MY-1', compile: (value, context) => (facts) => (facts.drafts <= value && context.action === 'a' ? pass : deny(violation, 'too many')) })])
    expect(constraint).toMatchObject({ name: 'max_drafts', rule: 'MY-1' })
    const check = constraint?.compiled as (facts: unknown) => unknown
    expect(check(factsOf({ drafts: 3 }))).toBe(pass)
    expect(check(factsOf({ drafts: 4 }))).toEqual({ outcome: 'deny', code: violation, detail: 'too many' })
  })

  it('a handler knows the action and the delegation depth', () => {
    const seen: unknown[] = []
    compileAll({ own: 'value' }, [defineConstraint({ name: 'own', compile: (...args) => { seen.push(args); return () => pass } })], 3)
    expect(seen).toEqual([['value', { action: 'a', delegationDepth: 3 }]])
  })
})

describe('registering a constraint', () => {
  const register = (...registered: any[]) => () => createRegistry({ registered, countedPerRequest: new Set() })

  it.each<[string, any]>([
    ['no name', { compile: () => () => pass }],
    ['an empty name', { name: '', compile: () => () => pass }],
    ['a name that is no string', { name: 1, compile: () => () => pass }],
    ['no compile', { name: 'own' }],
    ['a compile that is no function', { name: 'own', compile: pass }],
    ['the name of a built-in one', passing('domains_allowed')],
    ['the name of one that limits a body', passing('max_response_size')],
    ['a name in the form of a quota', passing('max_requests_per_hour')],
    ['a name in the form of a quota of its own', passing('max_widgets_per_day')],
    ['a member that nobody reads', { ...passing('own'), isNoLoser: () => true }],
    ['a rule that is no text', { ...passing('own'), rule: 1 }],
  ])('%s fails at start-up', (_, definition) => {
    expect(register(definition)).toThrow(TypeError)
    expect(register(definition)).toThrow(/constraints/)
  })

  it.each<[string, unknown, RegExp]>([
    ['a member that nobody reads', { ...passing('own'), isNoLoser: () => true }, /^defineConstraint: unknown member `isNoLoser`/],
    ['an inherited member, which the copy would not have', Object.create({ isNoLooser: () => true }, Object.getOwnPropertyDescriptors(passing('own'))), /^defineConstraint: a definition is a plain object/],
    ['nothing', undefined, /^defineConstraint/],
  ])('defineConstraint refuses %s', (_, definition, message) => {
    expect(() => defineConstraint(definition as never)).toThrow(TypeError)
    expect(() => defineConstraint(definition as never)).toThrow(message)
  })

  it('the same name twice fails at start-up', () => {
    expect(register(passing('own'), passing('own'))).toThrow(/own is defined already/)
  })

  it('names that are close are different names', () => {
    expect(register(passing('own'), passing('Own'), passing('max_requests_per_week'))).not.toThrow()
  })

  it('a definition is frozen', () => {
    expect(Object.isFrozen(passing('own'))).toBe(true)
  })
})

describe('TOK-10: a registered constraint that does not compile denies', () => {
  it.each<[string, () => unknown]>([
    ['throws', () => { throw new TypeError('no') }],
    ['throws what is no error', () => { throw null }],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns true', () => true],
    ['returns pass itself', () => pass],
    ['returns a refusal itself', () => deny(violation, 'x')],
    ['returns an object of another kind', () => ({ kind: 'allow' })],
    ['returns a list', () => [() => pass]],
    ['returns a promise', () => Promise.resolve(() => pass)],
    ['returns a limit without a check', () => ({ kind: 'body-limit', requestBytes: 5 })],
    ['returns a limit that is no number', () => ({ kind: 'body-limit', requestBytes: '5', check: () => pass })],
    ['returns a negative limit', () => ({ kind: 'body-limit', responseBytes: -1, check: () => pass })],
    ['returns a limit that is no integer', () => ({ kind: 'body-limit', responseBytes: NaN, check: () => pass })],
    ['returns a limit of null', () => ({ kind: 'body-limit', requestBytes: null, check: () => pass })],
  ])('%s', (_, compile) => {
    const [constraint] = compileAll({ own: 1 }, [{ name: 'own', compile: compile as never }])
    expect(constraint).toMatchObject({ name: 'own', rule: 'CAP-5' })
    expect((constraint?.compiled as () => unknown)()).toMatchObject({ outcome: 'deny', code: violation })
  })

  it('ERR-2: a compile function that is async and fails does not end the process', async () => {
    const rejections = await unhandledRejectionsOf(() => compileAll({ own: 1 }, [{ name: 'own', compile: (async () => { throw new Error('rejected') }) as never }]))
    expect(rejections).toEqual([])
  })
})

describe('ERR-2: what a check may answer', () => {
  it('pass itself, or what deny makes', () => {
    expect(isVerdict(pass)).toBe(true)
    expect(isVerdict(deny(violation, 'x'))).toBe(true)
    expect(isVerdict(deny('request_too_large', 'x'))).toBe(true)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['false', false],
    ['the word', 'pass'],
    ['something that looks like pass', { outcome: 'pass' }],
    ['a frozen copy of pass', Object.freeze({ ...pass })],
    ['a refusal without code', { outcome: 'deny', detail: 'x' }],
    ['a refusal without detail', { outcome: 'deny', code: violation }],
    ['a refusal by a code that does not exist', { outcome: 'deny', code: 'no_such_code', detail: 'x' }],
    ['a refusal by a name that the prototype has', { outcome: 'deny', code: 'toString', detail: 'x' }],
    ['a refusal by a code that is no string', { outcome: 'deny', code: 403, detail: 'x' }],
    ['a refusal by a code that is not a constraint\'s', { outcome: 'deny', code: 'invalid_token', detail: 'x' }],
    ['a function', () => pass],
    ['a list', [pass]],
  ])('and nothing else: %s', (_, answer) => {
    expect(isVerdict(answer)).toBe(false)
  })

  it.each([
    'invalid_token', 'no_credentials', 'internal_error', 'quota_exceeded', 'temporarily_unavailable', 'aap_nonsense', 'AAP_CONSTRAINT_VIOLATION', '', 'toString', '__proto__', undefined, null, 403, ['aap_constraint_violation'],
  ])('deny(%j) throws where it is called', (code) => {
    expect(() => deny(code as never, 'x')).toThrow(TypeError)
  })

  it.each([
    'aap_invalid_capability', 'aap_domain_not_allowed', 'aap_capability_expired', 'aap_approval_required', 'aap_excessive_delegation', 'aap_invalid_delegation_chain',
    'aap_task_mismatch', 'aap_agent_not_recognized', 'aap_invalid_context', 'aap_constraint_violation', 'request_too_large',
  ] as const)('deny(%j) is a refusal', (code) => {
    expect(deny(code, 'why')).toEqual({ outcome: 'deny', code, detail: 'why' })
  })
})
