import { describe, expect, it } from 'vitest'
import { exampleClaims } from '../../src/testing/example-claims.js'
import { refusalOf } from './answers.js'

const iat = 1_735_689_600

describe('INT-5: the lifetime of agent tokens', () => {
  it.each<[string, number, number | undefined, string | undefined]>([
    ['an hour', 3_600, undefined, undefined],
    ['a little more', 3_600.001, undefined, 'invalid_token INT-5'],
    ['a day', 86_400, undefined, 'invalid_token INT-5'],
    ['no time at all', 0, undefined, undefined],
    ['before it was issued', -5, undefined, undefined],
    ['above a lower maximum', 301, 300, 'invalid_token INT-5'],
    ['at a lower maximum', 300, 300, undefined],
    ['a day where that is configured', 86_400, 86_400, undefined],
    ['any where that is configured', 1e9, Infinity, undefined],
    ['more than there is', 1e308, undefined, 'invalid_token INT-5'],
  ])('%s', (_, seconds, maxLifetimeSeconds, expected) => {
    expect(refusalOf({ iat, exp: iat + seconds }, { maxLifetimeSeconds })).toBe(expected)
  })

  it('without iat nobody knows it: refused unless there is no maximum', () => {
    expect(refusalOf({ iat: undefined })).toBe('invalid_token INT-5')
    expect(refusalOf({ iat: undefined }, { maxLifetimeSeconds: 1e9 })).toBe('invalid_token INT-5')
    expect(refusalOf({ iat: undefined }, { maxLifetimeSeconds: Infinity })).toBeUndefined()
  })

  it('tokens with AAP claims have none', () => {
    expect(refusalOf({ ...exampleClaims(), iat, exp: iat + 86_400 })).toBeUndefined()
  })
})

describe('INT-5: an ephemeral agent has one task', () => {
  it.each([['ephemeral', undefined, 'invalid_token INT-5'], ['ephemeral', 'task-1', undefined], ['autonomous', undefined, undefined], ['supervised', undefined, undefined]])('%s with task_id %s', (agent_type, task_id, expected) => {
    expect(refusalOf({ agent_type, task_id })).toBe(expected)
  })
})
