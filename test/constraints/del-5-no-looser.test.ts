import { describe, expect, it } from 'vitest'
import { createRegistry } from '../../src/constraints/registry.js'
import { defineConstraint, type ConstraintDefinition } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'
import { unhandledRejectionsOf } from '../decision/unhandled-rejections.js'
import { judge, nowMs } from './compiled.js'

const registryWith = (...registered: readonly ConstraintDefinition[]) => createRegistry({ registered, countedPerRequest: new Set(['drafts']) })
const isNoLooser = (name: string, child: unknown, parent: unknown) => registryWith().isNoLooser(name, child, parent)

const window = (start: string, end: string) => ({ start: `2025-01-01T${start}Z`, end: `2025-01-01T${end}Z` })
const day = window('00:00:00', '23:00:00')

interface Case {
  readonly name: string
  readonly rule: string
  /** Child, parent. */
  readonly noLooser: readonly (readonly [child: unknown, parent: unknown])[]
  readonly looser: readonly (readonly [child: unknown, parent: unknown])[]
}

const numbers = { noLooser: [[0, 0], [0, 1], [5, 5], [4, 5], [0, 2 ** 53 - 1]], looser: [[1, 0], [6, 5], [2 ** 53 - 1, 0]] } as const

const cases: readonly Case[] = [
  {
    name: 'allowed_methods', rule: 'CON-5',
    noLooser: [[['GET'], ['GET']], [['GET'], ['POST', 'GET']], [[], ['GET']], [[], []], [['GET', 'GET'], ['GET']], [['GET', 'get'], ['GET']], [['get'], []]],
    looser: [[['GET', 'POST'], ['GET']], [['GET'], []], [['GET'], ['get']], [['HEAD'], ['GET']]],
  },
  {
    name: 'require_encryption', rule: 'CON-12',
    noLooser: [[true, true], [true, false], [false, false]],
    looser: [[false, true]],
  },
  {
    name: 'domains_allowed', rule: 'CON-2',
    noLooser: [[['example.org'], ['example.org']], [['a.example.org'], ['example.org']], [[], ['example.org']], [[], []], [['example.org', '*'], ['example.org']], [['*'], []], [['1.2.3.4'], ['1.2.3.4']], [['EXAMPLE.ORG'], ['example.org.']], [['::ffff:1.2.3.4'], ['1.2.3.4']]],
    looser: [[['example.org'], ['a.example.org']], [['badexample.org'], ['example.org']], [['example.org', 'example.com'], ['example.org']], [['example.org'], []], [['example.org'], ['*']], [['1.2.3.4'], ['4']], [['1.2.3.4'], ['1.2.3.0/24']]],
  },
  {
    name: 'domains_blocked', rule: 'CON-2',
    noLooser: [[['example.org'], ['example.org']], [['example.org'], ['a.example.org']], [['example.org'], []], [[], []], [['a', 'b'], ['b']], [['*'], ['example.org']], [['*'], ['*']], [['*'], ['']], [['1.2.3.4'], ['::ffff:1.2.3.4']]],
    looser: [[['a.example.org'], ['example.org']], [[], ['example.org']], [['example.com'], ['example.org']], [['example.org'], ['*']], [['example.org'], ['example.org', '']], [['1.2.3.4'], ['1.2.3.5']]],
  },
  {
    name: 'ip_ranges_allowed', rule: 'CON-3',
    noLooser: [[['10.0.0.0/8'], ['10.0.0.0/8']], [['10.1.0.0/16'], ['10.0.0.0/8']], [[], ['10.0.0.0/8']], [[], []], [['::ffff:10.0.0.0/104'], ['10.0.0.0/8']]],
    looser: [[['10.0.0.0/8'], ['10.0.0.0/16']], [['10.0.0.0/8'], []], [['10.0.0.0/8', '11.0.0.0/8'], ['10.0.0.0/8']], [['0.0.0.0/0'], ['::/0']], [['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.0/9']]],
  },
  {
    name: 'time_window', rule: 'CON-4',
    noLooser: [[day, day], [window('10:00:00', '11:00:00'), day], [window('00:00:00', '00:00:01'), day], [{ start: '2025-01-01T02:00:00+01:00', end: '2025-01-01T23:30:00+01:00' }, day]],
    looser: [[day, window('10:00:00', '11:00:00')], [window('00:00:00', '23:00:01'), day], [{ start: '2025-01-01T00:30:00+01:00', end: day.end }, day], [{ ...day, end: '2025-01-01T23:00:00.0001Z' }, day]],
  },
  {
    name: 'allowed_regions', rule: 'CON-8',
    noLooser: [[['DE'], ['DE']], [['DE'], ['FR', 'DE']], [[], ['DE']], [[], []]],
    looser: [[['DE', 'US'], ['DE']], [['DE'], []]],
  },
  {
    name: 'data_classification_max', rule: 'CON-9',
    noLooser: [['public', 'public'], ['public', 'personal'], ['confidential', 'restricted'], ['confidential', 'personal'], ['restricted', 'restricted'], ['personal', 'personal']],
    looser: [['internal', 'public'], ['restricted', 'confidential'], ['personal', 'restricted'], ['restricted', 'personal']],
  },
  { name: 'max_depth', rule: 'CON-10', noLooser: [[0, 0], [0, 1], [1, 10], [10, 10]], looser: [[1, 0], [10, 9]] },
  { name: 'max_request_size', rule: 'CON-6', ...numbers },
  { name: 'max_response_size', rule: 'CON-7', ...numbers },
  {
    name: 'require_approval_threshold', rule: 'CON-11',
    noLooser: [[100, 100], [99.5, 100], [-1, 0], [NaN, 0], [NaN, NaN], [0, Infinity], [-Infinity, 0]],
    looser: [[101, 100], [0, -0.5], [0, NaN], [Infinity, 1e308]],
  },
  { name: 'max_requests_per_hour', rule: 'CON-1', ...numbers },
  { name: 'max_emails_per_second', rule: 'CON-1', ...numbers },
]

describe.each(cases)('DEL-5: $name ($rule)', ({ name, noLooser, looser }) => {
  it.each(noLooser)('%j is no looser than %j', (child, parent) => {
    expect(isNoLooser(name, child, parent)).toBe(true)
  })

  it.each(looser)('%j is looser than %j', (child, parent) => {
    expect(isNoLooser(name, child, parent)).toBe(false)
  })

  it.each(['x', null, undefined, {}, [1], [[]], { start: 'x', end: 'y' }])('TOK-10: %j, which is malformed, is not said to be no looser', (malformed) => {
    expect(isNoLooser(name, malformed, noLooser[0]![1])).toBe(false)
  })

  it('changes neither value, and remembers none that can still change', () => {
    const [child, parent] = looser[0]!
    const [mutable, other] = [structuredClone(child), structuredClone(parent)]
    expect(isNoLooser(name, mutable, other)).toBe(false)
    expect([mutable, other]).toEqual([child, parent])
    if (!Array.isArray(mutable) || !Array.isArray(other)) return
    for (const list of [mutable, other]) list.splice(0, Infinity, ...(noLooser[0]![0] as unknown[]))
    expect(isNoLooser(name, mutable, other)).toBe(true)
  })
})

describe('DEL-5: what is no looser passes nothing that the other refuses', () => {
  const targets = [undefined, 'https://example.org/', 'https://a.example.org/', 'https://badexample.org/', 'https://example.com/', 'http://1.2.3.4/', 'http://1.2.3.5/', 'http://10.1.2.3/', 'http://10.200.0.1/', 'http://11.0.0.1/', 'http://[::1]/'].map((target) => ({ target }))
  const facts: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
    allowed_methods: ['GET', 'get', 'POST', 'HEAD', ''].map((method) => ({ method })),
    require_encryption: [{}, { encrypted: true }, { encrypted: false }],
    domains_allowed: targets,
    domains_blocked: targets,
    ip_ranges_allowed: targets,
    time_window: [-1, 0, 1, 60 * 60_000, 10 * 60 * 60_000, 23 * 60 * 60_000 - 1, 23 * 60 * 60_000, 23 * 60 * 60_000 + 0.05].map((afterMs) => ({ nowMs: nowMs + afterMs })),
    allowed_regions: [{}, { region: 'DE' }, { region: 'US' }, { region: 'FR' }],
    data_classification_max: [{}, ...['public', 'internal', 'confidential', 'restricted', 'personal', 'secret'].map((classification) => ({ classification }))],
  }

  it.each(cases.filter(({ name }) => name in facts))('$rule: $name, for every two values of the tables', ({ name, noLooser, looser }) => {
    const values = [...noLooser, ...looser].flat()
    for (const child of values) {
      for (const parent of values) {
        if (!isNoLooser(name, child, parent)) continue
        for (const fact of facts[name]!) if (judge(name, child, fact) === 'pass') expect([child, parent, fact, judge(name, parent, fact)]).toEqual([child, parent, fact, 'pass'])
      }
    }
  })
})

describe('DEL-5, CAP-5: constraints that are registered, or that nobody knows', () => {
  const own = (isNoLooserOfOwn?: unknown) => registryWith({ name: 'own', compile: () => () => pass, ...(isNoLooserOfOwn !== undefined && { isNoLooser: isNoLooserOfOwn as never }) })

  it('one that compares gives the answer', () => {
    const maxPages = defineConstraint<number>({ name: 'max_pages', compile: () => () => pass, isNoLooser: (child, parent) => child <= parent })
    const registry = registryWith(maxPages)
    expect([1, 2, 3].map((child) => registry.isNoLooser('max_pages', child, 2))).toEqual([true, true, false])
  })

  it.each<[string, unknown]>([
    ['throws', () => { throw new Error('no') }],
    ['returns nothing', () => undefined],
    ['returns what is true to JavaScript only', () => 1],
    ['returns an object', () => ({})],
    ['returns a promise', async () => true],
  ])('one that %s has not said that it is no looser', (_, compare) => {
    expect(own(compare).isNoLooser('own', 1, 1)).toBe(false)
  })

  it('ERR-2: one that is async and fails does not end the process', async () => {
    expect(await unhandledRejectionsOf(() => own(async () => { throw new Error('rejected') }).isNoLooser('own', 1, 1))).toEqual([])
  })

  it('an isNoLooser that is no function fails at start-up', () => {
    expect(() => own(true)).toThrow(/constraints.*isNoLooser of own/)
  })

  it.each(['own', 'nobody_knows', 'toString', '__proto__', 'max_requests_per_week'])('without a comparison only equal values of %j are no looser', (name) => {
    const registry = own()
    expect(registry.isNoLooser(name, { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true)
    expect([[1, 2], [2, 1], ['a', ['a']], [undefined, null]].map(([child, parent]) => registry.isNoLooser(name, child, parent))).toEqual([false, false, false, false])
  })
})
