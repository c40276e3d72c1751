import { describe, expect, it } from 'vitest'
import { answerWith, authorizationFrom, parsedFrom, refusalOf, type Members } from './answers.js'
import { checkBudget } from '../../src/checks/budget.js'
import { compareAuthorizations } from '../../src/claims/attenuation.js'
import { createRegistry } from '../../src/constraints/registry.js'
import { exampleClaims } from '../../src/testing/example-claims.js'
import { parseAuthorization } from '../../src/claims/parse-authorization.js'
import { readLegacyScopes } from '../../src/claims/legacy-scopes.js'
import { tableOf } from './answers.js'
import { withBudget } from '../../src/claims/operation-budget.js'

describe('INT-4: the budget of an answer', () => {
  it.each<[string, Members, object | undefined]>([
    ['none', {}, undefined],
    ['a maximum', { max_operations: 1_000 }, { maxOperations: 1_000, expiresOnCompletion: false }],
    ['what is left', { operations_remaining: 7 }, { remaining: 7, expiresOnCompletion: false }],
    ['both, as the issuer says them', { max_operations: 5, operations_remaining: 7, expires_on_completion: true }, { maxOperations: 5, remaining: 7, expiresOnCompletion: true }],
    ['0', { max_operations: 0, operations_remaining: 0 }, { maxOperations: 0, remaining: 0, expiresOnCompletion: false }],
    ['the largest', { max_operations: 2 ** 53 - 1 }, { maxOperations: 2 ** 53 - 1, expiresOnCompletion: false }],
    ['nothing to count, and so nothing that could be complete', { expires_on_completion: true }, undefined],
  ])('%s', (_, members, budget) => {
    expect(authorizationFrom(members).budget).toEqual(budget)
  })

  it.each([-1, 0.5, -0.5, 1e-9, 2 ** 53, 1e300, '10', '', 'many', true, false, [], [1], {}])('%j is no number of operations', (value) => {
    for (const name of ['max_operations', 'operations_remaining']) expect(refusalOf({ max_operations: 5, [name]: value })).toBe('invalid_token INT-4')
  })

  it.each(['true', 'false', 0, 1, '', [], {}])('%j is no expires_on_completion', (value) => {
    for (const members of [{ max_operations: 5 }, {}]) expect(refusalOf({ ...members, expires_on_completion: value })).toBe('invalid_token INT-4')
  })

  it('holds beside AAP claims', () => {
    const members = { ...exampleClaims(), max_operations: 3, expires_on_completion: true }
    expect(authorizationFrom(members)).toMatchObject({ agent: { id: 'agent-researcher-01' }, budget: { maxOperations: 3, expiresOnCompletion: true } })
    expect(refusalOf({ ...members, operations_remaining: -1 })).toBe('invalid_token INT-4')
  })

  it('holds beside scopes during a migration', () => {
    const legacy = readLegacyScopes({ clientId: 'client-1', scopes: ['read'] }, undefined, tableOf({ read: ['posts.read'] }))
    expect('code' in legacy ? legacy : withBudget(legacy, { max_operations: 3 })).toMatchObject({ authorization: { agent: { type: 'oauth-client' }, budget: { maxOperations: 3 } } })
  })

  it('is in no JWT: its claims do not say it', () => {
    expect(parseAuthorization({ ...exampleClaims(), max_operations: 3 }, undefined)).not.toHaveProperty('authorization.budget')
  })
})

describe('INT-4: a budget of which nothing is left', () => {
  it.each<[string, Members, string | undefined]>([
    ['nothing remains', { max_operations: 5, operations_remaining: 0 }, 'INT-4'],
    ['nothing remains of what nobody knows', { operations_remaining: 0 }, 'INT-4'],
    ['there never was anything', { max_operations: 0 }, 'INT-4'],
    ['there never was anything, whatever remains', { max_operations: 0, operations_remaining: 4 }, 'INT-4'],
    ['one remains', { max_operations: 5, operations_remaining: 1 }, undefined],
    ['no budget', {}, undefined],
  ])('%s', (_, members, rule) => {
    expect(checkBudget(authorizationFrom(members).budget)?.rule).toBe(rule)
    if (rule !== undefined) expect(checkBudget(authorizationFrom(members).budget)?.code).toBe('invalid_token')
  })
})

describe('DEL-5: the budget of a delegated token is no larger', () => {
  const registry = createRegistry({ registered: [], countedPerRequest: new Set() })
  const of = (max_operations: number | undefined, depth: number) =>
    parsedFrom(answerWith({ max_operations, delegation_depth: depth, delegation_chain: ['o', 'p', 'q'].slice(0, depth + 1) })).authorization

  it.each<[string, number | undefined, number | undefined, boolean]>([
    ['smaller', 4, 5, true], ['equal', 5, 5, true], ['larger', 6, 5, false], ['unlimited', undefined, 5, false], ['limited where the parent is not', 6, undefined, true], ['neither has one', undefined, undefined, true],
  ])('%s', (_, child, parent, holds) => {
    const differences = compareAuthorizations(of(child, 1), of(parent, 0), registry)
    expect(differences.map(({ path, rule }) => `${path} ${rule}`)).toEqual(holds ? [] : ['budget.maxOperations INT-4'])
  })
})
