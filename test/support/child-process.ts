import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('../../', import.meta.url))

export interface ChildProgram {
  /** The file to run. */
  readonly main: string
  /** A process of its own that answers one message for each that it gets, in turn. */
  readonly start: () => { readonly ask: (message: unknown) => Promise<unknown>; readonly stop: () => void }
  readonly remove: () => void
}

/** A program beside a test, made of the sources that the test runs, whatever `dist/` holds. */
export async function compileProgram(file: URL): Promise<ChildProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'aap-guard-program-'))
  const main = join(folder, 'main.mjs')
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  await build({ entryPoints: [fileURLToPath(file)], outfile: main, bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' })
  return {
    main,
    start: () => {
      const child = fork(main)
      const ended = once(child, 'exit').then(([code]) => { throw new Error(`the process has ended with ${String(code)}`) })
      ended.catch(() => undefined)
      return {
        ask: async (message) => {
          const answer = Promise.race([once(child, 'message'), ended])
          child.send(message as object)
          return ((await answer) as unknown[])[0]
        },
        stop: () => { child.kill('SIGKILL') },
      }
    },
    remove: () => { rmSync(folder, { recursive: true, force: true }) },
  }
}
