import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attenuation } from '../../src/index.js'
import { isAttenuationOf } from '../../src/index.js'
import { childOf, compare, parentOf, saidOf } from '../claims/delegated.js'
import { capabilitiesOf, counting, derivedFrom, drawn, holds, nothingSpent, stateless, take, toWire, universeOf, wellFormed, type Spent, type TinyCapability, type TinyConstraint, type TinyRequest } from './tiny-aap.js'
import { checkProperty } from '../support/check-property.js'

const claimsOf = (capabilities: readonly TinyCapability[]) => ({ capabilities: capabilities.map(toWire) })
const compareTiny = (child: readonly TinyCapability[], parent: readonly TinyCapability[]): Attenuation => compare(claimsOf(child), claimsOf(parent))

interface Pair {
  readonly names: readonly string[]
  readonly parent: readonly TinyCapability[]
  readonly child: readonly TinyCapability[]
}

/** A parent, and a child made of it, with constraints of a few names. */
const pairs = (actions: readonly string[], names: fc.Arbitrary<readonly string[]>, maxChildren: number, maxParents = maxChildren): fc.Arbitrary<Pair> =>
  names.chain((some) => capabilitiesOf(actions, some, maxParents).chain((parent) => derivedFrom(parent, actions, some, maxChildren).map((child) => ({ names: some, parent, child }))))

const some = (pool: readonly string[], maxLength: number, minLength = 0) => fc.shuffledSubarray([...pool], { minLength, maxLength })

/** Runs a property and demands that it had something to say about answers of both kinds. */
function assertForBothAnswers(pairsOfOne: fc.Arbitrary<Pair>, runs: number, check: (pair: Pair, isAttenuation: boolean) => void): void {
  const seen = new Set<boolean>()
  checkProperty(
    fc.property(pairsOfOne, (pair) => {
      const { isAttenuation } = compareTiny(pair.child, pair.parent)
      seen.add(isAttenuation)
      check(pair, isAttenuation)
    }),
    { runs },
  )
  expect([...seen].sort()).toEqual([false, true])
}

describe('DEL-5 is sound: an attenuation admits nothing that its parent refuses', () => {
  it('any single request', () => {
    const actions = ['a', 'b']
    assertForBothAnswers(pairs(actions, some(stateless, 3), 3), 1_000, ({ child, parent, names }, isAttenuation) => {
      if (!isAttenuation) return
      const broader = universeOf(actions, names).find((request) => child.some((one) => holds(one, request)) && !parent.some((one) => holds(one, request)))
      expect(broader).toBeUndefined()
    })
  })

  const quotaNames = fc.tuple(some(stateless, 2), some(counting, 2, 1)).map((parts) => parts.flat())

  it.each<[order: 'same' | 'any', maxChildren: number, maxParents: number]>([
    ['any', 2, 2],
    ['same', 1, 3],
  ])('QTA-1, CAP-3: all sequences within one window; the parent admits the requests in %s order; alternatives of child and parent: up to %i and %i', (order, maxChildren, maxParents) => {
    let tried = 0
    assertForBothAnswers(pairs(['a'], quotaNames, maxChildren, maxParents), 400, ({ child, parent, names }, isAttenuation) => {
      if (!isAttenuation) return
      const kinds = kindsOf(child, parent, universeOf(['a'], names))
      if (kinds.length > 0) tried++
      // Four at a time, or trying all sequences takes too long.
      for (let start = 0; start < kinds.length; start += 3) expect(broaderSequence(child, parent, kinds.slice(start, start + 4), order)).toBeUndefined()
    })
    expect(tried).toBeGreaterThan(25)
  })

  it('the oracle itself finds what is broader', () => {
    const perHour = (limit: number): TinyConstraint => ({ name: 'max_requests_per_hour', value: limit, holds: () => true, quota: { limit, quantityOf: () => 1 } })
    const get: TinyConstraint = { name: 'allowed_methods', value: ['GET'], holds: ({ method }) => method === 'GET' }
    const capability = (...constraints: TinyConstraint[]): TinyCapability => ({ action: 'a', constraints })
    const requests = universeOf(['a'], ['allowed_methods'])
    const find = (child: TinyCapability[], parent: TinyCapability[], order: 'same' | 'any' = 'any') => broaderSequence(child, parent, kindsOf(child, parent, requests), order)?.map(({ method }) => method)
    expect(find([capability(perHour(2))], [capability(perHour(1))])).toEqual(['GET', 'GET'])
    expect(find([capability(perHour(1)), capability(perHour(1))], [capability(perHour(1))])).toEqual(['GET', 'GET'])
    expect(find([capability()], [capability(perHour(3)), capability(perHour(3))])).toHaveLength(7)
    expect(find([capability(get, perHour(1)), capability(perHour(1))], [capability(get, perHour(2))])).toContain('POST')
    // The order of alternatives: the parent has to send the POST first.
    const [child, parent] = [[capability(get, perHour(1)), capability(perHour(1))], [capability(perHour(1)), capability(get, perHour(1))]]
    expect(find(child, parent)).toBeUndefined()
    expect(find(child, parent, 'same')).toEqual(['GET', 'POST'])
  })
})

describe('DEL-5 is complete for one capability without quotas', () => {
  const onTargets = ['domains_allowed', 'domains_blocked', 'ip_ranges_allowed']
  const names = some(Object.keys(wellFormed), 3).filter((drawnNames) => drawnNames.filter((name) => onTargets.includes(name)).length <= 1)

  /**
   * Not where ranges of the parent only together cover one of the child, nor where a constraint that restricts
   * nothing is left out, nor for a child that admits nothing at all.
   */
  const isClaimed = (child: TinyCapability, parent: TinyCapability, requests: readonly TinyRequest[]) =>
    requests.some((request) => holds(child, request)) &&
    !parent.constraints.some(({ name, value }) => (name === 'ip_ranges_allowed' && (value as unknown[]).length > 1) || (name === 'require_encryption' && value === false))

  it('with constraints that look at different things: no broader exactly if no request says otherwise', () => {
    let claimed = 0
    assertForBothAnswers(pairs(['a'], names, 1), 1_500, ({ child: [child], parent: [parent], names: used }, isAttenuation) => {
      const requests = universeOf(['a'], used)
      const isMalformed = [...child!.constraints, ...parent!.constraints].some(({ value }) => value === 'malformed' || JSON.stringify(value) === '{}')
      if (isMalformed || !isClaimed(child!, parent!, requests)) return
      claimed++
      expect(isAttenuation).toBe(requests.every((request) => !holds(child!, request) || holds(parent!, request)))
    })
    expect(claimed).toBeGreaterThan(300)
  })
})

describe('DEL-5: laws of the comparison of capabilities', () => {
  const names = fc.tuple(some(stateless, 3), some(counting, 2)).map((parts) => parts.flat())
  const lists = names.chain((drawnNames) => capabilitiesOf(['a', 'b'], drawnNames, 4))

  it('reflexive: what is handed on as it is is no broader', () => {
    checkProperty(
      fc.property(lists, (capabilities) => {
        expect(saidOf(compareTiny(capabilities, capabilities))).toEqual([])
        expect(saidOf(compareTiny(capabilities, [...capabilities].reverse()))).toEqual([])
      }),
      { runs: 500 },
    )
  })

  it('transitive: no broader than what is no broader', () => {
    let hits = 0
    const chains = pairs(['a'], names, 3).chain((pair) => derivedFrom(pair.child, ['a'], pair.names, 3).map((grandchild) => ({ ...pair, grandchild })))
    checkProperty(
      fc.property(chains, ({ parent, child, grandchild }) => {
        const grandparent = parentOf(claimsOf(parent))
        const middle = childOf(claimsOf(child))
        const last = childOf({ ...claimsOf(grandchild), delegation: { depth: 2, max_depth: 3, chain: ['planner', 'searcher', 'reader'] } })
        if (!isAttenuationOf(last, middle).isAttenuation || !isAttenuationOf(middle, grandparent).isAttenuation) return
        hits++
        // Two steps at once are no delegation: all other claims say nothing.
        expect(saidOf(isAttenuationOf(last, grandparent))).toEqual(['delegation.depth DEL-1', 'delegation.chain DEL-2'])
      }),
      { runs: 1_500 },
    )
    expect(hits).toBeGreaterThan(40)
  })

  const added = names.chain((drawnNames) => pairs(['a'], fc.constant(drawnNames), 3).chain((pair) =>
    fc.record({ pair: fc.constant(pair), at: fc.nat(2), constraint: fc.constantFrom(...stateless, ...counting).chain(drawn) })))

  /** With a constraint more in one capability, unless there is one of this name. */
  const withOneMore = (capabilities: readonly TinyCapability[], at: number, constraint: TinyConstraint): readonly TinyCapability[] =>
    capabilities.map((capability, i) => (i !== at % capabilities.length || capability.constraints.some(({ name }) => name === constraint.name) ? capability : { ...capability, constraints: [...capability.constraints, constraint] }))

  it('a constraint more in the child never makes it broader, one more in the parent never makes the child narrower', () => {
    checkProperty(
      fc.property(added, ({ pair: { child, parent }, at, constraint }) => {
        if (compareTiny(child, parent).isAttenuation) expect(saidOf(compareTiny(withOneMore(child, at, constraint), parent))).toEqual([])
        else expect(compareTiny(child, withOneMore(parent, at, constraint)).isAttenuation).toBe(false)
      }),
      { runs: 1_000 },
    )
  })

  it('a capability less in the child never makes it broader, one less in the parent never makes the child narrower', () => {
    checkProperty(
      fc.property(added, ({ pair: { child, parent }, at }) => {
        const without = (capabilities: readonly TinyCapability[]) => capabilities.filter((_, i) => i !== at % capabilities.length)
        if (compareTiny(child, parent).isAttenuation) {
          if (child.length > 1) expect(saidOf(compareTiny(without(child), parent))).toEqual([])
        } else if (parent.length > 1) {
          expect(compareTiny(child, without(parent)).isAttenuation).toBe(false)
        }
      }),
      { runs: 1_000 },
    )
  })

  it('a constraint that is left out is one difference, at its path', () => {
    const known = fc.subarray([...Object.keys(wellFormed), 'max_pages'], { minLength: 1 }).chain((drawnNames) => fc.tuple(...drawnNames.map((name) => wellFormed[name] ?? drawn(name))))
    checkProperty(
      fc.property(known, fc.nat(), (constraints, at) => {
        const left = constraints[at % constraints.length]!
        const { differences } = compareTiny([{ action: 'a', constraints: constraints.filter((one) => one !== left) }], [{ action: 'a', constraints }])
        expect(differences).toMatchObject([{ path: `capabilities[0].constraints.${left.name}`, parent: left.value }])
        expect(differences[0]).not.toHaveProperty('child')
      }),
      { runs: 1_000 },
    )
  })
})

/** Requests by their kind, in the order in which the child makes them. */
type Sequence = readonly number[]

/**
 * Tries every sequence of up to seven requests of these kinds that the child admits, for one that the parent does not:
 * in the same order, or in any.
 */
function broaderSequence(child: readonly TinyCapability[], parent: readonly TinyCapability[], kinds: readonly TinyRequest[], order: 'same' | 'any'): readonly TinyRequest[] | undefined {
  const seen = new Set<string>()
  const from = (sequence: Sequence, spent: Spent, spentOfParent: Spent): Sequence | undefined => {
    for (const [kind, request] of kinds.entries()) {
      const after = take(child, request, spent)
      if (after === undefined) continue
      const longer = [...sequence, kind]
      const afterOfParent = order === 'same' ? take(parent, request, spentOfParent) : spentOfParent
      if (afterOfParent === undefined || (order === 'any' && !admitsInSomeOrder(parent, kinds, longer))) return longer
      // What happens next depends on this only.
      const key = JSON.stringify([order === 'same' ? longer.length : [...longer].sort(), after, afterOfParent])
      if (longer.length === 7 || seen.has(key)) continue
      seen.add(key)
      const found = from(longer, after, afterOfParent)
      if (found !== undefined) return found
    }
    return undefined
  }
  return from([], nothingSpent(child), nothingSpent(parent))?.map((kind) => kinds[kind]!)
}

function admitsInSomeOrder(capabilities: readonly TinyCapability[], kinds: readonly TinyRequest[], sequence: Sequence): boolean {
  const failed = new Set<string>()
  const admitsRest = (left: Sequence, spent: Spent): boolean => {
    const key = JSON.stringify([left, spent])
    if (failed.has(key)) return false
    const succeeds = left.length === 0 || left.some((kind, i) => {
      const after = left.indexOf(kind) === i ? take(capabilities, kinds[kind]!, spent) : undefined
      return after !== undefined && admitsRest(left.filter((_, other) => other !== i), after)
    })
    if (!succeeds) failed.add(key)
    return succeeds
  }
  return admitsRest([...sequence].sort(), nothingSpent(capabilities))
}

/** One request of each kind that capabilities and quotas tell apart, where the child admits it. */
function kindsOf(child: readonly TinyCapability[], parent: readonly TinyCapability[], requests: readonly TinyRequest[]): readonly TinyRequest[] {
  const kinds = new Map<string, TinyRequest>()
  for (const request of requests) {
    if (!child.some((capability) => holds(capability, request))) continue
    const key = JSON.stringify([[...child, ...parent].map((capability) => holds(capability, request)), request.emails])
    if (!kinds.has(key)) kinds.set(key, request)
  }
  return [...kinds.values()]
}
