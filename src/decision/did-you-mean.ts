/** Refuses names that are not in a list, and names the one that was probably meant. */
export function checkNames(what: string, given: object, known: readonly string[], later: ReadonlyMap<string, string> = new Map()): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const reason = later.get(name)
    if (reason !== undefined) throw new TypeError(`${what} \`${name}\` does not exist yet: ${reason}`)
    const meant = closest(name, known)
    throw new TypeError(`unknown ${what} \`${name}\`${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`)
  }
}

/** The known name that differs least, if it differs little. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)
  return best?.candidate
}

/** Optimal string alignment: insertions, deletions, substitutions and swapped neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let distance = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, (beforeLast[j - 2] as number) + 1)
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
