import { describe, expect, it } from 'vitest'
import { readDialect } from '../../src/claims/dialect.js'

const seven = ['agent', 'task', 'capabilities', 'oversight', 'delegation', 'context', 'audit'] as const
const prefix = 'https://example.com/'

describe('DIA-1: two spellings of the seven names become one', () => {
  it.each([
    ['aap', 'aap_', undefined],
    ['draft-01', '', undefined],
    ['aap under a namespace', `${prefix}aap_`, prefix],
    ['aap where a namespace is configured', 'aap_', prefix],
    ['draft-01 where a namespace is configured', '', prefix],
  ])('%s', (_, spelling, claimPrefix) => {
    const payload = Object.fromEntries(seven.map((name) => [`${spelling}${name}`, { from: name }]))
    expect(readDialect({ iss: 'a', ...payload }, claimPrefix)).toEqual(Object.fromEntries(seven.map((name) => [name, { from: name }])))
  })

  it.each(seven)('%s alone already makes an AAP token (DIA-5)', (name) => {
    expect(readDialect({ [`aap_${name}`]: 1 }, undefined)).toEqual({ [name]: 1 })
    expect(readDialect({ [name]: 1 }, undefined)).toEqual({ [name]: 1 })
  })
})

describe('DIA-2: a token that mixes spellings is refused', () => {
  const pairs = seven.flatMap((one) => seven.map((other) => [one, other] as const))

  it.each(pairs)('aap_%s beside %s', (one, other) => {
    expect(readDialect({ [`aap_${one}`]: {}, [other]: {} }, undefined)).toMatchObject({ rule: 'DIA-2' })
  })

  it.each(pairs.slice(0, 8))('the namespaced %s beside %s in the other spellings', (one, other) => {
    expect(readDialect({ [`${prefix}aap_${one}`]: {}, [`aap_${other}`]: {} }, prefix)).toMatchObject({ rule: 'DIA-2' })
    expect(readDialect({ [`${prefix}aap_${one}`]: {}, [other]: {} }, prefix)).toMatchObject({ rule: 'DIA-2' })
  })

  it('other claims belong to both', () => {
    const others = { act: { sub: 'a' }, cnf: {}, scope: 'a b', client_id: 'c', iss: 'i', agent_type: 'x', aap_version: 1 }
    expect(readDialect({ ...others, aap_agent: 1 }, undefined)).toEqual({ agent: 1 })
    expect(readDialect({ ...others, agent: 1 }, undefined)).toEqual({ agent: 1 })
  })
})

describe('DIA-3 and DIA-5: a token that holds none of the names', () => {
  it.each([
    ['nothing', {}, undefined],
    ['scopes', { scope: 'search.web' }, undefined],
    ['a namespace that is not configured', { [`${prefix}aap_agent`]: {} }, undefined],
    ['another namespace', { 'https://evil.example/aap_agent': {} }, prefix],
    ['the namespace before the bare name, which is not canonical', { [`${prefix}agent`]: {} }, prefix],
    ['another case', { AAP_AGENT: {}, Agent: {} }, undefined],
    ['capabilities_ref, which is not supported', { capabilities_ref: 'https://as.example.com/c', aap_capabilities_ref: 'x' }, undefined],
    ['names that the prototype has', Object.create({ aap_agent: {}, agent: {} }) as Record<string, unknown>, undefined],
  ])('%s', (_, payload, claimPrefix) => {
    expect(readDialect(payload, claimPrefix)).toMatchObject({ rule: 'DIA-5' })
  })
})
