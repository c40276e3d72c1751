// What is published, made of what tsc left in build/: a file for each export and the command, and what they share. Node loads
// a few files in a fraction of the time that it needs for all the modules. Nothing is minified, and types stay as they are.
import { cpSync, readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'))
const published = [...Object.values(exports).map((target) => target.default), ...Object.values(bin)].filter((file) => file !== undefined)

await build({
  entryPoints: published.map((file) => file.replace(/^(?:\.\/)?dist\//, 'build/')),
  outbase: 'build',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  // As deep as the command, so that both find the package's own files (src/cli/package-files.ts).
  chunkNames: 'shared/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  logLevel: 'warning',
})
cpSync('build', 'dist', { recursive: true, filter: (file) => !file.endsWith('.js') })
