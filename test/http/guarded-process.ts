import type { AddressInfo } from 'node:net'
import express from 'express'
import { aapGuard, requireCapability, type GuardOptions } from '../../src/index.js'
import { clientKinds } from '../support/redis-clients.js'
import { redisStore } from '../../src/state/redis-store.js'

/** What to serve. The answer is the port. It waits for its Redis for as long as a machine that is busy may stand still. */
export interface Service {
  readonly client: string
  readonly redisPort: number
  readonly options: Pick<GuardOptions, 'issuer' | 'audience' | 'baseUrl'>
  readonly nowMs: number
}

process.on('message', (service: Service) => { void serve(service) })

async function serve({ client, redisPort, options, nowMs }: Service): Promise<void> {
  const { client: connected } = await clientKinds.find(({ name }) => name === client)!.connect([redisPort])
  const app = express()
  app.use(aapGuard({ ...options, store: redisStore(connected, { now: () => nowMs }), now: () => nowMs, storeTimeoutMs: 20_000, audit: [] }))
  app.get('/search', requireCapability('search.web'), (_, res) => { res.json({}) })
  const server = app.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
}
