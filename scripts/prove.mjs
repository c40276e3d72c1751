// What the tests hold in small, at the size at which it was promised: many processes, outages, kills, clocks that jump. It
// takes minutes, and needs redis-server.
//
//   npm run prove                       all of them
//   npm run prove -- processes kills    some of them
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'aap-guard-prove-'))
const program = join(folder, 'prove.mjs')

/** The programs that stand beside a source are found where the source is. */
const sourceUrls = {
  name: 'source-urls',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({ loader: 'ts', contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) }))
  },
}

try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  await build({ entryPoints: [join(root, 'test/proofs/run.ts')], outfile: program, bundle: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20', logLevel: 'error', plugins: [sourceUrls] })
  const [code] = await once(spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' }), 'exit')
  process.exitCode = code ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
