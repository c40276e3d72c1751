import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import express from 'express'
import { aapGuard, requireCapability, type AapGuard, type GuardOptions, type Revocation } from '../../src/index.js'
import { clientKinds, type ConnectedClient } from '../support/redis-clients.js'
import { redisStore } from '../../src/state/redis-store.js'

/** Each is answered: with the port, with nothing, and by the end of the process. */
export type RevokingTask =
  | { readonly serve: { readonly client: string; readonly redisPort: number; readonly options: Pick<GuardOptions, 'issuer' | 'audience'> } }
  | { readonly revoke: Revocation }
  | { readonly end: true }

let server: Server
let middleware: AapGuard
let connected: ConnectedClient

process.on('message', (task: RevokingTask) => { void run(task) })

async function run(task: RevokingTask): Promise<void> {
  if ('serve' in task) {
    connected = await clientKinds.find(({ name }) => name === task.serve.client)!.connect([task.serve.redisPort])
    middleware = aapGuard({ ...task.serve.options, store: redisStore(connected.client), storeTimeoutMs: 20_000, audit: [] })
    const app = express()
    app.use(middleware)
    app.get('/search', requireCapability('a'), (_, res) => { res.json({}) })
    app.get('/stream', requireCapability('a'), (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => res.write('data: more\n\n'), 10)
      res.on('close', () => { clearInterval(timer) })
    })
    server = app.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  } else if ('revoke' in task) {
    await middleware.guard.revoke(task.revoke)
    process.send!('revoked')
  } else {
    // The guard is left as it is.
    server.closeAllConnections()
    server.close()
    connected.close()
    process.disconnect()
  }
}
