import type { QuotaCharge } from '../../../src/model/store.js'
import { limiterStore } from '../../../src/state/limiter-store.js'
import { memcachedLimiter } from '../../support/memcached.js'

/** What to do: so many admissions at once, by a clock that stands still. */
export interface Task {
  readonly port: number
  readonly times: number
  readonly nowMs: number
  readonly quotas: readonly QuotaCharge[]
}

let store: ReturnType<typeof limiterStore> | undefined

process.on('message', (task: Task) => { void answer(task) })

async function answer({ port, times, nowMs, quotas }: Task): Promise<void> {
  const counting = (store ??= limiterStore(memcachedLimiter(port).createLimiter, { now: () => nowMs, timeoutMs: 30_000 }))
  const verdicts = await Promise.all(Array.from({ length: times }, async () => counting.admit({ scope: 'shared', alternatives: [{ quotas }] })))
  process.send!(verdicts.filter(({ outcome }) => outcome === 'admitted').length)
}
