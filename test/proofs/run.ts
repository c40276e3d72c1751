import { proveClocks } from './clocks.js'
import { proveKills } from './kills.js'
import { proveOutages } from './outages.js'
import { proveProcesses } from './processes.js'
import { printProof, type Proof } from './proof.js'

const proofs: Readonly<Record<string, () => Promise<Proof>>> = { processes: proveProcesses, outages: proveOutages, kills: proveKills, clocks: proveClocks }

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(proofs, name))
if (unknown !== undefined) {
  console.error(`There is no proof ${unknown}; there are ${Object.keys(proofs).join(', ')}.`)
  process.exit(2)
}

let isHeld = true
for (const [name, prove] of Object.entries(proofs)) {
  if (names.length > 0 && !names.includes(name)) continue
  const proof = await prove()
  printProof(name, proof)
  isHeld &&= proof.broken.length === 0
}
process.exit(isHeld ? 0 : 1)
