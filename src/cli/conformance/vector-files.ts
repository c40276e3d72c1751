import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { TestVectorCase, TestVectorFile, TestVectorKeySet } from '../../model/wire-test-vector.js'

/** A case and where it stands. */
export interface LoadedCase {
  readonly file: string
  readonly vector: TestVectorCase
}

/**
 * Reads all cases below a folder, with the key sets they name put in.
 *
 * @throws Error where there is none, or a file is not one of cases
 */
export async function loadCases(directory: string): Promise<readonly LoadedCase[]> {
  const paths = (await readdir(directory, { recursive: true })).filter((path) => path.endsWith('.json') && !path.startsWith(`keys${sep}`)).sort()
  const keySets = new Map<string, object>()
  const loaded: LoadedCase[] = []
  for (const path of paths) {
    const { cases } = (await readJson(join(directory, path))) as Partial<TestVectorFile>
    if (!Array.isArray(cases)) throw new Error(`${path} has no list of cases`)
    for (const vector of cases) loaded.push({ file: path, vector: await inlineKeys(vector, directory, keySets) })
  }
  if (loaded.length === 0) throw new Error(`no test vectors in ${directory}`)
  return loaded
}

async function inlineKeys(vector: TestVectorCase, directory: string, keySets: Map<string, object>): Promise<TestVectorCase> {
  const inline = async (jwks: TestVectorKeySet): Promise<object> => {
    if (typeof jwks !== 'string') return jwks
    const path = resolve(directory, jwks)
    if (relative(directory, path).startsWith('..')) throw new Error(`${vector.id}: ${jwks} is outside the vectors`)
    const known = keySets.get(path) ?? (await readJson(path) as object)
    keySets.set(path, known)
    return known
  }
  const { server } = vector
  const others = await Promise.all((server.otherIssuers ?? []).map(async (other) => ({ ...other, jwks: await inline(other.jwks) })))
  return { ...vector, server: { ...server, jwks: await inline(server.jwks), ...(others.length > 0 && { otherIssuers: others }) } } as TestVectorCase
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
}
