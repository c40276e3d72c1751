import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../support/check-property.js'
import { coverage } from '../support/coverage.js'
import { day, hour, minute, second, startMs } from '../state/clocked-store.js'
import { ProofLog } from '../../src/state/proof-log.js'

/** For so long a proof that is over may still take up room. */
const graceMs = 10 * second

interface Accepted {
  readonly expiresAtMs: number
  /** Whether the clock has passed its end, or its end and the grace, at any time since. */
  isOver: boolean
  isGone: boolean
}

/** The rule in the simplest words: everything that was ever accepted is kept, with what the clock has shown since. */
class Oracle {
  readonly #accepted = new Map<string, Accepted>()
  readonly #most: number
  #latestMs = -Infinity

  constructor(most: number) {
    this.#most = most
  }

  /** What a log may answer. */
  allowed(key: string, expiresAtMs: number, nowMs: number): readonly unknown[] {
    this.#latestMs = Math.max(this.#latestMs, nowMs)
    for (const proof of this.#accepted.values()) {
      proof.isOver ||= proof.expiresAtMs <= nowMs
      proof.isGone ||= proof.expiresAtMs + graceMs <= nowMs
    }
    if (this.#accepted.has(key)) return ['replayed']
    const kept = [...this.#accepted.values()]
    if (kept.filter(({ isOver }) => !isOver).length >= this.#most) return expiresAtMs < this.#latestMs ? ['full', 'replayed'] : ['full']
    // Where the clock was past its end before, nobody can tell any more whether it was shown.
    const mayBeForgotten = expiresAtMs < this.#latestMs ? ['replayed'] : []
    return kept.filter(({ isGone }) => !isGone).length >= this.#most ? [undefined, 'full', ...mayBeForgotten] : [undefined, ...mayBeForgotten]
  }

  note(key: string, expiresAtMs: number): void {
    this.#accepted.set(key, { expiresAtMs, isOver: false, isGone: false })
  }
}

/** A proof says itself when it is over: whoever shows it again cannot say otherwise. */
interface KnownProof {
  readonly key: string
  readonly expiresAtMs: number
}

const steps = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0, 0, 1, 250, second, 9_999, 10_000, 10_001, 30 * second) },
  { weight: 2, arbitrary: fc.constantFrom(60_000, 60_001, 70_001, 2 * minute, hour, day) },
  { weight: 2, arbitrary: fc.constantFrom(-1, -second, -10 * second, -minute, -2 * minute, -hour, -day) },
)
const event = fc.record({ step: steps, which: fc.option(fc.nat({ max: 200 }), { freq: 2 }), keepMs: fc.oneof(fc.integer({ min: 1, max: 70_001 }), fc.constantFrom(1, 60_001, 70_001)) })

describe('POP-3: for every history of proofs, on every clock', () => {
  it.each([3, 10, 1_000])('with room for %i, none is accepted twice, none that is live is forgotten, and room comes back', (most) => {
    const seen = coverage({ accepted: 0.5, replayed: 0.4, ...(most === 3 && { full: 0.4 }), back: 0.3 })
    checkProperty(fc.property(fc.array(event, { minLength: 1, maxLength: 120, size: 'max' }), (events) => {
      const log = new ProofLog(most)
      const oracle = new Oracle(most)
      const made: KnownProof[] = []
      const labels = new Set<string>()
      let nowMs = startMs
      for (const { step, which, keepMs } of events) {
        nowMs += step
        if (step < 0) labels.add('back')
        // A new one, or any of before that the guard would still take for fresh on this clock.
        const fresh = made.filter(({ expiresAtMs }) => expiresAtMs > nowMs)
        let proof = which === null ? undefined : fresh[which % Math.max(1, fresh.length)]
        if (proof === undefined) made.push((proof = { key: `p${made.length}`, expiresAtMs: nowMs + keepMs }))
        const allowed = oracle.allowed(proof.key, proof.expiresAtMs, nowMs)
        const answer = log.take(proof.key, proof.expiresAtMs, nowMs)
        expect(allowed).toContain(answer)
        if (answer === undefined) oracle.note(proof.key, proof.expiresAtMs)
        labels.add(answer ?? 'accepted')
      }
      for (const label of labels) seen.note(label)
    }), { runs: 150, coverage: seen })
  })

  it('on a clock that only goes forward, a new proof is refused for want of room alone', () => {
    const forward = fc.record({ step: fc.constantFrom(0, 1, 250, second, 9_999, 10_000, 10_001, minute, hour), keepMs: fc.integer({ min: 1, max: 70_001 }) })
    checkProperty(fc.property(fc.array(forward, { maxLength: 120, size: 'max' }), (events) => {
      const log = new ProofLog(1_000)
      let nowMs = startMs
      events.forEach(({ step, keepMs }, i) => {
        nowMs += step
        expect(log.take(`p${i}`, nowMs + keepMs, nowMs)).toBe(undefined)
      })
    }), { runs: 200 })
  })
})
