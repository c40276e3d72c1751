import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkDelegation } from '../../src/checks/delegation.js'
import { noPolicy } from '../../src/checks/local-policy.js'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { judgeDelegation } from './oracles/delegation.js'
import { parseDelegation } from '../../src/claims/parse-delegation.js'

const invalid = 'aap_invalid_delegation_chain'
const excessive = 'aap_excessive_delegation'

/** What is wrong with a delegation claim and an `act`; `undefined` where nothing is. */
function judge(claim: unknown, act: unknown): string | undefined {
  const { delegation, denial = checkDelegation(delegation, noPolicy.delegation) } = parseDelegation(claim, act)
  return denial?.code
}

const subject = fc.constantFrom('a', 'b', 'c')
const oddSubject = fc.oneof({ arbitrary: subject, weight: 30 }, fc.constantFrom<unknown>('', 1, true, ['a'], {}, 'x'.repeat(128), 'x'.repeat(129), '\u{1F916}'.repeat(128), '\u{1F916}'.repeat(129)))
const depthNumber = fc.oneof({ arbitrary: fc.integer({ min: 0, max: 10 }), weight: 20 }, fc.constantFrom<unknown>(-1, 11, 0.5, 1e300, '1', true, undefined, [1]))
const oddTime = fc.oneof({ arbitrary: fc.integer({ min: 0, max: 3 }), weight: 30 }, fc.constantFrom<unknown>('1', true, -0.5))

const chain = fc.oneof(
  fc.constant(undefined),
  fc.array(oddSubject, { maxLength: 12 }),
  fc.array(fc.record({ sub: oddSubject, delegated_at: oddTime }, { requiredKeys: ['sub'] }), { maxLength: 11 }),
  fc.array(fc.oneof(subject, fc.record({ sub: subject })), { maxLength: 3 }),
  fc.constantFrom<unknown>('ab', {}, 1, true),
)
const times = fc.constantFrom('as drawn', 'sorted', 'sorted')
const actors = fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.array(oddSubject, { minLength: 1, maxLength: 4 }))

it('DEL-1, DEL-2, DEL-3: for every depth, chain and act, against the words of the rules', () => {
  const seen = coverage({ 'in order': 0.06, 'in order with act': 0.015, [invalid]: 0.2, [excessive]: 0.06 })
  checkProperty(fc.property(depthNumber, fc.oneof(depthNumber, fc.constant('enough')), chain, fc.constantFrom(true, true, true, false), times, actors, fc.constantFrom('drawn', 'from the chain', 'from the chain'), (depth, limit, drawn, isFitted, order, drawnActors, actorsFrom) => {
    const max_depth = limit === 'enough' ? 10 : limit
    // Left to chance the lengths hardly ever agree.
    const length = typeof depth === 'number' && depth % 1 === 0 && depth >= 0 && depth <= 10 ? depth + (Array.isArray(drawn) && typeof drawn[0] === 'string' ? 1 : 0) : 1
    const fitted: unknown = isFitted && Array.isArray(drawn) && drawn.length > 0 ? Array.from({ length }, (_, i) => drawn[i % drawn.length] as unknown) : drawn
    const list = order === 'sorted' ? sorted(fitted) : fitted
    const claim = { ...(depth !== undefined && { depth }), ...(max_depth !== undefined && { max_depth }), ...(list !== undefined && { chain: list }) }
    const subs = actorsFrom === 'drawn' || !Array.isArray(list) ? drawnActors : list.map((entry) => subOf(entry)).reverse().slice(0, drawnActors.length)
    const act = subs.reduceRight<unknown>((inner, sub) => ({ sub, ...(inner !== undefined && { act: inner }) }), undefined)
    const expected = judgeDelegation(claim, subs)
    seen.note(expected ?? (subs.length > 0 ? 'in order with act' : 'in order'))
    expect(judge(claim, act)).toBe(expected)
  }), { runs: 2_500, coverage: seen })
})

function sorted(list: unknown): unknown {
  if (!Array.isArray(list) || list.some((entry) => typeof entry !== 'object')) return list
  const known = list.flatMap((entry: { delegated_at?: unknown }) => (typeof entry.delegated_at === 'number' ? [entry.delegated_at] : [])).sort((a, b) => a - b)
  return list.map((entry: { delegated_at?: unknown }) => (typeof entry.delegated_at === 'number' ? { ...entry, delegated_at: known.shift() } : entry))
}

function subOf(entry: unknown): unknown {
  return typeof entry === 'object' ? (entry as { sub?: unknown }).sub : entry
}
