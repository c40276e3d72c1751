import { randomInt } from 'node:crypto'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The one seed of all properties of a run. */
    fuzzSeed: number
  }
}

/** Runs once before all tests: draws the seed of the properties, or takes the one that is to be repeated. */
export default function provideSeed({ provide }: TestProject): void {
  const given = process.env.AAP_FUZZ_SEED
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given)
  if (given === '' || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) throw new TypeError(`AAP_FUZZ_SEED must be an integer from 0 to 2^31 - 1, and is ${JSON.stringify(given)}`)
  provide('fuzzSeed', seed)
  console.log(`fuzz seed ${seed}`)
}
