import fc from 'fast-check'
import { expect, it } from 'vitest'
import { capabilitiesOf, counting, derivedFrom, instantOf, stateless, startMs, toWire, universeOf, type TinyCapability, type TinyRequest } from './tiny-aap.js'
import { deciding, type Deciding } from '../decision/decisions.js'
import { isAttenuationOf, parseClaims } from '../../src/index.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { checkProperty } from '../support/check-property.js'

type Claims = Readonly<Record<string, unknown>>

/** A value for the child: mostly the parent's, so that there is something to compare. */
const members = (values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<readonly [parent: Claims, child: Claims]> => {
  const one = fc.record(Object.fromEntries(Object.entries(values).map(([name, list]) => [name, fc.constantFrom(undefined, ...list)])))
  const kept = fc.record(Object.fromEntries(Object.keys(values).map((name) => [name, fc.constantFrom(true, true, true, true, false)])))
  return fc.tuple(one, one, kept).map(([parent, other, keeps]) => [defined(parent), defined(Object.fromEntries(Object.keys(values).map((name) => [name, keeps[name] === true ? parent[name] : other[name]])))])
}

const defined = (claims: Claims): Claims => Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))

const seconds = (at: number): number => instantOf(at) / 1000
const window = (from: number, to: number) => ({ start: new Date(instantOf(from)).toISOString(), end: new Date(instantOf(to)).toISOString() })

const surroundings = fc.record({
  task: members({ data_sensitivity: ['public', 'internal', 'restricted', 'personal', 'secret'], created_at: [seconds(0), seconds(62)], expires_at: [seconds(2), seconds(4)] }),
  context: members({ time_window: [window(0, 2), window(1, 3), window(0, 4)], network_zone: ['dmz', 'lan'], geo_restriction: [['DE'], ['DE', 'FR'], 'none'] }),
  oversight: members({ requires_human_approval_for: [['a'], ['b'], ['a', 'b']] }),
  purpose: fc.constantFrom(['p', 'p'], ['p', 'p'], ['p', 'p'], ['p', 'q']),
})

interface Delegated {
  readonly parent: Claims
  readonly child: Claims
  readonly names: readonly string[]
}

function delegated(actions: readonly string[], names: fc.Arbitrary<readonly string[]>, maxChildren: number): fc.Arbitrary<Delegated> {
  const pairs = names.chain((some) => capabilitiesOf(actions, some, 3).chain((parent) => derivedFrom(parent, actions, some, maxChildren).map((child) => ({ parent, child, some }))))
  return fc.tuple(pairs, fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, surroundings)).map(([{ parent, child, some }, around]) => {
    const claims = (capabilities: readonly TinyCapability[], which: 0 | 1): Claims => ({
      aap_agent: { id: 'x', type: 't', operator: 'o' },
      aap_task: { id: 't', purpose: around?.purpose[which] ?? 'p', ...around?.task[which] },
      aap_capabilities: capabilities.map(toWire),
      aap_context: around?.context[which] ?? {},
      aap_oversight: around?.oversight[which] ?? {},
      aap_delegation: { depth: which, max_depth: 1, ...(which === 1 && { chain: ['x', 'y'] }) },
    })
    return { parent: claims(parent, 0), child: claims(child, 1), names: some }
  })
}

interface Attempt extends TinyRequest {
  readonly afterMs: number
}

const attemptsOf = (actions: readonly string[], names: readonly string[], maxLength: number): fc.Arbitrary<readonly Attempt[]> => {
  const request = fc.constantFrom(...universeOf(actions, names))
  const about = fc.record({ zone: fc.constantFrom('dmz', 'lan'), country: fc.constantFrom('DE', 'FR', 'US'), purposes: fc.constantFrom(['p'], ['q'], ['p', 'q']), classification: fc.constantFrom('public', 'confidential', 'restricted') }, { requiredKeys: [] })
  const pause = fc.constantFrom(0, 0, 0, 1, 500, 999, 1_000, 1_001, 30_000, 59_999, 60_000, 3_600_000)
  return fc.array(fc.tuple(request, about, pause), { minLength: 1, maxLength }).map((drawn) => {
    let afterMs = 0
    return drawn.map(([tiny, facts, pauseMs]) => ({ ...tiny, ...facts, ...(tiny.classification !== undefined && { classification: tiny.classification }), afterMs: (afterMs += pauseMs) }))
  })
}

/** A fresh server for a token: says whether it admits an attempt, by the decision core that guards have. */
function serverFor(claims: Claims): (attempt: Attempt) => boolean {
  let nowMs = startMs
  const { decide }: Deciding = deciding({ claims, rules: { store: memoryStore({ now: () => nowMs }) } })
  return (attempt) => {
    nowMs = startMs + attempt.afterMs
    const { action, method, host, region, amount, classification, emails, zone, country, purposes, bodyBytes, encrypted } = attempt
    const facts = defined({ target: host && `http://${host}/`, region, amount, classification, quantities: emails === undefined ? undefined : { emails }, zone, country, purposes })
    const ruling = decide(action, facts, { nowMs, request: { method, url: '/', encrypted, headers: bodyBytes === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bodyBytes) } } })
    if (ruling instanceof Promise) throw new Error('the ruling is not there yet')
    return ruling.denial === undefined
  }
}

const some = (pool: readonly string[], maxLength: number) => fc.shuffledSubarray([...pool], { maxLength })

it.each<[about: string, actions: readonly string[], names: fc.Arbitrary<readonly string[]>, maxChildren: number, maxAttempts: number]>([
  ['one capability in the child, quotas, and time that passes', ['a'], fc.tuple(some(stateless, 2), some(counting, 3)).map((parts) => parts.flat()), 1, 12],
  ['several capabilities without quotas', ['a', 'b'], some(stateless, 3), 3, 12],
])('DEL-5: what a real server admits with an attenuation it admits with its parent, at the same times: %s', (_, actions, names, maxChildren, maxAttempts) => {
  const counts = { attenuations: 0, others: 0, admitted: 0 }
  const runs = delegated(actions, names, maxChildren).chain((tokens) => fc.record({ tokens: fc.constant(tokens), attempts: attemptsOf(actions, tokens.names, maxAttempts) }))
  checkProperty(
    fc.property(runs, ({ tokens: { child, parent }, attempts }) => {
      const { isAttenuation } = isAttenuationOf(parseClaims(child), parseClaims(parent))
      counts[isAttenuation ? 'attenuations' : 'others']++
      if (!isAttenuation) return
      // What was refused took its part of the child's quotas, and is nothing that the parent would have to do.
      const admitted = attempts.filter(serverFor(child))
      counts.admitted += admitted.length
      expect(admitted.filter(serverFor(parent))).toEqual(admitted)
    }),
    { runs: 200 },
  )
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(15)
})
