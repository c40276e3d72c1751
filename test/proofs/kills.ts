import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { clientKinds } from '../support/redis-clients.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { redisStore } from '../../src/state/redis-store.js'
import type { Admission, StateStore } from '../../src/model/store.js'
import { dayHasLeft, type Proof } from './proof.js'

const killCount = 200
const requestCount = 100_000
const workersOfEach = 16
const subjectCount = 40
/** Of each subject a day, so that all are full at the end. */
const limit = 1_000

/** QTA-7 and QTA-4: a server that is killed 200 times in the middle of 100,000 requests. */
export async function proveKills(): Promise<Proof> {
  const rows: (readonly (string | number)[])[] = []
  const broken: string[] = []
  for (const appendfsync of ['everysec', 'always']) {
    await dayHasLeft()
    const { row, broken: some } = await killed(appendfsync)
    rows.push([appendfsync, ...row])
    broken.push(...some.map((what) => `${appendfsync}: ${what}`))
  }
  return { headings: ['appendfsync', 'requests', 'admitted', 'refused', 'without an answer', 'kills', 'the most of one subject', 'proofs taken twice', 'keys without an expiry', 'of', 'seconds'], rows, broken }
}

async function killed(appendfsync: string): Promise<{ readonly row: readonly (string | number)[]; readonly broken: readonly string[] }> {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', appendfsync])
  const clients = await Promise.all(clientKinds.map(async ({ connect }) => connect([server.port])))
  const stores = clients.map(({ client }) => redisStore(client))
  const admittedOf = new Array<number>(subjectCount).fill(0)
  const counts = { requests: 0, admitted: 0, refused: 0, unanswered: 0, twice: 0, kills: 0, immortal: 0, keys: 0 }
  const start = performance.now()

  const ask = async (store: StateStore, subject: number, proof: string, isRepeated: boolean): Promise<string> => {
    counts.requests++
    try {
      const { outcome } = await store.admit(admissionOf(subject, proof))
      counts[outcome === 'admitted' ? 'admitted' : 'refused']++
      if (outcome === 'admitted') {
        admittedOf[subject]!++
        if (isRepeated) counts.twice++
      }
      return outcome
    } catch {
      counts.unanswered++
      await delay(1)
      return 'unanswered'
    }
  }
  const load = Promise.all(stores.flatMap((store) => Array.from({ length: workersOfEach }, async () => {
    while (counts.requests < requestCount) {
      const subject = counts.requests % subjectCount
      const proof = randomUUID()
      const first = await ask(store, subject, proof, false)
      // Every fifth is shown again, by whoever comes first to the other client.
      if (first !== 'unanswered' && counts.requests % 5 === 0) await ask(stores[counts.requests % stores.length]!, subject, proof, first === 'admitted' || first === 'full')
    }
  })))

  for (let kill = 1; kill <= killCount; kill++) {
    while (counts.requests < kill * requestCount / (killCount + 1)) await delay(1)
    await server.kill()
    await server.restart()
    counts.kills++
    await look(server, counts)
  }
  await load
  // Until all subjects are full, so that what was forgotten would be admitted again.
  for (const store of stores) {
    for (let subject = 0; subject < subjectCount; subject++) {
      for (let outcome = ''; outcome !== 'full';) outcome = await ask(store, subject, randomUUID(), false)
    }
  }
  await look(server, counts)
  for (const client of clients) client.close()
  await server.stop()

  const most = Math.max(...admittedOf)
  const broken = [
    ...(most > limit ? [`${most} were admitted of a subject, and not ${limit}`] : []),
    ...(counts.twice > 0 ? [`${counts.twice} proofs were taken twice`] : []),
    ...(counts.immortal > 0 ? [`${counts.immortal} keys had no expiry`] : []),
  ]
  return { row: [counts.requests, counts.admitted, counts.refused, counts.unanswered, counts.kills, `${most} of ${limit}`, counts.twice, counts.immortal, counts.keys, ((performance.now() - start) / 1000).toFixed(0)], broken }
}

/** All windows, of which only the day can be full, and a proof. */
function admissionOf(subject: number, proof: string): Admission {
  const scope = `subject-${subject}`
  return {
    scope,
    proof: { key: proof, keepMs: 60_001 },
    alternatives: [{ quotas: (['second', 'minute', 'hour', 'day'] as const).map((window) => ({ key: scope, name: `quota-${window}`, window, limit: window === 'day' ? limit : 1_000_000, quantity: 1 })) }],
  }
}

async function look(server: RedisServer, counts: { immortal: number; keys: number }): Promise<void> {
  const [keys, immortal] = await server.command('EVAL', "local keys = redis.call('KEYS', '*') local immortal = 0 for _, key in ipairs(keys) do if redis.call('PTTL', key) == -1 then immortal = immortal + 1 end end return {#keys, immortal}", '0') as [number, number]
  counts.keys += keys
  counts.immortal += immortal
}
