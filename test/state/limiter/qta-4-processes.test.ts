import { afterAll, beforeAll, expect, it } from 'vitest'
import { compileProgram, type ChildProgram } from '../../support/child-process.js'
import { describeMemcached, startMemcached, type MemcachedServer } from '../../support/memcached.js'
import type { Task } from './counting-process.js'

/** Inside of every window. */
const nowMs = Date.UTC(2025, 0, 1, 10, 30, 15, 250)

describeMemcached('QTA-4: four processes share one limit on Memcached', () => {
  let server: MemcachedServer
  let program: ChildProgram
  let processes: readonly ReturnType<ChildProgram['start']>[]
  beforeAll(async () => {
    [server, program] = await Promise.all([startMemcached(), compileProgram(new URL('counting-process.ts', import.meta.url))])
    processes = Array.from({ length: 4 }, () => program.start())
  })
  afterAll(async () => {
    for (const { stop } of processes) stop()
    program.remove()
    await server.stop()
  })

  it.each([{ windows: ['day'] }, { windows: ['minute'] }, { windows: ['minute', 'day'] }] as const)('exactly 100 of 1,000 that come at once, each time, by $windows', async ({ windows }) => {
    for (let round = 0; round < 4; round++) {
      const quotas = windows.map((window) => ({ key: `${windows.join()}-${round}`, name: 'quota', window, limit: 100, quantity: 1 }))
      const counts = await Promise.all(processes.map(({ ask }) => ask({ port: server.port, times: 250, nowMs, quotas } satisfies Task)))
      expect((counts as number[]).reduce((sum, count) => sum + count), counts.join(' + ')).toBe(100)
    }
  })
})
