import { readFileSync, readdirSync } from 'node:fs'
import type { TestVectorCase, TestVectorFile } from '../../src/model/wire-test-vector.js'

const folder = new URL('../../test-vectors/', import.meta.url)

export const readJson = (path: string): any => JSON.parse(readFileSync(new URL(path, folder), 'utf8'))

/** Every committed file of cases, by its path below `test-vectors/`. */
export const vectorFiles: ReadonlyMap<string, TestVectorFile> = new Map(
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.json') && !path.startsWith('keys/'))
    .sort()
    .map((path) => [path, readJson(path)]),
)

export const vectorCases: readonly TestVectorCase[] = [...vectorFiles.values()].flatMap(({ cases }) => cases)
