import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { runCommand } from '../../src/cli/run-command.js'
import { runConformance } from '../../src/cli/conformance/command.js'

interface Printed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly isTTY?: boolean
  readonly env?: Readonly<Record<string, string>>
}

const capture = ({ isTTY = false, env = {} }: Surroundings) => {
  const written = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({ isTTY, write: (text: string) => { written[name] += text } })
  return { written, io: { stdout: output('stdout'), stderr: output('stderr'), env } }
}

/** The command line as the process runs it, within this process. */
export async function command(args: readonly string[], surroundings: Surroundings = {}): Promise<Printed> {
  const { written, io } = capture(surroundings)
  const code = await runCommand(args, io)
  return { code, ...written }
}

export const conformance = (...args: string[]): Promise<Printed> => command(['conformance', ...args])

/** With another time limit for an answer than an adapter has in earnest. */
export async function conformanceWithin(timeoutMs: number, args: readonly string[]): Promise<Printed> {
  const { written, io } = capture({})
  const code = await runConformance(args, io, { timeoutMs })
  return { code, ...written }
}

const folder = mkdtempSync(join(tmpdir(), 'aap-guard-cli-'))
let files = 0
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

/** A path where no file is yet. */
export const freshPath = (name: string): string => join(folder, `${++files}-${name}`)

/** A folder with the committed vectors of one area only. */
export function vectorsOf(area: string): string {
  const copy = freshPath('vectors')
  for (const each of [area, 'keys']) cpSync(fileURLToPath(new URL(`../../test-vectors/${each}`, import.meta.url)), join(copy, each), { recursive: true })
  return copy
}
