import { expect, it } from 'vitest'
import { createAgent } from '../../support/agent.js'
import { expectHealthyProcess } from '../../support/process-health.js'
import { useCounterparts } from './counterparts.js'

expectHealthyProcess()

const counterparts = useCounterparts()

it('TRN-4: a real client that knows the API alone finds its issuer by the metadata that the challenge names (RFC 9728)', async () => {
  const { authorities, origin } = counterparts
  const api = counterparts.api({ baseUrl: origin })
  const stranger = await createAgent({ authorities, issuer: 'https://unknown.example', audience: origin, binding: 'none' })
  const refused = await stranger.call(api.url, 'no-token')
  expect(refused.status).toBe(401)
  const named = refused.challenges.map(({ parameters }) => parameters.resource_metadata)
  expect(named).toEqual([`${origin}/.well-known/oauth-protected-resource`, `${origin}/.well-known/oauth-protected-resource`])

  const metadata = await stranger.readMetadata(origin, named[0])
  expect(metadata).toEqual(await stranger.readMetadata(origin))
  expect(metadata).toMatchObject({ authorization_servers: [counterparts.issuer], dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256'] })

  const agent = await createAgent({ authorities, issuer: metadata.authorization_servers![0]!, audience: metadata.resource, binding: 'dpop' })
  expect(await agent.call(api.url, (await agent.requestToken()).access_token)).toMatchObject({ status: 200 })
})
