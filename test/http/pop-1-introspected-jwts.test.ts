import { describe, expect, it } from 'vitest'
import { createProofMaker } from '../support/dpop.js'
import { exampleClaims } from '../../src/testing/index.js'
import { misbehaviours, type Members } from '../support/agent-token-issuer.js'
import { opaqueKinds, startIssuer, startOpaqueApi } from './opaque-api.js'

const searching = exampleClaims({ aap_capabilities: [{ action: 'search.web', constraints: {} }] })

describe.each(opaqueKinds)('POP-1: JWTs whose issuer is asked on %s', (kind) => {
  const start = async (members: Members) => {
    const issuer = await startIssuer()
    const { server, audit } = await startOpaqueApi(kind, { issuer: issuer.trusted({ jwts: 'introspect' }) })
    issuer.misbehave('introspect', misbehaviours.answer({ active: true, exp: Math.floor(Date.now() / 1_000) + 100, ...members }))
    const show = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status, json } = await server.call('/search', { headers })
      return [status, json.error, audit.takeDecision().rule]
    }
    return { issuer, show }
  }

  it('POP-1: a cnf in the answer alone needs its proof', async () => {
    const [holder, thief] = [createProofMaker(), createProofMaker()]
    const { issuer, show } = await start({ cnf: holder.confirmation })
    const token = await issuer.sign(searching)
    expect(await show({ authorization: `Bearer ${token}` })).toEqual([401, 'invalid_token', 'POP-1'])
    expect(await show({ authorization: `DPoP ${token}` })).toEqual([401, 'invalid_dpop_proof', 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: thief.proof({ token }) })).toEqual([401, 'invalid_token', 'POP-3'])
    expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token }) })).toEqual([200, undefined, undefined])
  })

  it('POP-1: a cnf of the JWT holds, whether the answer repeats it or leaves it out', async () => {
    const holder = createProofMaker()
    for (const members of [{}, { cnf: holder.confirmation }]) {
      const { issuer, show } = await start(members)
      const token = await issuer.sign({ ...searching, cnf: holder.confirmation })
      expect(await show({ authorization: `Bearer ${token}` })).toEqual([401, 'invalid_token', 'POP-1'])
      expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token }) })).toEqual([200, undefined, undefined])
    }
  })

  it('POP-1: another key in the answer than in the JWT: nobody can show both', async () => {
    const [one, other] = [createProofMaker(), createProofMaker()]
    const { issuer, show } = await start({ cnf: one.confirmation })
    const token = await issuer.sign({ ...searching, cnf: other.confirmation })
    for (const holder of [one, other]) expect(await show({ authorization: `DPoP ${token}`, dpop: holder.proof({ token }) })).toEqual([401, 'invalid_token', 'POP-1'])
  })
})
