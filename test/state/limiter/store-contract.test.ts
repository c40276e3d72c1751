import { RateLimiterMemory } from 'rate-limiter-flexible'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { describeMemcached, memcachedLimiter, startMemcached, type MemcachedServer } from '../../support/memcached.js'
import { limiterStore } from '../../../src/state/limiter-store.js'
import { storeContract } from '../../../src/state/store-contract.js'

let stores = 0

const isCounting = ({ part }: { readonly part: string }): boolean => part === 'counting'

describeMemcached('QTA-4: the limiter store counts as every store has to, on Memcached', () => {
  let server: MemcachedServer
  let limiter: ReturnType<typeof memcachedLimiter>
  beforeAll(async () => {
    server = await startMemcached()
    limiter = memcachedLimiter(server.port)
  })
  afterAll(async () => {
    limiter.close()
    await server.stop()
  })

  for (const { name, run } of storeContract((now) => limiterStore(limiter.createLimiter, { now, prefix: `store-${++stores}`, timeoutMs: 10_000 })).filter(isCounting)) it(name, run)
})

describe('QTA-4: the limiter store counts as every store has to, on the limiter that needs no backend', () => {
  for (const { name, run } of storeContract((now) => limiterStore((settings) => new RateLimiterMemory(settings), { now, timeoutMs: 10_000 })).filter(isCounting)) it(name, run)
})
