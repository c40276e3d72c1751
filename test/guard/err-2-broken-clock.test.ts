import { describe, expect, it } from 'vitest'
import { attackedAudience } from '../support/attacked-api.js'
import { createForger } from '../support/forge.js'
import { createGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { createProofMaker, dpopLines } from '../support/dpop.js'
import { DpopNonces } from '../../src/token/dpop-nonces.js'
import { exampleClaims } from '../../src/testing/index.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { memoryStore } from '../../src/state/memory-store.js'
import { startApi } from '../support/api.js'

expectHealthyProcess()

const nowMs = Date.UTC(2030, 4, 6, 12)
const nonceSecret = 'a secret of at least 32 characters'
const forger = createForger()
const client = createProofMaker('ES256', () => nowMs)
const token = forger.token(exampleClaims({ iss: forger.issuer.issuer, aud: attackedAudience, iat: nowMs / 1000, exp: nowMs / 1000 + 300, jti: 'j', cnf: client.confirmation, aap_capabilities: [{ action: 'search.web', constraints: {} }] }))
const previous = new DpopNonces(nonceSecret, 300_000).current(nowMs - 300_000)

/** Options of a guard whose clock fails when it is read for the n-th time. */
function failingAt(n: number, dpop: GuardOptions['dpop'] = true): GuardOptions {
  let reads = 0
  return { issuer: forger.issuer, audience: attackedAudience, store: memoryStore(), dpop, now: () => {
    if (++reads === n) throw new Error('the clock is gone')
    return nowMs
  } }
}

/** The clock is read fewer times than this for one request. */
const reads = [1, 2, 3, 4, 5, 6, 7, 8]

describe('ERR-2: a clock that fails at any time denies, or is not needed any more', () => {
  it.each<[string, GuardOptions['dpop'], Readonly<Record<string, unknown>>]>([
    ['a proof that is in order', true, {}], ['a proof without the nonce', { nonceSecret }, {}], ['a proof with the previous nonce', { nonceSecret }, { nonce: previous }], ['a proof that is not', true, { htm: 'POST' }],
  ])('%s', async (_what, dpop, claims) => {
    for (const n of reads) {
      const guard = createGuard({ ...failingAt(n, dpop), audit: [], logger: { info: () => undefined, warn: () => undefined, error: () => undefined } })
      const decision = await guard.authorize({ method: 'GET', url: '/search', headers: { authorization: `DPoP ${token}`, dpop: client.proof({ token, claims }) } }, 'search.web')
      expect([200, 401, 500, 503]).toContain(decision.status)
      if ('htm' in claims || (dpop !== true && !('nonce' in claims))) expect(decision.outcome).toBe('deny')
      await guard.close()

      for (const routes of [undefined, { 'GET /search': 'search.web' }]) {
        const { server } = await startApi('node:http', { ...failingAt(n, dpop), ...(routes && { routes }) }, ({ guard: middleware, handler }) => ({ use: [middleware], routes: [{ path: '/search', run: [...(routes ? [] : [requireCapability('search.web')]), handler('search')] }] }))
        expect([200, 401, 500, 503]).toContain((await server.sendTarget('/search', dpopLines(token, client.proof({ token, claims })))).status)
      }
    }
  })
})
