import { expect, it } from 'vitest'
import { redisStore, type RedisStoreOptions } from '../../../src/state/redis-store.js'

const client = { eval: () => Promise.reject(new Error('not connected')), evalSha: () => Promise.reject(new Error('not connected')) }

it.each([5, 'staging:', null, true])('QTA-4: options of the Redis store that are no object are refused: %j', (options) => {
  expect(() => redisStore(client, options as unknown as RedisStoreOptions)).toThrow(new TypeError('redisStore: the options are an object'))
})
