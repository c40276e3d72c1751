const invalid = 'aap_invalid_delegation_chain'

/**
 * DEL-1, DEL-2, DEL-3 and TOK-8 in their order: what cannot be read comes first, then depth, chain and actors.
 *
 * @param actors the `sub` of `act` and of those nested in it, outermost first; anything in the place of one that is malformed
 */
export function judgeDelegation(claim: unknown, actors: readonly unknown[]): string | undefined {
  const isDepth = (value: unknown): value is number => typeof value === 'number' && [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].includes(value)
  const isSubject = (value: unknown): boolean => typeof value === 'string' && value !== '' && Array.from(value).length <= 128
  const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (claim === undefined) return actors.length > 0 ? invalid : undefined
  if (!isObject(claim)) return invalid
  const { depth, max_depth: maxDepth, chain: list, parent_jti: parent } = claim
  if (!isDepth(depth) || !isDepth(maxDepth)) return invalid
  if (parent !== undefined && (typeof parent !== 'string' || parent === '' || Array.from(parent).length > 256)) return invalid
  if (list !== undefined) {
    if (!Array.isArray(list) || list.length === 0) return invalid
    const areSubjects = list.every(isSubject)
    const areHops = list.every((hop) => isObject(hop) && isSubject(hop.sub) && ['undefined', 'number'].includes(typeof hop.delegated_at))
    if (!areSubjects && !areHops) return invalid
  }
  if (actors.some((actor) => typeof actor !== 'string')) return invalid

  if (depth > maxDepth) return 'aap_excessive_delegation'
  const entries = (list ?? []) as readonly (string | { readonly sub: string; readonly delegated_at?: number })[]
  if (list === undefined ? depth !== 0 : entries.length !== (typeof entries[0] === 'string' ? depth + 1 : depth)) return invalid
  const times = entries.flatMap((entry) => (typeof entry === 'string' ? [] : (entry.delegated_at ?? [])))
  if (times.some((time, i) => times.slice(i).some((later) => later < time))) return invalid
  if (actors.length === 0) return undefined
  if (depth === 0 || actors.length > depth) return invalid
  const backwards = entries.map((entry) => (typeof entry === 'string' ? entry : entry.sub)).reverse()
  return actors[0] === backwards[0] && isSubsequence(actors.slice(1), backwards.slice(1)) ? undefined : invalid
}

function isSubsequence(part: readonly unknown[], whole: readonly unknown[]): boolean {
  if (part.length === 0) return true
  if (whole.length === 0) return false
  return (part[0] === whole[0] && isSubsequence(part.slice(1), whole.slice(1))) || isSubsequence(part, whole.slice(1))
}
