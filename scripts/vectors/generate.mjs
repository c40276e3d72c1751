/**
 * Writes `test-vectors/` from the tables in `areas/`. A committed signature is kept while what it signs is
 * unchanged. With `--check` nothing is written, and a committed file that differs makes it fail.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { buildFile } from './case.mjs'
import { loadCertificates, loadKeys, publicKeyFiles } from './keys.mjs'
import { createSigner } from './sign.mjs'

const folder = new URL('../../test-vectors/', import.meta.url)
const areas = (await readdir(new URL('areas/', import.meta.url))).filter((name) => name.endsWith('.mjs')).sort()

const committedFiles = async () => {
  const names = await readdir(folder, { recursive: true })
  return new Map(await Promise.all(names
    .filter((name) => name.endsWith('.json') && !name.startsWith('keys/'))
    .map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')])))
}

/** Signing input → signatures, of every token and proof that stands in a file. */
const committedSignatures = (files) => {
  const signatures = new Map()
  for (const content of files) {
    for (const [, input, signature] of content.matchAll(/([\w-]+\.[\w-]+)\.([\w-]+)/g)) {
      signatures.set(input, [...(signatures.get(input) ?? []), Buffer.from(signature, 'base64url')])
    }
  }
  return signatures
}

const committed = await committedFiles()
const keys = await loadKeys()
const tools = { keys, certificates: await loadCertificates(), sign: createSigner(committedSignatures(committed.values())) }
const wanted = publicKeyFiles(keys)
let count = 0
for (const area of areas) {
  const { files } = await import(`./areas/${area}`)
  for (const [topic, definition] of Object.entries(files)) {
    const file = buildFile(definition, tools)
    count += file.cases.length
    wanted.set(`${area.replace('.mjs', '')}/${topic}.json`, `${JSON.stringify(file, undefined, 2)}\n`)
  }
}

const check = process.argv.includes('--check')
const complain = (message) => {
  console.error(message)
  process.exitCode = 1
}
for (const [name, content] of wanted) {
  const file = new URL(name, folder)
  if ((await readFile(file, 'utf8').catch(() => undefined)) === content) continue
  if (check) complain(`test-vectors/${name} is not what npm run vectors writes`)
  else {
    await mkdir(new URL('.', file), { recursive: true })
    await writeFile(file, content)
  }
}
for (const name of committed.keys()) if (!wanted.has(name)) complain(`test-vectors/${name} comes from no table in scripts/vectors/areas`)
if (!check) console.log(`${count} cases in ${wanted.size - Object.keys(keys).length} files`)
