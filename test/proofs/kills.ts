import type { Proof } from './proof.js'
export async function proveKills(): Promise<Proof> { return { headings: [], rows: [], broken: [] } }
