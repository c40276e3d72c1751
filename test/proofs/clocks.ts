import { compileProgram } from '../support/child-process.js'
import { clientKinds } from '../support/redis-clients.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import type { Task } from '../state/redis/counting-process.js'
import { type Proof } from './proof.js'
import { createSystemShim } from './system-shim.js'

const hour = 3_600_000
const day = 24 * hour
const quarter = hour / 4
const processCount = 4
const requestsEach = 500
const limit = 100

interface Step {
  readonly name: string
  /** By how much the clock jumps. */
  readonly by: number
  /** Whether an hour, or a day, begins that nothing was taken from, by a clock that goes on or that was followed (QTA-3). */
  readonly opens: readonly ('hour' | 'day')[]
}

const jump = (name: string, by: number, ...opens: readonly ('hour' | 'day')[]): Step => ({ name, by, opens })

/** From half past twelve. No course is further than a day and an hour from where it was. */
const courses: readonly (readonly Step[])[] = [
  [jump('12:30', 0, 'hour', 'day'), jump('back by an hour', -hour), jump('on by an hour', hour), jump('on by an hour', hour, 'hour'), jump('back by an hour', -hour), jump('on by an hour', hour)],
  [jump('12:30', 0, 'hour', 'day'), jump('back by a day', -day), jump('on by a day', day), jump('on by a day', day, 'hour', 'day'), jump('back by a day', -day), jump('on by a day', day)],
  [jump('12:30', 0, 'hour', 'day'), jump('back by an hour', -hour), jump('back by a day', -day), jump('on by a day and an hour', day + hour)],
  // After an hour the clock is followed, to an hour of the day before.
  [jump('12:30', 0, 'hour', 'day'), jump('back by a day', -day), jump('on by 15 min', quarter), jump('on by 15 min', quarter), jump('on by 15 min', quarter), jump('on by 16 min', quarter + 60_000, 'hour'), jump('back by an hour', -hour)],
]

/** QTA-3: a clock of the server that is set, in either direction, opens no window again that was taken from. */
export async function proveClocks(): Promise<Proof> {
  const rows: (readonly (string | number)[])[] = []
  const broken: string[] = []
  const shim = createSystemShim()
  const server = await startRedis([], shim.environment)
  const program = await compileProgram(new URL('../state/redis/counting-process.ts', import.meta.url))
  const processes = Array.from({ length: processCount }, () => program.start())
  try {
    for (const { name: client } of clientKinds) {
      for (const [course, steps] of courses.entries()) {
        await server.command('FLUSHALL')
        let ahead = 12.5 * hour - (Date.now() % day)
        for (const { name, by, opens } of steps) {
          ahead += by
          shim.setClockAhead(ahead)
          const cells: string[] = []
          for (const window of ['minute', 'hour', 'day'] as const) {
            const quotas = [{ key: `${client}-${course}-${window}`, name: window, window, limit, quantity: 1 }]
            const counts = await Promise.all(processes.map(({ ask }) => ask({ client, ports: [server.port], times: requestsEach, quotas } satisfies Task))) as number[]
            const total = counts.reduce((sum, count) => sum + count)
            // A minute slides: it is over when the clock says so, and only a step back does not open it.
            const expected = (window === 'minute' ? by >= 0 : opens.includes(window)) ? limit : 0
            cells.push(String(total))
            if (total !== expected) broken.push(`${client}, course ${course + 1}, ${name}, by the ${window}: ${total} were admitted, and not ${expected}`)
          }
          rows.push([client, course + 1, name, await clockOf(server), ...cells])
        }
      }
    }
  } finally {
    for (const { stop } of processes) stop()
    program.remove()
    await server.stop()
    shim.remove()
  }
  return { headings: ['client', 'course', 'the clock', 'says', `admitted of ${limit} a minute`, 'an hour', 'a day'], rows, broken }
}

async function clockOf(server: RedisServer): Promise<string> {
  const [seconds] = await server.command('TIME') as string[]
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace('T', ' ')
}
