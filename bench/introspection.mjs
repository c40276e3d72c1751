import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { memoryStore } from 'aap-guard'
import { redisStore } from 'aap-guard/redis'
import { compileRoute } from '../build/decision/route.js'
import { coreOf, createGuard } from '../build/guard/create-guard.js'
import { fresh } from './fixtures.mjs'
import { percentile } from './measure.mjs'
import { startRedis } from './redis.mjs'

const rounds = 10
const each = 500
const route = compileRoute('search.web', {})
const notAdmitted = () => undefined

/** How long each decision of a guard takes, one after the other, in milliseconds. */
async function timeEach(core, tokens) {
  const times = []
  for (const token of tokens) {
    const incoming = { method: 'GET', url: '/search', headers: {}, rawHeaders: ['Host', 'localhost', 'Accept', '*/*', 'Authorization', fresh(`Bearer ${token}`)] }
    const start = performance.now()
    const ruling = core.decide(await core.openSession(incoming, incoming), route, notAdmitted)
    const { denial } = ruling instanceof Promise ? await ruling : ruling
    times.push(performance.now() - start)
    if (denial !== undefined) throw new Error(denial.detail)
  }
  return times
}

const manyTokens = (kind) => Array.from({ length: each }, () => `${kind}-${randomBytes(24).toString('base64url')}`)

/** Decisions on opaque tokens, by where what is known of the token is found. */
export async function introspection() {
  const issuer = fork(new URL('./token-issuer.mjs', import.meta.url))
  const [endpoint] = await once(issuer, 'message')
  const { client, stop } = await startRedis()
  const options = { clientId: 'bench', clientSecret: 'secret', endpoint, jwts: 'refuse', callsPerSecond: 1_000_000 }
  const startProcess = (store) => createGuard({ issuer: { issuer: 'https://as.example.com', introspection: options }, audience: 'https://api.example.com', audit: [], store })
  const [other, guard] = [startProcess(redisStore(client)), startProcess(redisStore(client))]
  const alone = startProcess(memoryStore())
  const samples = { own: [], issuer: [], redis: [], counted: [], ping: [] }
  for (let round = 0; round <= rounds; round++) {
    // The other process asks first, so that each token is in Redis, and new to the one that is measured.
    const known = { plain: manyTokens('plain'), counted: manyTokens('counted'), alone: manyTokens('alone') }
    for (const tokens of [known.plain, known.counted]) await timeEach(coreOf(other), tokens)
    const measured = {
      issuer: await timeEach(coreOf(alone), known.alone),
      own: await timeEach(coreOf(alone), known.alone),
      redis: await timeEach(coreOf(guard), known.plain),
      counted: await timeEach(coreOf(guard), known.counted),
      ping: [],
    }
    for (let i = 0; i < each; i++) {
      const start = performance.now()
      await client.ping()
      measured.ping.push(performance.now() - start)
    }
    if (round > 0) for (const [name, times] of Object.entries(measured)) samples[name].push(...times)
  }
  await Promise.all([other, guard, alone].map((made) => made.close()))
  await stop()
  issuer.disconnect()
  const rows = (what, times, goal) => [[`${what}, p50`, milliseconds(percentile(times, 0.5)), ''], [`${what}, p99`, milliseconds(percentile(times, 0.99)), goal]]
  return [
    ...rows('opaque token, known to this process', samples.own, ''),
    ...rows('opaque token, shared cache in Redis', samples.redis, '< 3 ms'),
    ...rows('opaque token, shared cache in Redis, and a budget counted there', samples.counted, ''),
    ...rows('opaque token, the issuer asked over loopback HTTP', samples.issuer, ''),
    ...rows('PING of Redis', samples.ping, ''),
  ]
}

const milliseconds = (value) => `${value.toFixed(3)} ms`
