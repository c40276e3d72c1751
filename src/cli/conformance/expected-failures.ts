import { readFile } from 'node:fs/promises'
import { CannotRun } from '../cannot-run.js'
import type { CaseResult } from './run-cases.js'
import { closest } from '../../decision/did-you-mean.js'
import { describeError } from '../../model/describe-error.js'

/** The cases that an implementation is known to fail, and what is wrong with the list itself. */
export interface ExpectedFailures {
  readonly ids: ReadonlySet<string>
  /** Listed ids that no vector has, each with the one that was probably meant. */
  readonly unknown: ReadonlyMap<string, string | undefined>
  readonly duplicate: readonly string[]
}

/** A case id, a comment, both or neither. */
const line = /^\s*([a-z0-9]+(?:-[a-z0-9]+)*)?\s*(?:#.*)?$/

/**
 * Reads a list of case ids, one a line. It is compared with all cases there are, whichever are selected.
 *
 * @throws CannotRun where it cannot be read, or holds a line that is no id
 */
export async function readExpectedFailures(path: string, knownIds: readonly string[]): Promise<ExpectedFailures> {
  const listed = parse(await read(path), path)
  const known = new Set(knownIds)
  const unknown = [...new Set(listed)].filter((id) => !known.has(id))
  return {
    ids: new Set(listed),
    // With many it is another list, and nobody meant any of them.
    unknown: new Map(unknown.map((id) => [id, unknown.length <= 20 ? closest(id, knownIds) : undefined])),
    duplicate: [...new Set(listed.filter((id, index) => listed.indexOf(id) !== index))],
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CannotRun(`cannot read the expected failures: ${describeError(error)}`, { cause: error })
  }
}

function parse(text: string, path: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    const match = line.exec(content)
    if (match === null) throw new CannotRun(`${path}:${index + 1} is no case id: ${JSON.stringify(content.trim().slice(0, 100))}`)
    return match[1] === undefined ? [] : [match[1]]
  })
}

/** The list that these results match exactly, in the order of the vectors. */
export function formatExpectedFailures(results: readonly CaseResult[]): string {
  const failed = results.filter(({ problems }) => problems.length > 0)
  const files = new Set(failed.map(({ loaded }) => loaded.file))
  const blocks = [...files].map((file) => [`# ${file}`, ...failed.filter(({ loaded }) => loaded.file === file).map(({ loaded }) => loaded.vector.id)])
  return [['# Written by aap-guard conformance --write-expected-failures: the cases that fail.'], ...blocks].map((block) => `${block.join('\n')}\n`).join('\n')
}
