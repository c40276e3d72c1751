import type { Decision, ResourceRequest } from '../../src/index.js'
import { audience, issuer, nowMs } from '../token/signed-token.js'
import { createForger, forgedKeyId } from '../support/forge.js'
import { guarding } from '../guard/guarding.js'
import type { KnownRequest } from './oracles/token.js'
import { memoryStore } from '../../src/state/memory-store.js'
import type { StateStore } from '../../src/model/store.js'
import { write, type Node } from './json-nodes.js'

/** The one request that tokens are tried with, as the oracle sees it. */
export const knownRequest: KnownRequest = {
  nowMs,
  issuer,
  audience,
  keyId: forgedKeyId,
  action: 'search.web',
  method: 'GET',
  host: ['www', 'example', 'org'],
  addresses: ['192.0.2.1', '2001:db8::1'],
  purposes: ['research'],
  classification: 'internal',
  region: 'DE',
  zone: 'internal',
  country: 'DE',
  amount: 5,
  quantities: { emails: 2 },
  bodyBytes: 10,
  encrypted: true,
}

const { action, method, addresses, purposes, amount, quantities, bodyBytes, encrypted, region, zone, country } = knownRequest
const facts = { target: 'https://www.example.org/a', addresses, purposes, amount, quantities, region, classification: 'internal' } as const

/** A guard whose counters are new for every decision: what was decided before does not matter. */
let counters: StateStore = memoryStore({ now: () => nowMs })
const forger = createForger(issuer)
const { guard } = guarding({ issuer: forger.issuer, store: { name: 'new', admit: (admission: Parameters<StateStore['admit']>[0]) => counters.admit(admission) }, facts: () => ({ zone, country }) })

export async function decide(token: string): Promise<Decision> {
  counters = memoryStore({ now: () => nowMs })
  const request: ResourceRequest = { method, url: '/search', headers: { authorization: `Bearer ${token}` }, contentLength: bodyBytes, encrypted }
  return guard.authorize(request, action, facts)
}

export const goodHeader: Node = { members: [['alg', { text: '"ES256"' }], ['kid', { text: JSON.stringify(forgedKeyId) }], ['typ', { text: '"at+jwt"' }]] }

/** Signed by the issuer's key, whatever it says. */
export function signNodes(header: Node, payload: Node): string {
  return forger.token(write(payload), write(header))
}
