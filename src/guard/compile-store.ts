import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { GuardOptions } from './guard-options.js'
import type { OperatorLog } from './operator-log.js'
import type { PossessionRules } from '../token/possession.js'
import type { StateStore } from '../model/store.js'
import type { TrustedIssuers } from '../token/trusted-issuers.js'
import { LocalShare } from '../state/local-share.js'
import { memoryStore, type MemoryStoreOptions } from '../state/memory-store.js'
import { readInteger } from './read-option.js'
import { StoreGate, type StoreEvent } from '../decision/store-gate.js'

interface StoreSurroundings {
  readonly possession: PossessionRules
  readonly issuers: TrustedIssuers
  readonly log: OperatorLog
  readonly onEvent: (event: StoreEvent) => void
}

type StoreOptions = Pick<GuardOptions, 'store' | 'storeTimeoutMs' | 'onStoreFailure' | 'now'>

/**
 * The option `store` and what belongs to it.
 *
 * @throws TypeError or RangeError that names the option
 */
export function compileStore(options: StoreOptions, { possession, issuers, log: { warn }, onEvent }: StoreSurroundings): StoreGate {
  const { storeTimeoutMs = 250, now } = options
  const clock = { ...(now !== undefined && { now }) }
  const store = readStore(options.store ?? memoryStore(clock), possession, issuers)
  if (store.name === 'memory' && cluster.isWorker) warn('memory store in a cluster', 'Quotas and proofs are counted in this worker only, and each other worker counts its own: every limit holds once a worker. Take a store that they share, such as redisStore (QTA-4)')
  return new StoreGate({ store, timeoutMs: readInteger('storeTimeoutMs', storeTimeoutMs, 1, 60_000), share: readShare(options.onStoreFailure, clock, warn), onEvent })
}

/** A store that does not do everything in one step may do for quotas, and lets a proof through twice (POP-3), or an operation (INT-4). */
function readStore(store: StateStore, { dpop }: PossessionRules, { named }: TrustedIssuers): StateStore {
  const { admit, isAtomic, name } = (typeof store === 'object' && (store as unknown) !== null ? store : {}) as Partial<StateStore>
  if (typeof admit !== 'function') throw new TypeError('option `store` must be a store, such as memoryStore()')
  if (dpop !== undefined && isAtomic === false) throw new TypeError(`option \`store\`: ${String(name)} is not atomic, as it has to be for proofs to be accepted once: take another store, or set \`dpop: false\``)
  const asked = named?.find(({ introspection }) => introspection !== undefined)
  if (asked !== undefined && isAtomic === false) throw new TypeError(`option \`store\`: ${String(name)} is not atomic, as it has to be for budgets of operations: take another store, or leave out \`introspection\` of ${asked.issuer}`)
  return store
}

function readShare(option: unknown = 'deny', clock: MemoryStoreOptions, warn: OperatorLog['warn']): LocalShare | undefined {
  if (option === 'deny') return undefined
  if (option === 'local') {
    const processes = availableParallelism()
    warn('processes', `option \`onStoreFailure\`: nothing says how many processes share the store, and ${processes} are assumed, one a core of this machine: say { local: { processes: n } }`)
    return new LocalShare(processes, clock)
  }
  const { local, ...others } = (typeof option === 'object' && option !== null ? option : {}) as { readonly local?: { readonly processes?: unknown } }
  const { processes, ...more } = typeof local === 'object' && (local as unknown) !== null ? local : {}
  if (processes === undefined || Object.keys(others).length > 0 || Object.keys(more).length > 0) throw new TypeError("option `onStoreFailure` must be 'deny', 'local' or { local: { processes } }")
  if (!Number.isSafeInteger(processes) || (processes as number) < 1) throw new RangeError('option `onStoreFailure`: local.processes must be an integer from 1')
  return new LocalShare(processes as number, clock)
}
