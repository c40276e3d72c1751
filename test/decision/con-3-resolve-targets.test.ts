import { describe, expect, it } from 'vitest'
import { compileRoute } from '../../src/decision/route.js'
import { deciding, outcomeOf } from './decisions.js'

const capabilities = [{ action: 'a', constraints: { ip_ranges_allowed: ['192.0.2.0/24'] } }]
const target = 'https://example.org/path'

/** A resolver that notes what it is asked. */
function resolving(answer: unknown, more: object = {}) {
  const asked: string[] = []
  return { asked, ...deciding({ capabilities, rules: { resolveTargets: ((host: string) => { asked.push(host); return answer }) as never }, ...more }) }
}

describe('CON-3: resolveTargets', () => {
  it('is asked for the host, and the addresses it checked are handed on', async () => {
    for (const answer of [['192.0.2.1', '192.0.2.2'], Promise.resolve(['192.0.2.1', '192.0.2.2'])]) {
      const { decide, asked } = resolving(answer)
      const ruling = await decide('a', { target: 'https://Example.ORG.:8443/x?y' })
      expect(asked).toEqual(['example.org'])
      expect(Object.isFrozen(ruling.addresses)).toBe(true)
      expect(ruling).toMatchObject({ capability: { index: 0 }, addresses: ['192.0.2.1', '192.0.2.2'], target: { url: 'https://example.org:8443/x?y' } })
    }
  })

  it.each<[string, unknown]>([
    ['no address', []], ['nothing', undefined], ['null', null], ['a string', '192.0.2.1'], ['one address outside', ['192.0.2.1', '198.51.100.1']], ['one that is none', ['192.0.2.1', 'example.org']], ['one that is no string', ['192.0.2.1', 1]], ['a hole', Object.assign(new Array(2), { 1: '192.0.2.1' })], ['the other family', ['::1']], ['objects, as node:dns gives them', [{ address: '192.0.2.1', family: 4 }]],
  ])('that answers %s: denied', async (_, answer) => {
    expect(outcomeOf(await resolving(answer).decide('a', { target }))).toBe('aap_constraint_violation CON-3')
  })

  it.each<[string, Record<string, unknown>]>([
    ['the target is an address', { target: 'http://192.0.2.7/' }],
    ['the route supplies the addresses', { target, addresses: ['192.0.2.7'] }],
  ])('is not asked where %s', (_, facts) => {
    const { decide, asked } = resolving(['198.51.100.1'])
    expect(decide('a', facts)).toMatchObject({ capability: { index: 0 }, addresses: ['192.0.2.7'] })
    expect(asked).toEqual([])
  })

  it('is not asked where the route says that it does not know them, or where there is no target', () => {
    const { decide, decideRoute, asked } = resolving(['192.0.2.1'])
    expect(outcomeOf(decide('a', { target, addresses: undefined }))).toBe('aap_constraint_violation CON-3')
    expect(outcomeOf(decideRoute(compileRoute('a', { target, addresses: () => undefined })))).toBe('aap_constraint_violation CON-3')
    for (const none of [undefined, null, 'example.org', [target], 'https://a b/']) expect(outcomeOf(decide('a', { target: none }))).toBe('aap_constraint_violation CON-3')
    expect(asked).toEqual([])
  })

  it('is not asked where no capability for the action looks at addresses (SEC-1)', () => {
    const { decide, asked } = resolving(['192.0.2.1'], { capabilities: [{ action: 'a', constraints: { domains_allowed: ['example.org'] } }, { action: 'b', constraints: capabilities[0]!.constraints }] })
    const ruling = decide('a', { target })
    expect(outcomeOf(ruling)).toBe('allow 0')
    expect(asked).toEqual([])
    expect((ruling as { addresses?: unknown }).addresses).toBeUndefined()
  })

  it.each<[string, object, string]>([
    ['a method (CON-5)', { allowed_methods: ['POST'] }, 'aap_constraint_violation CON-5'],
    ['encryption (CON-12)', { require_encryption: true }, 'aap_constraint_violation CON-12'],
    ['a domain that is not allowed (CON-2)', { domains_allowed: ['example.com'] }, 'aap_domain_not_allowed CON-2'],
    ['a domain that is blocked (CON-2)', { domains_blocked: ['example.org'] }, 'aap_domain_not_allowed CON-2'],
    ['ranges that are none', { ip_ranges_allowed: ['192.0.2.0/99'] }, 'aap_constraint_violation CON-3'],
  ])('is not asked about a host that is refused without it, by %s', (_, more, expected) => {
    const { decide, asked } = resolving(['192.0.2.1'], { capabilities: [{ action: 'a', constraints: { ...capabilities[0]!.constraints, ...more } }] })
    expect(outcomeOf(decide('a', { target }))).toBe(expected)
    expect(asked).toEqual([])
  })

  it('is asked once, however many alternatives want to know, and by none that is not needed (CAP-3)', async () => {
    const ranges = capabilities[0]!.constraints
    const some = resolving(['198.51.100.1'], { capabilities: [{ action: 'a', constraints: ranges }, { action: 'a', constraints: { ...ranges, max_depth: 1 } }] })
    expect(outcomeOf(await some.decide('a', { target }))).toBe('aap_constraint_violation CON-3')
    expect(some.asked).toEqual(['example.org'])
    const none = resolving(['192.0.2.1'], { capabilities: [{ action: 'a', constraints: { domains_allowed: ['example.org'] } }, { action: 'a', constraints: ranges }] })
    expect(outcomeOf(none.decide('a', { target }))).toBe('allow 0')
    expect(none.asked).toEqual([])
  })

  it('without it, a name has no addresses', () => {
    expect(outcomeOf(deciding({ capabilities }).decide('a', { target }))).toBe('aap_constraint_violation CON-3')
  })

  it('addresses that no constraint of the chosen capability checked are not handed on', async () => {
    const two = [{ action: 'a', constraints: { ip_ranges_allowed: ['198.51.100.0/24'] } }, { action: 'a' }]
    const ruling = await resolving(['192.0.2.1'], { capabilities: two }).decide('a', { target })
    expect(ruling.capability?.index).toBe(1)
    expect(ruling.addresses).toBeUndefined()
  })
})
