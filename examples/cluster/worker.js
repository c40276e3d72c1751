import { createServer } from 'node:http'
import { createClient } from 'redis'
import { redisStore } from 'aap-guard/redis'
import { createApi } from '../quickstart/api.js'

/** One of the processes: the API of the quickstart, but for its store. */
export async function serve({ REDIS_URL: url, AAP_ISSUER: issuer, AAP_AUDIENCE: audience }) {
  const client = createClient({ url, socket: { connectTimeout: 500, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 500) } })
  client.on('error', (error) => { console.error('redis:', error.message) })
  await client.connect()

  // What Redis has counted and the guard waited for in vain is refused: a busy computer would have fewer than the limit.
  const api = createApi({ issuer, audience, audit: [], store: redisStore(client), storeTimeoutMs: 10_000 })
  createServer((req, res) => {
    res.setHeader('x-process', process.pid)
    api(req, res)
  }).listen(0, '127.0.0.1')
}
