import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { answerByUrl, answerHere, type Answer } from './answer-case.js'
import { compare } from './compare.js'
import { loadCases, type LoadedCase } from './vector-files.js'

export const conformanceUsage = `aap-guard conformance [--vectors DIR] [--url URL]

Runs the signed test vectors against this library, or against the adapter
endpoint of any other implementation.

  --vectors DIR  other vectors than the ones that come with the package
  --url URL      the adapter endpoint, see test-vectors/README.md

Exit code: 0 all pass, 1 some fail, 2 wrong usage.`

/** @returns the exit code */
export async function runConformance(args: readonly string[], print: (line: string) => void): Promise<0 | 1 | 2> {
  let cases: readonly LoadedCase[]
  let answer: (loaded: LoadedCase) => Promise<Answer>
  try {
    const { values } = parseArgs({ args: [...args], options: { vectors: { type: 'string' }, url: { type: 'string' } } })
    cases = await loadCases(values.vectors ?? fileURLToPath(new URL('../../../test-vectors', import.meta.url)))
    const url = values.url === undefined ? undefined : new URL(values.url).href
    answer = ({ vector }) => (url === undefined ? answerHere(vector) : answerByUrl(url, vector))
  } catch (error) {
    print(`${(error as Error).message}\n\n${conformanceUsage}`)
    return 2
  }

  let failed = 0
  for (const loaded of cases) {
    const problems = await problemsOf(loaded, answer)
    if (problems.length === 0) continue
    failed++
    print(`FAIL ${loaded.vector.id} (${loaded.file}; ${loaded.vector.verifies.join(', ')}): ${loaded.vector.title}`)
    for (const problem of problems) print(`     ${problem}`)
  }
  print(`${cases.length} vectors: ${cases.length - failed} pass, ${failed} fail`)
  return failed === 0 ? 0 : 1
}

async function problemsOf(loaded: LoadedCase, answer: (loaded: LoadedCase) => Promise<Answer>): Promise<readonly string[]> {
  try {
    return compare(loaded.vector.expect, await answer(loaded))
  } catch (error) {
    return [(error as Error).message]
  }
}
