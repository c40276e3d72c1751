// Packs the library, installs the tarball into small projects outside of this one, and runs them.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

const root = join(import.meta.dirname, '..')
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Each installs what it needs beside the tarball, in the versions that this project develops against. */
const consumers = [
  { folder: 'esm-js', about: 'ESM JavaScript, Express 5, the command', needs: ['express'], steps: [['node', 'main.js'], ['npx', '--no-install', 'aap-guard', 'conformance']] },
  {
    folder: 'ts-nodenext',
    about: 'TypeScript NodeNext strict, Express 5, snippets of the documentation',
    needs: ['express', 'redis', 'ioredis', 'rate-limiter-flexible', 'memcached', 'typescript', '@types/express', '@types/memcached', '@types/node'],
    prepare: writeSnippets,
    steps: [['node', 'node_modules/typescript/bin/tsc'], ['node', 'out/main.js']],
  },
  { folder: 'cjs-express4', about: 'CommonJS, Express 4', needs: ['express4'], steps: [['node', 'main.js']] },
]

if (!existsSync(join(root, 'dist/index.js'))) {
  console.error('There is no dist/ to pack: run npm run build first')
  process.exit(1)
}

const workshop = mkdtempSync(join(tmpdir(), 'aap-guard-consumers-'))
try {
  const tarball = pack()
  const failed = consumers.filter((consumer) => !check(consumer, tarball))
  console.log(`${consumers.length - failed.length} of ${consumers.length} consumers are fine`)
  if (failed.length > 0) process.exitCode = 1
} finally {
  rmSync(workshop, { recursive: true, force: true })
}

function pack() {
  const { status, stdout, stderr } = run(['npm', 'pack', '--json', '--pack-destination', workshop], root)
  if (status !== 0) throw new Error(`npm pack failed\n${stderr}`)
  // A script that runs before packing may print lines of its own.
  const [{ filename, entryCount, unpackedSize }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)))
  console.log(`packed ${filename}: ${entryCount} files, ${Math.round(unpackedSize / 1024)} kB`)
  return join(workshop, filename)
}

function check({ folder, about, needs, prepare, steps }, tarball) {
  const project = join(workshop, folder)
  cpSync(join(root, 'test/consumers', folder), project, { recursive: true })
  prepare?.(project)
  const install = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error', tarball, ...needs.map(packageOf)]
  for (const command of [install, ...steps]) {
    const { status, stdout, stderr } = run(command, project)
    if (status === 0) continue
    console.error(`FAILED ${folder} (${about}): ${command.map((word) => word.replaceAll(workshop, '…')).join(' ')}\n${stdout}${stderr}`)
    return false
  }
  console.log(`ok     ${folder} (${about})`)
  return true
}

/** What npm installs a development dependency by; an alias stands for its package. */
function packageOf(name) {
  const version = devDependencies[name]
  if (version === undefined) throw new Error(`${name} is no development dependency`)
  return version.startsWith('npm:') ? version.slice('npm:'.length) : `${name}@${version}`
}

/** Every TypeScript block of the documentation as a module of its own: what stands there has to compile. */
function writeSnippets(project) {
  for (const page of ['README.md', 'docs/policy.md', 'docs/state.md', 'docs/migrating-from-scopes.md']) {
    const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm)]
    if (blocks.length === 0) throw new Error(`${page} has no TypeScript blocks`)
    for (const [index, [, code]] of blocks.entries()) writeFileSync(join(project, `${basename(page, '.md').toLowerCase()}-${index + 1}.ts`), `${code}\nexport {}\n`)
  }
}

function run([command, ...args], cwd) {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 })
}
