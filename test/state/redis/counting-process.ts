import type { QuotaCharge } from '../../../src/model/store.js'
import { redisStore } from '../../../src/state/redis-store.js'
import { clientKinds } from '../../support/redis-clients.js'

/** What to do: so many admissions at once. */
export interface Task {
  readonly client: string
  readonly ports: readonly number[]
  readonly times: number
  readonly quotas: readonly QuotaCharge[]
}

const stores = new Map<string, ReturnType<typeof redisStore>>()

process.on('message', (task: Task) => { void answer(task) })

async function answer({ client, ports, times, quotas }: Task): Promise<void> {
  const way = `${client} ${ports.join()}`
  const store = stores.get(way) ?? redisStore((await clientKinds.find(({ name }) => name === client)!.connect(ports)).client)
  stores.set(way, store)
  const verdicts = await Promise.all(Array.from({ length: times }, async () => store.admit({ scope: 'shared', alternatives: [{ quotas }] })))
  process.send!(verdicts.filter(({ outcome }) => outcome === 'admitted').length)
}
