import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { clientKinds } from '../support/redis-clients.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { redisStore } from '../../src/state/redis-store.js'
import type { Admission, StateStore } from '../../src/model/store.js'
import { dayHasLeft, type Proof } from './proof.js'
import { createSystemShim } from './system-shim.js'

const workersOfEach = 16
const subjectCount = 40

interface Course {
  readonly appendfsync: 'always' | 'no' | 'everysec'
  /** How long each sync of the disk takes at least. */
  readonly syncMs?: number
  readonly kills: number
  /** With an answer: others come on top. */
  readonly requests: number
  /** Of each subject a day: all are full at the end. */
  readonly limit: number
}

/** While a sync is under way, a server with `everysec` answers before it has written: it may then forget what it answered. */
const mayForget = ({ appendfsync }: Course): boolean => appendfsync === 'everysec'

const atSize = { kills: 200, requests: 100_000, limit: 2_000 }
const onSlowDisk = { syncMs: 200, kills: 20, requests: 2_000, limit: 40 }
const courses: readonly Course[] = [atSize, onSlowDisk].flatMap((size) => (['always', 'no', 'everysec'] as const).map((appendfsync) => ({ ...size, appendfsync })))

/** QTA-7 and QTA-4: a server with an append-only file that is killed again and again in the middle of requests. */
export async function proveKills(): Promise<Proof> {
  const rows: (readonly (string | number)[])[] = []
  const broken: string[] = []
  for (const course of courses) {
    await dayHasLeft()
    const { row, broken: some } = await killed(course)
    const name = course.syncMs === undefined ? course.appendfsync : `${course.appendfsync}, ${course.syncMs} ms a sync`
    rows.push([name, ...row])
    broken.push(...some.map((what) => `${name}: ${what}`))
  }
  return { headings: ['appendfsync', 'kills', 'admitted', 'refused', 'without an answer', 'the most of one subject', 'above the limits, of all', 'proofs taken twice', 'keys looked at', 'without an expiry', 'seconds'], rows, broken }
}

async function killed(course: Course): Promise<{ readonly row: readonly (string | number)[]; readonly broken: readonly string[] }> {
  const { appendfsync, syncMs, limit } = course
  const shim = syncMs === undefined ? undefined : createSystemShim({ syncMs })
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', appendfsync], shim?.environment)
  const clients = await Promise.all(clientKinds.map(async ({ connect }) => connect([server.port])))
  const stores = clients.map(({ client }) => redisStore(client))
  const admittedOf = new Array<number>(subjectCount).fill(0)
  const counts = { requests: 0, admitted: 0, refused: 0, unanswered: 0, twice: 0, kills: 0, immortal: 0, keys: 0 }
  const answered = (): number => counts.admitted + counts.refused
  const start = performance.now()

  const ask = async (store: StateStore, subject: number, proof: string, isRepeated: boolean): Promise<string> => {
    counts.requests++
    try {
      const { outcome } = await store.admit(admissionOf(subject, proof, limit))
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
    while (answered() < course.requests) {
      const subject = counts.requests % subjectCount
      const proof = randomUUID()
      const first = await ask(store, subject, proof, false)
      // Every fifth is shown again, by whoever comes first to the other client.
      if (first !== 'unanswered' && counts.requests % 5 === 0) await ask(stores[counts.requests % stores.length]!, subject, proof, first === 'admitted' || first === 'full')
    }
  })))

  for (let kill = 1; kill <= course.kills; kill++) {
    while (answered() < kill * course.requests / (course.kills + 1)) await delay(1)
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
  shim?.remove()

  const most = Math.max(...admittedOf)
  const above = admittedOf.reduce((sum, admitted) => sum + Math.max(0, admitted - limit), 0)
  const broken = [
    ...(above > 0 && !mayForget(course) ? [`${most} were admitted of a subject, and not ${limit}`] : []),
    ...(counts.twice > 0 && !mayForget(course) ? [`${counts.twice} proofs were taken twice`] : []),
    ...(counts.immortal > 0 ? [`${counts.immortal} keys had no expiry`] : []),
  ]
  return { row: [counts.kills, counts.admitted, counts.refused, counts.unanswered, `${most} of ${limit}`, above, counts.twice, counts.keys, counts.immortal, ((performance.now() - start) / 1000).toFixed(0)], broken }
}

/** All windows, of which only the day can be full, and a proof. */
function admissionOf(subject: number, proof: string, limit: number): Admission {
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
