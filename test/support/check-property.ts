import { relative } from 'node:path'
import fc from 'fast-check'
import { expect, inject, onTestFinished } from 'vitest'
import type { Coverage } from './coverage.js'

declare module 'vitest' {
  interface TaskMeta {
    /** What `npm run fuzz` tells of a property at its end. */
    property?: { runs: number; shares: Readonly<Record<string, number>> }
  }
}

export interface PropertyOptions {
  /** Runs in `npm test`, where all properties together have to stay cheap. Default 1,000. */
  readonly runs?: number
  /** Labels that have to come up often, or the property looks at nothing. */
  readonly coverage?: Coverage
}

const fuzzRuns = environmentNumber('AAP_FUZZ_RUNS')
const fuzzSeconds = environmentNumber('AAP_FUZZ_SECONDS')
const fuzzPath = process.env.AAP_FUZZ_PATH

/**
 * Checks a property with the seed of this run. `npm test` makes few runs; `npm run fuzz` sets `AAP_FUZZ_RUNS` and
 * `AAP_FUZZ_SECONDS`. What fails says how to repeat it.
 */
export function checkProperty(property: fc.IAsyncProperty<any>, options?: PropertyOptions): Promise<void>
export function checkProperty(property: fc.IProperty<any>, options?: PropertyOptions): void
export function checkProperty(property: fc.IAsyncProperty<any> | fc.IProperty<any>, { runs = 1_000, coverage }: PropertyOptions = {}): Promise<void> | void {
  coverage?.restart()
  const seed = inject('fuzzSeed')
  const details = fc.check(property as fc.IProperty<any>, {
    seed,
    numRuns: fuzzRuns ?? runs,
    ...(fuzzPath !== undefined && { path: fuzzPath }),
    ...(fuzzSeconds !== undefined && { interruptAfterTimeLimit: fuzzSeconds * 1_000 }),
  }) as fc.RunDetails<any> | Promise<fc.RunDetails<any>>
  return details instanceof Promise ? details.then((later) => { conclude(later, coverage) }) : conclude(details, coverage)
}

function conclude(details: fc.RunDetails<any>, coverage: Coverage | undefined): void {
  const { failed, numRuns, errorInstance } = details
  if (failed) throw new Error(`${fc.defaultReportMessage(details)}\n\nTo repeat it: ${commandFor(details)}\n`, { cause: errorInstance })
  expect(numRuns, 'runs before the time was up').toBeGreaterThan(0)
  const shares = coverage?.shares(numRuns) ?? {}
  onTestFinished(({ task }) => { task.meta.property = { runs: numRuns, shares } })
  if (fuzzPath === undefined) coverage?.expectShares(numRuns)
}

function commandFor({ seed, counterexamplePath }: fc.RunDetails<any>): string {
  const { testPath = '', currentTestName = '' } = expect.getState()
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
  return ['npm run fuzz --', relative(process.cwd(), testPath), `--seed ${seed}`, counterexamplePath === null ? '' : `--path ${counterexamplePath}`, `--test ${quoted(currentTestName)}`].filter((part) => part !== '').join(' ')
}

function environmentNumber(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0 && Number.isFinite(number))) throw new TypeError(`${name} must be a number above 0, and is ${JSON.stringify(text)}`)
  return number
}
