// Every row is a ratio of two things that were measured in turn, in this run and on this machine. Names pick rows:
// npm run bench -- hot memory
import { createFixtures } from './fixtures.mjs'
import { expressThroughput } from './express.mjs'
import { dpopProof } from './dpop.mjs'
import { firstSight, hotDecision, memoryWindows, revokedDecision } from './decisions.mjs'
import { introspection } from './introspection.mjs'
import { importTime, memory } from './footprint.mjs'
import { redisWindows } from './redis.mjs'

const benches = { hot: hotDecision, revoked: revokedDecision, first: firstSight, dpop: dpopProof, windows: memoryWindows, redis: redisWindows, introspection, memory, import: importTime, express: expressThroughput }
const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in benches))
if (unknown !== undefined) throw new Error(`no bench ${unknown}: ${Object.keys(benches).join(', ')}`)

const fixtures = await createFixtures()
const rows = []
for (const [name, bench] of Object.entries(benches)) if (names.length === 0 || names.includes(name)) rows.push(...(await bench(fixtures)))
await fixtures.issuer.close()

const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)))
console.log(`${'what'.padEnd(widths[0])}  ${'measured'.padStart(widths[1])}  goal`)
for (const [what, measured, goal] of rows) console.log(`${what.padEnd(widths[0])}  ${measured.padStart(widths[1])}  ${goal}`)
