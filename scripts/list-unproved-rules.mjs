// Says which rules of docs/rules.md are built and yet named by no test and no vector, and which ids are no rule at all.
// Exits 1 if there are any.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const row = /^\| ([A-Z]{3}-\d+) \| .+ \| (built|later)(?: \(.+\))? \|$/
const id = /\b[A-Z]{3}-\d+\b/g

const rules = readRules()
const named = namedByTests()
const verified = verifiedByVectors()

const built = [...rules].filter(([, status]) => status === 'built').map(([rule]) => rule)
const later = [...rules].filter(([, status]) => status === 'later').map(([rule]) => rule)
const unproved = built.filter((rule) => !named.has(rule) && !verified.has(rule))
const unknown = [...verified].filter((rule) => !rules.has(rule))

console.log(`rules: ${rules.size}, of which ${built.length} are built and ${later.length} come later`)
console.log(`proof: ${built.filter((rule) => verified.has(rule)).length} of the built ones are verified by vectors, ${built.filter((rule) => named.has(rule)).length} named by tests`)
if (unproved.length > 0) console.error(`built, and neither tested nor verified: ${unproved.join(', ')}`)
if (unknown.length > 0) console.error(`verified by vectors, and not in docs/rules.md: ${unknown.join(', ')}`)
if (unproved.length + unknown.length > 0) process.exitCode = 1

/** The status of each rule. A line that looks like a rule and cannot be read is an error, or it would count as nothing. */
function readRules() {
  const statuses = new Map()
  for (const line of readFileSync(join(root, 'docs/rules.md'), 'utf8').split('\n')) {
    if (!/^\| *[A-Z]{3}-\d/.test(line)) continue
    const [, rule, status] = row.exec(line) ?? []
    if (rule === undefined) throw new Error(`docs/rules.md: cannot read ${line}`)
    if (statuses.has(rule)) throw new Error(`docs/rules.md: ${rule} stands there twice`)
    statuses.set(rule, status)
  }
  return statuses
}

/** Ids in the titles and tables of tests, the exported contract suite included, and in their file names; comments prove nothing. */
function namedByTests() {
  const files = filesIn('test', '.test.ts')
  const texts = [...files, join(root, 'src/state/store-contract.ts')].map((file) => withoutComments(readFileSync(file, 'utf8')))
  const names = files.map((file) => /^([a-z]{3}-\d+)-/.exec(basename(file))?.[1]?.toUpperCase() ?? '')
  return new Set([...texts, ...names].flatMap((text) => text.match(id) ?? []))
}

function withoutComments(code) {
  return code.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}

function verifiedByVectors() {
  const vectors = filesIn('test-vectors', '.json').map((file) => JSON.parse(readFileSync(file, 'utf8')))
  return new Set(vectors.flatMap(({ cases = [] }) => cases.flatMap(({ verifies }) => verifies)))
}

function filesIn(folder, suffix) {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true }).filter((name) => name.endsWith(suffix)).map((name) => join(path, name))
}
