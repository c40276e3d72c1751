import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { redisStore } from 'aap-guard/redis'
import { interleave, median, ratio } from './measure.mjs'

const rounds = 10
const inTurn = 1_000
const atOnce = 4_000
const parallel = 50
const agents = 200

/** A server of its own, without persistence, as the tests start theirs. */
export async function startRedis() {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'aap-guard-bench-'))
  const server = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder], { stdio: 'ignore' })
  server.on('error', () => { throw new Error('the row of Redis needs redis-server (Debian: apt-get install redis-server)') })
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  await client.connect()
  return {
    client,
    stop: async () => {
      client.destroy()
      server.kill()
      await new Promise((resolve) => server.once('exit', resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** What each agent's decision asks of the store, frozen as a capability's are: a minute, an hour and a day, none of which gets full. */
function admissionOf(agent) {
  const key = `agent-${agent}`.padEnd(43, '_')
  const quotas = ['minute', 'hour', 'day'].map((window) => Object.freeze({ key, name: `max_requests_per_${window}`, window, limit: 1e12, quantity: 1 }))
  return { scope: key, alternatives: [{ quotas: Object.freeze(quotas) }] }
}

async function medianMicroseconds(act) {
  const times = []
  for (let i = 0; i < inTurn; i++) {
    const start = performance.now()
    await act(i % agents)
    times.push((performance.now() - start) * 1000)
  }
  return median(times)
}

async function perSecond(act) {
  let next = 0
  const start = performance.now()
  await Promise.all(Array.from({ length: parallel }, async () => {
    while (next < atOnce) await act(next++ % agents)
  }))
  return (atOnce * 1000) / (performance.now() - start)
}

export async function redisWindows() {
  const { client, stop } = await startRedis()
  const store = redisStore(client)
  const admissions = Array.from({ length: agents }, (_, agent) => admissionOf(agent))
  const limiters = [60, 3_600, 86_400].map((duration) => new RateLimiterRedis({ storeClient: client, useRedisPackage: true, points: 1e12, duration, keyPrefix: String(duration) }))
  const admit = (agent) => store.admit(admissions[agent])
  const consume = (agent) => Promise.all(limiters.map((limiter) => limiter.consume(`agent-${agent}`)))

  const commandsOf = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))[1])
  await admit(0)
  const before = await commandsOf()
  for (let i = 0; i < 100; i++) await admit(i)
  // Redis also counts what a script calls, so its own count is of EVALSHA.
  const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))[1])
  if ((await commandsOf()) <= before) throw new Error('nothing was asked of Redis')

  const latency = await interleave({ ping: () => medianMicroseconds(() => client.ping()), store: () => medianMicroseconds(admit) }, rounds)
  const rate = await interleave({ store: () => perSecond(admit), limiters: () => perSecond(consume) }, rounds)
  await stop()
  return [
    ['commands to Redis a decision', (calls / 101).toFixed(2), '1'],
    ['a decision in Redis ÷ PING, p50', ratio(latency, 'store', 'ping').toFixed(2), '≤ 1.5'],
    ['decisions a second in Redis ÷ RateLimiterRedis × 3', ratio(rate, 'store', 'limiters').toFixed(2), '≥ 2.4'],
  ]
}
