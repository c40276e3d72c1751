import { isAlgorithm, type Algorithm } from '../token/algorithms.js'

/** @throws RangeError that names the option */
export function readInteger(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`option \`${name}\` must be an integer from ${min} to ${max}`)
  return value
}

/** @throws TypeError that names the option */
export function readAlgorithms(name: string, names: readonly Algorithm[]): ReadonlySet<Algorithm> {
  if (!Array.isArray(names) || names.length === 0) throw new TypeError(`option \`${name}\` must be a list of at least one algorithm`)
  const refused = names.findIndex((one: unknown) => !isAlgorithm(one))
  if (refused >= 0) throw new TypeError(`option \`${name}\`: ${JSON.stringify(names[refused])} is not one of the asymmetric algorithms that can be used (TOK-1)`)
  return new Set(names as readonly Algorithm[])
}
