import { describe, expect, it } from 'vitest'
import { exampleClaims } from '../../src/testing/example-claims.js'
import { parseClaims } from '../../src/index.js'

const bare = {
  agent: { id: 'a', type: 't', operator: 'o' },
  task: { id: 't', purpose: 'p', expires_at: '2025-01-01T00:00:00Z' },
  capabilities: [{ action: 'search.web', constraints: { domains_allowed: ['example.org'] } }],
  delegation: { depth: 1, max_depth: 2, chain: ['a', 'b'], parent_jti: 'j' },
}
const prefixed = (prefix: string, claims: object = bare) => Object.fromEntries(Object.entries(claims).map(([name, value]) => [`${prefix}${name}`, value]))

/** Lists in lists, so deep. */
function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('DIA-1: the claims of a payload', () => {
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['draft-00', prefixed('aap_'), undefined],
    ['draft-01', bare, undefined],
    ['namespaced claims', prefixed('https://example.com/aap_'), 'https://example.com/'],
    ['draft-00, where a prefix is known', prefixed('aap_'), 'https://example.com/'],
  ])('%s', (_, payload, claimPrefix) => {
    const expected = {
      agent: bare.agent,
      task: { id: 't', purpose: 'p', expiresAt: Date.UTC(2025, 0, 1) },
      capabilities: bare.capabilities,
      delegation: { depth: 1, maxDepth: 2, chain: [{ sub: 'a' }, { sub: 'b' }], chainIncludesOrigin: true, parentJti: 'j', actors: [] },
    }
    expect(parseClaims({ iss: 'i', exp: 1, scope: 'x', ...payload }, { ...(claimPrefix !== undefined && { claimPrefix }) })).toEqual(expected)
  })

  it('nothing else of a token is looked at', () => {
    expect(parseClaims({ ...bare, iss: 1, aud: {}, exp: 'x', cnf: 1 }).agent.id).toBe('a')
  })
})

describe('what a guard would refuse is a TypeError with rule and problem', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no claims', { iss: 'i' }, /^DIA-5: the token has no AAP claims$/],
    ['an unknown prefix', prefixed('https://example.org/aap_'), /^DIA-5:/],
    ['two spellings', { ...prefixed('aap_'), agent: bare.agent }, /^DIA-2:/],
    ['no task', { ...bare, task: undefined }, /^DIA-5: the token has no claim task$/],
    ['an agent that is too long', { ...bare, agent: { ...bare.agent, id: 'a'.repeat(129) } }, /^TOK-8: agent: \/id/],
    ['no capability', { ...bare, capabilities: [] }, /^TOK-10: capabilities:/],
    ['a task that begins at no time', { ...bare, task: { ...bare.task, created_at: 'yesterday' } }, /^TOK-10: task:/],
    ['a malformed context', { ...bare, context: { time_window: { start: 'x', end: 'y' } } }, /^TOK-10: context:/],
    ['a malformed delegation', { ...bare, delegation: { depth: -1 } }, /^DEL-1: delegation:/],
    ['an empty chain', { ...bare, delegation: { depth: 0, max_depth: 1, chain: [] } }, /^DEL-2: delegation:/],
    ['a depth above its maximum', { ...bare, delegation: { depth: 2, max_depth: 1, chain: ['a', 'b', 'c'] } }, /^DEL-1: delegation depth 2 is above max_depth 1$/],
    ['a chain of another length', { ...bare, delegation: { depth: 1, max_depth: 1, chain: ['a'] } }, /^DEL-2: a chain of 1 at depth 1$/],
    ['an actor who is not in the chain', { ...bare, act: { sub: 'x' } }, /^DEL-3: act is not the last of the chain$/],
    ['an actor without delegation', { ...bare, delegation: undefined, act: { sub: 'x' } }, /^DEL-3: act without a delegation claim$/],
    ['a null member', { ...bare, context: null }, /^TOK-7: member "context" is null$/],
    ['a null member further down', { ...bare, task: { ...bare.task, created_by: null } }, /^TOK-7: member "created_by" is null$/],
    ['a number that is not finite', { ...bare, task: { ...bare.task, expires_at: Infinity } }, /^TOK-7: a number is not finite$/],
    ['a member named __proto__', JSON.parse('{"agent":{"__proto__":{}}}') as Record<string, unknown>, /^TOK-7: a member is named __proto__$/],
    ['a date', { ...bare, exp: new Date(0) }, /^TOK-7: a value is not JSON$/],
    ['a function', { ...bare, exp: () => 1 }, /^TOK-7: a value is not JSON$/],
    ['a big integer', { ...bare, exp: 1n }, /^TOK-7: a value is not JSON$/],
    ['a hole in a list', { ...bare, aud: [undefined] }, /^TOK-7: a value is not JSON$/],
    ['nesting over 32', { ...bare, x: nested(32) }, /^TOK-7: nested deeper than 32$/],
    ['nesting without end', { ...bare, x: nested(100_000) }, /^TOK-7: nested deeper than 32$/],
  ])('%s', (_, payload, message) => {
    expect(() => parseClaims(payload)).toThrow(TypeError)
    expect(() => parseClaims(payload)).toThrow(message)
  })

  it.each([undefined, null, 'eyJ', 1, [], [bare], new Map(), new Date(0)])('TOK-7: %j is no payload', (payload) => {
    expect(() => parseClaims(payload as never)).toThrow(new TypeError('TOK-7: the payload is not a JSON object'))
  })

  it.each<[string, unknown, RegExp]>([['a misspelt name', { claimPrefx: 'x' }, /unknown member `claimPrefx`/], ['an inherited prefix', Object.create({ claimPrefix: 'x' }), /plain object/], ['a text', 'x', /plain object/]])('options that are not read: %s', (_, options, message) => {
    expect(() => parseClaims(bare, options as never)).toThrow(message)
  })

  it.each(['', 1, null])('DIA-3: %j is no prefix', (claimPrefix) => {
    expect(() => parseClaims(bare, { claimPrefix: claimPrefix as never })).toThrow(new TypeError('parseClaims: `claimPrefix` is a non-empty string'))
  })

  it('a payload that holds itself is nested too deep', () => {
    const payload: Record<string, unknown> = { ...bare }
    payload.x = payload
    expect(() => parseClaims(payload)).toThrow(/TOK-7/)
  })

  it.each([[{ ...bare, x: nested(31) }], [{ ...bare, aud: [null] }], [{ ...bare, context: undefined }]])('what JSON can say is accepted', (payload) => {
    expect(parseClaims(payload).task.id).toBe('t')
  })
})

describe('AUD-5: the result is its reader\'s alone', () => {
  it('deeply frozen, and the payload is not', () => {
    const payload = exampleClaims()
    const parsed = parseClaims(payload)
    expect(Object.isFrozen(parsed.capabilities[0]?.constraints.domains_allowed)).toBe(true)
    expect(Object.isFrozen((payload.aap_capabilities as { constraints: object }[])[0]?.constraints)).toBe(false)
  })

  it('a payload that is frozen only on its surface cannot change it later', () => {
    const domains = ['example.org']
    const constraints = Object.freeze({ domains_allowed: domains })
    const claims = exampleClaims({ aap_capabilities: [{ action: 'later.changed', constraints }] })
    const parsed = parseClaims(claims)
    domains.push('evil.example')
    expect(parsed.capabilities[0]?.constraints).toEqual({ domains_allowed: ['example.org'] })
    expect(parseClaims(exampleClaims({ aap_capabilities: [{ action: 'later.changed', constraints: { domains_allowed: ['example.org'] } }] })).capabilities).toEqual(parsed.capabilities)
  })
})
