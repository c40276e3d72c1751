/**
 * What is left of a store's options once the known ones are taken out: a name that nobody reads would be an option without effect.
 *
 * @throws TypeError that names the option
 */
export function refuseUnknownOptions(store: string, others: object, known: readonly string[]): void {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TypeError(`${store}: unknown option ${unknown}; there are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}`)
}
