import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

export { startRedis, startRedisCluster, type RedisCluster, type RedisServer } from './redis-server.js'

const isInstalled = spawnSync('redis-server', ['--version']).status === 0

/**
 * A suite against a real Redis. Where no `redis-server` is installed it is left out, loudly; in CI that is a failure.
 */
export function describeRedis(name: string, suite: () => void): void {
  if (isInstalled) {
    describe(name, suite)
  } else if (process.env.CI !== undefined) {
    it(name, () => { throw new Error('redis-server is not installed, and nothing is left out in CI') })
  } else {
    console.warn(`\n*** LEFT OUT, since redis-server is not installed: ${name}\n`)
    describe.skip(name, suite)
  }
}
