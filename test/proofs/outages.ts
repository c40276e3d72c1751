import type { Proof } from './proof.js'
export async function proveOutages(): Promise<Proof> { return { headings: [], rows: [], broken: [] } }
