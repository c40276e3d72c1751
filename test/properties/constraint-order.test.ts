import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { compileAll } from '../constraints/compiled.js'
import { defineConstraint } from '../../src/constraints/constraint-definition.js'
import { pass } from '../../src/model/verdict.js'

it('ORD-1: constraints in the order CON-5, 12, 2, 3, 4, 8, 9, 10, 6, registered ones by name, whatever the order in the token', () => {
  const order = ['allowed_methods', 'require_encryption', 'domains_blocked', 'domains_allowed', 'ip_ranges_allowed', 'time_window', 'allowed_regions', 'data_classification_max', 'max_depth', 'max_request_size']
  const registered = ['Alpha', 'alpha', 'zeta']
  checkProperty(fc.property(fc.shuffledSubarray([...order, ...registered]), (names) => {
    const compiled = compileAll(Object.fromEntries(names.map((name) => [name, {}])), registered.map((name) => defineConstraint({ name, compile: () => () => pass })))
    expect(compiled.map(({ name }) => name)).toEqual([...order, ...registered].filter((name) => names.includes(name)))
  }), { runs: 200 })
})
