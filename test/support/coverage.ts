import { expect } from 'vitest'

/** Counts how often a property came to what it is about. */
export interface Coverage {
  /** Notes that a run came to this. */
  readonly note: (label: string) => void
  readonly restart: () => void
  readonly shares: (runs: number) => Readonly<Record<string, number>>
  readonly expectShares: (runs: number) => void
}

/** Few runs say little about a share: what is left to chance, in standard deviations. */
const allowance = 4

/**
 * A property whose inputs all lead to one verdict proves nothing of the other. Fails unless every label comes up in the
 * given share of the runs.
 *
 * @param least each label with the least share of runs that have to note it, half of what was measured at most
 */
export function coverage(least: Readonly<Record<string, number>>): Coverage {
  const counts = new Map<string, number>()
  const shares = (runs: number): Record<string, number> => Object.fromEntries(Object.keys(least).map((label) => [label, (counts.get(label) ?? 0) / runs]))
  return {
    note: (label) => { counts.set(label, (counts.get(label) ?? 0) + 1) },
    restart: () => { counts.clear() },
    shares,
    expectShares: (runs) => {
      const tooRare = Object.entries(shares(runs)).filter(([label, share]) => share * runs < least[label]! * runs - allowance * Math.sqrt(least[label]! * runs))
      expect(tooRare, `labels that came up in too small a share of ${runs} runs`).toEqual([])
    },
  }
}
