import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { TestVectorCase, TestVectorFile, TestVectorKeySet } from '../../model/wire-test-vector.js'
import { CannotRun } from '../cannot-run.js'
import { describeError } from '../../model/describe-error.js'
import { validateTestVectorFile } from '../../schema/validate-test-vector-file.js'

/** A case and where it stands. */
export interface LoadedCase {
  /** Below the folder of the vectors, with slashes. */
  readonly file: string
  readonly vector: TestVectorCase
  /** What the flags of the file say. */
  readonly explanations: Readonly<Record<string, string>>
}

/** The first folder of a case's file. */
export const areaOf = ({ file }: LoadedCase): string => file.split('/')[0] ?? file

/**
 * Reads all cases below a folder, with the key sets they name put in.
 *
 * @throws CannotRun where there is none, a file is not one of cases, or two cases have one id
 */
export async function loadCases(directory: string): Promise<readonly LoadedCase[]> {
  const keySets = new Map<string, object>()
  const loaded = new Map<string, LoadedCase>()
  for (const file of await vectorFiles(directory)) {
    const content = await readJson(directory, file)
    const wrong = validateTestVectorFile(content)
    if (wrong !== undefined) throw new CannotRun(`${file} is no file of test vectors: ${wrong}`)
    const { cases, flags } = content as TestVectorFile
    for (const vector of cases) {
      const other = loaded.get(vector.id)
      if (other !== undefined) throw new CannotRun(`${vector.id} stands in ${other.file} and in ${file}: ids have to be unique`)
      loaded.set(vector.id, { file, vector: await inlineKeys(vector, directory, keySets), explanations: flags })
    }
  }
  if (loaded.size === 0) throw new CannotRun(`no test vectors in ${directory}`)
  return [...loaded.values()]
}

async function vectorFiles(directory: string): Promise<readonly string[]> {
  try {
    const paths = (await readdir(directory, { recursive: true })).map((path) => path.split(sep).join('/'))
    return paths.filter((path) => path.endsWith('.json') && !path.startsWith('keys/')).sort()
  } catch (error) {
    throw new CannotRun(`cannot read the vectors: ${describeError(error)}`, { cause: error })
  }
}

/** An implementation gets keys and not the names of files. The schema keeps the names within `keys/`. */
async function inlineKeys(vector: TestVectorCase, directory: string, keySets: Map<string, object>): Promise<TestVectorCase> {
  const inline = async (jwks: TestVectorKeySet): Promise<object> => {
    if (typeof jwks !== 'string') return jwks
    const known = keySets.get(jwks) ?? (await readJson(directory, jwks) as object)
    keySets.set(jwks, known)
    return known
  }
  const { server } = vector
  const others = await Promise.all((server.otherIssuers ?? []).map(async (other) => ({ ...other, jwks: await inline(other.jwks) })))
  return { ...vector, server: { ...server, jwks: await inline(server.jwks), ...(others.length > 0 && { otherIssuers: others }) } } as TestVectorCase
}

async function readJson(directory: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(directory, file), 'utf8')) as unknown
  } catch (error) {
    throw new CannotRun(`cannot read ${file}: ${describeError(error)}`, { cause: error })
  }
}
