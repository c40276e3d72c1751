import { describe, expect, it } from 'vitest'
import { claimsOf, useCounterparts } from './counterparts.js'
import { expectHealthyProcess } from '../../support/process-health.js'

expectHealthyProcess()

const counterparts = useCounterparts({ requiresNonce: true })

it('RFC 9449 section 8: an authorization server that demands nonces binds tokens all the same', async () => {
  const agent = await counterparts.agent('dpop')
  expect(claimsOf((await agent.requestToken()).access_token)).toMatchObject({ cnf: { jkt: agent.thumbprint } })
})

describe('with an authorization server and a guard that both demand nonces', () => {
  it('POP-3: the client keeps those of the one apart from those of the other', async () => {
    const agent = await counterparts.agent('dpop')
    const api = counterparts.api({ dpop: { nonceSecret: 'a secret of at least 32 characters' } })
    for (const attempts of [2, 1]) {
      const { access_token: token } = await agent.requestToken()
      expect(await agent.call(api.url, token)).toMatchObject({ status: 200, attempts })
    }
  })
})
