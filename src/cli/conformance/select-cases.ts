import { areaOf, type LoadedCase } from './vector-files.js'
import { closest } from '../../decision/did-you-mean.js'
import { wrongUsage } from '../cannot-run.js'

/** The cases that any of the words names: a rule, a flag, an area, a file or an id. Without words, all. @throws CannotRun on a word that names none */
export function selectCases(cases: readonly LoadedCase[], only: readonly string[]): readonly LoadedCase[] {
  if (only.length === 0) return cases
  const names = new Set(cases.flatMap(namesOf))
  for (const word of only) {
    if (names.has(word)) continue
    const meant = closest(word, [...names])
    throw wrongUsage(`--only ${word} names no case${meant === undefined ? '' : `, did you mean ${meant}?`}`)
  }
  return cases.filter((loaded) => namesOf(loaded).some((name) => only.includes(name)))
}

function namesOf(loaded: LoadedCase): readonly string[] {
  const { file, vector: { id, verifies, flags } } = loaded
  return [id, ...verifies, ...flags, file, areaOf(loaded)]
}
