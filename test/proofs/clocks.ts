import type { Proof } from './proof.js'
export async function proveClocks(): Promise<Proof> { return { headings: [], rows: [], broken: [] } }
