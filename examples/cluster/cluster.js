// The API of ../quickstart on four processes, whose quotas are in one Redis. More requests than the token allows come at
// once, and the example fails unless exactly as many are answered as it allows.
import cluster from 'node:cluster'
import { startIssuer } from '../quickstart/issuer.js'
import { bold, dim, formatTable, green, red } from '../quickstart/table.js'
import { sendAtOnce } from './load.js'
import { startRedis } from './redis-server.js'
import { serve } from './worker.js'

const processCount = 4
const requestCount = 1_000
const connectionCount = 40

if (cluster.isPrimary) process.exitCode = await run()
else await serve(process.env)

async function run() {
  const redis = await startRedis().catch((error) => { console.error(error.message) })
  if (redis === undefined) return 1
  const issuer = await startIssuer()
  try {
    const { port, processIds } = await startProcesses({ REDIS_URL: redis.url, AAP_ISSUER: issuer.issuer, AAP_AUDIENCE: issuer.audience })
    // An hour that ends meanwhile would admit as many again, and rightly so.
    await hourHasLeft(60_000)
    const { token, limit } = await limitedToken(issuer)
    const answers = await sendAtOnce({ url: `http://127.0.0.1:${port}/search?url=https://example.org/agents`, token, requestCount, connectionCount })
    return report(answers, processIds, limit)
  } finally {
    for (const { process } of Object.values(cluster.workers)) process.kill('SIGKILL')
    await issuer.close()
    await redis.stop()
  }
}

/** All listen on one port; who connects is handed to them in turn. */
async function startProcesses(environment) {
  const workers = Array.from({ length: processCount }, () => cluster.fork(environment))
  const ports = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => { resolve(port) })
    worker.once('exit', (code) => { reject(new Error(`a process has ended with ${code}`)) })
  })))
  return { port: ports[0], processIds: workers.map(({ process }) => String(process.pid)) }
}

async function hourHasLeft(milliseconds) {
  const left = 3_600_000 - (Date.now() % 3_600_000)
  if (left > milliseconds) return
  console.log(`Waits ${Math.ceil(left / 1000)} s for the next hour, so that all of it is within one.`)
  await new Promise((resolve) => { setTimeout(resolve, left + 1_000) })
}

/** What the agent of the quickstart has: so many searches an hour. */
async function limitedToken(issuer) {
  const token = await issuer.issueToken()
  const { aap_capabilities: [search] } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  return { token, limit: search.constraints.max_requests_per_hour }
}

function report(answers, processIds, limit) {
  const count = (processId, isCounted) => answers.filter((answer) => (processId === undefined || answer.processId === processId) && isCounted(answer.status)).length
  const row = (name, processId) => [name, ...[(status) => status === 200, (status) => status === 429, (status) => status !== 200 && status !== 429].map((isCounted) => String(count(processId, isCounted)))]
  const total = row('all', undefined)
  const isHeld = total[1] === String(limit)

  console.log(`\n${bold(`An agent that may search ${limit} times an hour sends ${requestCount} requests by ${connectionCount} connections to ${processCount} processes`)}\n`)
  console.log(formatTable(
    ['process', 'answered 200', 'answered 429', 'other'],
    [...processIds.map((processId) => row(processId, processId)), total],
    (column, text) => (column === 1 ? green(text) : column === 2 ? dim(text) : text),
  ))
  console.log(isHeld ? `Exactly ${limit}, over all processes: they count in one Redis. With memoryStore() each would count to ${limit} by itself.` : red(`Not as expected: ${total[1]} were answered 200, and not ${limit}.`))
  return isHeld ? 0 : 1
}
