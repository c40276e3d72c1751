/**
 * Gives as many as possible a place of their own, by augmenting paths. Whoever got a place keeps one, so that those
 * who come first are served first.
 *
 * @param wanted for each the places that suit it
 * @returns for each whether it has a place
 * @see Kuhn 1955, "The Hungarian method for the assignment problem"
 */
export function assign(wanted: readonly (readonly number[])[]): readonly boolean[] {
  const holders = new Map<number, number>()
  return wanted.map((_, newcomer) => admitNewcomer(newcomer, wanted, holders))
}

/** Looks breadth first for a free place, by way of places whose holders could move; then all of them move. */
function admitNewcomer(newcomer: number, wanted: readonly (readonly number[])[], holders: Map<number, number>): boolean {
  const seekerOf = new Map<number, number>()
  const placeLeftBy = new Map<number, number>()
  const seekers = [newcomer]
  for (const seeker of seekers) {
    for (const place of wanted[seeker] ?? []) {
      if (seekerOf.has(place)) continue
      seekerOf.set(place, seeker)
      const holder = holders.get(place)
      if (holder === undefined) {
        moveAlong(place, seekerOf, placeLeftBy, holders)
        return true
      }
      placeLeftBy.set(holder, place)
      seekers.push(holder)
    }
  }
  return false
}

function moveAlong(free: number, seekerOf: ReadonlyMap<number, number>, placeLeftBy: ReadonlyMap<number, number>, holders: Map<number, number>): void {
  for (let place: number | undefined = free; place !== undefined; ) {
    const seeker = seekerOf.get(place) as number
    holders.set(place, seeker)
    place = placeLeftBy.get(seeker)
  }
}
